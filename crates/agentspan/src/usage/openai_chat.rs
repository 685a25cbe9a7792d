//! OpenAI Chat Completions and the older text completions, and everything that has their shape.

use serde_json::Value;

use super::collect::{Capture, MAX_CALLS, MAX_CHOICES, PendingCall, call_part};
use super::counts::{Usage, amount, count, count_at, sum};
use super::finish;
use super::json::{self, Json, Object};
use super::messages::{message, reasoning_part, text_part};
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
    is_openrouter: bool,
    reply: Reply,
    capture: Capture,
    choices: Vec<Choice>,
    calls: usize,
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
            is_openrouter: provider == "openrouter",
            reply: Reply::default(),
            capture: Capture::new(content),
            choices: Vec::new(),
            calls: 0,
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
        if let Some(text) = json::text(choice, "text") {
            capture.append(&mut known.text, text);
        }
        // A whole reply has its message where a chunk has its delta.
        if let Some(delta) = json::object(choice, "delta").or_else(|| json::object(choice, "message")) {
            known.push_delta(delta, capture, &mut self.calls);
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
        if json::text(body, "service_tier").is_some_and(|tier| reply.service_tier.as_deref() != Some(tier)) {
            reply.service_tier = json::name(body, "service_tier");
        }
        // Groq repeats its usage there in the last chunk; in a whole reply the same key holds other figures,
        // without counts of tokens. Every usage stands for the whole reply: the last one replaces.
        let groq = || json::object(json::object(body, "x_groq")?, "usage");
        let is_openrouter = self.is_openrouter;
        let read = |usage| usage_of(usage, is_openrouter);
        let found = json::object(body, "usage").and_then(read).or_else(|| read(groq()?));
        reply.usage = found.or_else(|| reply.usage.take());
        for (position, choice) in json::list(body, "choices").iter().enumerate() {
            if let Some(choice) = choice.as_object() {
                self.push_choice(position, choice);
            }
        }
    }

    /// Every choice that was seen has its finish reason: typed streams end alike for `[DONE]` and for a cut.
    fn is_complete(&self) -> bool {
        !self.choices.is_empty() && self.choices.iter().all(|choice| choice.finish.is_some())
    }

    fn finish(mut self: Box<Self>) -> Reply {
        let content = self.capture.on;
        self.choices.sort_by_key(|choice| choice.index);
        let mut reply = self.reply;
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
            reasons.extend(choice.finish);
        }
        reply.set_finish_reasons(reasons);
        reply.size = self.capture.size;
        reply.output_messages = (!messages.is_empty()).then_some(Value::Array(messages));
        reply
    }
}

/// Counts of `usage`, which hold cached tokens in the prompt and reasoning in the completion.
fn usage_of(usage: &Object<'_>, is_openrouter: bool) -> Option<Usage> {
    let detail = |key: &str, name: &str| count_at(json::object(usage, key)?, name);
    let prompt = |name: &str| detail("prompt_tokens_details", name);
    let completion = |name: &str| detail("completion_tokens_details", name);
    let mut read = Usage {
        input: count_at(usage, "prompt_tokens"),
        output: count_at(usage, "completion_tokens"),
        total: count_at(usage, "total_tokens"),
        // DeepSeek's own name stands beside or in place of the common one.
        cache_read: prompt("cached_tokens").or_else(|| count_at(usage, "prompt_cache_hit_tokens")),
        cache_write: prompt("cache_write_tokens"),
        reasoning: completion("reasoning_tokens"),
        input_audio: prompt("audio_tokens"),
        output_audio: completion("audio_tokens"),
        input_image: prompt("image_tokens"),
        output_image: completion("image_tokens"),
        ..Usage::default()
    };
    read.output = with_reasoning(&read);
    read.provider_cost_usd = provider_cost(usage, is_openrouter);
    read.if_any()
}

/// xAI counts reasoning apart from the completion. The total proves it: it is the sum of all three. A gateway's
/// own reasoning count may exceed the completion without being apart, and is then left alone.
fn with_reasoning(usage: &Usage) -> Option<u64> {
    let output = usage.output?;
    let apart = || {
        let (input, reasoning) = (usage.input?, usage.reasoning?);
        let is_apart = reasoning > 0 && usage.total == sum([input, output, reasoning]);
        is_apart.then(|| output + reasoning)
    };
    apart().or(Some(output))
}

/// What the provider says the call cost: OpenRouter in USD, xAI in ticks of 10⁻¹⁰ USD.
fn provider_cost(usage: &Object<'_>, is_openrouter: bool) -> Option<f64> {
    if let Some(ticks) = usage.get("cost_in_usd_ticks").and_then(count) {
        return Some(ticks as f64 / 1e10);
    }
    // With the caller's own key `cost` is only OpenRouter's fee and not what the call cost.
    let is_fee = usage.get("is_byok").and_then(Json::as_bool) == Some(true);
    let is_usd = is_openrouter || usage.contains_key("is_byok") || usage.contains_key("cost_details");
    if is_fee || !is_usd {
        return None;
    }
    amount(usage.get("cost")?)
}
