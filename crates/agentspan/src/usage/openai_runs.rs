//! Runs of OpenAI's assistants, whose streams go on where Chat Completions gives chunks.

use serde_json::Value;

use super::collect::{Capture, MAX_CALLS, PendingCall, call_part};
use super::finish;
use super::json::{self, Json, Object};
use super::messages::{message, text_part};
use super::openai_counts::{CHAT, Dialect, read};
use super::places::Place;
use super::reply::{Reply, ReplyError};
use super::{Collector, Family};
use agentspan_semconv::FinishClass;

pub(super) const FAMILY: Family =
    Family { providers: &[], recognises, open: |_, content| Box::new(Run::new(content)) };

fn recognises(body: &Object<'_>) -> bool {
    json::text(body, "object").is_some_and(|object| object.starts_with(RUN))
}

const RUN: &str = "thread.run";
/// A run that has one of these, or asks for tools, does nothing more by itself.
const ENDED: [&str; 6] = ["completed", "incomplete", "failed", "cancelled", "expired", "requires_action"];

#[derive(Debug)]
struct Run {
    reply: Reply,
    capture: Capture,
    text: String,
    status: Option<String>,
    calls: Vec<PendingCall>,
    error: Option<ReplyError>,
}

impl Run {
    fn new(content: bool) -> Self {
        Self {
            reply: Reply::default(),
            capture: Capture::new(content),
            text: String::new(),
            status: None,
            calls: Vec::new(),
            error: None,
        }
    }

    /// The run itself: each event has a newer state of all of it.
    fn push_run(&mut self, run: &Object<'_>) {
        let reply = &mut self.reply;
        reply.id = json::name(run, "id").or_else(|| reply.id.take());
        reply.model = json::name(run, "model").or_else(|| reply.model.take());
        self.status = json::name(run, "status").or_else(|| self.status.take());
        // Its steps have their own, which are parts of this one.
        if let Some(usage) = json::object(run, "usage") {
            reply.usage = read(usage, &CHAT, Dialect::Common).or_else(|| reply.usage.take());
        }
        if let Some(error) = json::object(run, "last_error") {
            let text = json::text(error, "message").unwrap_or_default();
            self.error = Some(ReplyError::named(json::name(error, "code"), text));
        }
        let asked = json::object(run, "required_action")
            .and_then(|action| json::object(action, "submit_tool_outputs"));
        let Some(asked) = asked else { return };
        for call in json::list(asked, "tool_calls").iter().filter_map(Json::as_object) {
            let Some(function) = json::object(call, "function").filter(|_| self.calls.len() < MAX_CALLS)
            else {
                continue;
            };
            let (id, name) = (json::name(call, "id"), json::name(function, "name"));
            if id.is_some() && self.calls.iter().any(|known| known.id == id) {
                continue;
            }
            self.capture.size += name.as_ref().map_or(0, String::len);
            let mut pending = PendingCall::new(None, id, name);
            if let Some(arguments) = function.get("arguments") {
                pending.add_arguments(arguments, &mut self.capture);
            }
            self.calls.push(pending);
        }
    }
}

impl Collector for Run {
    fn push(&mut self, body: &Object<'_>) {
        match json::text(body, "object").unwrap_or_default() {
            RUN => self.push_run(body),
            "thread.message.delta" => {
                let Some(delta) = json::object(body, "delta") else { return };
                for part in json::list(delta, "content") {
                    let text = json::get(part, "text").and_then(|text| json::get(text, "value")?.as_str());
                    self.capture.append(&mut self.text, text.unwrap_or_default());
                }
            }
            _ => {}
        }
    }

    fn is_complete(&self) -> bool {
        self.status.as_deref().is_some_and(|status| ENDED.contains(&status))
    }

    fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    fn places(&self) -> &'static [Place] {
        PLACES
    }

    fn finish(self: Box<Self>) -> Reply {
        let (content, is_complete) = (self.capture.on, self.is_complete());
        let mut reply = self.reply;
        reply.tool_calls = self.calls.into_iter().map(|call| call.finish(content)).collect();
        reply.set_finish_reasons(self.status.filter(|_| is_complete).into_iter().collect());
        if !reply.tool_calls.is_empty() {
            // `requires_action`, which says no more than that the run waits.
            reply.finish_class = Some(FinishClass::ToolCall);
        }
        if content {
            let class = reply.finish_class.map(|class| class.as_str());
            let raw = reply.finish_reasons.first().map(String::as_str);
            let word = class.unwrap_or_else(|| finish::message_word(raw));
            let mut parts: Vec<Value> = reply.tool_calls.iter().map(call_part).collect();
            if !self.text.is_empty() {
                parts.insert(0, text_part(&self.text));
            }
            reply.output_messages =
                (!parts.is_empty()).then(|| Value::Array(vec![message("assistant", parts, Some(word))]));
        }
        reply.error = self.error;
        reply.size = self.capture.size;
        reply
    }
}

/// Where the counts stand; those with a plus are sums.
const PLACES: &[Place] = &[
    ("input", "usage.prompt_tokens"),
    ("output", "usage.completion_tokens"),
    ("total", "usage.total_tokens"),
    ("cache_read", "usage.prompt_tokens_details.cached_tokens"),
    ("cache_read", "usage.prompt_token_details.cached_tokens"),
    ("reasoning", "usage.completion_tokens_details.reasoning_tokens"),
];
