//! Looking into JSON without trust, and without copying its text.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::ser::Serialize;
use serde_json::Value;
use serde_json::ser::Formatter;

mod parse;
mod pick;
mod probe;
mod value;

pub(crate) use pick::{Nothing, Pick, Refused, pick};
pub(crate) use value::Json;
#[cfg(test)]
pub(super) use value::Number;
pub(super) use value::Object;

/// Longer texts are not parsed: it would take the caller's time and many times their memory.
const MAX_TEXT: usize = 64 << 20;
/// Values of one text: each takes many times the two bytes in which it may be written. As many as 64 MiB of vectors have in
/// honest digits.
pub(super) const MAX_VALUES: usize = 6 << 20;
/// `serde_json` refuses to parse deeper than 128; a value built by hand may be deeper and is cut here.
const MAX_DEPTH: usize = 256;
/// Ids, model names and the like; nothing that is honestly one of them is longer.
pub(super) const MAX_NAME: usize = 1024;

/// As much of a name as is kept of any.
pub(crate) fn short_name(name: &str) -> &str {
    prefix(name, MAX_NAME)
}

/// Reads the JSON of anything serialisable.
///
/// A string or a sequence of bytes that holds the text of a JSON object or array is parsed, so a client that
/// gives the body as it came is read like one that gives typed replies; any other string stays a string.
/// `None` when the value cannot be represented as JSON, is nested deeper than 128, when its own `Serialize` panics, or
/// when it is text of more than 64 MiB or six million values.
pub(crate) fn with_json<T: Serialize + ?Sized, R>(value: &T, read: impl FnOnce(&Json<'_>) -> R) -> Option<R> {
    // A `Serialize` of the caller that panics would fail a call that succeeds without telemetry.
    let attempt = || {
        let mut read = Some(read);
        let mut of_text = |text: &str| Some(read.take()?(&parse_text(text)?));
        if let Ok(result) = pick(value, probe::TextProbe(&mut of_text)) {
            return result;
        }
        let text = serde_json::to_string(value).ok()?;
        Some(read.take()?(&serde_json::from_str(&text).ok()?))
    };
    catch_unwind(AssertUnwindSafe(attempt)).ok().flatten()
}

/// Reads a value that is nothing but text, without writing and reading its escapes; `None` for any other value.
pub(crate) fn with_text<T: Serialize + ?Sized, R>(value: &T, read: impl FnOnce(&str) -> R) -> Option<R> {
    pick(value, probe::PlainText(read)).ok()
}

/// Reads a value that is nothing but text or bytes, with whether it is text; `None` for any other value.
///
/// A list of small numbers is bytes, since that is how `Vec<u8>` writes itself.
pub(super) fn with_bytes<T: Serialize + ?Sized, R>(
    value: &T,
    read: impl FnOnce(&[u8], bool) -> R,
) -> Option<R> {
    let attempt = || pick(value, probe::RawBytes(read)).ok();
    catch_unwind(AssertUnwindSafe(attempt)).ok().flatten()
}

/// Whether a text begins like a JSON object or array; only those are bodies.
fn looks_like_json(text: &[u8]) -> bool {
    matches!(text.trim_ascii_start().first(), Some(b'{' | b'['))
}

fn parse_text(text: &str) -> Option<Json<'_>> {
    if text.len() > MAX_TEXT || has_more_values(text.as_bytes(), MAX_VALUES) {
        return None;
    }
    // Servers that put a byte order mark before JSON exist.
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parsed = if looks_like_json(body.as_bytes()) { serde_json::from_str(body).ok() } else { None };
    parsed.or_else(|| Some(Json::Str(text.into())))
}

/// Whether a JSON text may have more than so many values; what stands in strings is counted as well, since looking for
/// their ends would take as long as parsing.
pub(super) fn has_more_values(text: &[u8], most: usize) -> bool {
    // Each value but the first has at least one byte and one before it, so that an ordinary reply is not looked through.
    text.len().div_ceil(2) > most
        && text.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count() >= most
}

/// The value under a key of something that may be an object.
pub(crate) fn get<'a, 'b>(value: &'a Json<'b>, key: &str) -> Option<&'a Json<'b>> {
    value.as_object()?.get(key)
}

/// The value of a JSON text that may be anything, for example the arguments of a tool call.
pub(super) fn parse_any(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// A non-empty string under a key, cut to a bounded length.
pub(super) fn name(map: &Object<'_>, key: &str) -> Option<String> {
    short_text(map.get(key)?)
}

/// A non-empty string, cut to a bounded length.
pub(super) fn short_text(value: &Json<'_>) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(|text| clip(text, MAX_NAME))
}

/// A non-empty string under a key.
pub(super) fn text<'a>(map: &'a Object<'_>, key: &str) -> Option<&'a str> {
    map.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// An object under a key.
pub(super) fn object<'a, 'b>(map: &'a Object<'b>, key: &str) -> Option<&'a Object<'b>> {
    map.get(key)?.as_object()
}

/// The items of a list under a key, none when it is no list.
pub(super) fn list<'a, 'b>(map: &'a Object<'b>, key: &str) -> &'a [Json<'b>] {
    map.get(key).and_then(Json::as_array).unwrap_or_default()
}

/// A copy of at most `limit` bytes, cut between characters.
pub(super) fn clip(text: &str, limit: usize) -> String {
    prefix(text, limit).to_owned()
}

/// At most `limit` bytes, cut between characters. The standard library's `floor_char_boundary` is newer than the oldest
/// supported compiler.
pub(crate) fn prefix(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let end = (0..=limit).rev().find(|index| text.is_char_boundary(*index));
    &text[..end.unwrap_or(0)]
}

/// Bytes of the JSON text without spaces; of a value deeper than 256 the part up to there.
pub(super) fn size(value: &impl Serialize) -> usize {
    let mut counter = Counter { bytes: 0, limit: usize::MAX };
    write(value, &mut counter);
    counter.bytes
}

/// Whether the JSON text has at most `limit` bytes; stops writing when it has more.
pub(super) fn fits(value: &impl Serialize, limit: usize) -> bool {
    write(value, &mut Counter { bytes: 0, limit })
}

/// Writes the JSON text without spaces; false when it is deeper than 256 or the writer refused.
pub(super) fn write(value: &impl Serialize, out: &mut dyn io::Write) -> bool {
    let mut serializer = serde_json::Serializer::with_formatter(out, Shallow { depth: 0 });
    value.serialize(&mut serializer).is_ok()
}

/// Writes at most `limit` bytes of the JSON text.
pub(super) fn write_up_to(value: &impl Serialize, out: &mut Vec<u8>, limit: usize) {
    struct Limited<'a>(&'a mut Vec<u8>, usize);
    impl io::Write for Limited<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let room = self.1 - self.0.len();
            self.0.extend_from_slice(&bytes[..bytes.len().min(room)]);
            if bytes.len() > room { Err(io::ErrorKind::WriteZero.into()) } else { Ok(bytes.len()) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    out.clear();
    write(value, &mut Limited(out, limit));
}

struct Counter {
    bytes: usize,
    limit: usize,
}

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len();
        if self.bytes > self.limit { Err(io::ErrorKind::WriteZero.into()) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Compact JSON that gives up below [`MAX_DEPTH`] in place of exhausting the stack.
struct Shallow {
    depth: usize,
}

impl Shallow {
    fn open<W: ?Sized + io::Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            Err(io::ErrorKind::InvalidData.into())
        } else {
            writer.write_all(bracket)
        }
    }

    fn close<W: ?Sized + io::Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        writer.write_all(bracket)
    }
}

impl Formatter for Shallow {
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[")
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{")
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }
}
