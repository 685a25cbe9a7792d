//! The bodies of Bedrock's InvokeModel that are of no other family: Llama, Titan, older Mistral and AI21.

use serde_json::json;

use super::blocks::{Blocks, choice};
use super::collect::Capture;
use super::counts::{Usage, count_at, is_bad_count, sum};
use super::json::{self, Json, Object};
use super::places::Place;
use super::reply::Reply;
use super::{Collector, Family, vectors};

pub(super) const FAMILY: Family =
    Family { providers: &[], recognises, open: |_, content| Box::new(Invoke::new(content)) };

/// What Bedrock adds to the last chunk of a stream, whichever model it comes from.
const METRICS: &str = "amazon-bedrock-invocationMetrics";

fn recognises(body: &Object<'_>) -> bool {
    let is_text = |key: &str| body.get(key).is_some_and(Json::is_string);
    let has = |key: &str| body.contains_key(key);
    let first = |list: &str, key: &str| {
        json::list(body, list).first().is_some_and(|item| json::get(item, key).is_some())
    };
    let is_llama = || is_text("generation") && (has(LLAMA[0]) || has(LLAMA[1]) || has("stop_reason"));
    let is_titan = || has(TITAN_INPUT) || is_text("outputText") || first("results", "outputText");
    is_llama()
        || is_titan()
        || first("outputs", "stop_reason")
        || first("completions", "data")
        || has(METRICS)
}

const LLAMA: [&str; 2] = ["prompt_token_count", "generation_token_count"];
const TITAN_INPUT: &str = "inputTextTokenCount";

/// Bedrock's own counts, which stand beside or in place of those of the model.
pub(super) fn metrics(body: &Object<'_>) -> Option<Usage> {
    let metrics = json::object(body, METRICS)?;
    let caches = ["cacheReadInputTokenCount", "cacheWriteInputTokenCount"];
    let [cache_read, cache_write] = caches.map(|key| count_at(metrics, key));
    let is_bad = caches.iter().any(|key| is_bad_count(metrics, key));
    let input = count_at(metrics, "inputTokenCount").filter(|_| !is_bad);
    Usage {
        // As in Converse, what was cached is counted apart.
        input: input.and_then(|input| sum([input, cache_read.unwrap_or(0), cache_write.unwrap_or(0)])),
        output: count_at(metrics, "outputTokenCount"),
        cache_read,
        cache_write,
        ..Usage::default()
    }
    .if_any()
}

#[derive(Debug)]
struct Invoke {
    reply: Reply,
    capture: Capture,
    blocks: Blocks,
    input: Option<u64>,
    output: Option<u64>,
    metrics: Option<Usage>,
    reasons: Vec<String>,
    is_complete: bool,
}

impl Invoke {
    fn new(content: bool) -> Self {
        Self {
            reply: Reply::default(),
            capture: Capture::new(content),
            blocks: Blocks::default(),
            input: None,
            output: None,
            metrics: None,
            reasons: Vec::new(),
            is_complete: false,
        }
    }

    fn push_text(&mut self, text: Option<&str>) {
        self.blocks.text(Some(0), text.unwrap_or_default(), &mut self.capture);
    }

    fn push_reason(&mut self, reason: Option<String>) {
        if let Some(reason) = reason {
            self.reasons = vec![reason];
            self.is_complete = true;
        }
    }

    /// Titan's results, of which there is one for each text that was asked for.
    fn push_results(&mut self, results: &[Json<'_>]) {
        let results = || results.iter().filter_map(Json::as_object);
        let counts = results().map(|result| count_at(result, "tokenCount"));
        self.output = counts.reduce(|all, one| sum([all?, one?])).flatten().or(self.output);
        for result in results() {
            self.push_text(json::text(result, "outputText"));
            self.push_reason(json::name(result, "completionReason"));
        }
    }

    /// The lists of older models, whose items hold a text and why it ended.
    fn push_item(&mut self, item: &Object<'_>) {
        let data = json::object(item, "data").unwrap_or(item);
        self.push_text(json::text(data, "text"));
        let nested = json::object(item, "finishReason").and_then(|reason| json::name(reason, "reason"));
        self.push_reason(json::name(item, "stop_reason").or(nested));
    }
}

impl Collector for Invoke {
    fn push(&mut self, body: &Object<'_>) {
        // Llama's counts grow from chunk to chunk.
        self.input = count_at(body, LLAMA[0]).or_else(|| count_at(body, TITAN_INPUT)).or(self.input);
        let output = count_at(body, LLAMA[1]).or_else(|| count_at(body, "totalOutputTextTokenCount"));
        self.output = output.or(self.output);
        self.metrics = metrics(body).or_else(|| self.metrics.take());
        self.push_text(json::text(body, "generation").or_else(|| json::text(body, "outputText")));
        self.push_reason(json::name(body, "stop_reason").or_else(|| json::name(body, "completionReason")));
        self.push_results(json::list(body, "results"));
        let items = json::list(body, "outputs").iter().chain(json::list(body, "completions"));
        items.filter_map(Json::as_object).for_each(|item| self.push_item(item));
        if let Some(vector) = body.get("embedding").filter(|vector| vector.is_array()) {
            vectors::note(&mut self.reply, std::iter::once(vector));
            self.is_complete = true;
        }
        self.is_complete |= body.contains_key(METRICS);
    }

    fn is_complete(&self) -> bool {
        self.is_complete
    }

    fn places(&self) -> &'static [Place] {
        PLACES
    }

    fn finish(self: Box<Self>) -> Reply {
        let mut reply = self.reply;
        let (parts, _) = self.blocks.finish(self.capture.on);
        let message = choice(parts, self.reasons.first().map(String::as_str));
        reply.output_messages = message.map(|message| json!([message]));
        reply.set_finish_reasons(self.reasons);
        let metrics = self.metrics.unwrap_or_default();
        let usage =
            Usage { input: self.input.or(metrics.input), output: self.output.or(metrics.output), ..metrics };
        reply.usage = usage.if_any();
        reply.size += self.capture.size;
        reply
    }
}

/// Where the counts stand; those with a plus are sums.
const PLACES: &[Place] = &[
    ("input", "prompt_token_count"),
    ("input", "inputTextTokenCount"),
    ("input", "amazon-bedrock-invocationMetrics.inputTokenCount"),
    ("output", "generation_token_count"),
    ("output", "results[].tokenCount"),
    ("output", "totalOutputTextTokenCount"),
    ("output", "amazon-bedrock-invocationMetrics.outputTokenCount"),
    ("cache_read", "amazon-bedrock-invocationMetrics.cacheReadInputTokenCount"),
    ("cache_write", "amazon-bedrock-invocationMetrics.cacheWriteInputTokenCount"),
];
