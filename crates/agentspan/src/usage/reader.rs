//! Reading one reply from the bytes of its body, or from its chunks.

use agentspan_semconv::{StreamEnd, provider};
use serde::Serialize;
use serde_json_borrow::ObjectAsVec;

mod body;
mod headers;

use body::Body;
use headers::Headers;

use super::framing::Payload;
use super::json::{self, Json};
use super::reply::{self, Reply};
use super::{Endpoint, StreamReader, read_reply};

/// Reads one reply of a model while it passes, in any cut, and says at the end what was in it.
///
/// The body decides what it is, since content types lie: one JSON object, server-sent events, lines of JSON, a JSON array
/// of chunks, or AWS's binary event stream. A streamed reply reads like the same reply sent whole. Nothing here fails or
/// panics; what cannot be read is absent. At most 64 MiB of a whole body and 8 MiB of one event are kept: of a larger body
/// only the size is known, a larger event is skipped.
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
    chunks: StreamReader,
    chunk_count: u64,
}

impl ReplyReader {
    /// A reader for the reply of a provider, by any of its words; an unknown one may be empty.
    pub fn new(provider: &str) -> Self {
        let provider: Box<str> = provider::canonical(provider).as_ref().into();
        let chunks = StreamReader::new(&provider, false);
        let headers = Headers::default();
        Self {
            provider,
            content: false,
            status: None,
            headers,
            body: Body::default(),
            chunks,
            chunk_count: 0,
        }
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
    pub fn status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    /// One header of the response. Bedrock alone tells its request id, the counts of InvokeModel and the class of an error
    /// there; others are ignored.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.set(name, value);
        self
    }

    /// Whether the text of messages and the arguments of tools are kept, at most 1 MiB. Default: no. Tell it before the
    /// first piece of the body.
    pub fn with_content(self, content: bool) -> Self {
        Self { content, ..self }.renewed()
    }

    fn renewed(self) -> Self {
        Self { chunks: StreamReader::new(&self.provider, self.content), ..self }
    }

    /// Reads a piece of the body, of any length. It is for the caller to hand on the same bytes first.
    pub fn push(&mut self, bytes: &[u8]) {
        let Self { body, chunks, chunk_count, .. } = self;
        body.push(bytes, &mut |payload| read(chunks, chunk_count, payload));
    }

    /// Reads a chunk that the client has parsed already, in place of [`push`](Self::push).
    ///
    /// A text that holds JSON is parsed; any other text is a part of the answer.
    pub fn push_chunk<C: Serialize + ?Sized>(&mut self, chunk: &C) {
        self.body.is_of_chunks();
        self.chunk_count += 1;
        json::with_json(chunk, |chunk| self.chunks.push(chunk));
    }

    /// Whether a part of the answer has come: the moment of the first chunk. OpenAI's Responses announce themselves
    /// before it. Always false for a body that is no stream.
    pub fn has_output(&self) -> bool {
        self.chunks.has_output()
    }

    /// Whether the provider has said that a streamed reply is whole. False for a whole body until
    /// [`finish`](Self::finish) has read it.
    pub fn is_complete(&self) -> bool {
        self.chunks.is_complete() && !self.body.is_open()
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
            let Self { body, chunks, chunk_count, .. } = &mut self;
            body.finish(&mut |payload| read(chunks, chunk_count, payload));
        }
        let is_complete = self.is_complete();
        let Self { provider, content, status, headers, body, chunks, chunk_count } = self;
        let mut kept: &[u8] = &[];
        let mut reply = match &body {
            Body::Stream(_) | Body::Chunks => Reply {
                stream_end: Some(if is_complete { StreamEnd::Complete } else { otherwise }),
                chunk_count,
                ..chunks.into_reply()
            },
            Body::Unknown(bytes) | Body::Whole { bytes, .. } => {
                kept = bytes;
                body::parse(bytes, |parsed| read_reply(&provider, parsed, content))
                    .unwrap_or_else(|| Reply { size: bytes.len(), ..Reply::default() })
            }
            Body::Other { size, start } => {
                kept = start;
                Reply { size: *size, ..Reply::default() }
            }
        };
        headers.complete(&mut reply);
        if let Some(status) = status.filter(|status| *status >= 400) {
            // A body that says what it is needs no text; one that is no JSON is the text.
            let told = reply.error.take().or_else(|| body::parse(kept, reply::any_error).flatten());
            reply.error = Some(reply::of_status(status, headers.error_type(), told, kept));
        }
        reply
    }
}

fn read(chunks: &mut StreamReader, count: &mut u64, payload: Payload<'_>) {
    match payload {
        Payload::Text(text) if text.trim_ascii() == b"[DONE]" => chunks.done(),
        Payload::Text(text) => {
            let read = body::parse(text, |chunk| chunks.push(chunk));
            *count += u64::from(read.is_some());
        }
        // As the clients of AWS give it: an object with the event's name as its only key.
        Payload::Event { name, body } => {
            let read = body::parse(body, |event| {
                let event = Json::Object(ObjectAsVec::from(vec![(name, event.clone())]));
                chunks.push(&event);
            });
            *count += u64::from(read.is_some());
        }
        Payload::Failure { name, body } => {
            let failure = body::parse(body, |body| reply::failure(name, body));
            chunks.fail(failure.unwrap_or_else(|| reply::failure(name, &Json::Null)));
        }
    }
}

#[cfg(test)]
mod tests;
