use crate::span::runtime::attribute;
use crate::usage;
use opentelemetry::KeyValue;
use serde::Serialize;
use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bytes of one text that are kept on the caller's path. The cold side cuts to the configured length; this bound
/// only keeps a huge value from being held in memory until then.
const MAX_KEPT: usize = 256 * 1024;

/// Our own suffix: the length in bytes that a value had before it was cut.
pub(crate) const ORIGINAL_LENGTH: &str = ".original_length";

/// Something serialised: its size and, when asked for, its text.
#[derive(Debug, Default)]
pub(crate) struct Text {
    /// Bytes of the whole text.
    pub(crate) size: u64,
    /// The text, or as much of it as is kept.
    pub(crate) kept: Option<String>,
    /// A hash of the whole text for comparisons inside the process, where it was asked for; 0 elsewhere.
    pub(crate) hash: u64,
}

impl Text {
    /// Serialises as JSON; a plain string stands for its own text. What cannot be serialised, also because its own
    /// `Serialize` panics, has size 0 and no text.
    pub(crate) fn of<T: Serialize + ?Sized>(value: &T, keep: bool) -> Self {
        Self::written(value, keep, None)
    }

    /// As [`of`](Self::of), with a hash.
    pub(crate) fn hashed<T: Serialize + ?Sized>(value: &T, keep: bool) -> Self {
        Self::written(value, keep, Some(DefaultHasher::new()))
    }

    fn written<T: Serialize + ?Sized>(value: &T, keep: bool, hash: Option<DefaultHasher>) -> Self {
        let mut writer = Writer { text: Mode::Start, size: 0, kept: Vec::new(), keep, hash };
        let write = || match usage::with_text(value, |text| writer.push(text.as_bytes())) {
            Some(()) => true,
            None => serde_json::to_writer(&mut writer, value).is_ok(),
        };
        if !catch_unwind(AssertUnwindSafe(write)).unwrap_or(false) {
            return Self::default();
        }
        let text = String::from_utf8(writer.kept).unwrap_or_else(|cut| {
            // Only the end can be invalid: the bound may have split a character.
            let valid = cut.utf8_error().valid_up_to();
            let mut bytes = cut.into_bytes();
            bytes.truncate(valid);
            String::from_utf8(bytes).unwrap_or_default()
        });
        Self {
            size: writer.size,
            kept: keep.then_some(text),
            hash: writer.hash.map_or(0, |hash| hash.finish()),
        }
    }

    /// The text as an attribute. When only its beginning was kept, the length it had stands beside it, by which the
    /// cold side knows that JSON is broken off.
    pub(crate) fn attributes(self, name: &'static str) -> impl Iterator<Item = KeyValue> {
        let Self { size, kept, .. } = self;
        let cut = kept.as_ref().is_some_and(|text| (text.len() as u64) < size);
        let length = cut.then(|| {
            KeyValue::new(format!("{name}{ORIGINAL_LENGTH}"), i64::try_from(size).unwrap_or(i64::MAX))
        });
        kept.map(|text| attribute(name, text)).into_iter().chain(length)
    }
}

/// Takes JSON as it is written, and undoes the quotes and escapes of a text that is one JSON string.
struct Writer {
    text: Mode,
    size: u64,
    kept: Vec<u8>,
    keep: bool,
    /// The same however the text is cut into pieces.
    hash: Option<DefaultHasher>,
}

enum Mode {
    Start,
    Json,
    InString,
    Escape,
    /// Hexadecimal digits of `\u` still to come, and those seen; JSON writers escape only control characters so.
    Unicode(u8, u8),
}

impl Writer {
    fn take(&mut self, byte: u8) {
        self.text = match self.text {
            Mode::Start if byte == b'"' => Mode::InString,
            Mode::Start | Mode::Json => {
                self.push(&[byte]);
                Mode::Json
            }
            Mode::InString if byte == b'\\' => Mode::Escape,
            // Everything else in a string is taken in one piece.
            Mode::InString => Mode::InString,
            Mode::Escape if byte == b'u' => Mode::Unicode(4, 0),
            Mode::Escape => {
                self.push(&[match byte {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'f' => 12,
                    other => other,
                }]);
                Mode::InString
            }
            Mode::Unicode(left, seen) => {
                let digit = (byte as char).to_digit(16).unwrap_or(0) as u8;
                let seen = seen.wrapping_mul(16).wrapping_add(digit);
                if left == 1 {
                    self.push(&[seen]);
                    Mode::InString
                } else {
                    Mode::Unicode(left - 1, seen)
                }
            }
        };
    }

    fn push(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        if let Some(hash) = &mut self.hash {
            hash.write(bytes);
        }
        if self.keep {
            let room = MAX_KEPT.saturating_sub(self.kept.len()).min(bytes.len());
            self.kept.extend_from_slice(&bytes[..room]);
        }
    }
}

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while let [first, after @ ..] = rest {
            let plain = match self.text {
                Mode::Json => rest.len(),
                Mode::InString => memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len()),
                _ => 0,
            };
            if plain > 0 {
                self.push(&rest[..plain]);
                rest = &rest[plain..];
            } else {
                self.take(*first);
                rest = after;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
