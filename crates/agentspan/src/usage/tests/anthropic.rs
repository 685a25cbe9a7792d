use serde_json::{Value, json};

use super::super::Usage;
use super::{read, reader, usage_of};
use agentspan_semconv::FinishClass;

#[test]
fn a_whole_message_gives_inclusive_usage_and_its_tool_calls() {
    let reply = read(
        "anthropic",
        json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-4-5-20251001",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "text", "text": "ok"},
                {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "Ulm"}},
                {"type": "web_search_tool_result", "tool_use_id": "srv_1", "content": []},
                {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Ulm"}}],
            "stop_reason": "tool_use",
            "usage": {"input_tokens": 100, "cache_read_input_tokens": 10_000, "cache_creation_input_tokens": 2000,
                "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 1500},
                "output_tokens": 200, "output_tokens_details": {"thinking_tokens": 40},
                "server_tool_use": {"web_search_requests": 1}, "service_tier": "standard"}}),
    );
    let usage = Usage::new().input(12_100).output(200).cache_read(10_000).cache_write(2000);
    let usage = usage.cache_write_5m(500).cache_write_1h(1500).reasoning(40).web_searches(1);
    assert_eq!(reply.usage, Some(usage));
    assert_eq!(reply.id.as_deref(), Some("msg_1"));
    assert_eq!(reply.finish_reasons, ["tool_use"]);
    assert_eq!(reply.finish_class, Some(FinishClass::ToolCall));
    assert_eq!((reply.service_tier.as_deref(), reply.batch), (Some("standard"), false));
    assert_eq!(reply.tool_calls.len(), 1, "the provider ran the search by itself");
    assert_eq!(reply.tool_calls[0].id.as_deref(), Some("toolu_1"));
    assert_eq!(reply.tool_calls[0].arguments, Some(json!({"city": "Ulm"})));
    assert_eq!(
        reply.output_messages,
        Some(json!([{"role": "assistant", "finish_reason": "tool_call", "parts": [
            {"type": "reasoning", "content": "hm"},
            {"type": "text", "content": "ok"},
            {"type": "server_tool_call", "id": "srv_1", "name": "web_search",
                "server_tool_call": {"type": "web_search", "input": {"query": "Ulm"}}},
            {"type": "server_tool_call_response", "id": "srv_1",
                "server_tool_call_response": {"type": "web_search_tool_result", "content": []}},
            {"type": "tool_call", "id": "toolu_1", "name": "weather", "arguments": {"city": "Ulm"}},
        ]}]))
    );
}

#[test]
fn input_is_the_sum_of_what_is_known_and_unknown_when_a_part_is_unreadable() {
    let usage =
        |usage: Value| usage_of("anthropic", json!({"type": "message", "content": [], "usage": usage}));
    assert_eq!(usage(json!({"input_tokens": 5, "output_tokens": 1})).input, Some(5));
    let nulls = json!({"input_tokens": 5, "cache_read_input_tokens": null, "output_tokens": 1});
    assert_eq!((usage(nulls.clone()).input, usage(nulls).cache_read), (Some(5), None));
    assert_eq!(usage(json!({"cache_read_input_tokens": 5, "output_tokens": 1})).input, None);
    assert_eq!(
        usage(json!({"input_tokens": 5, "cache_read_input_tokens": -5, "output_tokens": 1})).input,
        None
    );
    let limit = 1_u64 << 32;
    assert_eq!(
        usage(json!({"input_tokens": limit, "cache_read_input_tokens": limit, "output_tokens": 1})).input,
        None
    );
    let parts = json!({"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4});
    let read = usage(json!({"input_tokens": 5, "cache_creation": parts}));
    assert_eq!((read.input, read.cache_write), (Some(12), Some(7)));
}

#[test]
fn a_batch_says_so_by_its_tier() {
    let reply = read(
        "anthropic",
        json!({"type": "message", "content": [], "usage": {"input_tokens": 1, "service_tier": "batch"}}),
    );
    assert_eq!((reply.service_tier.as_deref(), reply.batch), (Some("batch"), true));
}

#[test]
fn the_older_completion_is_read_and_has_no_usage() {
    let body = json!({"type": "completion", "id": "c", "completion": " Hi", "stop_reason": "stop_sequence"});
    let reply = read("anthropic", body);
    assert_eq!((reply.usage, reply.finish_class), (None, Some(FinishClass::Stop)));
    assert_eq!(reply.output_messages.expect("content is on")[0]["parts"][0]["content"], " Hi");
}

fn stream(delta_usage: Value) -> Vec<Value> {
    vec![
        json!({"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant", "content": [],
            "model": "claude-x", "stop_reason": null, "usage": {"input_tokens": 2750, "output_tokens": 2,
            "cache_read_input_tokens": 7, "cache_creation_input_tokens": 30, "service_tier": "priority",
            "cache_creation": {"ephemeral_1h_input_tokens": 30}}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "ping"}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hel"}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "lo"}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "content_block_start", "index": 1,
            "content_block": {"type": "tool_use", "id": "t1", "name": "weather", "input": {}}}),
        json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": ""}}),
        json!({"type": "content_block_delta", "index": 1,
            "delta": {"type": "input_json_delta", "partial_json": "{\"city\":"}}),
        json!({"type": "content_block_delta", "index": 1,
            "delta": {"type": "input_json_delta", "partial_json": "\"Ulm\"}"}}),
        json!({"type": "content_block_stop", "index": 1}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": delta_usage}),
        json!({"type": "message_stop"}),
    ]
}

#[test]
fn counts_of_a_message_delta_replace_and_what_they_lack_stays() {
    let reply = reader("anthropic", &stream(json!({"output_tokens": 20}))).into_reply();
    let usage = Usage::new().input(2787).output(20).cache_read(7).cache_write(30).cache_write_1h(30);
    assert_eq!(reply.usage, Some(usage));
    let raised = json!({"input_tokens": 12_229, "cache_read_input_tokens": null, "output_tokens": 20});
    let reply = reader("anthropic", &stream(raised)).into_reply();
    assert_eq!(reply.usage.and_then(|usage| usage.input), Some(12_229 + 7 + 30));
    assert_eq!(reply.service_tier.as_deref(), Some("priority"));
}

#[test]
fn a_stream_reads_like_the_same_message_sent_whole() {
    let whole = json!({"id": "m", "type": "message", "role": "assistant", "model": "claude-x",
        "content": [{"type": "text", "text": "Hello"},
            {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Ulm"}}],
        "stop_reason": "tool_use", "usage": {"input_tokens": 2750, "output_tokens": 20,
        "cache_read_input_tokens": 7, "cache_creation_input_tokens": 30, "service_tier": "priority",
        "cache_creation": {"ephemeral_1h_input_tokens": 30}}});
    let streamed = reader("anthropic", &stream(json!({"output_tokens": 20}))).into_reply();
    assert_eq!(streamed, read("anthropic", whole));
}

#[test]
fn a_stream_is_complete_at_its_stop() {
    let chunks = stream(json!({"output_tokens": 20}));
    let at = |count: usize| reader("anthropic", &chunks[..count]);
    assert!(!at(chunks.len() - 1).is_complete());
    assert!(at(chunks.len()).is_complete());
    let cut = at(4).into_reply();
    assert_eq!(cut.usage.and_then(|usage| usage.input), Some(2787));
    assert_eq!(cut.output_messages.expect("content is on")[0]["finish_reason"], "error");
}

#[test]
fn passes_that_compact_the_context_are_billed_and_added() {
    let pass = |kind: &str, input: u64, output: u64| {
        json!({"type": kind, "input_tokens": input, "output_tokens": output, "cache_read_input_tokens": 10,
            "cache_creation_input_tokens": 5, "cache_creation": {"ephemeral_1h_input_tokens": 5}})
    };
    let counts = json!({"input_tokens": 23_000, "output_tokens": 1000, "cache_read_input_tokens": 7,
        "iterations": [pass("compaction", 180_000, 3500), pass("message", 23_000, 1000)]});
    let whole = json!({"id": "m", "type": "message", "content": [], "usage": counts});
    let usage =
        Usage::new().input(23_007 + 180_015).output(4500).cache_read(17).cache_write(5).cache_write_1h(5);
    assert_eq!(usage_of("anthropic", whole), usage);
    let streamed = reader(
        "anthropic",
        &stream(json!({"output_tokens": 20, "iterations": [pass("compaction", 100, 30)]})),
    );
    let read = streamed.into_reply().usage.expect("the fixture has usage");
    assert_eq!((read.input, read.output), (Some(2787 + 115), Some(50)));
}

#[test]
fn fast_mode_is_told_as_the_tier_since_it_has_a_price_of_its_own() {
    let tier = |usage: Value| {
        read("anthropic", json!({"type": "message", "content": [], "usage": usage})).service_tier
    };
    let usage = |speed: Value| json!({"input_tokens": 1, "service_tier": "standard", "speed": speed});
    assert_eq!(tier(usage(json!("fast"))).as_deref(), Some("fast"));
    assert_eq!(tier(usage(json!("standard"))).as_deref(), Some("standard"));
    assert_eq!(
        tier(json!({"input_tokens": 1, "speed": "fast", "service_tier": "batch"})).as_deref(),
        Some("batch")
    );
}

#[test]
fn a_turn_that_pauses_or_is_refused_says_so() {
    let class = |reason: &str| {
        let reply = read("anthropic", json!({"type": "message", "content": [], "stop_reason": reason}));
        (reply.finish_reasons[0].clone(), reply.finish_class)
    };
    assert_eq!(class("pause_turn"), ("pause_turn".to_owned(), None));
    assert_eq!(class("refusal").1, Some(FinishClass::ContentFilter));
    assert_eq!(class("model_context_window_exceeded").1, Some(FinishClass::Length));
}

#[test]
fn older_completions_are_streamed_in_pieces_and_bedrock_counts_them() {
    let chunks = [
        json!({"type": "completion", "completion": " Hel", "stop_reason": null}),
        json!({"type": "completion", "completion": "lo", "stop_reason": null}),
        json!({"completion": "", "stop_reason": "stop_sequence", "amazon-bedrock-invocationMetrics":
            {"inputTokenCount": 9, "outputTokenCount": 3, "invocationLatency": 5}}),
    ];
    assert!(!reader("anthropic", &chunks[..2]).is_complete());
    let reader = reader("anthropic", &chunks);
    assert!(reader.is_complete());
    let reply = reader.into_reply();
    assert_eq!(reply.usage, Some(Usage::new().input(9).output(3)));
    assert_eq!(
        reply.output_messages.expect("content is on")[0]["parts"],
        json!([{"type": "text", "content": " Hello"}])
    );
}

#[test]
fn bedrocks_counts_never_replace_those_of_the_message() {
    let mut chunks = stream(json!({"output_tokens": 20}));
    chunks[12]["amazon-bedrock-invocationMetrics"] = json!({"inputTokenCount": 1, "outputTokenCount": 1});
    let usage = reader("anthropic", &chunks).into_reply().usage.expect("the fixture has usage");
    assert_eq!((usage.input, usage.output), (Some(2787), Some(20)));
    chunks.remove(11);
    let usage = reader("anthropic", &chunks).into_reply().usage.expect("the fixture has usage");
    assert_eq!(usage.output, Some(1), "the number at the start only holds a place");
}

#[test]
fn what_openrouter_charges_for_a_message_is_taken() {
    let body = json!({"type": "message", "content": [], "usage": {"input_tokens": 5, "output_tokens": 1, "cost": 0.25}});
    let cost = |provider: &str| usage_of(provider, body.clone()).provider_cost_usd;
    assert_eq!((cost("openrouter"), cost("anthropic")), (Some(0.25), None));
}
