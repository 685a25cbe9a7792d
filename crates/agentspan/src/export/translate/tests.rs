use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use opentelemetry::{Array, Key, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

use super::translate;
use crate::config::Dialects;
use crate::view::fixture;

mod lists;

const NONE: Dialects =
    Dialects { gen_ai: false, openinference: false, gen_ai_cache_creation: false, otel_span_names: false };
const GEN_AI: Dialects = Dialects { gen_ai: true, ..NONE };
const OPENINFERENCE: Dialects = Dialects { openinference: true, ..NONE };
const ALL: Dialects = Dialects { gen_ai: true, openinference: true, ..NONE };

fn span(attributes: Vec<KeyValue>) -> SpanData {
    SpanData { attributes, ..fixture::span("a span") }
}

fn text(key: &'static str, value: &str) -> KeyValue {
    KeyValue::new(key, value.to_owned())
}

/// What translation leaves of these attributes, without those that stay as they were.
fn changes(attributes: &[KeyValue], dialects: Dialects) -> String {
    let mut span = span(attributes.to_vec());
    translate(&mut span, &dialects);
    let keys: HashSet<&Key> = span.attributes.iter().map(|pair| &pair.key).collect();
    assert_eq!(keys.len(), span.attributes.len(), "a key is written twice");
    let mut lines: Vec<String> = span
        .attributes
        .iter()
        .filter(|pair| !attributes.contains(pair))
        .map(|pair| format!("{} = {}", pair.key, sorted(&pair.value.to_string())))
        .collect();
    lines.extend(
        attributes
            .iter()
            .filter(|pair| !keys.contains(&pair.key))
            .map(|pair| format!("{} is gone", pair.key)),
    );
    lines.sort();
    lines.join("\n")
}

/// The same JSON with its keys in order, in which they stand unless another package turns on serde_json's
/// `preserve_order` for the whole build.
fn sorted(text: &str) -> String {
    match serde_json::from_str(text) {
        Ok(mut value @ (serde_json::Value::Object(_) | serde_json::Value::Array(_))) => {
            value.sort_all_objects();
            value.to_string()
        }
        _ => text.to_owned(),
    }
}

#[track_caller]
fn check(attributes: &[KeyValue], dialects: Dialects, expected: &str) {
    let expected: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(changes(attributes, dialects), expected.join("\n"));
}

fn model_call() -> Vec<KeyValue> {
    vec![
        text("agent.step_type", "llm_generate"),
        text("agent.run_id", "r-1"),
        text("agent.name", "weather"),
        text("session.id", "s-42"),
        text("llm.operation", "chat"),
        text("llm.provider", "google"),
        text("llm.model_name", "gemini-2.5-pro-002"),
        text("llm.request.model_name", "gemini-2.5-pro"),
        text("llm.response.model_name", "gemini-2.5-pro-002"),
        text("llm.finish_reason", "STOP"),
        text("llm.finish_class", "stop"),
        KeyValue::new("llm.streaming", false),
        KeyValue::new("llm.token_count.prompt", 412),
        KeyValue::new("llm.token_count.completion", 54),
        KeyValue::new("llm.token_count.total", 466),
        KeyValue::new("llm.token_count.prompt_details.cache_write", 12),
        KeyValue::new("cost.input_usd", 0.001),
        KeyValue::new("cost.self_usd", 0.00157),
        KeyValue::new("cost.total_usd", 0.00167),
    ]
}

#[test]
fn a_model_call_speaks_otels_words() {
    check(
        &model_call(),
        GEN_AI,
        "gen_ai.agent.name = weather
         gen_ai.conversation.id = s-42
         gen_ai.operation.name = chat
         gen_ai.provider.name = gcp.gemini
         gen_ai.request.model = gemini-2.5-pro
         gen_ai.response.finish_reasons = [\"STOP\"]
         gen_ai.response.model = gemini-2.5-pro-002
         gen_ai.usage.cache_write.input_tokens = 12
         gen_ai.usage.input_tokens = 412
         gen_ai.usage.output_tokens = 54",
    );
}

#[test]
fn a_model_call_speaks_openinference() {
    check(
        &model_call(),
        OPENINFERENCE,
        r#"llm.cost.prompt = 0.001
         llm.cost.total = 0.00157
         llm.system = vertexai
         metadata = {"agent.run_id":"r-1"}
         openinference.span.kind = LLM"#,
    );
}

#[test]
fn the_older_name_of_cache_writes_has_its_own_switch() {
    let with_switch = changes(&model_call(), Dialects { gen_ai_cache_creation: true, ..GEN_AI });
    assert!(with_switch.contains("gen_ai.usage.cache_creation.input_tokens = 12"));
    assert!(with_switch.contains("gen_ai.usage.cache_write.input_tokens = 12"));
}

#[test]
fn without_a_dialect_nothing_changes() {
    check(&model_call(), NONE, "");
}

#[test]
fn a_list_of_finish_reasons_is_a_list() {
    let mut span = span(model_call());
    translate(&mut span, &GEN_AI);
    let reasons =
        span.attributes.iter().find(|pair| pair.key.as_str() == "gen_ai.response.finish_reasons").unwrap();
    assert_eq!(reasons.value, Value::Array(Array::String(vec!["STOP".into()])));
}

#[test]
fn the_finish_reasons_of_several_choices_leave_in_their_dialect_only() {
    let reasons = || Value::Array(Array::String(vec!["STOP".into(), "LENGTH".into()]));
    let mut attributes = model_call();
    attributes.push(KeyValue::new("gen_ai.response.finish_reasons", reasons()));
    let of = |attributes: &[KeyValue], dialects: Dialects| {
        let mut span = span(attributes.to_vec());
        translate(&mut span, &dialects);
        let found =
            span.attributes.into_iter().filter(|pair| pair.key.as_str() == "gen_ai.response.finish_reasons");
        found.map(|pair| pair.value).collect::<Vec<_>>()
    };
    assert_eq!(of(&attributes, GEN_AI), [reasons()]);
    assert_eq!(of(&attributes, NONE), []);
    let foreign = [KeyValue::new("gen_ai.response.finish_reasons", reasons())];
    assert_eq!(of(&foreign, NONE), [reasons()], "another library's span is left alone");
}

#[test]
fn a_run_carries_its_query_and_result_as_messages_and_no_usage() {
    let run = [
        text("agent.step_type", "run"),
        text("agent.name", "weather"),
        text("user.query", "Rain in \"Ulm\"?"),
        text("agent.result", "2 mm"),
        KeyValue::new("agent.token_count.prompt", 900),
        // Even a run that somebody gave counts keeps them from viewers that add up.
        KeyValue::new("llm.token_count.prompt", 900),
        KeyValue::new("cost.self_usd", 0.0),
        KeyValue::new("cost.total_usd", 0.5),
    ];
    check(
        &run,
        GEN_AI,
        r#"gen_ai.agent.name = weather
         gen_ai.input.messages = [{"parts":[{"content":"Rain in \"Ulm\"?","type":"text"}],"role":"user"}]
         gen_ai.operation.name = invoke_agent
         gen_ai.output.messages = [{"finish_reason":"stop","parts":[{"content":"2 mm","type":"text"}],"role":"assistant"}]"#,
    );
    check(
        &run,
        OPENINFERENCE,
        "input.mime_type = text/plain
         input.value = Rain in \"Ulm\"?
         openinference.span.kind = AGENT
         output.mime_type = text/plain
         output.value = 2 mm",
    );
}

#[test]
fn a_tool_speaks_both_dialects() {
    let tool = [
        text("agent.step_type", "tool_call"),
        text("tool.name", "get_weather"),
        text("tool.type", "function"),
        text("tool.call_id", "call_1"),
        text("tool.arguments", r#"{"city":"Ulm"}"#),
        text("tool.result", "2 mm"),
        KeyValue::new("tool.cost_usd", 0.0001),
        KeyValue::new("cost.self_usd", 0.0001),
    ];
    check(
        &tool,
        ALL,
        r#"gen_ai.operation.name = execute_tool
         gen_ai.tool.call.arguments = {"city":"Ulm"}
         gen_ai.tool.call.id = call_1
         gen_ai.tool.call.result = 2 mm
         gen_ai.tool.name = get_weather
         gen_ai.tool.type = function
         input.mime_type = application/json
         input.value = {"city":"Ulm"}
         llm.cost.total = 0.0001
         openinference.span.kind = TOOL
         output.mime_type = text/plain
         output.value = 2 mm
         tool.id = call_1
         tool.parameters = {"city":"Ulm"}"#,
    );
}

#[test]
fn each_kind_of_step_has_its_operation_and_kind() {
    #[track_caller]
    fn check_kind(step_type: &str, more: &[KeyValue], expected: &str) {
        let mut attributes = vec![text("agent.step_type", step_type)];
        attributes.extend_from_slice(more);
        let mut span = span(attributes);
        translate(&mut span, &ALL);
        let mut drawn = String::new();
        for name in ["gen_ai.operation.name", "openinference.span.kind"] {
            let found = span.attributes.iter().find(|pair| pair.key.as_str() == name);
            let _ = write!(drawn, "{} ", found.map_or("-".into(), |pair| pair.value.to_string()));
        }
        assert_eq!(drawn.trim(), expected, "`{step_type}`");
    }
    check_kind("run", &[], "invoke_agent AGENT");
    check_kind("llm_generate", &[], "chat LLM");
    check_kind("llm_generate", &[text("llm.operation", "generate_content")], "generate_content LLM");
    check_kind("embedding", &[], "embeddings EMBEDDING");
    check_kind("tool_call", &[], "execute_tool TOOL");
    check_kind("retrieval", &[], "retrieval RETRIEVER");
    check_kind("reasoning", &[], "plan CHAIN");
    check_kind("validation", &[], "- GUARDRAIL");
    check_kind("validation", &[text("validation.kind", "evaluator")], "- EVALUATOR");
    for other in ["approval", "handoff", "recovery", "own word"] {
        check_kind(other, &[], "- CHAIN");
    }
}

#[test]
fn request_parameters_leave_one_by_one() {
    #[track_caller]
    fn check_request(parameters: &str, expected: &str) {
        let attributes = [text("llm.model_name", "m"), text("llm.invocation_parameters", parameters)];
        let drawn = changes(&attributes, GEN_AI);
        let drawn: Vec<&str> =
            drawn.lines().filter(|line| !line.starts_with("gen_ai.operation.name")).collect();
        let expected: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        assert_eq!(drawn, expected);
    }
    check_request(
        r#"{"temperature":1,"top_p":0.5,"max_completion_tokens":100,"seed":7,"stop":"END","frequency_penalty":0.1,
            "presence_penalty":-0.1,"n":2,"reasoning_effort":"low","stream":true,"service_tier":"flex",
            "response_format":{"type":"json_schema"},"previous_response_id":"resp_1","dimensions":3}"#,
        "gen_ai.output.type = json
         gen_ai.request.choice.count = 2
         gen_ai.request.frequency_penalty = 0.1
         gen_ai.request.max_tokens = 100
         gen_ai.request.presence_penalty = -0.1
         gen_ai.request.previous_response.id = resp_1
         gen_ai.request.reasoning.level = low
         gen_ai.request.seed = 7
         gen_ai.request.stop_sequences = [\"END\"]
         gen_ai.request.stream = true
         gen_ai.request.temperature = 1
         gen_ai.request.top_p = 0.5
         openai.request.service_tier = flex",
    );
    check_request(
        r#"{"generationConfig":{"topK":40.0,"maxOutputTokens":64,"stopSequences":["a","b"],"responseMimeType":
            "application/json","thinkingConfig":{"thinkingLevel":"HIGH"},"candidateCount":1}}"#,
        "gen_ai.output.type = json
         gen_ai.request.max_tokens = 64
         gen_ai.request.reasoning.level = HIGH
         gen_ai.request.stop_sequences = [\"a\",\"b\"]
         gen_ai.request.top_k = 40",
    );
    check_request(
        r#"{"n":1,"stream":false,"service_tier":"auto","seed":"x","temperature":null,"stop":[1]}"#,
        "",
    );
    check_request(r#"{"temperature":"#, "");
    check_request("[1]", "");
}

#[test]
fn a_key_that_is_there_already_is_left_alone() {
    let foreign = [
        text("gen_ai.operation.name", "chat"),
        text("gen_ai.provider.name", "my.gateway"),
        text("gen_ai.input.messages", "[]"),
        text("llm.provider", "openai"),
        text("llm.input_messages", "[ ]"),
    ];
    check(&foreign, GEN_AI, "");
}

#[test]
fn text_that_should_be_json_and_is_not_is_passed_on() {
    let broken = [
        text("agent.step_type", "llm_generate"),
        text("llm.input_messages", "[{"),
        text("llm.output_messages", "{\"role\":1}"),
        text("llm.system_instructions", "plain"),
        text("llm.tool_definitions", ""),
        text("llm.invocation_parameters", "\u{0}"),
        text("retrieval.documents", "nope"),
        text("tool.arguments", "{not json"),
        KeyValue::new("user.query", 5),
        KeyValue::new("llm.finish_reason", true),
    ];
    let drawn = changes(&broken, ALL);
    assert!(drawn.contains("gen_ai.input.messages = [{"));
    assert!(drawn.contains("gen_ai.output.messages = {\"role\":1}"));
    assert!(drawn.contains("input.mime_type = text/plain"));
    check(&broken[1..5], OPENINFERENCE, "");
}

#[test]
fn a_span_of_nobody_gets_only_its_conversation() {
    let plain = [text("session.id", "s-1"), text("http.route", "/")];
    check(&plain, ALL, "gen_ai.conversation.id = s-1");
}

#[test]
fn the_host_tells_providers_of_one_word_apart() {
    let vertex = [
        text("agent.step_type", "llm_generate"),
        text("llm.provider", "google"),
        text("server.address", "europe-west4-aiplatform.googleapis.com"),
    ];
    assert!(changes(&vertex, GEN_AI).contains("gen_ai.provider.name = gcp.vertex_ai"));
}

#[test]
fn openais_own_names_stay_with_openais_interface() {
    let tier = |provider| {
        let call = [
            text("llm.provider", provider),
            text("llm.model_name", "m"),
            text("llm.service_tier", "priority"),
        ];
        changes(&call, GEN_AI).contains("openai.response.service_tier = priority")
    };
    assert!(tier("openai") && tier("azure") && tier("our gateway"));
    assert!(!tier("anthropic"));
}

#[test]
fn embeddings_have_a_model_of_their_own_and_no_system() {
    let embedding = [
        text("agent.step_type", "embedding"),
        text("llm.provider", "openai"),
        text("llm.model_name", "text-embedding-3-small"),
        text("llm.invocation_parameters", r#"{"encoding_format":"float","dimensions":256}"#),
        KeyValue::new("embedding.dimension_count", 256),
        KeyValue::new("llm.token_count.prompt", 8),
    ];
    check(
        &embedding,
        ALL,
        "embedding.model_name = text-embedding-3-small
         gen_ai.embeddings.dimension.count = 256
         gen_ai.operation.name = embeddings
         gen_ai.provider.name = openai
         gen_ai.request.encoding_formats = [\"float\"]
         gen_ai.usage.input_tokens = 8
         openinference.span.kind = EMBEDDING",
    );
}

#[test]
fn audio_is_charged_to_the_side_that_has_it() {
    let call = |sides: &[&'static str]| {
        let mut call = vec![text("agent.step_type", "llm_generate"), KeyValue::new("cost.audio_usd", 0.5)];
        call.extend(sides.iter().map(|side| KeyValue::new(*side, 10)));
        changes(&call, OPENINFERENCE)
    };
    let (prompt, completion) =
        ("llm.token_count.prompt_details.audio", "llm.token_count.completion_details.audio");
    assert!(call(&[prompt]).contains("llm.cost.prompt_details.audio = 0.5"));
    assert!(call(&[completion]).contains("llm.cost.completion_details.audio = 0.5"));
    assert!(!call(&[prompt, completion]).contains("llm.cost"));
}

#[test]
fn span_names_change_to_otels_form_only_when_asked() {
    let named = |attributes: Vec<KeyValue>, dialects: Dialects| {
        let mut span = span(attributes);
        translate(&mut span, &dialects);
        span.name.into_owned()
    };
    let otel = Dialects { otel_span_names: true, ..NONE };
    assert_eq!(named(model_call(), GEN_AI), "a span");
    assert_eq!(named(model_call(), otel), "chat gemini-2.5-pro");
    assert_eq!(named(vec![text("agent.step_type", "run"), text("agent.name", "w")], otel), "invoke_agent w");
    assert_eq!(
        named(vec![text("agent.step_type", "tool_call"), text("tool.name", "t")], otel),
        "execute_tool t"
    );
    assert_eq!(named(vec![text("agent.step_type", "retrieval")], otel), "retrieval");
    assert_eq!(named(vec![text("agent.step_type", "approval")], otel), "a span");
    assert_eq!(named(vec![text("gen_ai.operation.name", "chat")], otel), "a span");
}

#[test]
fn the_time_grows_with_the_number_of_attributes_and_not_with_its_square() {
    let mut attributes = model_call();
    attributes.extend((0..50_000).map(|n| KeyValue::new(format!("llm.own_{n}"), "x")));
    let mut span = span(attributes);
    let start = Instant::now();
    translate(&mut span, &ALL);
    // Quadratic work would compare keys more than a thousand million times.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(span.attributes.len() > 50_000);
}

#[test]
fn a_key_recorded_twice_counts_once() {
    let twice = [text("session.id", "old"), text("session.id", "new")];
    let mut span = span(twice.to_vec());
    translate(&mut span, &GEN_AI);
    let added: Vec<String> = span
        .attributes
        .iter()
        .filter(|pair| pair.key.as_str() == "gen_ai.conversation.id")
        .map(|pair| pair.value.to_string())
        .collect();
    assert_eq!(added, ["new"]);
}
