//! Ollama's chat, generation and embeddings; its streams are lines that look like whole replies.

use serde_json::json;

use super::blocks::{Blocks, Runs, choice};
use super::collect::Capture;
use super::counts::{Usage, count_at};
use super::json::{self, Json, Object};
use super::places::Place;
use super::reply::Reply;
use super::{Collector, Family, vectors};

pub(super) const FAMILY: Family =
    Family { providers: &["ollama"], recognises, open: |_, content| Box::new(Ollama::new(content)) };

fn recognises(body: &Object<'_>) -> bool {
    let is_line =
        || json::object(body, "message").is_some() || body.get("response").is_some_and(Json::is_string);
    body.get("done").is_some_and(Json::is_bool) && is_line() || vectors(body).next().is_some()
}

/// The older endpoint gives one vector.
fn vectors<'a, 'b>(body: &'a Object<'b>) -> impl Iterator<Item = &'a Json<'b>> {
    let is_vector =
        |vector: &&Json<'_>| vector.as_array().and_then(<[_]>::first).is_some_and(Json::is_number);
    let one = body.get("embedding").into_iter();
    json::list(body, "embeddings").iter().chain(one).filter(is_vector)
}

#[derive(Debug)]
struct Ollama {
    reply: Reply,
    capture: Capture,
    blocks: Blocks,
    done_reason: Option<String>,
    is_done: bool,
}

impl Ollama {
    fn new(content: bool) -> Self {
        Self {
            reply: Reply::default(),
            capture: Capture::new(content),
            blocks: Blocks::default(),
            done_reason: None,
            is_done: false,
        }
    }

    fn push_texts(&mut self, holder: &Object<'_>, answer: &str) {
        let text = |key: &str| json::text(holder, key).unwrap_or_default();
        self.blocks.reasoning(None, text("thinking"), &mut self.capture);
        self.blocks.text(None, text(answer), &mut self.capture);
    }

    fn push_calls(&mut self, holder: &Object<'_>) {
        for call in json::list(holder, "tool_calls").iter().filter_map(Json::as_object) {
            let Some(function) = json::object(call, "function") else { continue };
            let (id, name) = (json::name(call, "id"), json::name(function, "name"));
            let pending = self.blocks.call(None, Runs::Caller, id, name, &mut self.capture);
            if let (Some(pending), Some(arguments)) = (pending, function.get("arguments")) {
                pending.add_arguments(arguments, &mut self.capture);
            }
        }
    }
}

impl Collector for Ollama {
    fn push(&mut self, body: &Object<'_>) {
        self.reply.model = self.reply.model.take().or_else(|| json::name(body, "model"));
        if let Some(message) = json::object(body, "message") {
            self.push_texts(message, "content");
            self.push_calls(message);
        }
        self.push_texts(body, "response");
        self.push_calls(body);
        if vectors(body).next().is_some() {
            vectors::note(&mut self.reply, vectors(body));
            self.is_done = true;
        }
        self.is_done |= body.get("done").and_then(Json::as_bool) == Some(true);
        self.done_reason = json::name(body, "done_reason").or_else(|| self.done_reason.take());
        // What is left out was 0 or came from a cache, which nobody can tell apart.
        let usage = Usage {
            input: count_at(body, "prompt_eval_count"),
            output: count_at(body, "eval_count"),
            ..Usage::default()
        };
        self.reply.usage = usage.if_any().or_else(|| self.reply.usage.take());
    }

    fn is_complete(&self) -> bool {
        self.is_done
    }

    fn places(&self) -> &'static [Place] {
        PLACES
    }

    fn finish(self: Box<Self>) -> Reply {
        let mut reply = self.reply;
        let (parts, calls) = self.blocks.finish(self.capture.on);
        // Older servers end without a reason.
        let word = self.done_reason.as_deref().or(self.is_done.then_some("stop"));
        reply.output_messages = choice(parts, word).map(|message| json!([message]));
        reply.tool_calls = calls;
        reply.set_finish_reasons(self.done_reason.into_iter().collect());
        reply.size += self.capture.size;
        reply
    }
}

/// Where the counts stand; those with a plus are sums.
const PLACES: &[Place] = &[("input", "prompt_eval_count"), ("output", "eval_count")];
