//! The binary event stream of AWS: frames with headers, a payload and two checksums.
//!
//! A frame is its length, the length of its headers and the CRC-32 of these eight bytes, the headers, the payload, and
//! the CRC-32 of all before it; every number is 32 bits long and big endian. Bedrock Converse names the event in the
//! header `:event-type`; failures come as frames of their own with `:message-type` `exception` or `error`.

use std::borrow::Cow;

use super::{MAX_PAYLOAD, Payload, Sink};

/// Length, length of the headers, and their checksum.
const PRELUDE: usize = 12;
/// What surrounds headers and payload.
const OVERHEAD: usize = PRELUDE + 4;
/// Headers of one frame; AWS allows no more.
const MAX_HEADERS: usize = 128 << 10;
/// The failure of the reading itself; nothing behind a broken frame can be found.
const BROKEN: &str = "broken_frame";

/// Splits frames and checks them.
#[derive(Debug, Default)]
pub(in crate::usage) struct EventStream {
    /// The beginning of a frame whose end has not come.
    carry: Vec<u8>,
    /// How long that must become before it can be read on: to the end of the prelude or of the frame.
    wanted: usize,
    /// Bytes of a frame that is too large and is thrown away.
    to_skip: usize,
    is_broken: bool,
}

impl EventStream {
    pub(super) fn push(&mut self, mut bytes: &[u8], sink: &mut Sink<'_>) {
        while !bytes.is_empty() && !self.is_broken {
            if self.to_skip > 0 {
                let skipped = self.to_skip.min(bytes.len());
                self.to_skip -= skipped;
                bytes = &bytes[skipped..];
            } else if self.carry.is_empty() {
                bytes = self.read(bytes, sink);
            } else {
                let taken = self.wanted.saturating_sub(self.carry.len()).min(bytes.len());
                self.carry.extend_from_slice(&bytes[..taken]);
                bytes = &bytes[taken..];
                if self.carry.len() < self.wanted {
                    return;
                }
                let frame = std::mem::take(&mut self.carry);
                let rest = self.read(&frame, sink);
                debug_assert!(rest.is_empty(), "no more than one frame was taken");
            }
        }
    }

    /// A frame that has begun and not ended is a cut, which the missing end of the reply tells.
    pub(super) fn finish(&mut self, _sink: &mut Sink<'_>) {
        self.carry = Vec::new();
    }

    /// Reads a frame at the beginning of the bytes and gives the bytes behind it; an incomplete one is kept.
    fn read<'a>(&mut self, bytes: &'a [u8], sink: &mut Sink<'_>) -> &'a [u8] {
        let Some(length) = length_of(bytes) else {
            return self.keep(bytes, PRELUDE);
        };
        // Anything shorter would not move on, and a wrong length would take the next frames for a part of this one.
        let headers = number(&bytes[4..]);
        let is_possible = length >= OVERHEAD && headers <= (length - OVERHEAD).min(MAX_HEADERS);
        if !is_possible || crc32fast::hash(&bytes[..8]) as usize != number(&bytes[8..]) {
            return self.fail(sink);
        }
        if length > MAX_PAYLOAD + MAX_HEADERS {
            let here = length.min(bytes.len());
            self.to_skip = length - here;
            return &bytes[here..];
        }
        if bytes.len() < length {
            return self.keep(bytes, length);
        }
        let (frame, rest) = bytes.split_at(length);
        let (content, checksum) = frame.split_at(length - 4);
        if crc32fast::hash(content) as usize != number(checksum) {
            return self.fail(sink);
        }
        let (headers, body) = content[PRELUDE..].split_at(headers);
        give(&Headers::read(headers), body, sink);
        rest
    }

    fn keep(&mut self, bytes: &[u8], wanted: usize) -> &'static [u8] {
        self.carry = bytes.to_vec();
        self.wanted = wanted;
        &[]
    }

    fn fail(&mut self, sink: &mut Sink<'_>) -> &'static [u8] {
        self.is_broken = true;
        sink(Payload::Failure { name: BROKEN, body: b"{}" });
        &[]
    }
}

/// The length of the frame at the beginning of the bytes, when its prelude is whole.
fn length_of(bytes: &[u8]) -> Option<usize> {
    (bytes.len() >= PRELUDE).then(|| number(bytes))
}

/// Four bytes, big endian; the caller has made sure that they are there.
fn number(bytes: &[u8]) -> usize {
    bytes[..4].iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

fn give(headers: &Headers<'_>, body: &[u8], sink: &mut Sink<'_>) {
    match headers.message_type {
        "exception" => sink(Payload::Failure { name: headers.exception_type, body }),
        "error" => {
            // Here the text stands in a header, too.
            let text = serde_json::json!({"message": headers.error_message}).to_string();
            sink(Payload::Failure { name: headers.error_code, body: text.as_bytes() });
        }
        _ if headers.event_type == "chunk" => {
            if let Some(inner) = inner(body) {
                sink(Payload::Text(&inner));
            }
        }
        _ => sink(Payload::Event { name: headers.event_type, body }),
    }
}

/// The model's own event, which InvokeModel wraps as `{"bytes":"<base64>"}`.
fn inner(body: &[u8]) -> Option<Vec<u8>> {
    #[derive(serde::Deserialize)]
    struct Chunk<'a> {
        #[serde(borrow)]
        bytes: Cow<'a, str>,
    }
    let chunk: Chunk<'_> = serde_json::from_slice(body).ok()?;
    super::base64::decode(chunk.bytes.as_bytes())
}

/// The headers that matter; an absent one is empty.
#[derive(Debug, Default)]
struct Headers<'a> {
    message_type: &'a str,
    event_type: &'a str,
    exception_type: &'a str,
    error_code: &'a str,
    error_message: &'a str,
}

impl<'a> Headers<'a> {
    /// Reads headers up to the first one that makes no sense; the checksum has shown that the bytes are as sent.
    fn read(mut bytes: &'a [u8]) -> Self {
        let mut headers = Self::default();
        while let Some((name, value, rest)) = header(bytes) {
            match name {
                b":message-type" => headers.message_type = value,
                b":event-type" => headers.event_type = value,
                b":exception-type" => headers.exception_type = value,
                b":error-code" => headers.error_code = value,
                b":error-message" => headers.error_message = value,
                _ => {}
            }
            bytes = rest;
        }
        headers
    }
}

/// One header: its name, its value when that is text (else empty), and the bytes behind it.
fn header(bytes: &[u8]) -> Option<(&[u8], &str, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(*length))?;
    let (kind, rest) = rest.split_first()?;
    let fixed = match kind {
        0 | 1 => 0,
        2 => 1,
        3 => 2,
        4 => 4,
        5 | 8 => 8,
        9 => 16,
        // Bytes and text have their length before them.
        6 | 7 => {
            let (length, rest) = rest.split_at_checked(2)?;
            let (value, rest) =
                rest.split_at_checked(usize::from(length[0]) << 8 | usize::from(length[1]))?;
            let text = if *kind == 7 { std::str::from_utf8(value).unwrap_or_default() } else { "" };
            return Some((name, text, rest));
        }
        _ => return None,
    };
    Some((name, "", rest.split_at_checked(fixed)?.1))
}
