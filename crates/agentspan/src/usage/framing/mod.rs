//! Taking a body apart into its payloads while the bytes pass, in any cut.
//!
//! Each splitter is fed pieces of any length and hands out complete payloads, without copying those that lie
//! within one piece. A payload of more than [`MAX_PAYLOAD`] is skipped and the reading goes on behind it, so
//! that memory is bounded whatever comes; how the bytes were cut never changes what is handed out.

mod base64;
mod event_stream;
mod json_array;
mod lines;
mod ndjson;
mod sse;

pub(super) use event_stream::EventStream;
pub(super) use json_array::JsonArray;
pub(super) use ndjson::Ndjson;
pub(super) use sse::Sse;

/// Bytes of one payload that are kept; the largest event that a provider sends is an image of a few megabytes.
const MAX_PAYLOAD: usize = 8 << 20;

/// One complete payload of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Payload<'a> {
    /// The text of one event, line or element.
    Text(&'a [u8]),
    /// The JSON of a binary event with its type, which stands outside of the JSON.
    Event { name: &'a str, body: &'a [u8] },
    /// A failure that the framing itself tells, with its type.
    Failure { name: &'a str, body: &'a [u8] },
}

/// Where payloads go.
pub(super) type Sink<'a> = dyn FnMut(Payload<'_>) + 'a;

/// The splitter of one body.
#[derive(Debug)]
pub(super) enum Framing {
    Sse(Sse),
    Ndjson(Ndjson),
    JsonArray(JsonArray),
    EventStream(EventStream),
}

impl Framing {
    pub(super) fn push(&mut self, bytes: &[u8], sink: &mut Sink<'_>) {
        match self {
            Self::Sse(sse) => sse.push(bytes, sink),
            Self::Ndjson(lines) => lines.push(bytes, sink),
            Self::JsonArray(array) => array.push(bytes, sink),
            Self::EventStream(frames) => frames.push(bytes, sink),
        }
    }

    /// Hands out what a missing end of the last line or event held back.
    pub(super) fn finish(&mut self, sink: &mut Sink<'_>) {
        match self {
            Self::Sse(sse) => sse.finish(sink),
            Self::Ndjson(lines) => lines.finish(sink),
            Self::JsonArray(_) => {}
            Self::EventStream(frames) => frames.finish(sink),
        }
    }

    /// Whether the framing has an end mark of its own and that has not come.
    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::JsonArray(array) => !array.is_closed(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
