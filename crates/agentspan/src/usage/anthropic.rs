//! Anthropic Messages, also through Bedrock, Vertex and others that take its body; and its older completions.

use serde_json::Value;

use super::anthropic_counts::Counts;
use super::collect::{Capture, MAX_CALLS, MAX_CHOICES, PendingCall, call_part};
use super::counts::count;
use super::finish;
use super::json::{self, Json, Object};
use super::messages::{content_part, message, reasoning_part, text_part};
use super::openai_counts::{Dialect, provider_cost};
use super::places::Place;
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
            self.counts.fill(metrics, self.counts_output);
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

    fn places(&self) -> &'static [Place] {
        PLACES
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

/// Where the counts stand; those with a plus are sums.
const PLACES: &[Place] = &[
    ("input", "usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens"),
    ("output", "usage.output_tokens"),
    ("cache_read", "usage.cache_read_input_tokens"),
    ("cache_write", "usage.cache_creation_input_tokens"),
    ("cache_write_5m", "usage.cache_creation.ephemeral_5m_input_tokens"),
    ("cache_write_1h", "usage.cache_creation.ephemeral_1h_input_tokens"),
    ("reasoning", "usage.output_tokens_details.thinking_tokens"),
    ("web_searches", "usage.server_tool_use.web_search_requests"),
    ("provider_cost_usd", "usage.cost"),
    ("input", "amazon-bedrock-invocationMetrics.inputTokenCount"),
    ("output", "amazon-bedrock-invocationMetrics.outputTokenCount"),
    ("cache_read", "amazon-bedrock-invocationMetrics.cacheReadInputTokenCount"),
    ("cache_write", "amazon-bedrock-invocationMetrics.cacheWriteInputTokenCount"),
];
