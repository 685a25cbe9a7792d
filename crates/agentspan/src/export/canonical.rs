//! Canonical names for spans of others, which speak OTel's GenAI conventions: the table of `agentspan-semconv` read
//! backwards.

use crate::span::{OLDER_NAMES, is_usage};
use crate::usage::finish_class;
use agentspan_semconv::table::{ATTRIBUTES, Attribute, ValueType};
use agentspan_semconv::{Operation, agent, llm, provider, user};
use opentelemetry::{Array, Key, KeyValue, StringValue, Value};
use opentelemetry_sdk::trace::SpanData;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// OTel's names with the row of the canonical one.
static ROWS: LazyLock<HashMap<&'static str, &'static Attribute>> = LazyLock::new(|| {
    // What these say is said in another form, or of another thing.
    let one_way =
        [agent::AGENT_STEP_TYPE, agent::AGENT_RESULT, user::USER_QUERY, llm::LLM_INVOCATION_PARAMETERS];
    let rows = ATTRIBUTES.iter().filter(|row| !one_way.contains(&row.name));
    let mut rows: HashMap<_, _> = rows
        .flat_map(|row| row.gen_ai.iter().map(move |name| (*name, row)))
        .filter(|(name, row)| *name != row.name)
        .collect();
    for (name, canonical) in OLDER_NAMES {
        rows.extend(agentspan_semconv::table::find(canonical).map(|row| (name, row)));
    }
    rows
});

/// Message lists leave once, so they change their name; the dialect that is on gives them its own.
const LISTS: [&str; 4] = [
    llm::LLM_INPUT_MESSAGES,
    llm::LLM_OUTPUT_MESSAGES,
    llm::LLM_SYSTEM_INSTRUCTIONS,
    llm::LLM_TOOL_DEFINITIONS,
];

/// Adds the canonical names of what a span says in OTel's words. A name that the span has already is left alone.
pub(crate) fn add(span: &mut SpanData) {
    let row_of = |key: &Key| ROWS.get(key.as_str()).copied();
    if span.attributes.iter().all(|pair| row_of(&pair.key).is_none()) {
        return;
    }
    let mut names: HashSet<Key> = span.attributes.iter().map(|pair| pair.key.clone()).collect();
    let mut added = Vec::new();
    for pair in &mut span.attributes {
        let Some(row) = row_of(&pair.key) else { continue };
        mend(row, &mut pair.value);
        let is_new = names.insert(Key::from_static_str(row.name));
        if LISTS.contains(&row.name) {
            if is_new {
                pair.key = Key::from_static_str(row.name);
            }
            continue;
        }
        if let Some(value) = canonical(row.name, &pair.value).filter(|_| is_new) {
            if row.name == llm::LLM_FINISH_REASON
                && names.insert(llm::LLM_FINISH_CLASS.into())
                && let Some(class) = finish_class(&value.as_str())
            {
                added.push(KeyValue::new(llm::LLM_FINISH_CLASS, class.as_str()));
            }
            added.push(KeyValue::new(row.name, value));
        }
    }
    span.attributes.append(&mut added);
}

/// A bridge makes text of unsigned numbers, and of lists.
fn mend(row: &Attribute, value: &mut Value) {
    let Value::String(text) = &*value else { return };
    let mended = match row.value_type {
        ValueType::Int => text.as_str().trim().parse().ok().map(Value::I64),
        ValueType::Double => text.as_str().trim().parse().ok().map(Value::F64),
        ValueType::Bool => text.as_str().trim().parse().ok().map(Value::Bool),
        _ if row.name == llm::LLM_FINISH_REASON => serde_json::from_str::<Vec<String>>(text.as_str())
            .ok()
            .map(|words| Value::Array(Array::String(words.into_iter().map(StringValue::from).collect()))),
        _ => None,
    };
    if let Some(mended) = mended {
        *value = mended;
    }
}

/// The value under the canonical name; `None` where the words of others have no canonical one.
fn canonical(name: &str, value: &Value) -> Option<Value> {
    match (name, value) {
        (llm::LLM_PROVIDER, Value::String(word)) => {
            Some(Value::from(provider::canonical(word.as_str()).into_owned()))
        }
        // What is done by anything but a model is said by the kind of the step.
        (llm::LLM_OPERATION, Value::String(word)) => {
            word.as_str().parse::<Operation>().ok().map(|_| value.clone())
        }
        (llm::LLM_FINISH_REASON, Value::Array(Array::String(words))) => {
            words.first().map(|word| Value::from(word.clone()))
        }
        // A count that is no number would be added up by nobody, and read wrongly by some.
        (name, Value::String(_)) if is_usage(name) => None,
        (_, value) => Some(value.clone()),
    }
}

#[cfg(test)]
mod tests;
