//! Reading a stream chunk by chunk.

use serde_json::json;

use super::bedrock_invoke::metrics;
use super::collect::Capture;
use super::counts::Usage;
use super::finish::message_word;
use super::json::{self, Json, Object};
use super::messages::{message, text_part};
use super::places::Place;
use super::reply::{Reply, ReplyError, error_in};
use super::{Collector, family_of, genai};

/// Reads the chunks of a streamed reply, each a JSON value, and gives the same [`Reply`] as the whole one.
///
/// The first chunk with a known shape decides the family. Chunks that are plain text, as local models send
/// them, are put together to one message. Memory is bounded whatever is streamed.
#[derive(Debug)]
pub(super) struct StreamReader {
    provider: Box<str>,
    family: Option<Box<dyn Collector>>,
    error: Option<ReplyError>,
    /// What Bedrock adds to the last chunk, for models that count nothing by themselves.
    metrics: Option<Usage>,
    /// Text and size of chunks that belong to no family.
    text: String,
    capture: Capture,
    chunks: usize,
    /// The first chunk may have been genai's first event, or the word of an answer in plain text.
    is_opened: bool,
    is_done: bool,
    has_output: bool,
}

impl StreamReader {
    pub(super) fn new(provider: &str, content: bool) -> Self {
        Self {
            provider: provider.into(),
            family: None,
            error: None,
            metrics: None,
            text: String::new(),
            capture: Capture::new(content),
            chunks: 0,
            is_opened: false,
            is_done: false,
            has_output: false,
        }
    }

    /// Reads one chunk.
    pub(super) fn push(&mut self, chunk: &Json<'_>) {
        // What comes behind the end mark belongs to no reply.
        if self.is_done {
            return;
        }
        self.chunks = self.chunks.saturating_add(1);
        if self.is_announcement(chunk) {
            return;
        }
        let map = match chunk {
            Json::Object(map) => map,
            // The end mark of OpenAI's framing, from clients that pass it on.
            Json::Str(text) if text.trim() == "[DONE]" => return self.done(),
            Json::Str(text) => {
                if std::mem::take(&mut self.is_opened) {
                    self.capture.append(&mut self.text, genai::OPENING);
                }
                self.has_output = true;
                self.capture.append(&mut self.text, text);
                return;
            }
            other => {
                self.has_output = true;
                return self.capture.size += json::size(other);
            }
        };
        if self.error.is_none() {
            self.error = error_in(map);
        }
        self.has_output = self.has_output || (self.error.is_none() && is_output(map));
        self.metrics = metrics(map).or_else(|| self.metrics.take());
        if self.family.is_none() {
            let family = family_of(&self.provider, map);
            self.family = family.map(|family| (family.open)(&self.provider, self.capture.on));
        }
        match &mut self.family {
            Some(family) => family.push(map),
            None => self.capture.size += json::size(chunk),
        }
    }

    /// Whether a chunk is one of genai's events that hold nothing.
    fn is_announcement(&mut self, chunk: &Json<'_>) -> bool {
        match chunk.as_str() {
            Some(genai::OPENING) if self.chunks == 1 => {
                self.is_opened = true;
                true
            }
            Some(genai::SIGN_OF_LIFE) => self.is_opened,
            _ => false,
        }
    }

    /// Where the counts may stand in a chunk, as far as the family is known.
    pub(super) fn places(&self) -> &'static [Place] {
        self.family.as_ref().map(|family| family.places()).unwrap_or_default()
    }

    /// Takes note of the end mark of OpenAI's framing.
    pub(super) fn done(&mut self) {
        self.is_done = true;
    }

    /// Takes note of a failure that the framing tells; the first one is kept.
    pub(super) fn fail(&mut self, error: ReplyError) {
        self.error.get_or_insert(error);
    }

    /// Whether a part of the answer has come, and not only the news that it will.
    pub(super) fn has_output(&self) -> bool {
        self.has_output
    }

    /// Whether the provider has said that the reply is whole; asked when the stream has ended.
    ///
    /// A stream of unknown shape has no way to say so and is whole when it ended without an error. After an error nothing
    /// is whole, whatever end mark follows.
    pub(super) fn is_complete(&self) -> bool {
        let unknown = self.chunks > 0 && !self.is_opened;
        let said = || self.family.as_ref().map_or(unknown, |family| family.is_complete());
        !self.has_failed() && (self.is_done || said())
    }

    /// Whether a chunk or the framing has reported an error.
    fn has_failed(&self) -> bool {
        self.error().is_some() || self.family.as_ref().is_some_and(|family| family.has_failed())
    }

    /// The first error that a chunk or the framing reported.
    pub(super) fn error(&self) -> Option<&ReplyError> {
        self.error.as_ref()
    }

    /// What was read so far, also of a stream that was cut or abandoned.
    pub(super) fn into_reply(self) -> Reply {
        let is_complete = self.is_complete();
        let mut reply = match self.family {
            Some(family) => {
                let hint = family.hint_without_usage().filter(|_| is_complete);
                let reply = family.finish();
                let hint = hint.filter(|_| reply.usage.is_none());
                Reply { hint, ..reply }
            }
            None => Reply { size: self.capture.size, ..plain_text(&self.text, self.capture.on) },
        };
        reply.error = reply.error.or(self.error);
        reply.usage = reply.usage.or(self.metrics);
        reply
    }
}

/// Whether a chunk has a part of the answer: some families announce themselves and each block before anything is said.
fn is_output(map: &Object<'_>) -> bool {
    // Bedrock's events have their name as the only key; the beginning of a block tells something only of a tool.
    if let Some(block) = json::object(map, "contentBlockStart") {
        return json::object(block, "start").is_some_and(|start| start.contains_key("toolUse"));
    }
    if map.contains_key("messageStart") {
        return false;
    }
    let kind = json::text(map, "type").or_else(|| json::text(map, "event_type")).unwrap_or_default();
    match kind {
        // Anthropic's, Cohere's of version 2, and Cohere's of version 1.
        "message_start" | "ping" | "message-start" | "content-start" | "stream-start" => false,
        "content_block_start" => {
            let block = json::object(map, "content_block").and_then(|block| json::text(block, "type"));
            !matches!(block, Some("text" | "thinking"))
        }
        kind => !kind.starts_with("response.") || kind.ends_with(".delta"),
    }
}

/// The reply of a model that answers with nothing but text.
pub(super) fn plain_text(text: &str, content: bool) -> Reply {
    let messages = (content && !text.is_empty())
        .then(|| json!([message("assistant", vec![text_part(text)], Some(message_word(Some("stop"))))]));
    Reply { size: text.len(), output_messages: messages, ..Reply::default() }
}
