//! Request parameters, which `llm.invocation_parameters` holds as one JSON text and OTel one by one.

use agentspan_semconv::gen_ai::*;
use agentspan_semconv::llm::LLM_INVOCATION_PARAMETERS;
use opentelemetry::{Array, StringValue, Value as Attribute};
use serde_json::{Map, Value};

use super::gen_ai::speaks_openai;
use super::span::{Kind, Span};
use crate::usage::{DIMENSIONS, SETTINGS};

/// Adds the parameters of the request. What has an unexpected type is left out: the whole text stays beside it.
pub(super) fn add(span: &mut Span<'_>) {
    let Some(text) = span.text(LLM_INVOCATION_PARAMETERS) else { return };
    let Ok(root) = serde_json::from_str::<Map<String, Value>>(text) else { return };
    let parameters = Parameters::new(&root);

    for (name, keys) in DOUBLES {
        if let Some(number) = parameters.get(keys).and_then(Value::as_f64) {
            span.add(*name, number);
        }
    }
    for (name, keys) in INTEGERS {
        if let Some(number) = parameters.get(keys).and_then(integer) {
            span.add(*name, number);
        }
    }
    for (name, keys) in LISTS {
        if let Some(list) = parameters.get(keys).and_then(strings) {
            span.add(*name, list);
        }
    }
    for (name, paths) in WORDS {
        if let Some(word) = parameters.first(paths).and_then(Value::as_str) {
            span.add(*name, word.to_owned());
        }
    }
    // The convention sets these two only when they differ from what goes without saying.
    if let Some(count) =
        parameters.get(&["n", "candidateCount", "candidate_count"]).and_then(integer).filter(|n| *n != 1)
    {
        span.add(GEN_AI_REQUEST_CHOICE_COUNT, count);
    }
    if parameters.get(&["stream"]).and_then(Value::as_bool) == Some(true) {
        span.add(GEN_AI_REQUEST_STREAM, true);
    }
    if span.kind() == Some(Kind::Embedding)
        && let Some(count) = parameters.get(&DIMENSIONS).and_then(integer)
    {
        span.add(GEN_AI_EMBEDDINGS_DIMENSION_COUNT, count);
    }
    if let Some(kind) = parameters.first(OUTPUT_TYPES).and_then(output_type) {
        span.add(GEN_AI_OUTPUT_TYPE, kind);
    }
    if let Some(tier) = parameters.get(&["service_tier"]).and_then(Value::as_str)
        && tier != "auto"
        && speaks_openai(span)
    {
        span.add(OPENAI_REQUEST_SERVICE_TIER, tier.to_owned());
    }
}

type Keys = &'static [&'static str];

const DOUBLES: &[(&str, Keys)] = &[
    (GEN_AI_REQUEST_TEMPERATURE, &["temperature"]),
    (GEN_AI_REQUEST_TOP_P, &["top_p", "topP", "p"]),
    (GEN_AI_REQUEST_FREQUENCY_PENALTY, &["frequency_penalty", "frequencyPenalty"]),
    (GEN_AI_REQUEST_PRESENCE_PENALTY, &["presence_penalty", "presencePenalty"]),
];

const INTEGERS: &[(&str, Keys)] = &[
    (GEN_AI_REQUEST_TOP_K, &["top_k", "topK", "k"]),
    (
        GEN_AI_REQUEST_MAX_TOKENS,
        &[
            "max_tokens",
            "max_completion_tokens",
            "max_output_tokens",
            "maxOutputTokens",
            "maxTokens",
            "maxTokenCount",
            "max_gen_len",
            "num_predict",
        ],
    ),
    (GEN_AI_REQUEST_SEED, &["seed", "random_seed"]),
];

const LISTS: &[(&str, Keys)] = &[
    (GEN_AI_REQUEST_STOP_SEQUENCES, &["stop", "stop_sequences", "stopSequences"]),
    (GEN_AI_REQUEST_ENCODING_FORMATS, &["encoding_format", "encoding_formats", "embedding_types"]),
];

/// Words that stand deeper, as paths.
const WORDS: &[(&str, &[Keys])] = &[
    (
        GEN_AI_REQUEST_REASONING_LEVEL,
        &[
            &["reasoning_effort"],
            &["reasoning", "effort"],
            &["output_config", "effort"],
            &["thinkingConfig", "thinkingLevel"],
            &["thinking_config", "thinking_level"],
            &["think"],
        ],
    ),
    (GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID, &[&["previous_response_id"]]),
];

/// Where providers have the form of the output.
const OUTPUT_TYPES: &[Keys] = &[
    &["response_format", "type"],
    &["text", "format", "type"],
    &["output_config", "format", "type"],
    &["output_format", "type"],
    &["responseMimeType"],
    &["response_mime_type"],
    &["format"],
];

/// The parameters at the top of a request, and those in the objects in which some providers gather them.
struct Parameters<'a> {
    objects: Vec<&'a Map<String, Value>>,
}

impl<'a> Parameters<'a> {
    fn new(root: &'a Map<String, Value>) -> Self {
        let mut objects = vec![root];
        objects.extend(SETTINGS.iter().chain(&["config"]).filter_map(|key| root.get(*key)?.as_object()));
        Self { objects }
    }

    /// The first of these keys that has a value.
    fn get(&self, keys: &[&str]) -> Option<&'a Value> {
        self.objects
            .iter()
            .find_map(|object| keys.iter().find_map(|key| object.get(*key).filter(|value| !value.is_null())))
    }

    /// The first of these paths that leads to a value.
    fn first(&self, paths: &[Keys]) -> Option<&'a Value> {
        self.objects.iter().find_map(|object| paths.iter().find_map(|path| follow(object, path)))
    }
}

fn follow<'a>(object: &'a Map<String, Value>, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    let found = rest.iter().try_fold(object.get(*first)?, |value, key| value.get(*key))?;
    (!found.is_null()).then_some(found)
}

/// Some clients write every number with a decimal point.
fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        // Beyond 2^53 a double holds no exact integers, and no parameter is that large.
        (number.fract() == 0.0 && number.abs() < 9.0e15).then_some(number as i64)
    })
}

fn strings(value: &Value) -> Option<Attribute> {
    let list: Vec<StringValue> = match value {
        Value::String(text) => vec![text.clone().into()],
        Value::Array(list) => list.iter().filter_map(|text| Some(text.as_str()?.to_owned().into())).collect(),
        _ => return None,
    };
    (!list.is_empty()).then_some(Attribute::Array(Array::String(list)))
}

/// OTel's word for the form of the output. A schema in place of a word means JSON.
fn output_type(value: &Value) -> Option<&'static str> {
    match value {
        Value::Object(_) => Some("json"),
        Value::String(word) => match word.as_str() {
            "json" | "json_object" | "json_schema" | "application/json" => Some("json"),
            "text" | "text/plain" => Some("text"),
            _ => None,
        },
        _ => None,
    }
}
