//! What the types of the client genai hold, which gives them in place of the provider's body: one form for all
//! providers, with cached tokens inside the input and reasoning inside the output.

use serde_json::Value;

use super::collect::{Capture, PendingCall, call_part};
use super::counts::{Usage, count_at};
use super::finish::message_word;
use super::json::{self, Json, Object};
use super::messages::{message, reasoning_part, text_part};
use super::openai_counts::{CHAT, Dialect, read};
use super::places::Place;
use super::reply::Reply;
use super::{Collector, Family};

pub(super) const FAMILY: Family =
    Family { providers: &[], recognises, open: |_, content| Box::new(Genai::new(content)) };

/// The events of a stream that hold nothing and are no objects. A stream begins with the first of them.
pub(super) const OPENING: &str = "Start";
pub(super) const SIGN_OF_LIFE: &str = "Heartbeat";

const EVENTS: [&str; 5] = ["Chunk", "ReasoningChunk", "ThoughtSignatureChunk", "ToolCallChunk", "End"];

/// Of a reply the model that was asked for, which stands in every one; of a stream an event.
fn recognises(body: &Object<'_>) -> bool {
    json::object(body, "model_iden").is_some_and(|model| model.contains_key("adapter_kind"))
        || event(body).is_some()
}

/// An event of a stream: an object with the event's name as its only key.
fn event<'a, 'b>(body: &'a Object<'b>) -> Option<(&'a str, &'a Object<'b>)> {
    let (name, value) = body.iter().next().filter(|_| body.len() == 1)?;
    Some((name, value.as_object()?)).filter(|_| EVENTS.contains(&name))
}

/// The body as the provider sent it, which a reply carries when genai was asked to keep it. It says more than the types.
pub(super) fn raw_body<'a, 'b>(reply: &'a Object<'b>) -> Option<&'a Json<'b>> {
    reply.get("captured_raw_body").filter(|body| body.is_object() && recognises(reply))
}

#[derive(Debug)]
struct Genai {
    reply: Reply,
    capture: Capture,
    finish: Option<String>,
    text: String,
    reasoning: String,
    calls: Vec<PendingCall>,
    is_over: bool,
}

impl Genai {
    fn new(content: bool) -> Self {
        Self {
            reply: Reply::default(),
            capture: Capture::new(content),
            finish: None,
            text: String::new(),
            reasoning: String::new(),
            calls: Vec::new(),
            is_over: false,
        }
    }

    fn push_reply(&mut self, body: &Object<'_>) {
        self.reply.model = model(body, "provider_model_iden").or_else(|| model(body, "model_iden"));
        self.push_end(body, ["usage", "stop_reason", "response_id"]);
        let texts = json::list(body, "content").iter().filter_map(Json::as_object);
        texts.for_each(|part| self.push_text(part));
        self.push_calls(body, "content");
        if let Some(text) = json::text(body, "reasoning_content").filter(|_| self.reasoning.is_empty()) {
            self.capture.append(&mut self.reasoning, text);
        }
        let vectors = json::list(body, "embeddings");
        let length = |vector: &Json<'_>| json::get(vector, "vector")?.as_array().map(<[_]>::len);
        if let Some(first) = vectors.first() {
            self.reply.embedding_count = Some(vectors.len());
            self.reply.embedding_dimensions = length(first);
            self.capture.size += vectors.iter().filter_map(length).map(|length| length * 4).sum::<usize>();
            // There is no output, and some adapters send a 0.
            self.reply.usage = self.reply.usage.take().map(|usage| Usage { output: None, ..usage });
        }
    }

    fn push_event(&mut self, name: &str, event: &Object<'_>) {
        let text = json::text(event, "content").unwrap_or_default();
        match name {
            "Chunk" => drop(self.capture.append(&mut self.text, text)),
            "ReasoningChunk" => drop(self.capture.append(&mut self.reasoning, text)),
            // How the arguments come differs between providers; their whole stands at the end, if it was asked for.
            "ToolCallChunk" => {
                if let Some(call) = json::object(event, "tool_call") {
                    self.call(call);
                }
            }
            "End" => {
                self.push_end(event, ["captured_usage", "captured_stop_reason", "captured_response_id"]);
                self.push_calls(event, "captured_content");
            }
            _ => {}
        }
    }

    /// What stands beside the content of a reply, and at the end of a stream under other names.
    fn push_end(&mut self, body: &Object<'_>, [counts, reason, id]: [&str; 3]) {
        self.reply.usage = json::object(body, counts).and_then(usage);
        self.reply.id = json::name(body, id);
        // The provider's own word, in the class that genai gives it.
        self.finish = json::object(body, reason).and_then(inner_name);
        self.is_over = true;
    }

    fn push_text(&mut self, part: &Object<'_>) {
        if let Some(text) = json::text(part, "Text") {
            self.capture.append(&mut self.text, text);
        }
        if let Some(text) = json::text(part, "ReasoningContent") {
            self.capture.append(&mut self.reasoning, text);
        }
    }

    /// The calls in a list of parts, with their arguments.
    fn push_calls(&mut self, body: &Object<'_>, key: &str) {
        for call in
            json::list(body, key).iter().filter_map(|part| json::object(part.as_object()?, "ToolCall"))
        {
            let place = self.call(call);
            if let (Some(place), Some(arguments)) = (place, call.get("fn_arguments")) {
                self.calls[place].add_arguments(arguments, &mut self.capture);
            }
        }
    }

    /// The place of a call, which is a new one when its id is. A piece without a name belongs to one before it.
    fn call(&mut self, call: &Object<'_>) -> Option<usize> {
        let id = json::name(call, "call_id");
        let known = self.calls.iter().position(|known| id.is_some() && known.id == id);
        if known.is_some() {
            return known;
        }
        let name = json::name(call, "fn_name").filter(|_| self.capture.takes_call())?;
        self.capture.size += name.len();
        self.calls.push(PendingCall::new(None, id, Some(name)));
        Some(self.calls.len() - 1)
    }
}

impl Collector for Genai {
    fn push(&mut self, body: &Object<'_>) {
        match event(body) {
            Some((name, event)) => self.push_event(name, event),
            None => self.push_reply(body),
        }
    }

    fn is_complete(&self) -> bool {
        self.is_over
    }

    fn hint_without_usage(&self) -> Option<&'static str> {
        Some("it ended without usage; ask genai for it by `ChatOptions::with_capture_usage(true)`")
    }

    fn places(&self) -> &'static [Place] {
        PLACES
    }

    fn finish(self: Box<Self>) -> Reply {
        let content = self.capture.on;
        let mut reply = self.reply;
        reply.size = self.capture.size;
        reply.tool_calls = self.calls.into_iter().map(|call| call.finish(content)).collect();
        if content && reply.embedding_count.is_none() {
            let reasoning = Some(&self.reasoning).filter(|text| !text.is_empty());
            let text = Some(&self.text).filter(|text| !text.is_empty());
            let mut parts: Vec<Value> = reasoning.map(|text| reasoning_part(text)).into_iter().collect();
            parts.extend(text.map(|text| text_part(text)));
            parts.extend(reply.tool_calls.iter().map(call_part));
            let word = message_word(self.finish.as_deref());
            reply.output_messages = Some(Value::Array(vec![message("assistant", parts, Some(word))]));
        }
        reply.set_finish_reasons(self.finish.into_iter().collect());
        reply
    }
}

fn model(reply: &Object<'_>, key: &str) -> Option<String> {
    let model = json::object(reply, key)?;
    json::name(model, "model_name").or_else(|| inner_name(json::object(model, "model_name")?))
}

/// The text inside a variant of an enum; names of models are one, of texts that are kept in two ways.
fn inner_name(variant: &Object<'_>) -> Option<String> {
    let (name, _) = variant.iter().next()?;
    json::name(variant, name)
}

/// OpenAI's words, whoever the provider is, but for what is written to a cache.
fn usage(counts: &Object<'_>) -> Option<Usage> {
    let mut usage = read(counts, &CHAT, Dialect::Common).unwrap_or_default();
    if let Some(details) = json::object(counts, "prompt_tokens_details") {
        usage.cache_write = count_at(details, "cache_creation_tokens");
        let kept = json::object(details, "cache_creation_details");
        usage.cache_write_1h = kept.and_then(|kept| count_at(kept, "ephemeral_1h_tokens"));
    }
    usage.if_any()
}

/// Where the counts stand: in a reply, and at the end of a stream.
const PLACES: &[Place] = &[
    ("input", "usage.prompt_tokens"),
    ("input", "captured_usage.prompt_tokens"),
    ("output", "usage.completion_tokens"),
    ("output", "captured_usage.completion_tokens"),
    ("total", "usage.total_tokens"),
    ("total", "captured_usage.total_tokens"),
    ("cache_read", "usage.prompt_tokens_details.cached_tokens"),
    ("cache_read", "captured_usage.prompt_tokens_details.cached_tokens"),
    ("cache_write", "usage.prompt_tokens_details.cache_creation_tokens"),
    ("cache_write", "captured_usage.prompt_tokens_details.cache_creation_tokens"),
    ("cache_write_1h", "usage.prompt_tokens_details.cache_creation_details.ephemeral_1h_tokens"),
    ("cache_write_1h", "captured_usage.prompt_tokens_details.cache_creation_details.ephemeral_1h_tokens"),
    ("reasoning", "usage.completion_tokens_details.reasoning_tokens"),
    ("reasoning", "captured_usage.completion_tokens_details.reasoning_tokens"),
    ("input_audio", "usage.prompt_tokens_details.audio_tokens"),
    ("input_audio", "captured_usage.prompt_tokens_details.audio_tokens"),
    ("output_audio", "usage.completion_tokens_details.audio_tokens"),
    ("output_audio", "captured_usage.completion_tokens_details.audio_tokens"),
];
