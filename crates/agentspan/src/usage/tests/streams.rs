use serde_json::{Value, json};

use super::super::{StreamReader, Usage};
use super::{push, read, reader};
use agentspan_semconv::FinishClass;

fn chunk(choices: Value, usage: Value) -> Value {
    json!({"id": "c1", "object": "chat.completion.chunk", "model": "gpt-4o-2024-08-06", "choices": choices, "usage": usage})
}

fn delta(index: u64, delta: Value, finish: Value) -> Value {
    chunk(json!([{"index": index, "delta": delta, "finish_reason": finish}]), json!(null))
}

fn call(index: u64, id: Value, name: Value, arguments: &str) -> Value {
    let function = json!({"name": name, "arguments": arguments});
    delta(0, json!({"tool_calls": [{"index": index, "id": id, "function": function}]}), json!(null))
}

fn text_stream() -> Vec<Value> {
    vec![
        json!({"id": "", "model": "", "choices": [], "prompt_filter_results": []}),
        delta(0, json!({"role": "assistant", "content": ""}), json!(null)),
        delta(0, json!({"content": "Hel"}), json!(null)),
        delta(0, json!({"content": "lo"}), json!(null)),
        delta(0, json!({}), json!("stop")),
        chunk(json!([]), json!({"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10})),
    ]
}

#[test]
fn a_stream_reads_like_the_same_reply_sent_whole() {
    let whole = json!({"id": "c1", "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "message": {"content": "Hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}});
    assert_eq!(reader("openai", &text_stream()).into_reply(), read("openai", whole));
}

#[test]
fn a_stream_is_complete_when_every_choice_has_its_finish_reason() {
    let chunks = text_stream();
    let at = |count: usize| reader("openai", &chunks[..count]);
    assert!(!at(0).is_complete(), "nothing came");
    assert!(!at(1).is_complete(), "only a filter result came");
    assert!(!at(4).is_complete());
    assert!(at(5).is_complete());
    assert_eq!(at(5).into_reply().usage, None, "cut before its usage: unknown, not 0");
    let two =
        [delta(0, json!({"content": "a"}), json!("stop")), delta(1, json!({"content": "b"}), json!(null))];
    assert!(!reader("openai", &two).is_complete());
    let done = [delta(0, json!({"content": "a"}), json!(null)), json!("[DONE]")];
    assert!(reader("openai", &done).is_complete(), "the end mark of the framing");
}

#[test]
fn the_last_usage_counts_and_only_once() {
    let mut chunks = text_stream();
    chunks.push(chunk(json!([]), json!({"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13})));
    chunks.push(chunk(json!([]), json!(null)));
    let usage = reader("openai", &chunks).into_reply().usage;
    assert_eq!(usage, Some(Usage::new().input(9).output(4).total(13)));
}

#[test]
fn groqs_own_place_for_usage_is_read_in_streams_and_its_other_figures_are_not() {
    let last = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
        "x_groq": {"id": "r", "usage": {"queue_time": 0.1, "prompt_tokens": 18, "completion_tokens": 7, "total_tokens": 25}}});
    let usage = reader("groq", &[last]).into_reply().usage;
    assert_eq!(usage, Some(Usage::new().input(18).output(7).total(25)));
    let whole =
        json!({"choices": [], "usage": {"prompt_tokens": 1}, "x_groq": {"usage": {"dram_cached_tokens": 5}}});
    assert_eq!(read("groq", whole).usage, Some(Usage::new().input(1)));
}

#[test]
fn tool_calls_are_put_together_by_index() {
    let chunks = [
        call(0, json!("a"), json!("weather"), ""),
        call(1, json!("b"), json!("time"), "{\"zone\""),
        call(0, json!(null), json!(null), "{\"city\":"),
        call(1, json!(null), json!(null), ":\"UTC\"}"),
        call(0, json!(null), json!(null), "\"Ulm\"}"),
        delta(0, json!({}), json!("tool_calls")),
    ];
    let reply = reader("openai", &chunks).into_reply();
    assert_eq!(reply.finish_class, Some(FinishClass::ToolCall));
    let calls: Vec<_> = reply
        .tool_calls
        .iter()
        .map(|call| (call.id.as_deref(), call.name.as_str(), call.arguments.clone()))
        .collect();
    assert_eq!(
        calls,
        [
            (Some("a"), "weather", Some(json!({"city": "Ulm"}))),
            (Some("b"), "time", Some(json!({"zone": "UTC"}))),
        ]
    );
}

#[test]
fn a_repeated_id_or_finish_reason_is_counted_once() {
    let chunks = [
        call(0, json!("a"), json!("f"), "{}"),
        call(0, json!("a"), json!("f"), ""),
        delta(0, json!({}), json!("tool_calls")),
        delta(0, json!({"content": ""}), json!("tool_calls")),
    ];
    let reply = reader("openrouter", &chunks).into_reply();
    assert_eq!(reply.finish_reasons, ["tool_calls"]);
    assert_eq!(reply.tool_calls.len(), 1);
}

#[test]
fn typed_chunks_with_nulls_in_every_optional_place_are_read() {
    let delta =
        json!({"content": "Hi", "function_call": null, "tool_calls": null, "role": null, "refusal": null});
    let chunk = json!({"id": "c", "choices": [{"index": 0, "delta": delta}], "created": 1, "model": "m",
        "service_tier": null, "system_fingerprint": null, "object": "chat.completion.chunk", "usage": null});
    let reader = reader("openai", &[chunk]);
    assert!(!reader.is_complete());
    assert_eq!(reader.into_reply().model.as_deref(), Some("m"));
}

#[test]
fn an_error_inside_a_stream_is_an_error_and_the_first_one_is_kept() {
    let chunks = [
        delta(0, json!({"content": "Hi"}), json!(null)),
        json!({"id": "c1", "error": {"code": "server_overloaded", "message": "busy"},
            "choices": [{"index": 0, "delta": {}, "finish_reason": "error"}]}),
        json!({"error": {"code": "other", "message": "later"}}),
    ];
    let reader = reader("openrouter", &chunks);
    assert!(!reader.is_complete());
    let reply = reader.into_reply();
    assert_eq!(reply.error.as_ref().map(|error| error.error_type.as_str()), Some("server_overloaded"));
    assert_eq!(
        (reply.finish_class, reply.error.map(|error| error.message)),
        (Some(FinishClass::Error), Some("busy".into()))
    );
}

#[test]
fn anthropics_error_event_ends_the_stream_with_its_type() {
    let chunks = [
        json!({"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 3}}}),
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    ];
    let reader = reader("anthropic", &chunks);
    assert!(!reader.is_complete());
    assert_eq!(reader.into_reply().error.map(|error| error.error_type), Some("overloaded_error".to_owned()));
}

#[test]
fn streams_of_plain_text_are_one_message() {
    let reader = reader("local", &[json!("Hel"), json!("lo")]);
    assert!(reader.is_complete());
    let reply = reader.into_reply();
    assert_eq!(reply.size, 5);
    assert_eq!(reply.output_messages.expect("content is on")[0]["parts"][0]["content"], "Hello");
}

#[test]
fn memory_is_bounded_whatever_is_streamed() {
    let piece = "ö".repeat(50_000);
    let mut reader = StreamReader::new("openai", true);
    for index in 0..60 {
        push(&mut reader, &delta(0, json!({"content": piece}), json!(null)));
        push(&mut reader, &call(index, json!(format!("id-{index}")), json!("f"), &piece));
    }
    for index in 0..1000_u64 {
        push(&mut reader, &delta(index, json!({"content": "x"}), json!("stop")));
        push(&mut reader, &call(index + 100, json!(null), json!("f"), "{}"));
    }
    let reply = reader.into_reply();
    assert!(reply.size > 12_000_000, "what was not kept is counted all the same");
    assert_eq!((reply.tool_calls.len(), reply.finish_reasons.len()), (256, 128));
    assert!(reply.output_messages.is_some_and(|messages| messages.to_string().len() < 3 << 20));
    let cut = reply
        .tool_calls
        .iter()
        .filter_map(|call| call.arguments.as_ref()?.as_str())
        .all(|text| text.len() <= 1 << 20);
    assert!(cut, "arguments that were cut are text");
}

#[test]
fn blocks_of_anthropic_are_bounded_too() {
    let mut reader = StreamReader::new("anthropic", true);
    for index in 0..2000 {
        let block = json!({"type": "tool_use", "id": "t", "name": "f", "input": {}});
        push(&mut reader, &json!({"type": "content_block_start", "index": index, "content_block": block}));
        let delta = json!({"type": "input_json_delta", "partial_json": "x".repeat(10_000)});
        push(&mut reader, &json!({"type": "content_block_delta", "index": index, "delta": delta}));
    }
    let reply = reader.into_reply();
    assert_eq!(reply.tool_calls.len(), 256);
    assert!(reply.output_messages.is_some_and(|messages| messages.to_string().len() < 2 << 20));
}

#[test]
fn a_cut_anthropic_stream_does_not_count_the_placeholder_of_its_output() {
    let start = json!({"type": "message_start", "message": {"id": "m", "model": "claude",
        "usage": {"input_tokens": 25, "output_tokens": 1}}});
    let usage = reader("anthropic", &[start]).into_reply().usage.expect("the input is known");
    assert_eq!((usage.input, usage.output), (Some(25), None));
}
