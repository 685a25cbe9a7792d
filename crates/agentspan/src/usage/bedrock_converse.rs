//! Bedrock's Converse and its stream of events, and Amazon's Nova, whose own body is the same.

use serde_json::json;

use super::blocks::{Blocks, Runs, choice, told};
use super::collect::Capture;
use super::counts::{Usage, count, sum};
use super::json::{Json, Object};
use super::messages::other;
use super::places::Place;
use super::reply::Reply;
use super::{Collector, Family, keys};

pub(super) const FAMILY: Family =
    Family { providers: &["aws.bedrock"], recognises, open: |_, content| Box::new(Converse::new(content)) };

/// The events of a stream: an object whose only key of interest is the event's type.
const EVENTS: [&str; 5] =
    ["messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop"];

fn recognises(body: &Object<'_>) -> bool {
    let is_object = |key: &str| keys::object(body, key).is_some();
    let has_message =
        || keys::object(body, "output").is_some_and(|output| keys::object(output, "message").is_some());
    let is_last =
        || keys::object(body, "metadata").is_some_and(|metadata| keys::object(metadata, "usage").is_some());
    let has_end = || keys::text(body, "stopReason").is_some() && is_object("usage");
    EVENTS.iter().any(|event| is_object(event)) || has_message() || has_end() || is_last()
}

#[derive(Debug)]
struct Converse {
    reply: Reply,
    capture: Capture,
    blocks: Blocks,
    stop_reason: Option<String>,
}

impl Converse {
    fn new(content: bool) -> Self {
        Self {
            reply: Reply::default(),
            capture: Capture::new(content),
            blocks: Blocks::default(),
            stop_reason: None,
        }
    }

    /// What stands at the top of a whole reply and in the last event of a stream.
    fn push_metadata(&mut self, holder: &Object<'_>) {
        let reply = &mut self.reply;
        let usage = keys::object(holder, "usage").and_then(read);
        reply.usage = usage.or_else(|| reply.usage.take());
        let tier = keys::object(holder, "serviceTier").and_then(|tier| keys::name(tier, "type"));
        reply.service_tier = tier.or_else(|| reply.service_tier.take());
        // The only place where a reply names a model: the one that a router chose.
        let router = keys::object(holder, "trace").and_then(|trace| keys::object(trace, "promptRouter"));
        let model = router.and_then(|router| keys::name(router, "invokedModelId"));
        reply.model = model.or_else(|| reply.model.take());
    }

    fn push_block(&mut self, index: u64, value: &Json<'_>) {
        let (Some(block), capture) = (value.as_object(), &mut self.capture) else { return };
        let texts = |holder: &Object<'_>, blocks: &mut Blocks, capture: &mut Capture| {
            let pieces = keys::list(holder, "content").iter().filter_map(Json::as_object);
            pieces.for_each(|piece| {
                blocks.text(Some(index), keys::text(piece, "text").unwrap_or_default(), capture);
            });
        };
        if let Some(text) = keys::text(block, "text") {
            self.blocks.text(Some(index), text, capture);
        } else if let Some(reasoning) = keys::object(block, "reasoningContent") {
            // A piece of a stream has the text itself. What is redacted nobody but the provider can read.
            let holder = keys::object(reasoning, "reasoningText").unwrap_or(reasoning);
            let text = keys::text(holder, "text").unwrap_or_default();
            self.blocks.reasoning(Some(index), text, capture);
        } else if let Some(tool) = keys::object(block, "toolUse") {
            self.push_call(index, tool);
        } else if let Some(cited) = keys::object(block, "citationsContent") {
            texts(cited, &mut self.blocks, capture);
        } else if !block.is_empty() && keys::at(block, "text").is_none() {
            self.blocks.other(value, capture, || other(block));
        }
    }

    fn push_call(&mut self, index: u64, tool: &Object<'_>) {
        let is_hosted = keys::text(tool, "type") == Some("server_tool_use");
        let runs = if is_hosted { Runs::Provider } else { Runs::Caller };
        let (id, name) = (keys::name(tool, "toolUseId"), keys::name(tool, "name"));
        let call = self.blocks.call(Some(index), runs, id, name, &mut self.capture);
        if let (Some(call), Some(input)) = (call, told(keys::at(tool, "input"))) {
            call.add_arguments(input, &mut self.capture);
        }
    }

    fn push_delta(&mut self, index: u64, value: &Json<'_>) {
        let tool = value.as_object().and_then(|delta| keys::object(delta, "toolUse"));
        match tool.map(|tool| keys::at(tool, "input")) {
            Some(Some(piece)) if piece.is_string() => self.blocks.arguments(index, piece, &mut self.capture),
            Some(_) => {}
            // The place of a citation in a text says nothing without its source.
            None if value.as_object().is_some_and(|delta| keys::at(delta, "citation").is_some()) => {}
            None => self.push_block(index, value),
        }
    }
}

impl Collector for Converse {
    fn push(&mut self, body: &Object<'_>) {
        let index = |event: &Object<'_>| keys::at(event, "contentBlockIndex").and_then(count).unwrap_or(0);
        if let Some(event) = keys::object(body, "contentBlockDelta") {
            if let Some(delta) = keys::at(event, "delta") {
                self.push_delta(index(event), delta);
            }
        } else if let Some(event) = keys::object(body, "contentBlockStart") {
            if let Some(start) = keys::at(event, "start") {
                self.push_block(index(event), start);
            }
        } else if let Some(event) = keys::object(body, "messageStop") {
            self.stop_reason = keys::name(event, "stopReason").or_else(|| self.stop_reason.take());
        } else if let Some(metadata) = keys::object(body, "metadata") {
            self.push_metadata(metadata);
        } else {
            let message = keys::object(body, "output").and_then(|output| keys::object(output, "message"));
            let content = message.map(|message| keys::list(message, "content")).unwrap_or_default();
            for (index, block) in content.iter().enumerate() {
                self.push_block(index as u64, block);
            }
            self.stop_reason = keys::name(body, "stopReason").or_else(|| self.stop_reason.take());
            self.push_metadata(body);
        }
    }

    /// The counts come behind the stop, and last.
    fn is_complete(&self) -> bool {
        self.stop_reason.is_some() && self.reply.usage.is_some()
    }

    fn places(&self) -> &'static [Place] {
        PLACES
    }

    fn finish(self: Box<Self>) -> Reply {
        let mut reply = self.reply;
        let (parts, calls) = self.blocks.finish(self.capture.on);
        let message = choice(parts, self.stop_reason.as_deref());
        reply.output_messages = message.map(|message| json!([message]));
        reply.tool_calls = calls;
        reply.set_finish_reasons(self.stop_reason.into_iter().collect());
        reply.size = self.capture.size;
        reply
    }
}

/// Input tokens leave out what was read from or written to a cache, unless the total proves that they hold it.
///
/// AWS's own total is the sum of all four counts, so that what it has beside the output is the whole input:
/// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html. Gateways that serve other models in this
/// form give OpenAI's counts, where the cached part stands inside of the input and the total is input and output alone.
/// Should the cached part be larger than such an input, then it stands beside it all the same.
fn read(usage: &Object<'_>) -> Option<Usage> {
    // Both names are seen, also side by side.
    let either = |names: [&str; 2]| names.into_iter().find_map(|name| keys::count(usage, name));
    let is_bad = CACHE.iter().flatten().any(|name| keys::is_bad_count(usage, name));
    let [cache_read, cache_write] = CACHE.map(either);
    let kept = |ttl: &str| {
        let details = keys::list(usage, "cacheDetails").iter().filter_map(Json::as_object);
        let same = details.filter(|detail| keys::text(detail, "ttl") == Some(ttl));
        same.filter_map(|detail| keys::count(detail, "inputTokens")).reduce(u64::saturating_add)
    };
    let input = keys::count(usage, "inputTokens").filter(|_| !is_bad);
    let (output, total) = (keys::count(usage, "outputTokens"), keys::count(usage, "totalTokens"));
    let cached = sum([cache_read.unwrap_or(0), cache_write.unwrap_or(0)]);
    let with_cached = |input: u64| {
        let cached = cached?;
        let without_cached = output.and_then(|output| sum([input, output]));
        let is_inside = total.is_some() && total == without_cached && cached <= input;
        if is_inside { Some(input) } else { sum([input, cached]) }
    };
    Usage {
        input: input.and_then(with_cached),
        output,
        total,
        cache_read,
        cache_write,
        cache_write_5m: kept("5m"),
        cache_write_1h: kept("1h"),
        ..Usage::default()
    }
    .if_any()
}

const CACHE: [[&str; 2]; 2] = [
    ["cacheReadInputTokens", "cacheReadInputTokenCount"],
    ["cacheWriteInputTokens", "cacheWriteInputTokenCount"],
];

/// Where the counts stand; those with a plus are sums.
const PLACES: &[Place] = &[
    ("input", "usage.inputTokens + usage.cacheReadInputTokens + usage.cacheWriteInputTokens"),
    ("output", "usage.outputTokens"),
    ("total", "usage.totalTokens"),
    ("cache_read", "usage.cacheReadInputTokens"),
    ("cache_read", "usage.cacheReadInputTokenCount"),
    ("cache_write", "usage.cacheWriteInputTokens"),
    ("cache_write", "usage.cacheWriteInputTokenCount"),
    ("cache_write_5m", "usage.cacheDetails[5m].inputTokens"),
    ("cache_write_1h", "usage.cacheDetails[1h].inputTokens"),
];
