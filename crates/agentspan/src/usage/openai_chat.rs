//! OpenAI Chat Completions and the older text completions, and everything that has their shape.

use serde_json::Value;

use super::collect::{Capture, MAX_CALLS, MAX_CHOICES, PendingCall, call_part};
use super::counts::{Usage, count, sum};
use super::finish;
use super::json::{self, Json, Object};
use super::messages::{message, reasoning_part, text_part};
use super::openai_counts::{CHAT, Dialect, read};
use super::places::Place;
use super::reply::Reply;
use super::{Collector, Family};

pub(super) const FAMILY: Family =
    Family { providers: &[], recognises, open: |provider, content| Box::new(Chat::new(provider, content)) };

fn recognises(body: &Object<'_>) -> bool {
    let has_usage = || json::object(body, "usage").is_some_and(|usage| usage.contains_key("prompt_tokens"));
    body.get("choices").is_some_and(Json::is_array) || has_usage()
}

#[derive(Debug)]
struct Chat {
    dialect: Dialect,
    reply: Reply,
    capture: Capture,
    choices: Vec<Choice>,
    calls: usize,
    apart: CountedApart,
}

#[derive(Debug, Default)]
struct Choice {
    index: u64,
    finish: Option<String>,
    text: String,
    reasoning: String,
    refusal: String,
    calls: Vec<PendingCall>,
}

impl Chat {
    fn new(provider: &str, content: bool) -> Self {
        Self {
            dialect: Dialect::of(provider),
            reply: Reply::default(),
            capture: Capture::new(content),
            choices: Vec::new(),
            calls: 0,
            apart: CountedApart::default(),
        }
    }

    fn push_choice(&mut self, position: usize, choice: &Object<'_>) {
        let index = choice.get("index").and_then(count).unwrap_or(position as u64);
        let place = match self.choices.iter().rposition(|known| known.index == index) {
            Some(place) => place,
            None if self.choices.len() < MAX_CHOICES => {
                self.choices.push(Choice { index, ..Choice::default() });
                self.choices.len() - 1
            }
            None => return,
        };
        let (known, capture) = (&mut self.choices[place], &mut self.capture);
        // OpenRouter repeats the finish reason; the place holds it once.
        if let Some(reason) = finish::reason(choice, "finish_reason") {
            known.finish = Some(reason);
        }
        // A whole reply has its message where a chunk has its delta.
        let delta = json::object(choice, "delta").or_else(|| json::object(choice, "message"));
        if let Some(delta) = delta {
            known.push_delta(delta, capture, &mut self.calls);
        }
        // Together's chunks give the same text in both places.
        let has_content =
            delta.and_then(|delta| delta.get("content")).is_some_and(|content| !content.is_null());
        if let Some(text) = json::text(choice, "text").filter(|_| !has_content) {
            capture.append(&mut known.text, text);
        }
    }
}

impl Chat {
    /// The counts of a body or a chunk. Every one stands for the whole reply: the last one replaces.
    fn usage_in(&self, body: &Object<'_>, usage: Option<&Object<'_>>, choices: &[Json<'_>]) -> Option<Usage> {
        let dialect = self.dialect.with_model(self.reply.model.as_deref().unwrap_or_default());
        let counts = |usage| read(usage, &CHAT, dialect);
        // Groq repeats its usage there in the last chunk; in a whole reply the same key holds other figures,
        // without counts of tokens. Moonshot's streams have it in the choice.
        let groq = || json::object(json::object(body, "x_groq")?, "usage");
        let choice = || json::object(choices.first()?.as_object()?, "usage");
        usage.and_then(counts).or_else(|| counts(groq()?)).or_else(|| counts(choice()?))
    }
}

/// What llama.cpp counts for each candidate apart: with `n` = 2 its stream ends with two usages, which do not
/// hold each other, as the `timings` beside them tell. A whole reply of it has the counts of one candidate, and
/// nothing in it shows that there are more: there they are taken as they are.
#[derive(Debug, Default)]
struct CountedApart {
    chunks: usize,
    output: u64,
}

impl CountedApart {
    fn add(&mut self, body: &Object<'_>, choices: &[Json<'_>], usage: Option<&Usage>) {
        let Some(output) = usage.and_then(|usage| usage.output) else { return };
        if choices.is_empty() && json::object(body, "timings").is_some() {
            self.chunks = self.chunks.saturating_add(1);
            self.output = self.output.saturating_add(output);
        }
    }

    /// Puts the sum in place of the last one, when there was one for each candidate.
    fn settle(&self, candidates: usize, usage: &mut Usage) {
        if candidates > 1 && self.chunks == candidates {
            usage.output = sum([self.output]);
            usage.total = None;
        }
    }
}

impl Choice {
    fn push_delta(&mut self, delta: &Object<'_>, capture: &mut Capture, calls: &mut usize) {
        match delta.get("content") {
            Some(Json::Str(text)) => drop(capture.append(&mut self.text, text)),
            Some(Json::Array(parts)) => parts.iter().for_each(|part| self.push_part(part, capture)),
            _ => {}
        }
        // Compatible servers send the one or the other, and some both with the same text.
        let reasoning = json::text(delta, "reasoning_content").or_else(|| json::text(delta, "reasoning"));
        if let Some(text) = reasoning {
            capture.append(&mut self.reasoning, text);
        }
        if let Some(text) = json::text(delta, "refusal") {
            capture.append(&mut self.refusal, text);
        }
        let transcript = json::object(delta, "audio").and_then(|audio| json::text(audio, "transcript"));
        if let Some(text) = transcript {
            capture.append(&mut self.text, text);
        }
        for call in json::list(delta, "tool_calls").iter().filter_map(Json::as_object) {
            self.push_call(call, capture, calls);
        }
        // The form before tool calls, which has no ids.
        if let Some(function) = json::object(delta, "function_call") {
            let index = Some(0);
            self.push_call_parts(index, None, function, function.get("arguments"), capture, calls);
        }
    }

    /// A part of Mistral's content lists.
    fn push_part(&mut self, part: &Json<'_>, capture: &mut Capture) {
        let Some(part) = part.as_object() else { return };
        if let Some(text) = json::text(part, "text") {
            capture.append(&mut self.text, text);
        }
        match part.get("thinking") {
            Some(Json::Str(text)) => drop(capture.append(&mut self.reasoning, text)),
            Some(Json::Array(parts)) => {
                for text in parts.iter().filter_map(|part| json::get(part, "text")?.as_str()) {
                    capture.append(&mut self.reasoning, text);
                }
            }
            _ => {}
        }
    }

    fn push_call(&mut self, call: &Object<'_>, capture: &mut Capture, calls: &mut usize) {
        let index = call.get("index").and_then(count);
        let id = json::text(call, "id");
        let custom = json::object(call, "custom").or_else(|| json::object(call, "custom_tool"));
        match (json::object(call, "function"), custom) {
            (Some(function), _) => {
                self.push_call_parts(index, id, function, function.get("arguments"), capture, calls);
            }
            (None, Some(custom)) => {
                self.push_call_parts(index, id, custom, custom.get("input"), capture, calls);
            }
            (None, None) => {}
        }
    }

    /// Joins a part to the call with its index.
    ///
    /// Gemini's compatible endpoint gives every call the index 0, and whole replies give none: a part that has
    /// a name of its own and another id begins a new call.
    fn push_call_parts(
        &mut self,
        index: Option<u64>,
        id: Option<&str>,
        function: &Object<'_>,
        arguments: Option<&Json<'_>>,
        capture: &mut Capture,
        calls: &mut usize,
    ) {
        let name = json::text(function, "name");
        let known = match index {
            Some(_) => self.calls.iter().rposition(|call| call.index == index),
            None => self.calls.len().checked_sub(1),
        };
        let is_other = |call: &PendingCall| {
            let ids = id.zip(call.id.as_deref());
            name.is_some() && ids.map_or(index.is_none(), |(id, known)| id != known)
        };
        let place = match known.filter(|place| !is_other(&self.calls[*place])) {
            Some(place) => place,
            None if *calls < MAX_CALLS => {
                *calls += 1;
                self.calls.push(PendingCall::new(index, None, None));
                self.calls.len() - 1
            }
            None => return,
        };
        let call = &mut self.calls[place];
        if call.id.is_none() {
            call.id = id.map(|id| json::clip(id, json::MAX_NAME));
        }
        if let (None, Some(name)) = (&call.name, name) {
            capture.size += name.len();
            call.name = Some(json::clip(name, json::MAX_NAME));
        }
        if let Some(arguments) = arguments {
            call.add_arguments(arguments, capture);
        }
    }
}

impl Collector for Chat {
    fn push(&mut self, body: &Object<'_>) {
        // Azure opens with a chunk whose id and model are empty.
        let reply = &mut self.reply;
        reply.id = reply.id.take().or_else(|| json::name(body, "id"));
        reply.model = reply.model.take().or_else(|| json::name(body, "model"));
        // It stands in every chunk, and only the reply's last word counts: a copy only when it changes.
        // Mistral's stands beside its counts.
        let usage = json::object(body, "usage");
        let tier = json::text(body, "service_tier").or_else(|| json::text(usage?, "service_tier"));
        if tier.is_some() && reply.service_tier.as_deref() != tier {
            reply.service_tier = tier.map(|tier| json::clip(tier, json::MAX_NAME));
        }
        let choices = json::list(body, "choices");
        let found = self.usage_in(body, usage, choices);
        self.apart.add(body, choices, found.as_ref());
        self.reply.usage = found.or_else(|| self.reply.usage.take());
        for (position, choice) in choices.iter().enumerate() {
            if let Some(choice) = choice.as_object() {
                self.push_choice(position, choice);
            }
        }
    }

    /// Every choice that was seen has its finish reason: typed streams end alike for `[DONE]` and for a cut.
    fn is_complete(&self) -> bool {
        !self.choices.is_empty() && self.choices.iter().all(|choice| choice.finish.is_some())
    }

    fn hint_without_usage(&self) -> Option<&'static str> {
        Some(
            "it ended without usage; ask for it by `\"stream_options\": {\"include_usage\": true}` in the request",
        )
    }

    fn places(&self) -> &'static [Place] {
        PLACES
    }

    fn finish(mut self: Box<Self>) -> Reply {
        let content = self.capture.on;
        self.choices.sort_by_key(|choice| choice.index);
        let mut reply = self.reply;
        if let Some(usage) = &mut reply.usage {
            self.apart.settle(self.choices.len(), usage);
        }
        let (mut messages, mut reasons) = (Vec::new(), Vec::new());
        for choice in self.choices {
            let first = reply.tool_calls.len();
            reply.tool_calls.extend(choice.calls.into_iter().map(|call| call.finish(content)));
            if content {
                let reasoning = Some(&choice.reasoning).filter(|text| !text.is_empty());
                let mut parts: Vec<Value> = reasoning.map(|text| reasoning_part(text)).into_iter().collect();
                let texts = [&choice.text, &choice.refusal].into_iter().filter(|text| !text.is_empty());
                parts.extend(texts.map(|text| text_part(text)));
                parts.extend(reply.tool_calls[first..].iter().map(call_part));
                messages.push(message(
                    "assistant",
                    parts,
                    Some(finish::message_word(choice.finish.as_deref())),
                ));
            }
            reply.has_open_choice |= choice.finish.is_none();
            reasons.extend(choice.finish);
        }
        reply.set_finish_reasons(reasons);
        reply.size = self.capture.size;
        reply.output_messages = (!messages.is_empty()).then_some(Value::Array(messages));
        reply
    }
}

/// Where the counts stand; those with a plus are sums.
const PLACES: &[Place] = &[
    ("input", "usage.prompt_tokens"),
    ("input", "usage.prompt_cache_hit_tokens + usage.prompt_cache_miss_tokens"),
    ("output", "usage.completion_tokens"),
    ("total", "usage.total_tokens"),
    ("cache_read", "usage.prompt_tokens_details.cached_tokens"),
    ("cache_read", "usage.prompt_token_details.cached_tokens"),
    ("cache_read", "usage.prompt_cache_hit_tokens"),
    ("cache_read", "usage.cached_tokens"),
    ("cache_read", "usage.num_cached_tokens"),
    ("cache_write", "usage.prompt_tokens_details.cache_write_tokens"),
    ("reasoning", "usage.completion_tokens_details.reasoning_tokens"),
    ("reasoning", "usage.reasoning_tokens"),
    ("input_audio", "usage.prompt_tokens_details.audio_tokens"),
    ("cache_audio_read", "usage.prompt_tokens_details.cached_tokens_details.audio_tokens"),
    ("output_audio", "usage.completion_tokens_details.audio_tokens"),
    ("input_image", "usage.prompt_tokens_details.image_tokens"),
    ("output_image", "usage.completion_tokens_details.image_tokens"),
    ("web_searches", "usage.server_tool_use_details.web_search_requests"),
    ("web_searches", "usage.server_tool_use.web_search_requests"),
    ("web_searches", "usage.server_side_tool_usage_details.web_search_calls"),
    ("web_searches", "usage.num_search_queries"),
    ("seconds", "usage.prompt_audio_seconds"),
    ("provider_cost_usd", "usage.cost"),
    ("provider_cost_usd", "usage.cost.total_cost"),
    ("input", "x_groq.usage.prompt_tokens"),
    ("output", "x_groq.usage.completion_tokens"),
    ("total", "x_groq.usage.total_tokens"),
    ("input", "choices[].usage.prompt_tokens"),
    ("output", "choices[].usage.completion_tokens"),
    ("total", "choices[].usage.total_tokens"),
];
