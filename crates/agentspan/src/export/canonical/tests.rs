use super::add;
use crate::view::fixture;
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

#[track_caller]
fn check(given: &[(&'static str, &'static str)], expected: &[&str]) {
    let attributes = given.iter().map(|(key, value)| KeyValue::new(*key, *value)).collect();
    let mut span = SpanData { attributes, ..fixture::span("theirs") };
    add(&mut span);
    let line = |pair: &KeyValue| format!("{} = {}", pair.key, pair.value);
    let lines: Vec<_> = span.attributes.iter().map(line).collect();
    assert_eq!(lines, expected);
}

#[test]
fn what_is_said_in_otels_words_is_said_in_ours_as_well() {
    check(
        &[
            ("gen_ai.provider.name", "gcp.gemini"),
            ("gen_ai.request.model", "gemini-2.5-pro"),
            ("city", "Ulm"),
        ],
        &[
            "gen_ai.provider.name = gcp.gemini",
            "gen_ai.request.model = gemini-2.5-pro",
            "city = Ulm",
            "llm.provider = google",
            "llm.request.model_name = gemini-2.5-pro",
        ],
    );
    check(
        &[("gen_ai.tool.name", "search"), ("gen_ai.operation.name", "execute_tool")],
        &["gen_ai.tool.name = search", "gen_ai.operation.name = execute_tool", "tool.name = search"],
    );
}

#[test]
fn a_name_that_is_there_is_left_alone() {
    check(
        &[("llm.provider", "mine"), ("gen_ai.provider.name", "openai")],
        &["llm.provider = mine", "gen_ai.provider.name = openai"],
    );
}

#[test]
fn numbers_and_lists_that_came_as_text_are_mended() {
    check(
        &[("gen_ai.response.finish_reasons", r#"["tool_calls"]"#)],
        &[
            r#"gen_ai.response.finish_reasons = ["tool_calls"]"#,
            "llm.finish_class = tool_call",
            "llm.finish_reason = tool_calls",
        ],
    );
    let mut span = fixture::span("theirs");
    span.attributes = vec![KeyValue::new("gen_ai.usage.input_tokens", "412")];
    add(&mut span);
    assert!(span.attributes.iter().all(|pair| pair.value == Value::I64(412)), "{:?}", span.attributes);
    check(&[("gen_ai.usage.input_tokens", "many")], &["gen_ai.usage.input_tokens = many"]);
}

#[test]
fn message_lists_change_their_name() {
    check(&[("gen_ai.input.messages", "[]")], &["llm.input_messages = []"]);
}
