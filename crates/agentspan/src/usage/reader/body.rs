//! Finding out what a body is, and taking it apart accordingly.

use serde::Deserialize;
use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::super::framing::{EventStream, Framing, JsonArray, Ndjson, Sink, Sse};
use super::super::json::{self, Json};
use super::numbers::without_bad_numbers;

/// Bytes of a whole body that are kept; parsing more would take the caller's time and many times their memory.
const MAX_WHOLE: usize = 64 << 20;
/// Bytes of a body that is nothing we know, for the text of an error.
const MAX_START: usize = 4096;

/// A byte order mark, which servers that put one before JSON have.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// What lines of server-sent events begin with; the first is a comment.
const FIELDS: [&[u8]; 5] = [b":", b"data:", b"event:", b"id:", b"retry:"];

/// A body as far as it is known.
#[derive(Debug)]
pub(super) enum Body {
    /// Only a few bytes came.
    Unknown(Vec<u8>),
    /// One JSON object, or the first of many lines.
    Whole {
        bytes: Vec<u8>,
        /// Where its first line ends.
        line_end: Option<usize>,
        /// What follows the first line belongs to the same object.
        is_one: bool,
    },
    Stream(Framing),
    /// The client parses the body and gives its chunks.
    Chunks,
    /// Nothing we know, or too large to be kept.
    Other {
        size: usize,
        start: Vec<u8>,
    },
}

impl Default for Body {
    fn default() -> Self {
        Self::Unknown(Vec::new())
    }
}

/// What the beginning of a body shows.
enum Kind {
    Undecided,
    Object,
    Stream(Framing),
    Other,
}

impl Body {
    pub(super) fn push(&mut self, bytes: &[u8], sink: &mut Sink<'_>) {
        match self {
            Self::Stream(framing) => framing.push(bytes, sink),
            Self::Chunks => {}
            Self::Other { size, start } => {
                *size += bytes.len();
                let room = MAX_START - start.len().min(MAX_START);
                start.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
            Self::Whole { bytes: kept, .. } => {
                // Lines may show that it is a stream, however much of it comes at once.
                let (bytes, rest) = bytes.split_at(bytes.len().min(MAX_WHOLE - kept.len()));
                let from = kept.len();
                kept.extend_from_slice(bytes);
                self.look_for_lines(from, sink);
                if !rest.is_empty() {
                    self.give_up();
                    self.push(rest, sink);
                }
            }
            Self::Unknown(kept) => {
                if kept.is_empty() {
                    return self.decide(bytes, sink);
                }
                let mut all = std::mem::take(kept);
                all.extend_from_slice(bytes);
                self.decide(&all, sink);
            }
        }
    }

    fn decide(&mut self, bytes: &[u8], sink: &mut Sink<'_>) {
        *self = match kind_of(bytes) {
            Kind::Undecided => Self::Unknown(bytes.to_vec()),
            Kind::Object => Self::Whole { bytes: Vec::new(), line_end: None, is_one: false },
            Kind::Stream(framing) => Self::Stream(framing),
            Kind::Other => Self::Other { size: 0, start: Vec::new() },
        };
        match self {
            Self::Unknown(_) => {}
            Self::Whole { .. } => self.push(without_lead(bytes), sink),
            _ => self.push(bytes, sink),
        }
    }

    /// What is too large to be kept is counted from here on; a stream goes on.
    fn give_up(&mut self) {
        if let Self::Whole { bytes, .. } = self {
            let start = bytes[..bytes.len().min(MAX_START)].to_vec();
            *self = Self::Other { size: bytes.len(), start };
        }
    }

    /// An object that ends with its line is the first of many when it says that more will come, or when something is
    /// behind it. The first way gives it at once, and not with the next line.
    fn look_for_lines(&mut self, from: usize, sink: &mut Sink<'_>) {
        let Self::Whole { bytes, line_end, is_one: is_one @ false } = self else { return };
        let is_new = line_end.is_none();
        if is_new {
            *line_end = memchr::memchr(b'\n', &bytes[from..]).map(|end| from + end);
        }
        let Some(end) = *line_end else { return };
        let line = bytes[..end].trim_ascii_end();
        let is_last = bytes[end.max(from)..].iter().all(u8::is_ascii_whitespace);
        let is_first_of_many = line.ends_with(b"}")
            && match is_last {
                true if is_new => is_followed(line),
                true => return,
                false => is_json(line),
            };
        if is_first_of_many {
            let bytes = std::mem::take(bytes);
            *self = Self::Stream(Framing::Ndjson(Ndjson::default()));
            self.push(&bytes, sink);
        } else {
            *is_one = !is_last;
        }
    }

    pub(super) fn finish(&mut self, sink: &mut Sink<'_>) {
        if let Self::Stream(framing) = self {
            framing.finish(sink);
        }
    }

    /// What the item of a client's stream is, of which the first one tells.
    pub(super) fn kind_of_item(&self, item: &[u8], is_text: bool) -> Item {
        match self {
            Self::Unknown(kept) if kept.is_empty() => kind_of_first(item, is_text),
            Self::Chunks => Item::Chunk,
            _ => Item::Piece,
        }
    }

    /// Takes note that the client parses the body.
    pub(super) fn is_of_chunks(&mut self) {
        if matches!(self, Self::Unknown(bytes) if bytes.is_empty()) {
            *self = Self::Chunks;
        }
    }

    /// Whether the framing shows that more must come.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Stream(framing) if framing.is_open())
    }
}

/// Whether a line says of itself that it is a chunk and more will come, as those of Ollama and of Cohere's first
/// interface do.
fn is_followed(line: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Chunk {
        done: Option<bool>,
        is_finished: Option<bool>,
    }
    let chunk = serde_json::from_slice::<Chunk>(line).ok();
    chunk.is_some_and(|chunk| [chunk.done, chunk.is_finished].contains(&Some(false)))
}

/// Parses JSON of a bounded number of values. Bytes that are no UTF-8 are replaced and numbers that cannot be are left out, so
/// that one broken character does not hide the counts.
pub(super) fn parse<R>(bytes: &[u8], most: usize, read: impl FnOnce(&Json<'_>) -> R) -> Option<R> {
    let bytes = without_lead(bytes);
    if json::has_more_values(bytes, most) {
        return None;
    }
    // Looking for broken characters takes several times as long as seeing that there are none.
    let text = str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    if let Ok(parsed) = serde_json::from_str(&text) {
        return Some(read(&parsed));
    }
    let text = without_bad_numbers(&text)?;
    serde_json::from_str(&text).ok().map(|parsed| read(&parsed))
}

/// What follows spaces and a byte order mark.
fn without_lead(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(MARK).unwrap_or(bytes).trim_ascii_start()
}

fn kind_of(bytes: &[u8]) -> Kind {
    if MARK.starts_with(bytes) {
        return Kind::Undecided;
    }
    // No text begins with a zero, and the length of a frame does, since none has 16 MiB.
    if bytes[0] == 0 {
        return Kind::Stream(Framing::EventStream(EventStream::default()));
    }
    let text = without_lead(bytes);
    match text {
        // Spaces without end are no body.
        _ if bytes.len() - text.len() > MAX_START => Kind::Other,
        [] => Kind::Undecided,
        [b'{', ..] => Kind::Object,
        [b'[', ..] => Kind::Stream(Framing::JsonArray(JsonArray::default())),
        _ if FIELDS.iter().any(|field| text.starts_with(field)) => Kind::Stream(Framing::Sse(Sse::default())),
        _ if FIELDS.iter().any(|field| field.starts_with(text)) => Kind::Undecided,
        _ => Kind::Other,
    }
}

/// What a client gives as the items of a stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Item {
    /// A parsed chunk, one JSON text, or a piece of an answer in plain text.
    Chunk,
    /// The body as it came, in any cut.
    Piece,
    /// A line of server-sent events without its end.
    Line,
}

/// Only what no answer in plain text begins with is taken for the body: answers begin with brackets and colons.
fn kind_of_first(item: &[u8], is_text: bool) -> Item {
    let line = item.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    match kind_of(item) {
        Kind::Stream(Framing::Sse(_)) if !is_text || line.ends_with(b"\n") => Item::Piece,
        Kind::Stream(Framing::Sse(_)) if is_line_of_events(item) => Item::Line,
        Kind::Object if !is_json(item) && (!is_text || is_json(line)) => Item::Piece,
        Kind::Undecided | Kind::Stream(_) if !is_text && !is_json(item) => Item::Piece,
        _ => Item::Chunk,
    }
}

/// Whether a line of text has data or a name as events have them, and answers in plain text have not.
fn is_line_of_events(line: &[u8]) -> bool {
    let event = line.strip_prefix(b"event:").unwrap_or_default().trim_ascii();
    let is_name = !event.is_empty() && !event.iter().any(u8::is_ascii_whitespace);
    is_name || line.strip_prefix(b"data:").is_some_and(is_json)
}

fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(text).is_ok()
}
