//! OpenAI's Responses, and what has their shape: Azure, xAI, OpenRouter, Groq, Perplexity, the ChatGPT back end.

use serde_json::Value;

use super::collect::{Capture, MAX_CALLS, MAX_CHOICES, PendingCall, Taken, call_part};
use super::counts::{Usage, count, count_at};
use super::finish;
use super::items::{call_of, item_part, reasoning_texts};
use super::json::{self, Json, Object};
use super::messages::{message, reasoning_part, text_part};
use super::openai_counts::{Dialect, RESPONSES, read};
use super::places::Place;
use super::reply::{Reply, ReplyError, error_in};
use super::{Collector, Family};
use agentspan_semconv::FinishClass;

pub(super) const FAMILY: Family = Family {
    providers: &[],
    recognises,
    open: |provider, content| Box::new(Responses::new(Dialect::of(provider), content)),
};

fn recognises(body: &Object<'_>) -> bool {
    let object = json::text(body, "object").unwrap_or_default();
    let has_counts = || json::object(body, "usage").is_some_and(|usage| usage.contains_key("input_tokens"));
    // Some servers leave out `object`.
    let is_untyped = || {
        let is_list = body.get("output").is_some_and(Json::is_array);
        object.is_empty() && is_list && (body.contains_key("status") || has_counts())
    };
    let is_event = || json::text(body, "type").is_some_and(|kind| kind.starts_with(EVENT));
    object == "response" || object == "response.compaction" || is_event() || is_untyped()
}

const EVENT: &str = "response.";
const MAX_ITEMS: usize = MAX_CHOICES + MAX_CALLS;

#[derive(Debug)]
struct Responses {
    dialect: Dialect,
    reply: Reply,
    capture: Capture,
    items: Vec<Item>,
    status: Option<String>,
    /// Why an incomplete response ended.
    reason: Option<String>,
    error: Option<ReplyError>,
    /// Searches as counted by the provider.
    searches: Option<u64>,
    is_complete: bool,
}

#[derive(Debug)]
struct Item {
    index: u64,
    kind: Kind,
    taken: Taken,
}

#[derive(Debug)]
enum Kind {
    Message {
        text: String,
        refusal: String,
    },
    Reasoning(String),
    /// A tool that the caller is to run.
    Call(PendingCall),
    /// Anything else, kept as an OTel part when content is on.
    Other {
        part: Option<Value>,
        charged: Option<Charged>,
    },
}

/// What a tool of the provider did and is charged for apart.
#[derive(Debug, Clone, Copy)]
enum Charged {
    WebSearch,
    FileSearch,
    /// By the tokens of a model of its own.
    Image,
}

/// States that are no end.
const UNDER_WAY: [&str; 2] = ["queued", "in_progress"];

impl Responses {
    fn new(dialect: Dialect, content: bool) -> Self {
        Self {
            dialect,
            reply: Reply::default(),
            capture: Capture::new(content),
            items: Vec::new(),
            status: None,
            reason: None,
            error: None,
            searches: None,
            is_complete: false,
        }
    }

    /// What stands in a whole response, and in the events of a stream that carry it: each is a newer state of
    /// all of it, and the last one counts.
    fn push_response(&mut self, response: &Object<'_>) {
        // An end stays one, whatever comes late.
        let is_early = |status: Option<&str>| status.is_none_or(|status| UNDER_WAY.contains(&status));
        if !is_early(self.status.as_deref()) && is_early(json::text(response, "status")) {
            return;
        }
        let reply = &mut self.reply;
        let newest = |place: &mut Option<String>, key: &str| {
            if let Some(name) = json::name(response, key) {
                *place = Some(name);
            }
        };
        newest(&mut reply.id, "id");
        newest(&mut reply.model, "model");
        // At the start the tier is the one that was asked for.
        newest(&mut reply.service_tier, "service_tier");
        newest(&mut self.status, "status");
        if let Some(details) = json::object(response, "incomplete_details") {
            self.reason = json::name(details, "reason").or_else(|| self.reason.take());
        }
        if let Some(usage) = json::object(response, "usage") {
            reply.usage = read(usage, &RESPONSES, self.dialect).or_else(|| reply.usage.take());
        }
        let searches =
            json::object(response, "tool_usage").and_then(|tools| json::object(tools, "web_search"));
        self.searches = searches.and_then(|search| count_at(search, "num_requests")).or(self.searches);
        self.error = error_in(response).or_else(|| self.error.take());
        let output = json::list(response, "output");
        if output.is_empty() {
            // The ChatGPT back end leaves it empty to the end: then the items came one by one.
            return;
        }
        self.items.clear();
        self.capture = Capture::new(self.capture.on);
        for (index, item) in output.iter().enumerate() {
            self.put(index as u64, item);
        }
    }

    /// Takes a whole item in place of what was known of it.
    fn put(&mut self, index: u64, value: &Json<'_>) {
        let Some(map) = value.as_object() else { return };
        let Some(place) = self.place(index, || Kind::Other { part: None, charged: None }) else { return };
        let (item, capture) = (&mut self.items[place], &mut self.capture);
        capture.give_back(std::mem::take(&mut item.taken));
        item.kind = capture.measured(&mut item.taken, |capture| Kind::of(value, map, capture));
    }

    fn place(&mut self, index: u64, kind: impl FnOnce() -> Kind) -> Option<usize> {
        if let Some(place) = self.items.iter().rposition(|item| item.index == index) {
            return Some(place);
        }
        if self.items.len() >= MAX_ITEMS {
            return None;
        }
        self.items.push(Item { index, kind: kind(), taken: Taken::default() });
        Some(self.items.len() - 1)
    }

    /// A piece of an item, which is all that a stream gives of it when it is cut.
    fn push_delta(&mut self, event: &str, body: &Object<'_>) {
        let Some(delta) = body.get("delta").filter(|delta| delta.is_string()) else { return };
        let empty: fn() -> Kind = match event {
            "output_text.delta" | "refusal.delta" => Kind::empty_message,
            "reasoning_summary_text.delta" | "reasoning_text.delta" => || Kind::Reasoning(String::new()),
            "function_call_arguments.delta" | "custom_tool_call_input.delta" => {
                || Kind::Call(PendingCall::default())
            }
            _ => return,
        };
        let Some(place) = self.place(index_of(body), empty) else { return };
        let (item, capture) = (&mut self.items[place], &mut self.capture);
        let piece = delta.as_str().unwrap_or_default();
        capture.measured(&mut item.taken, |capture| match &mut item.kind {
            Kind::Message { refusal, .. } if event == "refusal.delta" => drop(capture.append(refusal, piece)),
            Kind::Message { text, .. } | Kind::Reasoning(text) => drop(capture.append(text, piece)),
            Kind::Call(call) => call.add_arguments(delta, capture),
            Kind::Other { .. } => {}
        });
    }
}

fn index_of(body: &Object<'_>) -> u64 {
    body.get("output_index").and_then(count).unwrap_or(0)
}

impl Kind {
    fn empty_message() -> Self {
        Self::Message { text: String::new(), refusal: String::new() }
    }

    fn of(value: &Json<'_>, item: &Object<'_>, capture: &mut Capture) -> Self {
        if let Some(call) = call_of(item) {
            let name = json::clip(call.name, json::MAX_NAME);
            capture.size += name.len();
            let id = call.id.map(|id| json::clip(id, json::MAX_NAME));
            let mut pending = PendingCall::new(None, id, Some(name));
            if let Some(arguments) = call.arguments {
                pending.add_arguments(arguments, capture);
            }
            return Self::Call(pending);
        }
        let kind = json::text(item, "type").unwrap_or_default();
        match kind {
            "message" => {
                let (mut text, mut refusal) = (String::new(), String::new());
                for part in json::list(item, "content").iter().filter_map(Json::as_object) {
                    capture.append(&mut text, json::text(part, "text").unwrap_or_default());
                    capture.append(&mut refusal, json::text(part, "refusal").unwrap_or_default());
                }
                Self::Message { text, refusal }
            }
            "reasoning" => {
                let mut kept = String::new();
                for text in reasoning_texts(item) {
                    if !kept.is_empty() {
                        kept.push_str("\n\n");
                    }
                    capture.append(&mut kept, text);
                }
                Self::Reasoning(kept)
            }
            _ => {
                let texts = ["name", "arguments", "code"].into_iter().filter_map(|key| json::text(item, key));
                capture.size += texts.map(str::len).sum::<usize>();
                let part = capture.allows(value).then(|| item_part(item));
                let charged = match kind {
                    "web_search_call" if is_search(item) => Some(Charged::WebSearch),
                    _ if json::text(item, "status") == Some("failed") => None,
                    "file_search_call" => Some(Charged::FileSearch),
                    "image_generation_call" => Some(Charged::Image),
                    _ => None,
                };
                Self::Other { part, charged }
            }
        }
    }
}

/// Only searching is charged for; opening a page that was found and looking into it is not:
/// https://platform.openai.com/docs/guides/tools-web-search, under the items of the output.
fn is_search(item: &Object<'_>) -> bool {
    let action = json::object(item, "action").and_then(|action| json::text(action, "type"));
    action.is_none_or(|action| action == "search")
}

impl Collector for Responses {
    fn push(&mut self, body: &Object<'_>) {
        let event = json::text(body, "type").and_then(|kind| kind.strip_prefix(EVENT));
        match event {
            Some("output_item.added" | "output_item.done") => {
                if let Some(item) = body.get("item") {
                    self.put(index_of(body), item);
                }
            }
            Some(event) if event.ends_with(".delta") => self.push_delta(event, body),
            Some(event) => {
                let Some(response) = json::object(body, "response") else { return };
                self.push_response(response);
                self.is_complete |=
                    ["completed", "incomplete", "failed", "cancelled", "done"].contains(&event);
            }
            None if body.contains_key("output") || body.contains_key("object") => {
                self.push_response(body);
                self.is_complete = true;
            }
            // An `error`, which the reader of the stream keeps.
            None => {}
        }
    }

    /// A terminal event came: there is no other end mark.
    fn is_complete(&self) -> bool {
        self.is_complete
    }

    fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    fn places(&self) -> &'static [Place] {
        PLACES
    }

    fn finish(mut self: Box<Self>) -> Reply {
        let content = self.capture.on;
        self.items.sort_by_key(|item| item.index);
        let mut reply = self.reply;
        let (mut parts, mut searches, mut file_searches, mut has_image) = (Vec::new(), 0, 0, false);
        for item in self.items {
            match item.kind {
                Kind::Call(call) => {
                    let call = call.finish(content);
                    parts.extend(content.then(|| call_part(&call)));
                    if reply.tool_calls.len() < MAX_CALLS {
                        reply.tool_calls.push(call);
                    }
                }
                Kind::Message { text, refusal } => {
                    parts.extend(
                        [text, refusal].iter().filter(|text| !text.is_empty()).map(|text| text_part(text)),
                    );
                }
                Kind::Reasoning(text) => parts.extend((!text.is_empty()).then(|| reasoning_part(&text))),
                Kind::Other { part, charged } => {
                    parts.extend(part);
                    match charged {
                        Some(Charged::WebSearch) => searches += 1,
                        Some(Charged::FileSearch) => file_searches += 1,
                        Some(Charged::Image) => has_image = true,
                        None => {}
                    }
                }
            }
        }
        // A response that is queued or runs in the background has no reason to have ended.
        let status = self.status.as_deref().unwrap_or_default();
        let ended = match status {
            "incomplete" => self.reason.or(self.status.clone()),
            "completed" | "failed" | "cancelled" => self.status.clone(),
            _ => None,
        };
        let asks = status == "completed" && !reply.tool_calls.is_empty();
        reply.set_finish_reasons(ended.into_iter().collect());
        if asks {
            // The status says no more than that the model is done.
            reply.finish_class = Some(FinishClass::ToolCall);
        }
        let class = reply.finish_class.map(|class| class.as_str());
        let word =
            class.unwrap_or_else(|| finish::message_word(reply.finish_reasons.first().map(String::as_str)));
        reply.output_messages =
            (!parts.is_empty()).then(|| Value::Array(vec![message("assistant", parts, Some(word))]));
        let searches = self.searches.or((searches > 0).then_some(searches));
        if let Some(searches) = searches {
            let usage = reply.usage.get_or_insert_with(Usage::new);
            usage.web_searches = usage.web_searches.or(Some(searches));
        }
        if file_searches > 0 {
            reply.usage.get_or_insert_with(Usage::new).file_searches = Some(file_searches);
        }
        if let Some(usage) = &mut reply.usage {
            usage.uncounted = has_image;
        }
        let unnamed = || ReplyError::named(None, "");
        reply.error = self.error.or_else(|| (status == "failed").then(unnamed));
        reply.size = self.capture.size;
        reply
    }
}

/// Where the counts stand; those with a plus are sums.
const PLACES: &[Place] = &[
    ("input", "usage.input_tokens"),
    ("output", "usage.output_tokens"),
    ("total", "usage.total_tokens"),
    ("cache_read", "usage.input_tokens_details.cached_tokens"),
    ("cache_read", "usage.input_tokens_details.cache_read_input_tokens"),
    ("cache_write", "usage.input_tokens_details.cache_write_tokens"),
    ("reasoning", "usage.output_tokens_details.reasoning_tokens"),
    ("input_audio", "usage.input_tokens_details.audio_tokens"),
    ("output_audio", "usage.output_tokens_details.audio_tokens"),
    ("input_image", "usage.input_tokens_details.image_tokens"),
    ("output_image", "usage.output_tokens_details.image_tokens"),
    ("web_searches", "usage.server_side_tool_usage_details.web_search_calls"),
    ("web_searches", "usage.tool_calls_details.search_web.invocation"),
    ("web_searches", "tool_usage.web_search.num_requests"),
    ("provider_cost_usd", "usage.cost"),
    ("provider_cost_usd", "usage.cost.total_cost"),
    ("web_searches", "output[web_search_call]"),
    ("file_searches", "output[file_search_call]"),
];
