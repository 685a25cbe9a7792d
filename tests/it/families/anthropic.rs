//! Anthropic Messages, of Anthropic and of all who pass them on.

use super::fixture::Fixture;
use super::row::{Absent, NO_AUDIO, NO_COST, Row};
use super::typed::NOT_OPENAI;
use super::wire::Wire;
use agentspan::Usage;
use serde_json::{Value, json};

pub(super) fn rows() -> Vec<Row> {
    let row = |family, fixture, absent: &[Absent]| Row {
        family,
        fixtures: vec![fixture],
        absent: [&[NO_AUDIO], absent].concat(),
        types: NOT_OPENAI,
    };
    let anthropic = Message::new("https://api.anthropic.com/v1/messages");
    let bedrock = Message::new(
        "https://bedrock-runtime.eu-central-1.amazonaws.com/model/eu.anthropic.claude-haiku-4-5-20251001-v1%3A0/invoke",
    );
    let bedrock = Message { wire: Wire::FramesOfChunks, ..bedrock };
    let vertex = Message::new(
        "https://europe-west1-aiplatform.googleapis.com/v1/projects/p/locations/europe-west1/publishers/anthropic/models/claude-haiku-4-5@20251001:streamRawPredict",
    );
    let openrouter = Message::new("https://openrouter.ai/api/v1/messages");
    let openrouter = Message { wire: Wire::EventsAndDone, cost: Some(0.004_25), ..openrouter };
    vec![
        row("Anthropic Messages", anthropic.fixture(), &[NO_COST]),
        row("Anthropic through Bedrock InvokeModel", bedrock.fixture(), &[NO_COST]),
        row("Anthropic through Vertex AI", vertex.fixture(), &[NO_COST]),
        row("Messages of OpenRouter", openrouter.fixture(), &[]),
    ]
}

struct Message {
    url: &'static str,
    wire: Wire,
    cost: Option<f64>,
}

impl Message {
    fn new(url: &'static str) -> Self {
        Self { url, wire: Wire::Events, cost: None }
    }

    fn body(&self, content: Value, stop: Option<&str>, usage: Value) -> Value {
        json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-4-5-20251001",
            "content": content, "stop_reason": stop, "stop_sequence": null, "usage": usage})
    }

    fn fixture(&self) -> Fixture {
        let mut counts = json!({"input_tokens": 100, "cache_read_input_tokens": 10_000, "cache_creation_input_tokens": 2000,
            "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 1500},
            "output_tokens": 200, "output_tokens_details": {"thinking_tokens": 40}, "service_tier": "standard"});
        // The place of the output at the start of a stream.
        let mut start = counts.clone();
        start["output_tokens"] = 1.into();
        start["output_tokens_details"] = Value::Null;
        let mut end = json!({"output_tokens": 200, "output_tokens_details": {"thinking_tokens": 40}});
        if let Some(cost) = self.cost {
            for counts in [&mut counts, &mut end] {
                counts["cost"] = cost.into();
                counts["is_byok"] = false.into();
            }
        }
        let blocks = [
            json!({"type": "thinking", "thinking": "Hm.", "signature": "s"}),
            json!({"type": "text", "text": "Let me look."}),
            json!({"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Köln"}}),
        ];
        let begin = |index: u64, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
        let delta =
            |index: u64, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
        let stop = |index: u64| json!({"type": "content_block_stop", "index": index});
        let chunks = vec![
            json!({"type": "message_start", "message": self.body(json!([]), None, start)}),
            begin(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
            json!({"type": "ping"}),
            delta(0, json!({"type": "thinking_delta", "thinking": "Hm."})),
            delta(0, json!({"type": "signature_delta", "signature": "s"})),
            stop(0),
            begin(1, json!({"type": "text", "text": ""})),
            delta(1, json!({"type": "text_delta", "text": "Let me"})),
            delta(1, json!({"type": "text_delta", "text": " look."})),
            stop(1),
            begin(2, json!({"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}})),
            delta(2, json!({"type": "input_json_delta", "partial_json": "{\"city\":"})),
            delta(2, json!({"type": "input_json_delta", "partial_json": "\"Köln\"}"})),
            stop(2),
            json!({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": null}, "usage": end}),
            json!({"type": "message_stop"}),
        ];
        let usage =
            Usage::new().input(12_100).output(200).cache_read(10_000).cache_write(2000).cache_write_5m(500);
        let mut usage = usage.cache_write_1h(1500).reasoning(40);
        usage.provider_cost_usd = self.cost;
        Fixture {
            url: self.url,
            whole: Some(self.body(json!(blocks), Some("tool_use"), counts)),
            stream: Some((self.wire, chunks)),
            usage,
            finish: Some("tool_use"),
            tools: &["weather"],
        }
    }
}
