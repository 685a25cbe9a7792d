//! A chat completion, whole and streamed, as one provider sends it.

use super::fixture::Fixture;
use super::wire::Wire;
use agentspan::Usage;
use serde_json::{Value, json};

/// Where a stream has its counts.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum At {
    /// In a chunk without choices after the last one.
    OwnChunk,
    /// In the chunk with the finish reason.
    LastChunk,
    /// In each, cumulative.
    EveryChunk,
    /// In a place of Groq's.
    Groq,
}

/// An answer with a thought, a text and a call of a tool, as one provider sends it.
pub(super) struct Chat {
    pub(super) url: &'static str,
    pub(super) model: &'static str,
    /// The key of the thought.
    pub(super) thought: Option<&'static str>,
    pub(super) calls: bool,
    pub(super) at: At,
    pub(super) wire: Wire,
    /// What stands beside the choices, whole and streamed.
    pub(super) beside: Value,
    pub(super) counts: Value,
    pub(super) usage: Usage,
}

impl Chat {
    pub(super) fn new(url: &'static str, model: &'static str, counts: Value, usage: Usage) -> Self {
        let (at, wire) = (At::OwnChunk, Wire::EventsAndDone);
        Self { url, model, thought: None, calls: true, at, wire, beside: json!({}), counts, usage }
    }

    fn finish(&self) -> &'static str {
        if self.calls { "tool_calls" } else { "stop" }
    }

    fn body(&self, object: &str, choices: Value) -> Value {
        let mut body = self.beside.clone();
        let members = json!({"id": "c-1", "object": object, "created": 1_760_000_000, "model": self.model, "choices": choices});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        body
    }

    fn whole(&self) -> Value {
        let mut message = json!({"role": "assistant", "content": "Let me look.", "refusal": null});
        if let Some(key) = self.thought {
            message[key] = "Hm.".into();
        }
        if self.calls {
            let function = json!({"name": "weather", "arguments": "{\"city\":\"Köln\"}"});
            message["tool_calls"] = json!([{"id": "call_1", "type": "function", "function": function}]);
        }
        let choice =
            json!({"index": 0, "message": message, "logprobs": null, "finish_reason": self.finish()});
        let mut body = self.body("chat.completion", json!([choice]));
        body["usage"] = self.counts.clone();
        body
    }

    fn chunks(&self) -> Vec<Value> {
        let mut deltas = vec![json!({"role": "assistant", "content": ""})];
        deltas.extend(self.thought.map(|key| json!({key: "H"})));
        deltas.extend(self.thought.map(|key| json!({key: "m."})));
        deltas.extend([json!({"content": "Let me"}), json!({"content": " look."})]);
        if self.calls {
            let first = json!({"name": "weather", "arguments": ""});
            deltas.push(
                json!({"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": first}]}),
            );
            for part in ["{\"city\":", "\"Köln\"}"] {
                deltas.push(json!({"tool_calls": [{"index": 0, "function": {"arguments": part}}]}));
            }
        }
        deltas.push(json!({}));
        let last = deltas.len() - 1;
        let chunk = |choices: Value| self.body("chat.completion.chunk", choices);
        let mut chunks: Vec<_> = deltas
            .into_iter()
            .enumerate()
            .map(|(place, delta)| {
                let finish = (place == last).then(|| self.finish());
                let mut chunk = chunk(json!([{"index": 0, "delta": delta, "finish_reason": finish}]));
                if self.at == At::EveryChunk || self.at == At::LastChunk && place == last {
                    chunk["usage"] = self.counts.clone();
                    if place != last {
                        // It grows to what the last one says.
                        chunk["usage"]["completion_tokens"] = (place + 1).into();
                    }
                }
                if self.at == At::Groq && place == last {
                    chunk["x_groq"] = json!({"id": "req_1", "usage": self.counts});
                }
                chunk
            })
            .collect();
        if self.at == At::OwnChunk {
            let mut own = chunk(json!([]));
            own["usage"] = self.counts.clone();
            chunks.push(own);
        }
        chunks
    }

    pub(super) fn fixture(self) -> Fixture {
        Fixture {
            url: self.url,
            whole: Some(self.whole()),
            stream: Some((self.wire, self.chunks())),
            finish: Some(self.finish()),
            tools: if self.calls { &["weather"] } else { &[] },
            usage: self.usage,
        }
    }
}
