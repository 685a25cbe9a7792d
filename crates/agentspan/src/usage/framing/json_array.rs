//! A JSON array that is streamed element by element, as Gemini does without `alt=sse`.

use super::{MAX_PAYLOAD, Payload, Sink};

/// Splits the elements of an array; what they hold is not checked, only where they end.
#[derive(Debug, Default)]
pub(in crate::usage) struct JsonArray {
    /// Brackets that are open, the array's own included.
    depth: usize,
    is_in_string: bool,
    is_escaped: bool,
    is_closed: bool,
    /// An element has begun.
    is_in_element: bool,
    /// The beginning of an element whose end has not come.
    carry: Vec<u8>,
    is_skipping: bool,
}

impl JsonArray {
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    pub(super) fn push(&mut self, bytes: &[u8], sink: &mut Sink<'_>) {
        let mut start = 0;
        for (index, byte) in bytes.iter().enumerate() {
            if self.is_closed {
                return;
            }
            if self.is_in_string {
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => self.is_in_string = false,
                    _ => {}
                }
                continue;
            }
            let is_end = self.depth == 1 && matches!(byte, b',' | b']');
            if is_end && self.is_in_element {
                self.give(&bytes[start..index], sink);
            }
            if self.depth == 1 && !is_end && !self.is_in_element && !byte.is_ascii_whitespace() {
                self.is_in_element = true;
                start = index;
            }
            match byte {
                b'"' => self.is_in_string = self.depth > 0,
                b'[' | b'{' => self.depth += 1,
                b']' | b'}' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.is_closed = self.depth == 0;
                }
                _ => {}
            }
        }
        if self.is_in_element {
            self.keep(&bytes[start..]);
        }
    }

    fn keep(&mut self, part: &[u8]) {
        if self.is_skipping || self.carry.len() + part.len() > MAX_PAYLOAD {
            self.is_skipping = true;
            self.carry = Vec::new();
        } else {
            self.carry.extend_from_slice(part);
        }
    }

    fn give(&mut self, part: &[u8], sink: &mut Sink<'_>) {
        self.is_in_element = false;
        if self.carry.is_empty() && !self.is_skipping && part.len() <= MAX_PAYLOAD {
            return sink(Payload::Text(part));
        }
        self.keep(part);
        let element = std::mem::take(&mut self.carry);
        if !std::mem::take(&mut self.is_skipping) {
            sink(Payload::Text(&element));
        }
    }
}
