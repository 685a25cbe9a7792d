//! Cohere's chat of version 2 and of version 1, whole and streamed, and its older generations.

use serde_json::json;

use super::blocks::{Blocks, Runs, choice};
use super::cohere_counts::read;
use super::collect::{Capture, MAX_CHOICES};
use super::counts::count;
use super::json::{self, Json, Object};
use super::places::Place;
use super::reply::{Reply, ReplyError};
use super::{Collector, Family};

pub(super) const FAMILY: Family =
    Family { providers: &["cohere"], recognises, open: |_, content| Box::new(Chat::new(content)) };

fn recognises(body: &Object<'_>) -> bool {
    let is_event = json::text(body, "type").is_some_and(|kind| EVENTS.contains(&kind))
        || json::text(body, "event_type").is_some_and(|kind| OLD_EVENTS.contains(&kind));
    let is_chat = || json::object(body, "message").is_some() && json::text(body, "finish_reason").is_some();
    let first = || json::list(body, "generations").first().and_then(Json::as_object);
    let is_old = || body.contains_key("generation_id") && body.get("text").is_some_and(Json::is_string);
    let has_counts = || json::object(body, "usage").is_some_and(|usage| usage.contains_key("billed_units"));
    is_event || is_chat() || is_old() || first().is_some_and(|item| item.contains_key("text")) || has_counts()
}

const EVENTS: [&str; 11] = [
    "message-start",
    "content-start",
    "content-delta",
    "content-end",
    "tool-plan-delta",
    "tool-call-start",
    "tool-call-delta",
    "tool-call-end",
    "citation-start",
    "citation-end",
    "message-end",
];

const OLD_EVENTS: [&str; 8] = [
    "stream-start",
    "search-queries-generation",
    "search-results",
    "text-generation",
    "citation-generation",
    "tool-calls-generation",
    "tool-calls-chunk",
    "stream-end",
];

#[derive(Debug)]
struct Chat {
    reply: Reply,
    capture: Capture,
    /// What the model said about the tools that it is going to call; it stands before everything else.
    plan: Blocks,
    blocks: Blocks,
    calls: Blocks,
    reasons: Vec<String>,
    error: Option<ReplyError>,
    is_complete: bool,
}

impl Chat {
    fn new(content: bool) -> Self {
        Self {
            reply: Reply::default(),
            capture: Capture::new(content),
            plan: Blocks::default(),
            blocks: Blocks::default(),
            calls: Blocks::default(),
            reasons: Vec::new(),
            error: None,
            is_complete: false,
        }
    }

    fn push_part(&mut self, index: u64, part: &Object<'_>) {
        let text = |key: &str| json::text(part, key).unwrap_or_default();
        self.blocks.reasoning(Some(index), text("thinking"), &mut self.capture);
        self.blocks.text(Some(index), text("text"), &mut self.capture);
    }

    fn push_call(&mut self, index: u64, call: &Object<'_>) {
        let function = json::object(call, "function").unwrap_or(call);
        let (id, name) = (json::name(call, "id"), json::name(function, "name"));
        let pending = self.calls.call(Some(index), Runs::Caller, id, name, &mut self.capture);
        // Version 1 has parameters, which are an object.
        let arguments = function.get("arguments").or_else(|| function.get("parameters"));
        if let (Some(pending), Some(arguments)) = (pending, arguments) {
            pending.add_arguments(arguments, &mut self.capture);
        }
    }

    /// The message of a whole reply, or the piece of one that an event holds.
    fn push_message(&mut self, index: Option<u64>, message: &Object<'_>) {
        let plan = json::text(message, "tool_plan").unwrap_or_default();
        self.plan.reasoning(None, plan, &mut self.capture);
        match message.get("content") {
            Some(Json::Str(text)) => self.blocks.text(Some(0), text, &mut self.capture),
            Some(Json::Object(part)) => self.push_part(index.unwrap_or(0), part),
            Some(Json::Array(parts)) => {
                for (index, part) in parts.iter().enumerate() {
                    if let Some(part) = part.as_object() {
                        self.push_part(index as u64, part);
                    }
                }
            }
            _ => {}
        }
        self.push_calls(message);
    }

    fn push_calls(&mut self, holder: &Object<'_>) {
        for (index, call) in json::list(holder, "tool_calls").iter().enumerate() {
            if let Some(call) = call.as_object() {
                self.push_call(index as u64, call);
            }
        }
    }

    fn push_end(&mut self, holder: &Object<'_>) {
        if let Some(reason) = json::name(holder, "finish_reason") {
            self.reasons = vec![reason];
        }
        let counts = json::object(holder, "usage").or_else(|| json::object(holder, "meta"));
        self.reply.usage = counts.and_then(read).or_else(|| self.reply.usage.take());
        if let Some(text) = json::text(holder, "error") {
            self.error = Some(ReplyError::named(None, text));
        }
    }

    fn push_whole(&mut self, body: &Object<'_>) {
        let ids = ["id", "response_id", "generation_id"];
        let id = ids.into_iter().find_map(|key| json::name(body, key));
        self.reply.id = id.or_else(|| self.reply.id.take());
        if let Some(message) = json::object(body, "message") {
            self.push_message(None, message);
        }
        // The end of a version 1 stream says everything once more.
        if self.blocks.is_empty() {
            self.blocks.text(Some(0), json::text(body, "text").unwrap_or_default(), &mut self.capture);
        }
        if self.calls.is_empty() {
            self.push_calls(body);
        }
        self.push_end(body);
        let generations = json::list(body, "generations").iter().take(MAX_CHOICES);
        for (index, generation) in generations.filter_map(Json::as_object).enumerate() {
            let text = json::text(generation, "text").unwrap_or_default();
            self.blocks.text(Some(index as u64), text, &mut self.capture);
            self.reasons.extend(json::name(generation, "finish_reason"));
        }
        self.is_complete = true;
    }

    fn push_event(&mut self, kind: &str, body: &Object<'_>) {
        self.reply.id = json::name(body, "id").or_else(|| self.reply.id.take());
        let index = body.get("index").and_then(count).unwrap_or(0);
        let Some(delta) = json::object(body, "delta") else { return };
        if kind == "message-end" {
            self.push_end(delta);
            self.is_complete = true;
        }
        let Some(message) = json::object(delta, "message") else { return };
        // In events it is one call and not a list.
        match (kind, json::object(message, "tool_calls")) {
            ("tool-call-start", Some(call)) => self.push_call(index, call),
            ("tool-call-delta", Some(call)) => {
                let function = json::object(call, "function");
                if let Some(piece) = function.and_then(|function| function.get("arguments")) {
                    self.calls.arguments(index, piece, &mut self.capture);
                }
            }
            _ => self.push_message(Some(index), message),
        }
    }

    fn push_old_event(&mut self, kind: &str, body: &Object<'_>) {
        match kind {
            "stream-start" => self.reply.id = json::name(body, "generation_id"),
            "text-generation" => {
                self.blocks.text(Some(0), json::text(body, "text").unwrap_or_default(), &mut self.capture);
            }
            "tool-calls-generation" => self.push_calls(body),
            "stream-end" => {
                if let Some(response) = json::object(body, "response") {
                    self.push_whole(response);
                }
                self.push_end(body);
                self.is_complete = true;
            }
            _ => {}
        }
    }
}

impl Collector for Chat {
    fn push(&mut self, body: &Object<'_>) {
        let old = json::text(body, "event_type").filter(|kind| OLD_EVENTS.contains(kind));
        match (old, json::text(body, "type").filter(|kind| EVENTS.contains(kind))) {
            (Some(kind), _) => self.push_old_event(kind, body),
            (None, Some(kind)) => self.push_event(kind, body),
            (None, None) => self.push_whole(body),
        }
    }

    fn is_complete(&self) -> bool {
        self.is_complete
    }

    fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    fn places(&self) -> &'static [Place] {
        PLACES
    }

    fn finish(self: Box<Self>) -> Reply {
        let content = self.capture.on;
        let mut reply = self.reply;
        let [plan, blocks, calls] = [self.plan, self.blocks, self.calls].map(|blocks| blocks.finish(content));
        reply.tool_calls = calls.1;
        let parts = [plan.0, blocks.0, calls.0].concat();
        let message = choice(parts, self.reasons.first().map(String::as_str));
        reply.output_messages = message.map(|message| json!([message]));
        reply.set_finish_reasons(self.reasons);
        reply.error = self.error;
        reply.size = self.capture.size;
        reply
    }
}

/// Where the counts stand; those with a plus are sums.
const PLACES: &[Place] = &[
    ("input", "usage.billed_units.input_tokens"),
    ("input", "meta.billed_units.input_tokens"),
    ("input", "usage.tokens.input_tokens"),
    ("input", "meta.tokens.input_tokens"),
    ("output", "usage.billed_units.output_tokens"),
    ("output", "meta.billed_units.output_tokens"),
    ("output", "usage.tokens.output_tokens"),
    ("output", "meta.tokens.output_tokens"),
    ("cache_read", "usage.cached_tokens"),
];
