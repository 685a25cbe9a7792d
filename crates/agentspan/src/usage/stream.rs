//! Reading a stream chunk by chunk.

use serde_json::json;

use super::collect::Capture;
use super::finish::message_word;
use super::json::{self, Json};
use super::messages::{message, text_part};
use super::reply::{Reply, ReplyError, error_in};
use super::{Collector, family_of};

/// Reads the chunks of a streamed reply, each a JSON value, and gives the same [`Reply`] as the whole one.
///
/// The first chunk with a known shape decides the family. Chunks that are plain text, as local models send
/// them, are put together to one message. Memory is bounded whatever is streamed.
#[derive(Debug)]
pub(crate) struct StreamReader {
    provider: Box<str>,
    family: Option<Box<dyn Collector>>,
    error: Option<ReplyError>,
    /// Text and size of chunks that belong to no family.
    text: String,
    capture: Capture,
    chunks: usize,
    is_done: bool,
}

impl StreamReader {
    pub(crate) fn new(provider: &str, content: bool) -> Self {
        Self {
            provider: provider.into(),
            family: None,
            error: None,
            text: String::new(),
            capture: Capture::new(content),
            chunks: 0,
            is_done: false,
        }
    }

    /// Reads one chunk.
    pub(crate) fn push(&mut self, chunk: &Json<'_>) {
        self.chunks = self.chunks.saturating_add(1);
        let map = match chunk {
            Json::Object(map) => map,
            // The end mark of OpenAI's framing, from clients that pass it on.
            Json::Str(text) if text.trim() == "[DONE]" => return self.is_done = true,
            Json::Str(text) => {
                self.capture.append(&mut self.text, text);
                return;
            }
            other => return self.capture.size += json::size(other),
        };
        if self.error.is_none() {
            self.error = error_in(map);
        }
        if self.family.is_none() {
            let family = family_of(&self.provider, map);
            self.family = family.map(|family| (family.open)(&self.provider, self.capture.on));
        }
        match &mut self.family {
            Some(family) => family.push(map),
            None => self.capture.size += json::size(chunk),
        }
    }

    /// Whether the provider has said that the reply is whole; asked when the stream has ended.
    ///
    /// A stream of unknown shape has no way to say so and is whole when it ended without an error.
    pub(crate) fn is_complete(&self) -> bool {
        let said = || self.family.as_ref().map_or(self.chunks > 0, |family| family.is_complete());
        self.error.is_none() && (self.is_done || said())
    }

    /// The first error that a chunk reported.
    pub(crate) fn error(&self) -> Option<&ReplyError> {
        self.error.as_ref()
    }

    /// What was read so far, also of a stream that was cut or abandoned.
    pub(crate) fn into_reply(self) -> Reply {
        let mut reply = match self.family {
            Some(family) => family.finish(),
            None => Reply { size: self.capture.size, ..plain_text(&self.text, self.capture.on) },
        };
        reply.error = reply.error.or(self.error);
        reply
    }
}

/// The reply of a model that answers with nothing but text.
pub(super) fn plain_text(text: &str, content: bool) -> Reply {
    let messages = (content && !text.is_empty())
        .then(|| json!([message("assistant", vec![text_part(text)], Some(message_word(Some("stop"))))]));
    Reply { size: text.len(), output_messages: messages, ..Reply::default() }
}
