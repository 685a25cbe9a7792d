//! Quotes around strings, also of strings in strings of JSON.

/// A quote and how many backslashes stand before it, by which strings in strings of JSON tell their level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quote {
    pub(super) byte: u8,
    pub(super) slashes: usize,
}

impl Quote {
    /// The quote that stands there, behind its backslashes.
    pub(super) fn opening(text: &str, at: usize) -> Option<Self> {
        let rest = text.as_bytes().get(at..)?;
        let slashes = rest.iter().take_while(|byte| **byte == b'\\').count();
        let byte = *rest.get(slashes)?;
        is_quote(byte).then_some(Self { byte, slashes })
    }

    /// The quote at this place, with the backslashes before it.
    pub(super) fn at(text: &str, place: usize) -> Self {
        let slashes = text[..place].bytes().rev().take_while(|byte| *byte == b'\\').count();
        Self { byte: text.as_bytes()[place], slashes }
    }

    /// Where the string begins and ends that this quote opens at `at`, without the quotes.
    pub(super) fn string(self, text: &str, at: usize) -> (usize, usize) {
        let from = at + self.slashes + 1;
        (from, self.end(text, from))
    }

    /// Whether this quote behind a name opens no value, but closes the string in which the name stands. `value` is what
    /// it would open.
    pub(super) fn closes_around(self, name: Option<Self>, value: &str) -> bool {
        let strays = value.trim_start().starts_with([',', '}', ']', ')', ':']);
        name.is_some_and(|name| name.slashes != self.slashes) || strays && name != Some(self)
    }

    /// The end of a string that this quote has opened before `from`, or of a string around it.
    ///
    /// JSON inside of a JSON string opens with one backslash, one level deeper with three.
    fn end(self, text: &str, from: usize) -> usize {
        let mut slashes = 0;
        for (offset, byte) in text.as_bytes()[from..].iter().enumerate() {
            match *byte {
                b'\\' => slashes += 1,
                byte if byte == self.byte => {
                    let level = Self { byte, slashes }.level();
                    if level <= self.level() {
                        return from + offset - ((1 << level) - 1);
                    }
                    slashes = 0;
                }
                // An apostrophe that opens nothing must not reach over the end of the JSON string around it.
                b'"' => return from + offset - slashes,
                _ => slashes = 0,
            }
        }
        text.len()
    }

    /// In how many strings of JSON it stands: each writes a backslash and a quote with one more backslash before, so that pairs
    /// of them belong to the text.
    fn level(self) -> u32 {
        (self.slashes + 1).trailing_zeros()
    }
}

pub(super) fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}
