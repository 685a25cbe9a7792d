//! Anthropic Messages, also through Bedrock, Vertex and others that take its body; and its older completions.

use serde_json::Value;

use super::collect::{Capture, MAX_CALLS, MAX_CHOICES, PendingCall, call_part};
use super::counts::{Usage, count, count_at, is_bad_count, sum};
use super::finish;
use super::json::{self, Json, Object};
use super::messages::{content_part, message, reasoning_part, text_part};
use super::openai_counts::{Dialect, provider_cost};
use super::reply::Reply;
use super::{Collector, Family};

pub(super) const FAMILY: Family = Family {
    providers: &["anthropic"],
    recognises,
    open: |provider, content| Box::new(Messages::new(Dialect::of(provider), content)),
};

fn recognises(body: &Object<'_>) -> bool {
    let kind = json::text(body, "type").unwrap_or_default();
    let is_untyped_message =
        || body.contains_key("stop_reason") && body.get("content").is_some_and(Json::is_array);
    match kind {
        "message" => body.contains_key("content") || body.contains_key("usage"),
        "message_start" | "message_delta" | "message_stop" | "ping" => true,
        "content_block_start" | "content_block_delta" | "content_block_stop" => true,
        "completion" => body.contains_key("completion"),
        // Bedrock gives the older completions without a type.
        _ => is_untyped_message() || body.contains_key("completion") && body.contains_key("stop_reason"),
    }
}

/// As many blocks as choices and tool calls of the other families together.
const MAX_BLOCKS: usize = MAX_CHOICES + MAX_CALLS;

#[derive(Debug)]
struct Messages {
    dialect: Dialect,
    reply: Reply,
    counts: Counts,
    capture: Capture,
    blocks: Vec<Block>,
    stop_reason: Option<String>,
    is_complete: bool,
    cost: Option<f64>,
    /// The number at the start of a stream only holds the place of the one at its end.
    counts_output: bool,
}

#[derive(Debug)]
struct Block {
    index: u64,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Text(String),
    Thinking(String),
    /// A tool that the caller is to run.
    Tool(PendingCall),
    /// A tool that the provider runs; its arguments, and the block as an OTel part when content is kept.
    ServerTool(PendingCall, Option<Value>),
    /// Anything else, kept as an OTel part when content is on.
    Other(Option<Value>),
}

impl Messages {
    fn new(dialect: Dialect, content: bool) -> Self {
        Self {
            dialect,
            reply: Reply::default(),
            counts: Counts::default(),
            capture: Capture::new(content),
            blocks: Vec::new(),
            stop_reason: None,
            is_complete: false,
            cost: None,
            counts_output: false,
        }
    }

    /// What stands in a whole message and in the one that opens a stream.
    fn push_message(&mut self, message: &Object<'_>) {
        self.reply.id = json::name(message, "id").or_else(|| self.reply.id.take());
        self.reply.model = json::name(message, "model").or_else(|| self.reply.model.take());
        for (index, block) in json::list(message, "content").iter().enumerate() {
            self.start_block(index as u64, block);
        }
        if let Some(text) = json::text(message, "completion") {
            // A stream of the older completions gives one text in pieces.
            if self.blocks.is_empty() {
                self.blocks.push(Block { index: 0, kind: Kind::Text(String::new()) });
            }
            if let Some(Block { kind: Kind::Text(kept), .. }) = self.blocks.last_mut() {
                self.capture.append(kept, text);
            }
        }
        self.push_end(message);
        self.push_usage(message);
    }

    fn push_end(&mut self, holder: &Object<'_>) {
        self.stop_reason = finish::reason(holder, "stop_reason").or_else(|| self.stop_reason.take());
    }

    fn push_usage(&mut self, holder: &Object<'_>) {
        let Some(usage) = json::object(holder, "usage") else { return };
        self.counts.replace(usage);
        // OpenRouter and xAI speak this interface as well.
        self.cost = provider_cost(usage, self.dialect).or(self.cost);
        if let Some(tier) = json::name(usage, "service_tier") {
            self.reply.batch = tier == "batch";
            self.reply.service_tier = Some(tier);
        }
        // Fast mode has a price of its own while the tier goes on saying `standard`.
        if json::text(usage, "speed") == Some("fast") && !self.reply.batch {
            self.reply.service_tier = Some("fast".to_owned());
        }
    }

    fn start_block(&mut self, index: u64, value: &Json<'_>) {
        let Some(block) = value.as_object() else { return };
        if self.blocks.len() >= MAX_BLOCKS {
            return;
        }
        let capture = &mut self.capture;
        let mut kept = |key: &str| {
            let mut kept = String::new();
            capture.append(&mut kept, json::text(block, key).unwrap_or_default());
            kept
        };
        let kind = match json::text(block, "type").unwrap_or_default() {
            "text" => Kind::Text(kept("text")),
            "thinking" => Kind::Thinking(kept("thinking")),
            "tool_use" => Kind::Tool(pending(block, capture)),
            "server_tool_use" | "mcp_tool_use" => {
                let kept = capture.allows(value).then(|| content_part(block));
                Kind::ServerTool(pending(block, capture), kept)
            }
            _ => Kind::Other(capture.allows(value).then(|| content_part(block))),
        };
        self.blocks.push(Block { index, kind });
    }

    fn push_delta(&mut self, index: u64, delta: &Object<'_>) {
        let Some(block) = self.blocks.iter_mut().rfind(|block| block.index == index) else { return };
        let capture = &mut self.capture;
        let add = |to: &mut String, key: &str, capture: &mut Capture| {
            capture.append(to, json::text(delta, key).unwrap_or_default());
        };
        match &mut block.kind {
            Kind::Text(text) => add(text, "text", capture),
            Kind::Thinking(text) => add(text, "thinking", capture),
            Kind::Tool(call) | Kind::ServerTool(call, _) => {
                if let Some(piece) = delta.get("partial_json").filter(|piece| piece.is_string()) {
                    call.add_arguments(piece, capture);
                }
            }
            Kind::Other(_) => {}
        }
    }
}

/// The call of a block. At the start of a stream `input` is an empty object that the pieces replace.
fn pending(block: &Object<'_>, capture: &mut Capture) -> PendingCall {
    let name = json::name(block, "name");
    capture.size += name.as_ref().map_or(0, String::len);
    let mut call = PendingCall::new(None, json::name(block, "id"), name);
    if let Some(input) =
        block.get("input").filter(|input| input.as_object().is_none_or(|map| !map.is_empty()))
    {
        call.add_arguments(input, capture);
    }
    call
}

impl Collector for Messages {
    fn push(&mut self, body: &Object<'_>) {
        if let Some(metrics) = json::object(body, "amazon-bedrock-invocationMetrics") {
            self.counts.fill(metrics);
            self.counts_output = true;
        }
        let index = || body.get("index").and_then(count).unwrap_or(0);
        match json::text(body, "type").unwrap_or_default() {
            "message_start" => {
                if let Some(message) = json::object(body, "message") {
                    self.push_message(message);
                }
            }
            "content_block_start" => {
                if let Some(block) = body.get("content_block") {
                    self.start_block(index(), block);
                }
            }
            "content_block_delta" => {
                if let Some(delta) = json::object(body, "delta") {
                    self.push_delta(index(), delta);
                }
            }
            "message_delta" => {
                if let Some(delta) = json::object(body, "delta") {
                    self.push_end(delta);
                }
                self.push_usage(body);
                self.counts_output = true;
            }
            "message_stop" => self.is_complete = true,
            "content_block_stop" | "ping" | "error" => {}
            _ => {
                self.push_message(body);
                // Of the older completions each chunk looks like a whole one, but for the reason.
                self.is_complete = !body.contains_key("completion") || self.stop_reason.is_some();
                self.counts_output = true;
            }
        }
    }

    fn is_complete(&self) -> bool {
        self.is_complete
    }

    fn finish(self: Box<Self>) -> Reply {
        let content = self.capture.on;
        let (mut reply, mut parts) = (self.reply, Vec::new());
        for block in self.blocks {
            match block.kind {
                Kind::Tool(call) => {
                    let call = call.finish(content);
                    if content {
                        parts.push(call_part(&call));
                    }
                    // The limit holds for calls, whatever else there is room for.
                    if reply.tool_calls.len() < MAX_CALLS {
                        reply.tool_calls.push(call);
                    }
                }
                Kind::Text(text) if content && !text.is_empty() => parts.push(text_part(&text)),
                Kind::Thinking(text) if content && !text.is_empty() => parts.push(reasoning_part(&text)),
                Kind::ServerTool(call, Some(mut part)) => {
                    // At the start of a stream the arguments were not there yet.
                    if let Some(input) = call.finish(content).arguments {
                        part["server_tool_call"]["input"] = input;
                    }
                    parts.push(part);
                }
                Kind::Other(Some(part)) => parts.push(part),
                _ => {}
            }
        }
        let word = finish::message_word(self.stop_reason.as_deref());
        reply.output_messages =
            (!parts.is_empty()).then(|| Value::Array(vec![message("assistant", parts, Some(word))]));
        reply.set_finish_reasons(self.stop_reason.into_iter().collect());
        let mut usage = self.counts.usage().unwrap_or_default();
        usage.output = usage.output.filter(|_| self.counts_output);
        usage.provider_cost_usd = self.cost;
        reply.usage = usage.if_any();
        reply.size = self.capture.size;
        reply
    }
}

/// The counts as Anthropic gives them, whose input leaves out what was read from or written to a cache.
#[derive(Debug, Default)]
struct Counts {
    input: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    cache_write_5m: Option<u64>,
    cache_write_1h: Option<u64>,
    output: Option<u64>,
    thinking: Option<u64>,
    web_searches: Option<u64>,
    /// A part of the input could not be read, so that its sum is unknown.
    is_input_bad: bool,
    /// The sum of the passes that compacted the context.
    compaction: Option<Usage>,
}

impl Counts {
    /// Takes the counts of a whole message, or those of a `message_delta`, which are cumulative: they replace
    /// what the start of the stream said, and what they lack stays. The 1-hour part of cache writes, for
    /// example, may stand only at the start.
    fn replace(&mut self, usage: &Object<'_>) {
        let set = |place: &mut Option<u64>, from: Option<&Object<'_>>, key: &str| {
            *place = from.and_then(|from| count_at(from, key)).or(*place);
        };
        let usage = Some(usage);
        let nested = |key: &str| usage.and_then(|usage| json::object(usage, key));
        set(&mut self.input, usage, INPUT[0]);
        set(&mut self.cache_read, usage, INPUT[1]);
        set(&mut self.cache_write, usage, INPUT[2]);
        set(&mut self.cache_write_5m, nested("cache_creation"), "ephemeral_5m_input_tokens");
        set(&mut self.cache_write_1h, nested("cache_creation"), "ephemeral_1h_input_tokens");
        set(&mut self.output, usage, "output_tokens");
        set(&mut self.thinking, nested("output_tokens_details"), "thinking_tokens");
        set(&mut self.web_searches, nested("server_tool_use"), "web_search_requests");
        let passes = usage.map(|usage| json::list(usage, "iterations")).unwrap_or_default();
        if !passes.is_empty() {
            self.compaction = compaction(passes);
        }
        self.is_input_bad |= usage.is_some_and(|usage| INPUT.iter().any(|key| is_bad_count(usage, key)));
    }

    /// Takes Bedrock's own counts at the end of a stream, where the model gave none: the older completions.
    fn fill(&mut self, metrics: &Object<'_>) {
        let set = |place: &mut Option<u64>, key: &str| *place = place.or_else(|| count_at(metrics, key));
        set(&mut self.input, "inputTokenCount");
        set(&mut self.output, "outputTokenCount");
        set(&mut self.cache_read, "cacheReadInputTokenCount");
        set(&mut self.cache_write, "cacheWriteInputTokenCount");
    }

    /// The normal form: input is the sum of the uncached rest, cache reads and cache writes.
    fn usage(&self) -> Option<Usage> {
        let parts = [self.cache_write_5m, self.cache_write_1h];
        let of_parts =
            || parts.iter().any(Option::is_some).then(|| sum(parts.map(Option::unwrap_or_default)));
        let cache_write = self.cache_write.or_else(|| of_parts().flatten());
        let input = self.input.filter(|_| !self.is_input_bad);
        let whole = |input| sum([input, self.cache_read.unwrap_or(0), cache_write.unwrap_or(0)]);
        let usage = Usage {
            input: input.and_then(whole),
            output: self.output,
            cache_read: self.cache_read,
            cache_write,
            cache_write_5m: self.cache_write_5m,
            cache_write_1h: self.cache_write_1h,
            reasoning: self.thinking,
            web_searches: self.web_searches,
            ..Usage::default()
        };
        match &self.compaction {
            Some(passes) => plus(usage, passes).if_any(),
            None => usage.if_any(),
        }
    }
}

/// The passes that compacted the context. They are billed like the others and, unlike these, stand only in the
/// list: https://platform.claude.com/docs/en/build-with-claude/compaction, under usage.
fn compaction(passes: &[Json<'_>]) -> Option<Usage> {
    let passes = passes.iter().filter_map(Json::as_object);
    let of_pass = |pass: &Object<'_>| {
        let mut counts = Counts::default();
        counts.replace(pass);
        counts.usage()
    };
    let compacting = passes.filter(|pass| json::text(pass, "type") == Some("compaction"));
    compacting.filter_map(of_pass).reduce(|all, pass| plus(all, &pass))
}

/// Adds the counts of a pass; what neither has stays unknown.
fn plus(mut usage: Usage, pass: &Usage) -> Usage {
    // A sum of tokens is known when both are, while a part that one pass lacks was not used in it.
    usage.input = usage.input.zip(pass.input).and_then(|(all, one)| sum([all, one]));
    usage.output = usage.output.zip(pass.output).and_then(|(all, one)| sum([all, one]));
    let add = |all: &mut Option<u64>, one: Option<u64>| {
        if let Some(one) = one {
            *all = sum([all.unwrap_or(0), one]);
        }
    };
    add(&mut usage.cache_read, pass.cache_read);
    add(&mut usage.cache_write, pass.cache_write);
    add(&mut usage.cache_write_5m, pass.cache_write_5m);
    add(&mut usage.cache_write_1h, pass.cache_write_1h);
    add(&mut usage.reasoning, pass.reasoning);
    usage
}

const INPUT: [&str; 3] = ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"];
