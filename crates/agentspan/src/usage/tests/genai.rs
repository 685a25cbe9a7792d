//! Replies and events as the types of genai 0.7 serialise.

use serde_json::{Value, json};

use super::{read, reader, same};
use crate::usage::Usage;
use agentspan_semconv::FinishClass;

fn model(name: &str) -> Value {
    json!({"adapter_kind": "Anthropic", "model_name": {"Shared": name}})
}

fn counts() -> Value {
    json!({
        "prompt_tokens": 12_100, "completion_tokens": 200, "total_tokens": 12_300,
        "prompt_tokens_details": {
            "cache_creation_tokens": 2_000, "cache_creation_details": {"ephemeral_1h_tokens": 500}, "cached_tokens": 10_000,
        },
        "completion_tokens_details": {"reasoning_tokens": 50},
    })
}

fn reply() -> Value {
    json!({
        "content": [
            {"ReasoningContent": "Rain?"},
            {"Text": "Let me look."},
            {"ToolCall": {"call_id": "toolu_1", "fn_name": "get_weather", "fn_arguments": {"city": "Ulm"}}},
        ],
        "model_iden": model("claude"), "provider_model_iden": model("claude-3-5-sonnet-20241022"),
        "stop_reason": {"ToolCall": "tool_use"}, "usage": counts(), "response_id": "msg_1",
    })
}

fn events() -> Vec<Value> {
    let call = json!({"call_id": "toolu_1", "fn_name": "get_weather", "fn_arguments": "{\"ci"});
    let piece = json!({"call_id": "call_0", "fn_name": "", "fn_arguments": "ty\": \"Ulm\"}"});
    vec![
        json!("Start"),
        json!("Heartbeat"),
        json!({"ReasoningChunk": {"content": "Rain?"}}),
        json!({"Chunk": {"content": "Let me "}}),
        json!("Heartbeat"),
        json!({"Chunk": {"content": "look."}}),
        json!({"ThoughtSignatureChunk": {"content": "c2lnbmVk"}}),
        json!({"ToolCallChunk": {"tool_call": call}}),
        json!({"ToolCallChunk": {"tool_call": piece}}),
        json!({"End": {
            "captured_usage": counts(), "captured_stop_reason": {"ToolCall": "tool_use"}, "captured_response_id": "msg_1",
            "captured_content": [
                {"Text": "Let me look."},
                {"ToolCall": {"call_id": "toolu_1", "fn_name": "get_weather", "fn_arguments": {"city": "Ulm"}}},
            ],
        }}),
    ]
}

#[test]
fn a_reply_and_the_events_of_a_stream_say_the_same() {
    let mut whole = reply();
    // No event names the model.
    whole["model_iden"]["model_name"] = Value::Null;
    whole["provider_model_iden"]["model_name"] = Value::Null;
    let reply = same("anthropic", &events(), whole);
    let expected = Usage {
        input: Some(12_100),
        output: Some(200),
        total: Some(12_300),
        cache_read: Some(10_000),
        cache_write: Some(2_000),
        cache_write_1h: Some(500),
        reasoning: Some(50),
        ..Usage::default()
    };
    assert_eq!(reply.usage, Some(expected));
    assert_eq!(
        (reply.finish_reasons, reply.finish_class),
        (vec!["tool_use".into()], Some(FinishClass::ToolCall))
    );
    assert_eq!((reply.tool_calls.len(), &reply.tool_calls[0].arguments), (1, &Some(json!({"city": "Ulm"}))));
    assert_eq!(reply.id.as_deref(), Some("msg_1"));
    assert_eq!(
        reply.output_messages,
        Some(json!([{"role": "assistant", "finish_reason": "tool_call", "parts": [
            {"type": "reasoning", "content": "Rain?"},
            {"type": "text", "content": "Let me look."},
            {"type": "tool_call", "id": "toolu_1", "name": "get_weather", "arguments": {"city": "Ulm"}},
        ]}]))
    );
}

#[test]
fn the_model_is_the_one_that_the_provider_names() {
    assert_eq!(read("anthropic", reply()).model.as_deref(), Some("claude-3-5-sonnet-20241022"));
    let mut plain = reply();
    plain["provider_model_iden"]["model_name"] = "claude-next".into();
    assert_eq!(read("anthropic", plain).model.as_deref(), Some("claude-next"));
}

#[test]
fn a_raw_body_comes_before_the_types_if_it_is_known() {
    let raw = json!({
        "id": "chatcmpl-1", "model": "gpt-4o-2024-08-06", "service_tier": "flex",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Rain."}}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
    });
    let mut carried = reply();
    carried["captured_raw_body"] = raw.clone();
    assert_eq!(read("openai", carried.clone()), read("openai", raw.clone()));
    for unknown in [json!({"answer": "Rain."}), json!("{}"), json!(null), json!([raw]), json!({})] {
        carried["captured_raw_body"] = unknown;
        assert_eq!(read("openai", carried.clone()), read("openai", reply()));
    }
    // The key alone does not make a reply of genai.
    let other = json!({"captured_raw_body": raw, "id": "x"});
    assert_eq!(read("openai", other).usage, None);
}

#[test]
fn only_the_end_makes_a_stream_whole() {
    let events = events();
    for length in 1..events.len() {
        let reader = reader("anthropic", &events[..length]);
        assert!(!reader.is_complete(), "{length}");
        // To open a stream is no part of the answer.
        assert_eq!(reader.has_output(), length > 2, "{length}");
    }
    let without_counts = [json!("Start"), json!({"Chunk": {"content": "Rain."}}), json!({"End": {}})];
    let reply = reader("anthropic", &without_counts).into_reply();
    assert_eq!(reply.usage, None);
    assert!(reply.hint.is_some_and(|hint| hint.contains("with_capture_usage(true)")));
}

#[test]
fn plain_text_may_begin_with_the_word_of_an_event() {
    let reply = reader("ollama", &[json!("Start"), json!(" now."), json!("Heartbeat")]).into_reply();
    assert_eq!(reply.size, "Start now.Heartbeat".len());
}

#[test]
fn vectors_are_counted_and_have_no_output() {
    let body = json!({
        "embeddings": [
            {"vector": [0.5, 0.25, 0.125], "index": 0, "dimensions": 3},
            {"vector": [0.5, 0.25, 0.125], "index": 1, "dimensions": 3},
        ],
        "model_iden": model("text-embedding-3-small"), "provider_model_iden": model("text-embedding-3-small"),
        "usage": {"prompt_tokens": 7, "completion_tokens": 0, "total_tokens": 7},
        "captured_raw_body": null,
    });
    let reply = read("openai", body);
    assert_eq!((reply.embedding_count, reply.embedding_dimensions, reply.size), (Some(2), Some(3), 24));
    assert_eq!(reply.usage, Some(Usage { input: Some(7), total: Some(7), ..Usage::default() }));
    assert_eq!(reply.output_messages, None);
}
