//! Gemini's Interactions, whole and streamed, with steps or with the outputs that came before them.

use serde_json::{Value, json};

use super::blocks::{Blocks, Runs, choice, told};
use super::collect::Capture;
use super::counts::{Usage, count, count_at, is_bad_count, sum};
use super::gemini_counts::of_modalities;
use super::gemini_messages::modality_of;
use super::json::{self, Json, Object};
use super::messages::{blob, other};
use super::places::Place;
use super::reply::{Reply, ReplyError, error_in};
use super::{Collector, Family};
use agentspan_semconv::FinishClass;

pub(super) const FAMILY: Family =
    Family { providers: &[], recognises, open: |_, content| Box::new(Interaction::new(content)) };

fn recognises(body: &Object<'_>) -> bool {
    let is_event = |kind: &str| EVENTS.iter().any(|start| kind.starts_with(start));
    let has_counts = || json::object(body, "usage").is_some_and(|usage| usage.contains_key(INPUT));
    json::text(body, "object") == Some("interaction")
        || json::text(body, "event_type").is_some_and(is_event)
        || has_counts()
}

/// How its events begin; those of content are older than those of steps.
const EVENTS: [&str; 3] = ["interaction.", "step.", "content."];
/// An interaction that has one of these does nothing more by itself.
const ENDED: [&str; 6] =
    ["completed", "requires_action", "failed", "cancelled", "incomplete", "budget_exceeded"];

#[derive(Debug)]
struct Interaction {
    reply: Reply,
    capture: Capture,
    blocks: Blocks,
    status: Option<String>,
    error: Option<ReplyError>,
}

impl Interaction {
    fn new(content: bool) -> Self {
        Self {
            reply: Reply::default(),
            capture: Capture::new(content),
            blocks: Blocks::default(),
            status: None,
            error: None,
        }
    }

    /// The interaction itself; the events of a stream hold its newer states.
    fn push_interaction(&mut self, interaction: &Object<'_>) {
        let reply = &mut self.reply;
        reply.id = json::name(interaction, "id").or_else(|| reply.id.take());
        reply.model = json::name(interaction, "model").or_else(|| reply.model.take());
        reply.service_tier = json::name(interaction, "service_tier").or_else(|| reply.service_tier.take());
        self.push_state(interaction);
        let first = json::list(interaction, "errors").first().and_then(Json::as_object);
        if let Some(first) = first {
            let text = json::text(first, "message").unwrap_or_default();
            self.error = Some(ReplyError::named(json::name(first, "code"), text));
        }
        // At the end of a stream they may stand once more.
        if self.blocks.is_empty() {
            let steps = json::list(interaction, "steps").iter().chain(json::list(interaction, "outputs"));
            for (index, step) in steps.enumerate() {
                self.push_step(index as u64, step);
            }
        }
    }

    fn push_state(&mut self, holder: &Object<'_>) {
        self.status = json::name(holder, "status").or_else(|| self.status.take());
        if let Some(usage) = json::object(holder, "usage").and_then(read) {
            self.reply.usage = Some(usage);
        }
    }

    /// A step, or one of the older outputs, whole or as a stream begins it.
    fn push_step(&mut self, index: u64, value: &Json<'_>) {
        let Some(step) = value.as_object() else { return };
        match json::text(step, "type").unwrap_or_default() {
            "user_input" => {}
            "model_output" => {
                json::list(step, "content").iter().for_each(|part| self.push_content(index, part));
            }
            "thought" => {
                for part in json::list(step, "summary") {
                    self.push_thought(index, part);
                }
            }
            "function_call" => {
                let (id, name) = (json::name(step, "id"), json::name(step, "name"));
                let call = self.blocks.call(Some(index), Runs::Caller, id, name, &mut self.capture);
                if let (Some(call), Some(arguments)) = (call, told(step.get("arguments"))) {
                    call.add_arguments(arguments, &mut self.capture);
                }
            }
            kind if kind.ends_with("_call") => self.blocks.other(value, &mut self.capture, || {
                let name = json::text(step, "name").unwrap_or(kind.trim_end_matches("_call"));
                json!({ "type": "server_tool_call", "name": name, "server_tool_call": other(step) })
            }),
            kind if kind.ends_with("_result") => self.blocks.other(
                value,
                &mut self.capture,
                || json!({ "type": "server_tool_call_response", "server_tool_call_response": other(step) }),
            ),
            _ => self.push_content(index, value),
        }
    }

    fn push_content(&mut self, index: u64, value: &Json<'_>) {
        let Some(part) = value.as_object() else { return };
        if json::text(part, "type") == Some("text") {
            let text = json::text(part, "text").unwrap_or_default();
            self.blocks.text(Some(index), text, &mut self.capture);
        } else if let Some(data) = json::text(part, "data") {
            let mime_type = json::text(part, "mime_type").unwrap_or_default();
            self.capture.size += data.len();
            self.blocks.other(value, &mut self.capture, || blob(modality_of(mime_type), mime_type, data));
        } else if part.len() > 1 {
            self.blocks.other(value, &mut self.capture, || other(part));
        }
    }

    fn push_thought(&mut self, index: u64, part: &Json<'_>) {
        let text = json::get(part, "text").and_then(Json::as_str).unwrap_or_default();
        self.blocks.reasoning(Some(index), text, &mut self.capture);
    }

    fn push_delta(&mut self, index: u64, value: &Json<'_>) {
        let Some(delta) = value.as_object() else { return };
        match json::text(delta, "type").unwrap_or_default() {
            "thought_summary" => {
                if let Some(content) = delta.get("content") {
                    self.push_thought(index, content);
                }
            }
            "arguments_delta" => {
                if let Some(piece) = delta.get("arguments").filter(|piece| piece.is_string()) {
                    self.blocks.arguments(index, piece, &mut self.capture);
                }
            }
            "thought_signature" | "text_annotation" => {}
            // The older streams give a whole call as a delta.
            _ => self.push_step(index, value),
        }
    }
}

impl Collector for Interaction {
    fn push(&mut self, body: &Object<'_>) {
        let index = || body.get("index").and_then(count).unwrap_or(0);
        match json::text(body, "event_type").unwrap_or_default() {
            "step.start" => {
                if let Some(step) = body.get("step") {
                    self.push_step(index(), step);
                }
            }
            "content.start" => {
                // A call and a thought begin empty here and come whole as a delta.
                if let Some(content) = body.get("content") {
                    self.push_content(index(), content);
                }
            }
            "step.delta" | "content.delta" => {
                if let Some(delta) = body.get("delta") {
                    self.push_delta(index(), delta);
                }
            }
            "interaction.status_update" => self.push_state(body),
            "step.stop" | "content.stop" => {}
            _ => match json::object(body, "interaction") {
                Some(interaction) => {
                    self.error = self.error.take().or_else(|| error_in(interaction));
                    self.push_interaction(interaction);
                }
                None => self.push_interaction(body),
            },
        }
    }

    fn is_complete(&self) -> bool {
        self.status.as_deref().is_some_and(|status| ENDED.contains(&status))
    }

    fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    fn places(&self) -> &'static [Place] {
        PLACES
    }

    fn finish(self: Box<Self>) -> Reply {
        let (content, is_complete) = (self.capture.on, self.is_complete());
        let mut reply = self.reply;
        let (parts, calls) = self.blocks.finish(content);
        reply.tool_calls = calls;
        reply.set_finish_reasons(self.status.filter(|_| is_complete).into_iter().collect());
        if !reply.tool_calls.is_empty() && is_complete && reply.finish_class.is_none() {
            // `requires_action`, which says no more than that the interaction waits.
            reply.finish_class = Some(FinishClass::ToolCall);
        }
        let class = reply.finish_class.map(|class| class.as_str());
        let word = class.or(reply.finish_reasons.first().map(String::as_str));
        reply.output_messages = choice(parts, word).map(|message| Value::Array(vec![message]));
        reply.error = self.error;
        reply.size = self.capture.size;
        reply
    }
}

const INPUT: &str = "total_input_tokens";
const TOOL_USE: &str = "total_tool_use_tokens";
const OUTPUT: &str = "total_output_tokens";
const THOUGHT: &str = "total_thought_tokens";

/// Thoughts and what tools put into the prompt are counted apart.
fn read(usage: &Object<'_>) -> Option<Usage> {
    let details =
        |lists: &[&str]| of_modalities(lists.iter().flat_map(|list| json::list(usage, list)), "tokens");
    let [input_audio, input_image, input_video] =
        details(&["input_tokens_by_modality", "tool_use_tokens_by_modality"]);
    let [cache_audio_read, ..] = details(&["cached_tokens_by_modality"]);
    let [output_audio, output_image, output_video] = details(&["output_tokens_by_modality"]);
    let with = |count: &str, apart: &str| {
        let known = count_at(usage, count).filter(|_| !is_bad_count(usage, apart))?;
        sum([known, count_at(usage, apart).unwrap_or(0)])
    };
    let tools = json::list(usage, "grounding_tool_count").iter().filter_map(Json::as_object);
    let searches = tools.filter(|tool| json::text(tool, "type") == Some("google_search"));
    Usage {
        input: with(INPUT, TOOL_USE),
        output: with(OUTPUT, THOUGHT),
        total: count_at(usage, "total_tokens"),
        cache_read: count_at(usage, "total_cached_tokens"),
        reasoning: count_at(usage, THOUGHT),
        input_audio,
        input_image,
        cache_audio_read,
        output_audio,
        output_image,
        input_video,
        output_video,
        web_searches: searches.filter_map(|tool| count_at(tool, "count")).reduce(u64::saturating_add),
        ..Usage::default()
    }
    .if_any()
}

/// Where the counts stand; those with a plus are sums.
const PLACES: &[Place] = &[
    ("input", "usage.total_input_tokens + usage.total_tool_use_tokens"),
    ("output", "usage.total_output_tokens + usage.total_thought_tokens"),
    ("total", "usage.total_tokens"),
    ("cache_read", "usage.total_cached_tokens"),
    ("reasoning", "usage.total_thought_tokens"),
    ("input_audio", "usage.input_tokens_by_modality[audio].tokens"),
    ("input_image", "usage.input_tokens_by_modality[image].tokens"),
    ("cache_audio_read", "usage.cached_tokens_by_modality[audio].tokens"),
    ("output_audio", "usage.output_tokens_by_modality[audio].tokens"),
    ("output_image", "usage.output_tokens_by_modality[image].tokens"),
    ("input_video", "usage.input_tokens_by_modality[video].tokens"),
    ("output_video", "usage.output_tokens_by_modality[video].tokens"),
    ("web_searches", "usage.grounding_tool_count[google_search].count"),
];
