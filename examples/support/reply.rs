//! One reply of the scripted server, and the bodies it turns into.

use serde_json::{Value, json};
use std::time::Duration;

/// What the scripted server answers to one request, as a whole body or, if the request says `stream`, in pieces.
#[must_use]
#[derive(Clone, Debug)]
pub struct Reply {
    pub(crate) what: What,
    pub(crate) model: Option<String>,
    pub(crate) finish: String,
    pub(crate) prompt_tokens: u64,
    pub(crate) completion_tokens: u64,
    pub(crate) cached_tokens: u64,
    pub(crate) reasoning_tokens: u64,
    pub(crate) delay: Duration,
    pub(crate) chunk_delay: Duration,
    pub(crate) cut_after: Option<usize>,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Text(String),
    Tools(Vec<Call>),
    Error { status: u16, body: Value, retry_after: Option<u64> },
}

#[derive(Clone, Debug)]
pub(crate) struct Call {
    id: String,
    name: String,
    arguments: String,
}

impl Reply {
    /// An answer in words, with the finish reason `stop` and 10 + 5 tokens.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(What::Text(text.into()), "stop")
    }

    /// A demand for a tool, with the finish reason `tool_calls` and the call id `call_1`.
    pub fn tool_call(name: &str, arguments: &Value) -> Self {
        Self::new(What::Tools(Vec::new()), "tool_calls").and_tool_call("call_1", name, &arguments.to_string())
    }

    /// One more tool in the same reply. `arguments` are sent as they are, so they may be broken JSON.
    pub fn and_tool_call(mut self, id: &str, name: &str, arguments: &str) -> Self {
        if let What::Tools(calls) = &mut self.what {
            calls.push(Call { id: id.into(), name: name.into(), arguments: arguments.into() });
        }
        self
    }

    /// A refusal with the body that the API sends, for example `error(429, "rate_limit_exceeded", "Slow down.")`.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let kind = if status < 500 { "invalid_request_error" } else { "server_error" };
        let body = json!({"error": {"message": message, "type": kind, "param": null, "code": code}});
        Self::new(What::Error { status, body, retry_after: None }, "")
    }

    /// Adds `Retry-After` to an error, in seconds.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        if let What::Error { retry_after, .. } = &mut self.what {
            *retry_after = Some(seconds);
        }
        self
    }

    /// Tokens of the question (cached ones included) and of the answer (reasoning included).
    pub fn usage(mut self, prompt: u64, completion: u64) -> Self {
        (self.prompt_tokens, self.completion_tokens) = (prompt, completion);
        self
    }

    /// How many of the question's tokens came from the provider's cache; default 0.
    pub fn cached(mut self, tokens: u64) -> Self {
        self.cached_tokens = tokens;
        self
    }

    /// How many of the answer's tokens were reasoning; default 0.
    pub fn reasoning(mut self, tokens: u64) -> Self {
        self.reasoning_tokens = tokens;
        self
    }

    /// The model that answers; by default the dated snapshot of the one asked for.
    pub fn model(mut self, model: &str) -> Self {
        self.model = Some(model.into());
        self
    }

    /// The finish reason, for example `length`.
    pub fn finish(mut self, reason: &str) -> Self {
        self.finish = reason.into();
        self
    }

    /// Time before the first byte; default none.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Time between two pieces of a streamed reply; default none.
    pub fn chunk_delay(mut self, delay: Duration) -> Self {
        self.chunk_delay = delay;
        self
    }

    /// Cuts the connection after that many pieces of a streamed reply; a whole reply is cut at once.
    pub fn cut_after(mut self, chunks: usize) -> Self {
        self.cut_after = Some(chunks);
        self
    }

    fn new(what: What, finish: &str) -> Self {
        Self {
            what,
            model: None,
            finish: finish.into(),
            prompt_tokens: 10,
            completion_tokens: 5,
            cached_tokens: 0,
            reasoning_tokens: 0,
            delay: Duration::ZERO,
            chunk_delay: Duration::ZERO,
            cut_after: None,
        }
    }

    /// The whole body of a reply that is no error.
    pub(crate) fn body(&self, id: &str, request: &Value) -> Value {
        let message = match &self.what {
            What::Tools(calls) => {
                let calls: Vec<_> = calls.iter().map(Call::json).collect();
                json!({"role": "assistant", "content": null, "tool_calls": calls, "refusal": null})
            }
            What::Text(text) => json!({"role": "assistant", "content": text, "refusal": null}),
            What::Error { body, .. } => return body.clone(),
        };
        let mut body = self.frame(id, "chat.completion", request);
        body["choices"] =
            json!([{"index": 0, "message": message, "logprobs": null, "finish_reason": self.finish}]);
        body["usage"] = self.usage_json();
        body
    }

    /// The pieces of a streamed reply, the usage among them only if the request asked for it.
    pub(crate) fn chunks(&self, id: &str, request: &Value) -> Vec<Value> {
        let mut deltas = vec![json!({"role": "assistant", "content": ""})];
        match &self.what {
            What::Text(text) => deltas.extend(pieces(text).map(|piece| json!({"content": piece}))),
            What::Tools(calls) => {
                for (index, call) in calls.iter().enumerate() {
                    let mut first = call.json();
                    first["index"] = index.into();
                    first["function"]["arguments"] = "".into();
                    deltas.push(json!({"tool_calls": [first]}));
                    deltas.extend(pieces(&call.arguments).map(
                        |piece| json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}),
                    ));
                }
            }
            What::Error { .. } => deltas.clear(),
        }
        let asked = request["stream_options"]["include_usage"] == true;
        let chunk = |choices: Value| {
            let mut chunk = self.frame(id, "chat.completion.chunk", request);
            chunk["choices"] = choices;
            if asked {
                chunk["usage"] = Value::Null;
            }
            chunk
        };
        let choice = |delta: Value, finish: Option<&str>| {
            chunk(json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]))
        };
        let mut chunks: Vec<_> = deltas.into_iter().map(|delta| choice(delta, None)).collect();
        chunks.push(choice(json!({}), Some(&self.finish)));
        if asked {
            let mut last = chunk(json!([]));
            last["usage"] = self.usage_json();
            chunks.push(last);
        }
        chunks
    }

    fn frame(&self, id: &str, object: &str, request: &Value) -> Value {
        let asked = request["model"].as_str().unwrap_or("gpt-4o");
        let model = self.model.as_deref().unwrap_or(match asked {
            "gpt-4o" => "gpt-4o-2024-08-06",
            "gpt-4o-mini" => "gpt-4o-mini-2024-07-18",
            other => other,
        });
        json!({
            "id": id, "object": object, "created": 1_760_000_000, "model": model,
            "service_tier": "default", "system_fingerprint": "fp_0a1b2c3d4e",
        })
    }

    fn usage_json(&self) -> Value {
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": self.reasoning_tokens, "audio_tokens": 0,
                "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
            },
        })
    }
}

impl Call {
    fn json(&self) -> Value {
        json!({
            "id": self.id, "type": "function",
            "function": {"name": self.name, "arguments": self.arguments},
        })
    }
}

/// Words with the blank before them, roughly how tokens fall.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(' ')
}
