//! Bedrock: Converse, and the models of InvokeModel that have bodies of their own.

use super::fixture::Fixture;
use super::row::{NO_AUDIO, NO_COST, NO_REASONING, Row};
use super::typed::NOT_OPENAI;
use super::wire::Wire;
use agentspan::Usage;
use serde_json::{Value, json};

pub(super) fn rows() -> Vec<Row> {
    let absent = vec![NO_REASONING, NO_AUDIO, NO_COST];
    let row = |family, fixtures| Row { family, fixtures, absent: absent.clone(), types: NOT_OPENAI };
    vec![
        row("Bedrock Converse", vec![converse()]),
        row("Bedrock InvokeModel: Nova, Llama, Titan, …", vec![nova(), llama(), titan()]),
    ]
}

fn delta(index: u64, delta: Value) -> Value {
    json!({"contentBlockDelta": {"contentBlockIndex": index, "delta": delta, "p": "abc"}})
}

fn events(metadata: Value) -> Vec<Value> {
    let start = json!({"toolUse": {"toolUseId": "t1", "name": "weather"}});
    vec![
        json!({"messageStart": {"role": "assistant", "p": "ab"}}),
        delta(0, json!({"text": "Let me"})),
        delta(0, json!({"text": " look."})),
        json!({"contentBlockStop": {"contentBlockIndex": 0}}),
        json!({"contentBlockStart": {"contentBlockIndex": 1, "start": start}}),
        delta(1, json!({"toolUse": {"input": "{\"city\":"}})),
        delta(1, json!({"toolUse": {"input": "\"Köln\"}"}})),
        json!({"contentBlockStop": {"contentBlockIndex": 1}}),
        json!({"messageStop": {"stopReason": "tool_use"}}),
        json!({ "metadata": metadata }),
    ]
}

fn message(counts: &Value) -> Value {
    let content = json!([{"text": "Let me look."}, {"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"city": "Köln"}}}]);
    json!({"output": {"message": {"role": "assistant", "content": content}}, "stopReason": "tool_use", "usage": counts})
}

fn converse() -> Fixture {
    let counts = json!({"inputTokens": 100, "cacheReadInputTokens": 10_000, "cacheWriteInputTokens": 2000, "outputTokens": 200,
        "totalTokens": 12_300, "cacheDetails": [{"ttl": "5m", "inputTokens": 500}, {"ttl": "1h", "inputTokens": 1500}]});
    let usage = Usage::new().input(12_100).output(200).total(12_300).cache_read(10_000).cache_write(2000);
    Fixture {
        url: "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse-stream",
        whole: Some(message(&counts)),
        stream: Some((Wire::Frames, events(json!({"usage": counts, "metrics": {"latencyMs": 910}})))),
        usage: usage.cache_write_5m(500).cache_write_1h(1500),
        finish: Some("tool_use"),
        tools: &["weather"],
    }
}

fn invoke(
    model: &'static str,
    whole: Value,
    chunks: Vec<Value>,
    usage: Usage,
    finish: &'static str,
) -> Fixture {
    let (whole, stream) = (Some(whole), Some((Wire::FramesOfChunks, chunks)));
    Fixture { url: model, whole, stream, usage, finish: Some(finish), tools: &[] }
}

/// Reads like Converse, in bytes of its own.
fn nova() -> Fixture {
    let counts = json!({"inputTokens": 40, "outputTokens": 50, "totalTokens": 120, "cacheReadInputTokenCount": 20,
        "cacheWriteInputTokenCount": 10});
    let usage = Usage::new().input(70).output(50).total(120).cache_read(20).cache_write(10);
    let url = "https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.nova-lite-v1%3A0/invoke";
    let fixture = invoke(url, message(&counts), events(json!({ "usage": counts })), usage, "tool_use");
    Fixture { tools: &["weather"], ..fixture }
}

fn llama() -> Fixture {
    let chunk = |text: &str, prompt: Option<u64>, count: u64, stop: Option<&str>| json!({"generation": text, "prompt_token_count": prompt, "generation_token_count": count, "stop_reason": stop});
    let url =
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.meta.llama3-3-70b-instruct-v1%3A0/invoke";
    let chunks =
        vec![chunk("Ra", Some(11), 1, None), chunk("in", None, 2, None), chunk("", None, 3, Some("stop"))];
    invoke(url, chunk("Rain", Some(11), 3, Some("stop")), chunks, Usage::new().input(11).output(3), "stop")
}

fn titan() -> Fixture {
    let url = "https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.titan-text-express-v1/invoke";
    let whole = json!({"inputTextTokenCount": 9, "results": [{"tokenCount": 17, "outputText": "Rain", "completionReason": "FINISH"}]});
    let metrics = json!({"inputTokenCount": 9, "outputTokenCount": 17, "invocationLatency": 738, "firstByteLatency": 300});
    let chunks = vec![
        json!({"outputText": "Ra", "index": 0, "inputTextTokenCount": 9}),
        json!({"outputText": "in", "index": 0, "totalOutputTextTokenCount": 17, "completionReason": "FINISH",
            "inputTextTokenCount": null, "amazon-bedrock-invocationMetrics": metrics}),
    ];
    invoke(url, whole, chunks, Usage::new().input(9).output(17), "FINISH")
}
