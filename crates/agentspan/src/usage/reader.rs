//! Reading one reply from the bytes of its body, or from its chunks.

use std::iter;

use agentspan_semconv::{StreamEnd, provider};
use serde::Serialize;

mod body;
mod headers;
mod numbers;

use body::{Body, Item};
use headers::Headers;

use super::framing::Payload;
use super::json::{self, Json};
use super::places::Places;
use super::reply::{self, Reply};
use super::{Endpoint, StreamReader, places_of, read_reply};

/// Values of one event; those with vectors come whole.
const MAX_CHUNK_VALUES: usize = 1 << 20;

/// Reads one reply of a model while it passes, in any cut, and says at the end what was in it.
///
/// The body decides what it is, since content types lie: one JSON object, server-sent events, lines of JSON, a JSON array
/// of chunks, or AWS's binary event stream. A streamed reply reads like the same reply sent whole. Nothing here fails or
/// panics; what cannot be read is absent. At most 64 MiB of a whole body and 8 MiB of one event are kept: of a larger body
/// only the size is known, a larger event is skipped. The same goes for a body of more than six million values and an event
/// of more than one million, since each takes many times the memory of its text.
///
/// ```
/// use agentspan::usage::ReplyReader;
///
/// let mut reader = ReplyReader::new("openai").status(200);
/// for piece in [
///     "data: {\"model\":\"gpt-4o\",\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"fini",
///     "sh_reason\":\"stop\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1}}\n\n",
///     "data: [DONE]\n\n",
/// ] {
///     reader.push(piece.as_bytes());
/// }
/// assert!(reader.is_complete());
/// let reply = reader.finish();
/// assert_eq!(reply.usage.and_then(|usage| usage.input), Some(9));
/// assert_eq!(reply.finish_reasons, ["stop"]);
/// ```
#[derive(Debug)]
#[must_use]
pub struct ReplyReader {
    provider: Box<str>,
    content: bool,
    status: Option<u16>,
    headers: Headers,
    body: Body,
    /// How a client gives the body as the items of a stream, if one does.
    items: Option<Item>,
    chunks: Chunks,
}

/// The chunks of a stream as they come.
#[derive(Debug)]
struct Chunks {
    reader: StreamReader,
    count: u64,
    /// From the first part of the answer on.
    outputs: u64,
    /// Where the counts stand, when that was asked for.
    places: Option<Places>,
}

impl ReplyReader {
    /// A reader for the reply of a provider, by any of its words; an unknown one may be empty.
    pub fn new(provider: &str) -> Self {
        let provider: Box<str> = provider::canonical(provider).as_ref().into();
        let chunks =
            Chunks { reader: StreamReader::new(&provider, false), count: 0, outputs: 0, places: None };
        let headers = Headers::default();
        Self { provider, content: false, status: None, headers, body: Body::default(), items: None, chunks }
    }

    /// Takes the provider from where the request went, if that is known. Tell it before the first piece of the body.
    pub fn endpoint(self, endpoint: &Endpoint) -> Self {
        match &endpoint.provider {
            Some(known) => Self { provider: provider::canonical(known).as_ref().into(), ..self }.renewed(),
            None => self,
        }
    }

    /// The HTTP status: from 400 on the body is an error, whatever it says. Default: it is not known, and the body alone
    /// tells.
    pub fn status(mut self, status: u16) -> Self {
        self.set_status(status);
        self
    }

    pub(crate) fn set_status(&mut self, status: u16) {
        self.status = Some(status);
    }

    /// One header of the response. Bedrock alone tells its request id, the counts of InvokeModel and the class of an error
    /// there; others are ignored.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.set_header(name, value);
        self
    }

    pub(crate) fn set_header(&mut self, name: &str, value: &str) {
        self.headers.set(name, value);
    }

    /// Whether the text of messages and the arguments of tools are kept, at most 1 MiB. Default: no. Tell it before the
    /// first piece of the body.
    pub fn with_content(self, content: bool) -> Self {
        Self { content, ..self }.renewed()
    }

    /// Whether it is noted where in the body each count stands, for [`Reply::places`]. Default: no, since it takes longer
    /// than reading the counts. Tell it before the first piece of the body.
    pub fn with_places(mut self, places: bool) -> Self {
        self.chunks.places = places.then(Places::default);
        self
    }

    fn renewed(mut self) -> Self {
        self.chunks.reader = StreamReader::new(&self.provider, self.content);
        self
    }

    /// Reads a piece of the body, of any length. It is for the caller to hand on the same bytes first.
    pub fn push(&mut self, bytes: &[u8]) {
        let Self { body, chunks, .. } = self;
        body.push(bytes, &mut |payload| chunks.read(payload));
    }

    /// Reads a chunk that the client has parsed already, in place of [`push`](Self::push).
    ///
    /// A text that holds JSON is parsed; any other text is a part of the answer. Should the first item begin like
    /// server-sent events or, as bytes, like another stream, then the items are read as the pieces of the body that they
    /// are, or as its lines.
    pub fn push_chunk<C: Serialize + ?Sized>(&mut self, chunk: &C) {
        if !matches!(self.body, Body::Chunks) && self.push_raw(chunk) {
            return;
        }
        self.body.is_of_chunks();
        json::with_json(chunk, |chunk| self.chunks.push(chunk));
        self.chunks.counted(true);
    }

    /// Reads a piece of the body that came as an item of a stream; false when it is none.
    fn push_raw<C: Serialize + ?Sized>(&mut self, item: &C) -> bool {
        let read = |bytes: &[u8], is_text| {
            let kind = self.body.kind_of_item(bytes, is_text);
            if kind == Item::Chunk {
                return false;
            }
            self.push(bytes);
            if *self.items.get_or_insert(kind) == Item::Line {
                // Clients leave out the empty lines between events as well.
                self.push(b"\n\n");
            }
            true
        };
        json::with_bytes(item, read).unwrap_or(false)
    }

    /// Whether a part of the answer has come: the moment of the first chunk. OpenAI's Responses, Anthropic, Bedrock and
    /// Cohere announce themselves before it, which is not counted. Always false for a body that is no stream.
    pub fn has_output(&self) -> bool {
        self.chunks.reader.has_output()
    }

    /// Chunks that have come, from the first part of the answer on.
    pub(crate) fn output_chunks(&self) -> u64 {
        self.chunks.outputs
    }

    /// Whether the provider has said that a streamed reply is whole. False for a whole body until
    /// [`finish`](Self::finish) has read it.
    pub fn is_complete(&self) -> bool {
        self.chunks.reader.is_complete() && !self.body.is_open()
    }

    /// What was read, when the body has ended. A stream that ended before the provider said so was cut.
    pub fn finish(self) -> Reply {
        self.end(StreamEnd::Cut)
    }

    /// What was read up to where the caller stopped reading.
    pub fn finish_abandoned(self) -> Reply {
        self.end(StreamEnd::Abandoned)
    }

    fn end(mut self, otherwise: StreamEnd) -> Reply {
        {
            let Self { body, chunks, .. } = &mut self;
            body.finish(&mut |payload| chunks.read(payload));
        }
        let (is_complete, has_output) = (self.is_complete(), self.has_output());
        let Self { provider, content, status, headers, body, items, chunks } = self;
        let Chunks { reader, count: chunk_count, mut places, .. } = chunks;
        let mut kept: &[u8] = &[];
        let mut reply = match &body {
            Body::Stream(_) | Body::Chunks => Reply {
                stream_end: Some(if is_complete { StreamEnd::Complete } else { otherwise }),
                chunk_count,
                ..reader.into_reply()
            },
            Body::Unknown(bytes) | Body::Whole { bytes, .. } => {
                kept = bytes;
                let read = |parsed: &Json<'_>| {
                    if let Some((places, body)) = places.as_mut().zip(parsed.as_object()) {
                        places.note(places_of(&provider, body), body);
                    }
                    read_reply(&provider, parsed, content)
                };
                body::parse(bytes, json::MAX_VALUES, read)
                    .unwrap_or_else(|| Reply { size: bytes.len(), ..Reply::default() })
            }
            Body::Other { size, start } => {
                kept = start;
                // As every stream of unknown shape, it is whole when it ended.
                Reply { size: *size, stream_end: items.map(|_| StreamEnd::Complete), ..Reply::default() }
            }
        };
        reply.places = places.map(Places::into_list).unwrap_or_default();
        headers.complete(&mut reply);
        if let Some(status) = status.filter(|status| *status >= 400) {
            // A body that says what it is needs no text; one that is no JSON is the text.
            let told = reply
                .error
                .take()
                .or_else(|| body::parse(kept, json::MAX_VALUES, reply::any_error).flatten());
            reply.error = Some(reply::of_status(status, headers.error_type(), told, kept));
            // A refusal is no stream, though some write it as one.
            reply.stream_end = reply.stream_end.filter(|_| has_output);
        }
        // Whatever end mark follows an error and whoever closes then, it was the provider that gave up.
        let is_cut = reply.error.is_some();
        reply.stream_end = reply.stream_end.map(|end| if is_cut { StreamEnd::Cut } else { end });
        reply
    }
}

impl Chunks {
    fn push(&mut self, chunk: &Json<'_>) {
        self.reader.push(chunk);
        if let Some((places, body)) = self.places.as_mut().zip(chunk.as_object()) {
            places.note(self.reader.places(), body);
        }
    }

    fn counted(&mut self, was_read: bool) {
        self.count += u64::from(was_read);
        self.outputs += u64::from(was_read && self.reader.has_output());
    }

    fn read(&mut self, payload: Payload<'_>) {
        match payload {
            Payload::Text(text) if text.trim_ascii() == b"[DONE]" => self.reader.done(),
            Payload::Text(text) => {
                let read = body::parse(text, MAX_CHUNK_VALUES, |chunk| self.push(chunk));
                self.counted(read.is_some());
            }
            // As the clients of AWS give it: an object with the event's name as its only key.
            Payload::Event { name, body } => {
                let read = body::parse(body, MAX_CHUNK_VALUES, |event| {
                    let event = Json::Object(iter::once((name, event.clone())).collect());
                    self.push(&event);
                });
                self.counted(read.is_some());
            }
            Payload::Failure { name, body } => {
                let failure = body::parse(body, MAX_CHUNK_VALUES, |body| reply::failure(name, body));
                self.reader.fail(failure.unwrap_or_else(|| reply::failure(name, &Json::Null)));
            }
        }
    }
}

#[cfg(test)]
mod tests;
