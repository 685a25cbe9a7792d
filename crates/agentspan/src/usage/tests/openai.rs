use serde_json::{Value, json};

use super::super::Usage;
use super::read_reply;
use super::{read, usage_of};
use agentspan_semconv::FinishClass;

fn tool_reply() -> Value {
    json!({
        "id": "c-1", "object": "chat.completion", "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
            "role": "assistant", "content": "Let me look.", "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Ulm\"}"}},
                {"id": "call_2", "type": "function", "function": {"name": "time", "arguments": "{not json"}},
                {"id": "call_3", "type": "custom", "custom": {"name": "shell", "input": "ls"}},
            ]}}],
        "usage": {"prompt_tokens": 120, "completion_tokens": 18, "total_tokens": 138,
            "prompt_tokens_details": {"cached_tokens": 64, "cache_write_tokens": 16, "audio_tokens": 4, "image_tokens": 2},
            "completion_tokens_details": {"reasoning_tokens": 8, "audio_tokens": 3}},
        "service_tier": "default",
    })
}

#[test]
fn a_whole_reply_gives_usage_identity_finish_reason_and_tool_calls() {
    let reply = read("openai", tool_reply());
    let usage = Usage::new().input(120).output(18).total(138).cache_read(64).cache_write(16).reasoning(8);
    assert_eq!(reply.usage, Some(usage.input_audio(4).input_image(2).output_audio(3)));
    assert_eq!(reply.id.as_deref(), Some("c-1"));
    assert_eq!(reply.model.as_deref(), Some("gpt-4o-2024-08-06"));
    assert_eq!(reply.service_tier.as_deref(), Some("default"));
    assert_eq!(reply.finish_reasons, ["tool_calls"]);
    assert_eq!(reply.finish_class, Some(FinishClass::ToolCall));
    assert_eq!(reply.error, None);
    let calls: Vec<_> = reply
        .tool_calls
        .iter()
        .map(|call| (call.id.as_deref(), call.name.as_str(), &call.arguments))
        .collect();
    assert_eq!(
        calls,
        [
            (Some("call_1"), "weather", &Some(json!({"city": "Ulm"}))),
            (Some("call_2"), "time", &Some(json!("{not json"))),
            (Some("call_3"), "shell", &Some(json!("ls"))),
        ]
    );
    assert_eq!(
        reply.output_messages,
        Some(json!([{"role": "assistant", "finish_reason": "tool_call", "parts": [
            {"type": "text", "content": "Let me look."},
            {"type": "tool_call", "id": "call_1", "name": "weather", "arguments": {"city": "Ulm"}},
            {"type": "tool_call", "id": "call_2", "name": "time", "arguments": "{not json"},
            {"type": "tool_call", "id": "call_3", "name": "shell", "arguments": "ls"},
        ]}]))
    );
    let text = "Let me look.weather{\"city\":\"Ulm\"}time{not jsonshellls";
    assert_eq!(reply.size, text.len());
}

#[test]
fn without_content_no_text_and_no_arguments_are_kept_but_all_the_rest_is_the_same() {
    let mut with = read("openai", tool_reply());
    let without = read_reply("openai", &tool_reply(), false);
    assert_eq!(without.output_messages, None);
    with.output_messages = None;
    with.tool_calls.iter_mut().for_each(|call| call.arguments = None);
    assert_eq!(without, with);
}

#[test]
fn calls_that_come_without_index_or_with_the_same_one_are_told_apart() {
    let call = |id: &str, index: Option<u64>| {
        let function = json!({"name": "f", "arguments": "{}"});
        json!({"id": id, "index": index, "function": function})
    };
    let body = |calls: [Value; 2]| json!({"choices": [{"message": {"tool_calls": calls}}]});
    for calls in [[call("a", None), call("b", None)], [call("a", Some(0)), call("b", Some(0))]] {
        let reply = read("openai", body(calls));
        let ids: Vec<_> = reply.tool_calls.iter().filter_map(|call| call.id.as_deref()).collect();
        assert_eq!(ids, ["a", "b"]);
    }
    let nameless = json!({"function": {"name": "f", "arguments": {"n": 1}}});
    let reply = read("mistralai", body([nameless.clone(), nameless]));
    assert_eq!(reply.tool_calls.len(), 2);
    assert_eq!(reply.tool_calls[1].arguments, Some(json!({"n": 1})));
}

#[test]
fn the_older_function_call_and_text_completions_are_read() {
    let reply = read(
        "openai",
        json!({"choices": [{"index": 0, "finish_reason": "function_call", "message": {
            "content": null, "function_call": {"name": "weather", "arguments": "{}"}}}]}),
    );
    assert_eq!(reply.finish_class, Some(FinishClass::ToolCall));
    assert_eq!((reply.tool_calls[0].name.as_str(), &reply.tool_calls[0].id), ("weather", &None));
    let reply = read("together", json!({"choices": [{"text": "Hi", "finish_reason": "eos"}]}));
    assert_eq!((reply.finish_reasons[0].as_str(), reply.finish_class), ("eos", Some(FinishClass::Stop)));
    assert_eq!(reply.output_messages.expect("content is on")[0]["parts"][0]["content"], "Hi");
}

#[test]
fn several_choices_keep_their_order_and_the_first_one_gives_the_class() {
    let choice = |index: u64, reason: Value| json!({"index": index, "finish_reason": reason, "message": {"content": "x"}});
    let reply = read(
        "openai",
        json!({"choices": [choice(1, json!("stop")), choice(0, json!("length")), choice(2, json!(null))]}),
    );
    assert_eq!(reply.finish_reasons, ["length", "stop"]);
    assert_eq!(reply.finish_class, Some(FinishClass::Length));
    let messages = reply.output_messages.expect("content is on");
    let words: Vec<_> =
        messages.as_array().into_iter().flatten().map(|message| &message["finish_reason"]).collect();
    assert_eq!(words, ["length", "stop", "error"]);
}

#[test]
fn reasoning_refusals_and_lists_of_parts_become_parts() {
    let parts = |message: Value| {
        let reply = read("openai", json!({"choices": [{"message": message, "finish_reason": "stop"}]}));
        reply.output_messages.expect("content is on")[0]["parts"].clone()
    };
    let expected = json!([{"type": "reasoning", "content": "hm"}, {"type": "text", "content": "ok"}]);
    assert_eq!(parts(json!({"content": "ok", "reasoning_content": "hm"})), expected);
    assert_eq!(parts(json!({"content": "ok", "reasoning": "hm"})), expected);
    let list = json!([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "ok"}]);
    assert_eq!(parts(json!({"content": list})), expected);
    assert_eq!(parts(json!({"content": null, "refusal": "no"})), json!([{"type": "text", "content": "no"}]));
    assert_eq!(parts(json!({"audio": {"transcript": "la"}})), json!([{"type": "text", "content": "la"}]));
}

#[test]
fn reasoning_is_added_to_the_output_only_when_the_total_proves_that_it_stands_apart() {
    let output = |completion: u64, reasoning: u64, total: Value| {
        let details = json!({"reasoning_tokens": reasoning});
        let usage = json!({"prompt_tokens": 50, "completion_tokens": completion, "total_tokens": total,
            "completion_tokens_details": details});
        usage_of("proxy", json!({ "choices": [], "usage": usage })).output
    };
    assert_eq!(output(10, 200, json!(260)), Some(210), "xAI behind a proxy");
    assert_eq!(output(300, 200, json!(550)), Some(500), "the same, less reasoning than text");
    assert_eq!(output(300, 200, json!(350)), Some(300), "OpenAI");
    assert_eq!(output(2298, 2948, json!(2348)), Some(2298), "a gateway's own count");
    assert_eq!(output(10, 200, json!(null)), Some(10), "no proof");
}

#[test]
fn what_the_provider_charged_is_taken_where_its_meaning_is_certain() {
    let cost = |provider: &str, usage: Value| {
        read(provider, json!({ "choices": [], "usage": usage }))
            .usage
            .and_then(|usage| usage.provider_cost_usd)
    };
    assert_eq!(cost("openrouter", json!({"prompt_tokens": 1, "cost": 0.25})), Some(0.25));
    assert_eq!(cost("proxy", json!({"prompt_tokens": 1, "cost": 0.25, "is_byok": false})), Some(0.25));
    assert_eq!(cost("openrouter", json!({"prompt_tokens": 1, "cost": 0.25, "is_byok": true})), None);
    assert_eq!(cost("proxy", json!({"prompt_tokens": 1, "cost": 0.25})), None);
    assert_eq!(cost("openrouter", json!({"prompt_tokens": 1, "cost": {"total": 1}})), None);
    assert_eq!(cost("xai", json!({"prompt_tokens": 1, "cost_in_usd_ticks": 5_875_000})), Some(0.0005875));
}

#[test]
fn unknown_counts_are_absent_and_never_zero() {
    let body = |usage: Value| json!({"choices": [], "usage": usage});
    for usage in [
        json!(null),
        json!({}),
        json!("12"),
        json!([]),
        json!({"prompt_tokens": null}),
        json!({"prompt_tokens": -4}),
    ] {
        assert_eq!(read("openai", body(usage.clone())).usage, None, "{usage}");
    }
    let usage = json!({"prompt_tokens": 1e30, "completion_tokens": "7", "prompt_tokens_details": 3});
    assert_eq!(read("openai", body(usage)).usage, Some(Usage::new().output(7)));
    let usage = json!({"prompt_tokens": 7, "prompt_cache_hit_tokens": 5, "prompt_cache_miss_tokens": 2});
    assert_eq!(usage_of("deepseek", body(usage)), Usage::new().input(7).cache_read(5));
}

#[test]
fn embeddings_give_usage_count_and_length_of_vectors() {
    let body = |embedding: Value| {
        let data = [
            json!({"index": 0, "embedding": embedding.clone()}),
            json!({"index": 1, "embedding": embedding}),
        ];
        json!({"object": "list", "model": "text-embedding-3-small", "data": data,
            "usage": {"prompt_tokens": 8, "total_tokens": 8, "completion_tokens": 0}})
    };
    // The base64 of three and of four 4-byte floats.
    let cases = [
        (json!([0.1, 0.2, 0.3]), 3),
        (json!("AAAAAAAAAAAAAAAA"), 3),
        (json!("AAAAAAAAAAAAAAAAAAAAAA=="), 4),
        (json!([[0.1, 0.2]]), 2),
    ];
    for (embedding, dimensions) in cases {
        let reply = read("openai", body(embedding));
        assert_eq!(reply.usage, Some(Usage::new().input(8).total(8)));
        assert_eq!(reply.model.as_deref(), Some("text-embedding-3-small"));
        assert_eq!((reply.embedding_count, reply.embedding_dimensions), (Some(2), Some(dimensions)));
        assert_eq!(reply.size, 2 * 4 * dimensions);
        assert_eq!(reply.output_messages, None);
    }
}
