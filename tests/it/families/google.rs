//! Gemini and Vertex AI.

use super::fixture::Column::Written;
use super::fixture::Fixture;
use super::openai::ONLY_INPUT;
use super::row::{Absent, NO_AUDIO, NO_COST, Row};
use super::typed::NOT_OPENAI;
use super::wire::Wire;
use agentspan::Usage;
use serde_json::{Value, json};

pub(super) fn rows() -> Vec<Row> {
    let row = |family, fixtures, absent| Row { family, fixtures, absent, types: NOT_OPENAI };
    let gemini = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse";
    let vertex = "https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/gemini-2.5-flash:streamGenerateContent";
    vec![
        row("Gemini generateContent", vec![content(gemini, Wire::Events)], vec![BY_THE_HOUR, NO_COST]),
        row("Vertex AI generateContent", vec![content(vertex, Wire::Array)], vec![BY_THE_HOUR, NO_COST]),
        row("Gemini Interactions", vec![interaction()], vec![BY_THE_HOUR, NO_COST]),
        row("Gemini and Vertex AI embeddings", embeddings(), vec![ONLY_INPUT, NO_AUDIO, NO_COST]),
    ]
}

const BY_THE_HOUR: Absent =
    (&[Written], "A cache is made by itself or by a call of its own, and is paid by the hour.");

fn content(url: &'static str, wire: Wire) -> Fixture {
    let counts = json!({"promptTokenCount": 5000, "cachedContentTokenCount": 4000, "candidatesTokenCount": 300,
        "thoughtsTokenCount": 1700, "totalTokenCount": 7000,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 4950}, {"modality": "AUDIO", "tokenCount": 50}],
        "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 3975}, {"modality": "AUDIO", "tokenCount": 25}]});
    let call = json!({"functionCall": {"name": "weather", "args": {"city": "Köln"}}});
    let body = |parts: Value, finish: Option<&str>, counts: Value| {
        let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
        if let Some(finish) = finish {
            candidate["finishReason"] = finish.into();
        }
        json!({"candidates": [candidate], "usageMetadata": counts, "modelVersion": "gemini-2.5-flash", "responseId": "r1"})
    };
    // What is not counted yet is left out.
    let early = || json!({"promptTokenCount": 5000, "totalTokenCount": 5000});
    let chunks = vec![
        body(json!([{"text": "Hm.", "thought": true}]), None, early()),
        body(json!([{"text": "Let me"}]), None, early()),
        body(json!([{"text": " look."}]), None, early()),
        body(json!([call]), Some("STOP"), counts.clone()),
    ];
    let parts = json!([{"text": "Hm.", "thought": true}, {"text": "Let me look."}, call]);
    let usage = Usage::new().input(5000).output(2000).total(7000).cache_read(4000).reasoning(1700);
    Fixture {
        url,
        whole: Some(body(parts, Some("STOP"), counts)),
        stream: Some((wire, chunks)),
        usage: usage.input_audio(50).cache_audio_read(25),
        finish: Some("STOP"),
        tools: &["weather"],
    }
}

fn interaction() -> Fixture {
    let counts = json!({"total_input_tokens": 20, "total_tool_use_tokens": 3, "total_output_tokens": 7, "total_thought_tokens": 11,
        "total_cached_tokens": 4, "total_tokens": 41, "input_tokens_by_modality": [{"modality": "audio", "tokens": 6}]});
    let whole = |status: &str, steps: Value, usage: Value| json!({"id": "v1_a", "object": "interaction", "model": "gemini-2.5-flash", "status": status, "steps": steps, "usage": usage});
    let start = |index: u64, step: Value| json!({"event_type": "step.start", "index": index, "step": step});
    let delta =
        |index: u64, delta: Value| json!({"event_type": "step.delta", "index": index, "delta": delta});
    let completed = whole("requires_action", Value::Null, counts.clone());
    let chunks = vec![
        json!({"event_type": "interaction.created", "interaction": whole("in_progress", Value::Null, Value::Null)}),
        start(0, json!({"type": "thought"})),
        delta(0, json!({"type": "thought_summary", "content": {"type": "text", "text": "Hm."}})),
        start(1, json!({"type": "model_output"})),
        delta(1, json!({"type": "text", "text": "Let me"})),
        delta(1, json!({"type": "text", "text": " look."})),
        start(2, json!({"type": "function_call", "id": "c1", "name": "weather", "arguments": {}})),
        delta(2, json!({"type": "arguments_delta", "arguments": "{\"city\":"})),
        delta(2, json!({"type": "arguments_delta", "arguments": "\"Köln\"}"})),
        json!({"event_type": "step.stop", "index": 2}),
        json!({"event_type": "interaction.completed", "interaction": completed}),
    ];
    let steps = json!([{"type": "thought", "signature": "s", "summary": [{"type": "text", "text": "Hm."}]},
        {"type": "model_output", "content": [{"type": "text", "text": "Let me look."}]},
        {"type": "function_call", "id": "c1", "name": "weather", "arguments": {"city": "Köln"}}]);
    Fixture {
        url: "https://generativelanguage.googleapis.com/v1beta/interactions",
        whole: Some(whole("requires_action", steps, counts)),
        stream: Some((Wire::EventsAndDone, chunks)),
        usage: Usage::new().input(23).output(18).total(41).cache_read(4).reasoning(11).input_audio(6),
        finish: Some("requires_action"),
        tools: &["weather"],
    }
}

fn embeddings() -> Vec<Fixture> {
    let fixture = |url, whole: Value| Fixture {
        url,
        whole: Some(whole),
        stream: None,
        usage: Usage::new().input(9),
        finish: None,
        tools: &[],
    };
    let gemini = json!({"embedding": {"values": [0.5, 0.25]}, "usageMetadata": {"promptTokenCount": 9}});
    let vertex = json!({"predictions": [{"embeddings": {"values": [0.5], "statistics": {"token_count": 9, "truncated": false}}}]});
    let host = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/publishers/google/models/text-embedding-005:predict";
    vec![
        fixture(
            "https://generativelanguage.googleapis.com/v1beta/models/gemini-embedding-001:embedContent",
            gemini,
        ),
        fixture(host, vertex),
    ]
}
