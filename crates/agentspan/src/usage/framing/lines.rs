//! Lines that end with LF, CRLF or CR, from pieces of any length.

use std::borrow::Cow;

use super::MAX_PAYLOAD;

/// Bytes of one line that are kept: a payload and the name of its field.
const MAX_LINE: usize = MAX_PAYLOAD + 64;

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Splits bytes into lines, without the byte order mark that may stand before the first.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The beginning of a line whose end has not come.
    carry: Vec<u8>,
    /// The line is too long and is thrown away up to its end.
    is_skipping: bool,
    /// The last byte was a CR, so that an LF after it belongs to the same end of line.
    after_cr: bool,
    /// The first line was handed out.
    is_begun: bool,
}

/// One line without its end, or the place of one that was too long.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Borrowed when it lies within one piece.
    Text(Cow<'a, [u8]>),
    TooLong,
}

impl Lines {
    /// Takes the next line out of a piece, which is shortened by it; `None` when the rest of the piece has no end of
    /// line and was kept.
    pub(super) fn next<'a>(&mut self, piece: &mut &'a [u8]) -> Option<Line<'a>> {
        if let Some((first, rest)) = piece.split_first()
            && std::mem::take(&mut self.after_cr)
            && *first == b'\n'
        {
            *piece = rest;
        }
        let Some(end) = memchr::memchr2(b'\n', b'\r', piece) else {
            self.keep(piece);
            *piece = &[];
            return None;
        };
        let (line, rest) = piece.split_at(end);
        self.after_cr = rest[0] == b'\r';
        *piece = &rest[1..];
        if self.carry.is_empty() && !self.is_skipping {
            return Some(self.give(Cow::Borrowed(line)));
        }
        self.keep(line);
        Some(self.take())
    }

    /// The last line, when it has no end.
    pub(super) fn rest(&mut self) -> Option<Line<'static>> {
        (self.is_skipping || !self.carry.is_empty()).then(|| self.take())
    }

    fn keep(&mut self, part: &[u8]) {
        if self.is_skipping || self.carry.len() + part.len() > MAX_LINE {
            self.is_skipping = true;
            self.carry = Vec::new();
        } else {
            self.carry.extend_from_slice(part);
        }
    }

    fn take(&mut self) -> Line<'static> {
        if std::mem::take(&mut self.is_skipping) {
            self.is_begun = true;
            return Line::TooLong;
        }
        let line = std::mem::take(&mut self.carry);
        self.give(Cow::Owned(line))
    }

    fn give<'a>(&mut self, line: Cow<'a, [u8]>) -> Line<'a> {
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        if line.len() > MAX_LINE {
            return Line::TooLong;
        }
        match line {
            Cow::Borrowed(line) if is_first => {
                Line::Text(Cow::Borrowed(line.strip_prefix(MARK).unwrap_or(line)))
            }
            Cow::Owned(mut line) if is_first && line.starts_with(MARK) => {
                line.drain(..MARK.len());
                Line::Text(Cow::Owned(line))
            }
            line => Line::Text(line),
        }
    }
}
