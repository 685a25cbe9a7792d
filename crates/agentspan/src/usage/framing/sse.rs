//! Server-sent events, after the WHATWG's HTML standard, section 9.2.6, with one difference: an event at the end of the
//! stream counts although its blank line is missing, since some servers leave it out.

use std::borrow::Cow;

use super::lines::{Line, Lines};
use super::{MAX_PAYLOAD, Payload, Sink};

/// Splits events; comments, names and ids are nothing, since every provider repeats the type in the data.
#[derive(Debug, Default)]
pub(in crate::usage) struct Sse {
    lines: Lines,
    /// The data of the event that is not complete at the end of a piece.
    carry: Option<Vec<u8>>,
    /// The event is too large, so that its data are thrown away up to the blank line.
    is_skipping: bool,
}

impl Sse {
    pub(super) fn push(&mut self, mut bytes: &[u8], sink: &mut Sink<'_>) {
        let mut data = self.carry.take().map(Cow::Owned);
        while let Some(line) = self.lines.next(&mut bytes) {
            self.line(line, &mut data, sink);
        }
        self.carry = data.map(Cow::into_owned);
    }

    pub(super) fn finish(&mut self, sink: &mut Sink<'_>) {
        let mut data = self.carry.take().map(Cow::Owned);
        if let Some(line) = self.lines.rest() {
            self.line(line, &mut data, sink);
        }
        self.end(&mut data, sink);
    }

    fn line<'a>(&mut self, line: Line<'a>, data: &mut Option<Cow<'a, [u8]>>, sink: &mut Sink<'_>) {
        let Line::Text(line) = line else {
            self.is_skipping = true;
            *data = None;
            return;
        };
        if line.is_empty() {
            return self.end(data, sink);
        }
        let Some(value) = data_of(line).filter(|_| !self.is_skipping) else { return };
        let length = data.as_ref().map_or(0, |data| data.len() + 1) + value.len();
        if length > MAX_PAYLOAD {
            self.is_skipping = true;
            *data = None;
            return;
        }
        match data {
            None => *data = Some(value),
            Some(data) => {
                let data = data.to_mut();
                data.push(b'\n');
                data.extend_from_slice(&value);
            }
        }
    }

    /// The end of an event; one without data is none.
    fn end(&mut self, data: &mut Option<Cow<'_, [u8]>>, sink: &mut Sink<'_>) {
        self.is_skipping = false;
        if let Some(data) = data.take() {
            sink(Payload::Text(&data));
        }
    }
}

/// The value of a `data` field: all behind the colon and one optional space.
fn data_of(line: Cow<'_, [u8]>) -> Option<Cow<'_, [u8]>> {
    let value = match line.strip_prefix(b"data")? {
        [] => &[],
        [b':', b' ', value @ ..] | [b':', value @ ..] => value,
        // Another field, whose name only begins alike.
        _ => return None,
    };
    let start = line.len() - value.len();
    Some(match line {
        Cow::Borrowed(line) => Cow::Borrowed(&line[start..]),
        Cow::Owned(mut line) => {
            line.drain(..start);
            Cow::Owned(line)
        }
    })
}
