//! Gemini's generateContent, of AI Studio and of Vertex AI, whole and streamed.

use serde_json::Value;

use super::blocks::{Blocks, Runs, choice};
use super::collect::{Capture, MAX_CHOICES};
use super::counts::count;
use super::gemini_counts::{output_of_ended, read};
use super::json::{self, Json, Object};
use super::keys;
use super::places::Place;
use super::reply::Reply;
use super::{Collector, Family, gemini_messages};
use agentspan_semconv::FinishClass;

pub(super) const FAMILY: Family = Family {
    providers: &["gcp.gemini", "gcp.vertex_ai"],
    recognises,
    open: |_, content| Box::new(Generate::new(content)),
};

fn recognises(body: &Object<'_>) -> bool {
    let is_object = |key: &str| keys::object(body, key).is_some();
    let has_candidates = || keys::list(body, "candidates").first().is_some_and(Json::is_object);
    // Replies with vectors are read by the family of embeddings.
    has_candidates()
        || is_object("promptFeedback")
        || is_object("usageMetadata") && !super::gemini_embeddings::recognises(body)
}

#[derive(Debug)]
struct Generate {
    reply: Reply,
    capture: Capture,
    candidates: Vec<Candidate>,
    /// Why the prompt was refused; then there are no candidates.
    block_reason: Option<String>,
}

#[derive(Debug, Default)]
struct Candidate {
    index: u64,
    finish: Option<String>,
    blocks: Blocks,
    searches: Option<u64>,
}

impl Generate {
    fn new(content: bool) -> Self {
        Self {
            reply: Reply::default(),
            capture: Capture::new(content),
            candidates: Vec::new(),
            block_reason: None,
        }
    }

    fn push_candidate(&mut self, position: usize, candidate: &Object<'_>) {
        let index = keys::at(candidate, "index").and_then(count).unwrap_or(position as u64);
        let place = match self.candidates.iter().rposition(|known| known.index == index) {
            Some(place) => place,
            None if self.candidates.len() < MAX_CHOICES => {
                self.candidates.push(Candidate { index, ..Candidate::default() });
                self.candidates.len() - 1
            }
            None => return,
        };
        let known = &mut self.candidates[place];
        // Two chunks of one stream may have one, and the last says how it ended.
        known.finish = keys::name(candidate, "finishReason").or_else(|| known.finish.take());
        let grounding = keys::object(candidate, "groundingMetadata");
        let queries =
            grounding.map(|grounding| keys::list(grounding, "webSearchQueries")).unwrap_or_default();
        let asked = queries.iter().filter(|query| query.as_str().is_some_and(|query| !query.is_empty()));
        let searches = asked.count() as u64;
        known.searches = if searches > 0 { Some(searches) } else { known.searches };
        let content = keys::object(candidate, "content");
        for part in content.map(|content| keys::list(content, "parts")).unwrap_or_default() {
            push_part(&mut known.blocks, part, &mut self.capture);
        }
    }
}

fn push_part(blocks: &mut Blocks, part: &Json<'_>, capture: &mut Capture) {
    let Some(map) = part.as_object() else { return };
    let is_thought = keys::at(map, "thought").and_then(Json::as_bool) == Some(true);
    if let Some(text) = keys::at(map, "text").and_then(Json::as_str) {
        match is_thought {
            true => blocks.reasoning(None, text, capture),
            false => blocks.text(None, text, capture),
        }
    } else if let Some(call) = keys::object(map, "functionCall") {
        // Often there is no id, and none is made up. A call that Vertex streams goes on in parts without a name,
        // whose arguments stand under paths: they are left out.
        let (id, name) = (keys::name(call, "id"), keys::name(call, "name"));
        if name.is_some()
            && let Some(pending) = blocks.call(None, Runs::Caller, id, name, capture)
            && let Some(arguments) = keys::at(call, "args")
        {
            pending.add_arguments(arguments, capture);
        }
    } else if let Some(data) = keys::object(map, "inlineData") {
        let text = |key: &str| keys::text(data, key).unwrap_or_default();
        capture.size += text("data").len();
        blocks.other(part, capture, || gemini_messages::part(map));
    } else if map.iter().any(|(key, _)| !SIGNATURE.contains(&key)) {
        blocks.other(part, capture, || gemini_messages::part(map));
    }
}

/// What stands at the top of a reply and of each chunk.
const KEYS: [&str; 5] = ["responseId", "modelVersion", "usageMetadata", "promptFeedback", "candidates"];

/// Encrypted thoughts, which nobody but the provider can read.
const SIGNATURE: [&str; 3] = ["thoughtSignature", "thought_signature", "thought"];

impl Collector for Generate {
    fn push(&mut self, body: &Object<'_>) {
        let reply = &mut self.reply;
        let [id, model, metadata, feedback, candidates] = keys::all(body, KEYS);
        let name = |value: Option<&Json<'_>>| value.and_then(json::short_text);
        reply.id = reply.id.take().or_else(|| name(id));
        reply.model = reply.model.take().or_else(|| name(model));
        if let Some(metadata) = metadata.and_then(Json::as_object) {
            // AI Studio's word, and the one of Vertex.
            let tier = keys::name(metadata, "serviceTier").or_else(|| keys::name(metadata, "trafficType"));
            reply.service_tier = tier.or_else(|| reply.service_tier.take());
            reply.usage = read(metadata).or_else(|| reply.usage.take());
        }
        if let Some(feedback) = feedback.and_then(Json::as_object) {
            self.block_reason = keys::name(feedback, "blockReason").or_else(|| self.block_reason.take());
        }
        let candidates = candidates.and_then(Json::as_array).unwrap_or_default();
        for (position, candidate) in candidates.iter().enumerate() {
            if let Some(candidate) = candidate.as_object() {
                self.push_candidate(position, candidate);
            }
        }
    }

    /// Every candidate that was seen has its finish reason, or there are none since the prompt was blocked.
    fn is_complete(&self) -> bool {
        match self.candidates.as_slice() {
            [] => self.block_reason.is_some(),
            candidates => candidates.iter().all(|candidate| candidate.finish.is_some()),
        }
    }

    fn places(&self) -> &'static [Place] {
        PLACES
    }

    fn finish(mut self: Box<Self>) -> Reply {
        let (content, is_complete) = (self.capture.on, self.is_complete());
        self.candidates.sort_by_key(|candidate| candidate.index);
        let mut reply = self.reply;
        let (mut messages, mut reasons, mut searches) = (Vec::new(), Vec::new(), None);
        for candidate in self.candidates {
            let (parts, calls) = candidate.blocks.finish(content);
            messages.extend(choice(parts, candidate.finish.as_deref()));
            reply.tool_calls.extend(calls);
            reply.has_open_choice |= candidate.finish.is_none();
            reasons.extend(candidate.finish);
            searches = candidate.searches.map(|count| count + searches.unwrap_or(0)).or(searches);
        }
        let is_blocked = reasons.is_empty() && self.block_reason.is_some();
        reasons.extend(self.block_reason.filter(|_| is_blocked));
        reply.set_finish_reasons(reasons);
        if is_blocked {
            reply.finish_class = Some(FinishClass::ContentFilter);
        }
        if let Some(usage) = &mut reply.usage {
            usage.output = if is_complete { output_of_ended(usage) } else { usage.output };
            usage.web_searches = searches;
        }
        reply.size = self.capture.size;
        reply.output_messages = (!messages.is_empty()).then_some(Value::Array(messages));
        reply
    }
}

/// Where the counts stand; those with a plus are sums.
const PLACES: &[Place] = &[
    ("input", "usageMetadata.promptTokenCount + usageMetadata.toolUsePromptTokenCount"),
    ("output", "usageMetadata.candidatesTokenCount + usageMetadata.thoughtsTokenCount"),
    ("total", "usageMetadata.totalTokenCount"),
    ("cache_read", "usageMetadata.cachedContentTokenCount"),
    ("reasoning", "usageMetadata.thoughtsTokenCount"),
    ("input_audio", "usageMetadata.promptTokensDetails[AUDIO].tokenCount"),
    ("input_image", "usageMetadata.promptTokensDetails[IMAGE].tokenCount"),
    ("cache_audio_read", "usageMetadata.cacheTokensDetails[AUDIO].tokenCount"),
    ("output_audio", "usageMetadata.candidatesTokensDetails[AUDIO].tokenCount"),
    ("output_image", "usageMetadata.candidatesTokensDetails[IMAGE].tokenCount"),
    ("input_video", "usageMetadata.promptTokensDetails[VIDEO].tokenCount"),
    ("output_video", "usageMetadata.candidatesTokensDetails[VIDEO].tokenCount"),
    ("web_searches", "candidates[].groundingMetadata.webSearchQueries[]"),
];
