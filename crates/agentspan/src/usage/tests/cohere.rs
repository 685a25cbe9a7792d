use agentspan_semconv::FinishClass;
use serde_json::{Value, json};

use super::super::Usage;
use super::{read, reader, same, usage_of};

fn chat(usage: Value) -> Value {
    json!({"id": "c", "finish_reason": "COMPLETE", "message": {"role": "assistant", "content": [{"type": "text", "text": "ok"}]}, "usage": usage})
}

#[test]
fn billed_units_go_before_tokens_and_hold_no_cached_ones() {
    let both = json!({"billed_units": {"input_tokens": 27.0, "output_tokens": 5.0}, "tokens": {"input_tokens": 556.0, "output_tokens": 6.0}, "cached_tokens": 480.0});
    assert_eq!(usage_of("cohere", chat(both)), Usage::new().input(27).output(5));
    let tokens = json!({"tokens": {"input_tokens": 556, "output_tokens": 6}, "cached_tokens": 480});
    assert_eq!(usage_of("cohere", chat(tokens)), Usage::new().input(556).output(6).cache_read(480));
    let empty =
        json!({"billed_units": {"search_units": 1}, "tokens": {"input_tokens": "5", "output_tokens": null}});
    assert_eq!(usage_of("cohere", chat(empty)), Usage::new().input(5));
}

#[test]
fn counts_that_cannot_be_read_are_unknown() {
    for bad in [json!(-1), json!(1e30), json!("many"), json!(null)] {
        let read = usage_of(
            "cohere",
            chat(
                json!({"billed_units": {"input_tokens": bad, "output_tokens": 5}, "tokens": {"input_tokens": 9}}),
            ),
        );
        assert_eq!(read, Usage::new().output(5), "{bad}");
    }
}

#[test]
fn a_chat_reads_the_same_whole_and_streamed() {
    let event = |kind: &str, index: u64, message: Value| json!({"type": kind, "index": index, "delta": {"message": message}});
    let usage = json!({"billed_units": {"input_tokens": 62, "output_tokens": 28}, "tokens": {"input_tokens": 968, "output_tokens": 83}});
    let chunks = [
        json!({"id": "c", "type": "message-start", "delta": {"message": {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}}}),
        json!({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I will "}}}),
        json!({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "look."}}}),
        event("content-start", 0, json!({"content": {"type": "thinking", "thinking": ""}})),
        event("content-delta", 0, json!({"content": {"thinking": "Hm"}})),
        event("content-start", 1, json!({"content": {"type": "text", "text": ""}})),
        event("content-delta", 1, json!({"content": {"text": "One "}})),
        event("content-delta", 1, json!({"content": {"text": "moment."}})),
        json!({"type": "content-end", "index": 1}),
        event(
            "tool-call-start",
            0,
            json!({"tool_calls": {"id": "t0", "type": "function", "function": {"name": "f", "arguments": ""}}}),
        ),
        event("tool-call-delta", 0, json!({"tool_calls": {"function": {"arguments": "{\"a\":"}}})),
        event("tool-call-delta", 0, json!({"tool_calls": {"function": {"arguments": "1}"}}})),
        json!({"type": "tool-call-end", "index": 0}),
        event(
            "tool-call-start",
            1,
            json!({"tool_calls": {"id": "t1", "type": "function", "function": {"name": "g", "arguments": "{}"}}}),
        ),
        json!({"type": "message-end", "delta": {"finish_reason": "TOOL_CALL", "usage": usage}}),
    ];
    let whole = json!({"id": "c", "finish_reason": "TOOL_CALL", "usage": usage, "message": {"role": "assistant", "tool_plan": "I will look.",
        "content": [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "One moment."}],
        "tool_calls": [{"id": "t0", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}},
            {"id": "t1", "type": "function", "function": {"name": "g", "arguments": "{}"}}]}});
    let reply = same("cohere", &chunks, whole);
    assert_eq!(reply.usage, Some(Usage::new().input(62).output(28)));
    assert_eq!(
        (reply.finish_reasons.as_slice(), reply.finish_class),
        (&["TOOL_CALL".to_owned()][..], Some(FinishClass::ToolCall))
    );
    let calls: Vec<_> = reply
        .tool_calls
        .iter()
        .map(|call| (call.id.as_deref(), call.name.as_str(), call.arguments.clone()))
        .collect();
    assert_eq!(calls, [(Some("t0"), "f", Some(json!({"a": 1}))), (Some("t1"), "g", Some(json!({})))]);
    let parts = &reply.output_messages.expect("content")[0]["parts"];
    assert_eq!(parts[0], json!({"type": "reasoning", "content": "I will look."}));
    assert!(!reader("cohere", &chunks[..12]).is_complete());
}

#[test]
fn an_error_at_the_end_of_a_stream_is_an_error() {
    let failed = reader(
        "cohere",
        &[
            json!({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "broken", "usage": {}}}),
        ],
    );
    assert!(!failed.is_complete());
    let reply = failed.into_reply();
    assert_eq!(
        (reply.error.map(|error| error.message).as_deref(), reply.finish_class),
        (Some("broken"), Some(FinishClass::Error))
    );
    let error = read("cohere", json!({"id": "e", "message": "invalid api token"})).error.expect("an error");
    assert_eq!((error.error_type.as_str(), error.message.as_str()), ("_OTHER", "invalid api token"));
}

#[test]
fn version_1_reads_the_same_whole_and_streamed() {
    let whole = json!({"response_id": "r", "generation_id": "g", "text": "Ahoy", "finish_reason": "COMPLETE",
        "meta": {"billed_units": {"input_tokens": 7, "output_tokens": 9}, "tokens": {"input_tokens": 69, "output_tokens": 9}}});
    let chunks = [
        json!({"is_finished": false, "event_type": "stream-start", "generation_id": "g"}),
        json!({"is_finished": false, "event_type": "text-generation", "text": "Ah"}),
        json!({"is_finished": false, "event_type": "text-generation", "text": "oy"}),
        json!({"is_finished": true, "event_type": "stream-end", "response": whole, "finish_reason": "COMPLETE"}),
    ];
    let reply = same("cohere", &chunks, whole);
    assert_eq!((reply.usage, reply.id.as_deref()), (Some(Usage::new().input(7).output(9)), Some("r")));
    let old = json!({"id": "g", "generations": [{"id": "x", "text": "Ahoy", "finish_reason": "MAX_TOKENS"}],
        "meta": {"billed_units": {"input_tokens": 7, "output_tokens": 129}}});
    let reply = read("cohere", old);
    assert_eq!(
        (reply.usage, reply.finish_class, reply.size),
        (Some(Usage::new().input(7).output(129)), Some(FinishClass::Length), 4)
    );
}

#[test]
fn embeddings_and_rerankings_are_read() {
    let meta = json!({"api_version": {"version": "2"}, "billed_units": {"input_tokens": 208}});
    let two = json!({"id": "e", "embeddings": {"float": [[0.5, 0.5], [0.5, 0.5]]}, "texts": ["a", "b"], "meta": meta, "response_type": "embeddings_by_type"});
    let one = json!({"id": "e", "embeddings": [[0.5, 0.5], [0.5, 0.5]], "texts": ["a", "b"], "meta": meta, "response_type": "embeddings_floats"});
    for body in [two, one] {
        let reply = read("cohere", body);
        assert_eq!((reply.usage, reply.id.as_deref()), (Some(Usage::new().input(208)), Some("e")));
        assert_eq!((reply.embedding_count, reply.embedding_dimensions, reply.size), (Some(2), Some(2), 16));
    }
    let body = json!({"id": "r", "results": [{"index": 3, "relevance_score": 0.9}], "meta": {"billed_units": {"search_units": 1}}});
    let reply = read("cohere", body.clone());
    assert_eq!((reply.id.as_deref(), reply.usage, reply.size), (Some("r"), None, body.to_string().len()));
}
