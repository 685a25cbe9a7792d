//! Replies and calls that many tests share.

use agentspan::testing::{RecordedSpan, Recording};
use futures_util::Stream;
use serde_json::{Value, json};
use std::time::Duration;

/// A reply of OpenAI's chat API: gpt-4o costs 2.50 USD for a million tokens of input and 10 for output.
pub(crate) fn openai_reply(prompt: u64, completion: u64) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "It will rain."}}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion},
    })
}

/// The same, asking for tools by call id and name.
pub(crate) fn openai_asking(calls: &[(&str, &str)]) -> Value {
    let calls: Vec<_> = calls
        .iter()
        .map(|(id, name)| {
            json!({"id": id, "type": "function", "function": {"name": name, "arguments": "{\"city\":\"Ulm\"}"}})
        })
        .collect();
    let mut reply = openai_reply(412, 54);
    reply["choices"][0]["finish_reason"] = "tool_calls".into();
    reply["choices"][0]["message"] = json!({"role": "assistant", "content": null, "tool_calls": calls});
    reply
}

/// A reply of Anthropic's API, whose input count leaves out what the cache gave and took.
pub(crate) fn anthropic_reply() -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-3-5-sonnet-20241022",
        "content": [
            {"type": "text", "text": "Let me look."},
            {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Ulm"}},
        ],
        "stop_reason": "tool_use", "stop_sequence": null,
        "usage": {
            "input_tokens": 100, "cache_read_input_tokens": 10_000, "cache_creation_input_tokens": 2_000,
            "output_tokens": 200,
        },
    })
}

/// One chunk of OpenAI's chat API.
pub(crate) fn openai_chunk(delta: Value, finish: Option<&str>) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], "usage": null,
    })
}

/// The chunks of one answer; the last one has the usage: 9 tokens of input and 4 of output.
pub(crate) fn openai_chunks() -> Vec<Value> {
    let mut last = openai_chunk(json!({}), None);
    last["choices"] = json!([]);
    last["usage"] = json!({"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13});
    vec![
        openai_chunk(json!({"role": "assistant", "content": ""}), None),
        openai_chunk(json!({"content": "It will "}), None),
        openai_chunk(json!({"content": "rain."}), None),
        openai_chunk(json!({}), Some("stop")),
        last,
    ]
}

/// The events of one streamed answer of Anthropic.
pub(crate) fn anthropic_events() -> Vec<Value> {
    vec![
        json!({"type": "message_start", "message": {
            "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-3-5-sonnet-20241022", "content": [],
            "usage": {"input_tokens": 25, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "ping"}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "It will rain."}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null}, "usage": {"output_tokens": 15}}),
        json!({"type": "message_stop"}),
    ]
}

/// A stream of items that are there at once.
pub(crate) fn stream_of<E>(items: Vec<Value>) -> impl Stream<Item = Result<Value, E>> + Unpin {
    futures_util::stream::iter(items.into_iter().map(Ok))
}

/// A call of gpt-4o with so many tokens.
pub(crate) async fn call_gpt_4o(prompt: u64, completion: u64) {
    agentspan::llm("openai", "gpt-4o")
        .call(async { Ok::<_, String>(openai_reply(prompt, completion)) })
        .await
        .expect("the reply is given");
}

/// A streamed call of gpt-4o, whose chunks are there at once: 9 tokens of input and 4 of output.
pub(crate) async fn stream_gpt_4o() -> impl Stream<Item = Result<Value, String>> + Unpin {
    agentspan::llm("openai", "gpt-4o")
        .stream(async { Ok::<_, String>(stream_of::<String>(openai_chunks())) })
        .await
        .expect("it opens")
}

/// The tree of a recording, without its last line break.
pub(crate) fn tree(recording: &Recording) -> String {
    recording.tree().trim_end().to_owned()
}

/// The only span of that name.
pub(crate) fn the(recording: &Recording, name: &str) -> RecordedSpan {
    let mut found: Vec<_> = recording.spans().into_iter().filter(|span| span.name() == name).collect();
    assert_eq!(found.len(), 1, "`{name}` in\n{}", recording.tree());
    found.remove(0)
}

/// Waits for what others do, for a minute at the most: machines may be busy.
pub(crate) async fn until(is_done: impl Fn() -> bool) {
    let done = async {
        while !is_done() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), done).await.expect("it is done in time");
}

/// A dollar amount as a whole number of 10⁻¹² USD, in which sums are exact.
pub(crate) fn picodollars(usd: f64) -> i128 {
    (usd * 1e12).round() as i128
}
