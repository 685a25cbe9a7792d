//! Finds text and bytes behind any `Serialize` without building a JSON value of them first.
//!
//! A body of bytes that went through `serde_json::to_value` would become one number for each byte, 32 times
//! its size; the text of a string would be copied once more.

use serde::ser::{Serialize, SerializeSeq};

use super::pick::{Nothing, Pick, Refused, pick};
use super::{MAX_TEXT, looks_like_json};

/// Hands a text, or bytes that hold a text, to a function; `Ok(None)` when they are too long.
pub(super) struct TextProbe<'f, R>(pub(super) &'f mut dyn FnMut(&str) -> Option<R>);

impl<'f, R> Pick for TextProbe<'f, R> {
    type Picked = Option<R>;
    type Items = Bytes<'f, R>;
    type Fields = Nothing<Option<R>>;

    fn text(self, text: &str) -> Result<Option<R>, Refused> {
        Ok((self.0)(text))
    }

    fn bytes(self, bytes: &[u8]) -> Result<Option<R>, Refused> {
        if bytes.len() > MAX_TEXT {
            return Ok(None);
        }
        std::str::from_utf8(bytes).map(self.0).map_err(|_| Refused)
    }

    fn sequence(self, _: Option<usize>) -> Result<Bytes<'f, R>, Refused> {
        Ok(Bytes { bytes: Vec::new(), read: self.0 })
    }

    fn tuple(self) -> Result<Bytes<'f, R>, Refused> {
        self.sequence(None)
    }
}

/// The bytes of a sequence; refuses as soon as it cannot be the text of an object or array.
pub(super) struct Bytes<'f, R> {
    bytes: Vec<u8>,
    read: &'f mut dyn FnMut(&str) -> Option<R>,
}

impl<R> SerializeSeq for Bytes<'_, R> {
    type Ok = Option<R>;
    type Error = Refused;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        let byte = pick(value, Byte)?;
        if self.bytes.len() < MAX_TEXT {
            self.bytes.push(byte);
        }
        // The first byte that is no space decides, and there is no JSON text with many spaces before it.
        let undecided = self.bytes.trim_ascii_start().is_empty() && self.bytes.len() <= 64;
        if undecided || self.bytes.len() > 64 || looks_like_json(&self.bytes) { Ok(()) } else { Err(Refused) }
    }

    fn end(self) -> Result<Option<R>, Refused> {
        if !looks_like_json(&self.bytes) {
            return Err(Refused);
        }
        if self.bytes.len() >= MAX_TEXT {
            return Ok(None);
        }
        std::str::from_utf8(&self.bytes).map(self.read).map_err(|_| Refused)
    }
}

/// Hands a text to a function, and refuses everything else.
pub(super) struct PlainText<F>(pub(super) F);

impl<R, F: FnOnce(&str) -> R> Pick for PlainText<F> {
    type Picked = R;
    type Items = Nothing<R>;
    type Fields = Nothing<R>;

    fn text(self, text: &str) -> Result<R, Refused> {
        Ok((self.0)(text))
    }
}

/// Hands a text, or bytes as they are, to a function, with whether it is a text; refuses everything else.
pub(super) struct RawBytes<F>(pub(super) F);

impl<R, F: FnOnce(&[u8], bool) -> R> Pick for RawBytes<F> {
    type Picked = R;
    type Items = Collected<F>;
    type Fields = Nothing<R>;

    fn text(self, text: &str) -> Result<R, Refused> {
        Ok((self.0)(text.as_bytes(), true))
    }

    fn bytes(self, bytes: &[u8]) -> Result<R, Refused> {
        Ok((self.0)(bytes, false))
    }

    fn sequence(self, length: Option<usize>) -> Result<Collected<F>, Refused> {
        // The length is only told.
        Ok(Collected { bytes: Vec::with_capacity(length.unwrap_or(0).min(1 << 16)), read: self.0 })
    }
}

/// The bytes of a sequence of them; refuses at the first item that is none.
pub(super) struct Collected<F> {
    bytes: Vec<u8>,
    read: F,
}

impl<R, F: FnOnce(&[u8], bool) -> R> SerializeSeq for Collected<F> {
    type Ok = R;
    type Error = Refused;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        self.bytes.push(pick(value, Byte)?);
        if self.bytes.len() > MAX_TEXT { Err(Refused) } else { Ok(()) }
    }

    fn end(self) -> Result<R, Refused> {
        Ok((self.read)(&self.bytes, false))
    }
}

/// One byte, whatever integer type holds it.
struct Byte;

impl Pick for Byte {
    type Picked = u8;
    type Items = Nothing<u8>;
    type Fields = Nothing<u8>;

    fn integer(self, value: i128) -> Result<u8, Refused> {
        u8::try_from(value).map_err(|_| Refused)
    }
}
