//! Shortening of texts: JSON stays JSON, other text is cut between characters; both show that they were cut.

use crate::usage::prefix;

/// Stands where text was cut away.
const MARK: &str = "…";
/// A string that is cut to less than this says nothing, and may be a word that a viewer looks for.
const SHORTEST_STRING: usize = 16;
/// Deeper texts are treated as plain ones; common parsers refuse them as well.
const DEEPEST: usize = 128;

/// The text in at most `most` bytes, or `None` when it can stay as it is.
///
/// `broken` says that the text is known to be the beginning of a longer one: JSON that stops in the middle is
/// then closed although it is short enough.
pub(super) fn shorten(text: &str, most: usize, broken: bool) -> Option<String> {
    if text.len() <= most && !broken {
        return None;
    }
    match json(text, most) {
        Json::Whole => None,
        Json::Cut(cut) => Some(cut),
        Json::Not if text.len() <= most => None,
        Json::Not => Some(plain(text, most)),
    }
}

/// The first `most` characters, as the specification asks of `…_ATTRIBUTE_VALUE_LENGTH_LIMIT`.
pub(super) fn first_characters(text: &str, most: usize) -> Option<&str> {
    // A character has at least one byte, so short texts need not be counted.
    if text.len() <= most {
        return None;
    }
    text.char_indices().nth(most).map(|(at, _)| &text[..at])
}

pub(super) fn looks_like_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[', '"'])
}

fn plain(text: &str, most: usize) -> String {
    match most.checked_sub(MARK.len()) {
        Some(room) => format!("{}{MARK}", prefix(text, room)),
        None => String::new(),
    }
}

enum Json {
    /// Complete, and short enough.
    Whole,
    Cut(String),
    /// No JSON, or too little room for any of it.
    Not,
}

#[derive(Clone, Copy, PartialEq)]
enum Expect {
    Value,
    /// Behind `[`.
    ValueOrEnd,
    Key,
    /// Behind `{`.
    KeyOrEnd,
    Colon,
    /// A comma or the end of what is open.
    Next,
}

/// A place where the text can stop, with what makes it JSON again.
#[derive(Default)]
struct Stop {
    at: usize,
    mark: &'static str,
    /// The closing brackets, outermost first.
    open: Vec<u8>,
}

fn json(text: &str, most: usize) -> Json {
    if !looks_like_json(text) {
        return Json::Not;
    }
    let bytes = text.as_bytes();
    let mut reader =
        Reader { bytes, most, open: Vec::new(), expect: Expect::Value, last: None, last_element: None };
    let mut at = 0;
    loop {
        at += bytes[at..].iter().take_while(|byte| b" \t\r\n".contains(byte)).count();
        if reader.expect == Expect::Next && reader.open.is_empty() {
            if at < bytes.len() {
                return Json::Not;
            }
            if text.len() <= most {
                return Json::Whole;
            }
            break;
        }
        if at >= bytes.len() || at > most {
            break;
        }
        match reader.step(at) {
            Step::On(next) => at = next,
            Step::Break => break,
            Step::Bad => return Json::Not,
        }
    }
    let Reader { last, last_element, .. } = reader;
    // A whole element of a list is worth more than a longer text that ends in half an element, which viewers
    // that check messages would refuse together with all the others.
    match (last, last_element) {
        (Some(last), Some(element)) if last.mark != IN_STRING && last.open.len() > element.open.len() => {
            let near = element.at >= most / 4 * 3;
            reader_stop(text, Some(if near { element } else { last }))
        }
        (last, _) => reader_stop(text, last),
    }
}

const IN_STRING: &str = "…\"";

fn reader_stop(text: &str, stop: Option<Stop>) -> Json {
    let Some(stop) = stop else { return Json::Not };
    let mut cut = String::with_capacity(stop.at + stop.mark.len() + stop.open.len());
    cut.push_str(&text[..stop.at]);
    cut.push_str(stop.mark);
    cut.extend(stop.open.iter().rev().map(|byte| char::from(*byte)));
    Json::Cut(cut)
}

enum Step {
    On(usize),
    /// The text or the room ends within this token.
    Break,
    Bad,
}

struct Reader<'a> {
    bytes: &'a [u8],
    most: usize,
    open: Vec<u8>,
    expect: Expect,
    last: Option<Stop>,
    last_element: Option<Stop>,
}

impl Reader<'_> {
    fn step(&mut self, at: usize) -> Step {
        let byte = self.bytes[at];
        match (self.expect, byte) {
            (Expect::Value | Expect::ValueOrEnd, b'{' | b'[') => {
                if self.open.len() >= DEEPEST {
                    return Step::Bad;
                }
                self.open.push(if byte == b'{' { b'}' } else { b']' });
                self.expect = if byte == b'{' { Expect::KeyOrEnd } else { Expect::ValueOrEnd };
                self.note(at + 1);
                Step::On(at + 1)
            }
            (Expect::ValueOrEnd, b']') | (Expect::KeyOrEnd, b'}') => self.close(at),
            (Expect::Next, b']' | b'}') if self.open.last() == Some(&byte) => self.close(at),
            (Expect::Next, b',') => {
                self.expect = if self.open.last() == Some(&b'}') { Expect::Key } else { Expect::Value };
                Step::On(at + 1)
            }
            (Expect::Colon, b':') => {
                self.expect = Expect::Value;
                Step::On(at + 1)
            }
            (Expect::Key | Expect::KeyOrEnd, b'"') => match self.string(at) {
                Text::Ends(end) => {
                    self.expect = Expect::Colon;
                    Step::On(end)
                }
                Text::Open(_) => Step::Break,
                Text::Bad => Step::Bad,
            },
            (Expect::Value | Expect::ValueOrEnd, b'"') => match self.string(at) {
                Text::Ends(end) => self.value(end),
                Text::Open(safe) => {
                    if safe >= at + 1 + SHORTEST_STRING {
                        self.last = Some(Stop { at: safe, mark: IN_STRING, open: self.open.clone() });
                    }
                    Step::Break
                }
                Text::Bad => Step::Bad,
            },
            (Expect::Value | Expect::ValueOrEnd, b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => self.scalar(at),
            _ => Step::Bad,
        }
    }

    fn close(&mut self, at: usize) -> Step {
        self.open.pop();
        self.value(at + 1)
    }

    /// A value ends before `at`.
    fn value(&mut self, at: usize) -> Step {
        self.expect = Expect::Next;
        self.note(at);
        Step::On(at)
    }

    fn scalar(&mut self, at: usize) -> Step {
        let rest = &self.bytes[at..];
        let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b)).count();
        if at + length >= self.bytes.len() && !self.open.is_empty() || at + length > self.most {
            // `12` may be the beginning of `123`.
            return Step::Break;
        }
        let token = &rest[..length];
        let number = || std::str::from_utf8(token).is_ok_and(|token| token.parse::<f64>().is_ok());
        if token == b"true" || token == b"false" || token == b"null" || number() {
            self.value(at + length)
        } else {
            Step::Bad
        }
    }

    /// Reads the string that opens at `at`, at most to where the room ends.
    fn string(&self, at: usize) -> Text {
        let room = self.most.saturating_sub(IN_STRING.len() + self.open.len());
        let mut safe = at;
        let mut next = at + 1;
        loop {
            if next <= room {
                safe = next;
            }
            if next > self.most {
                return Text::Open(safe);
            }
            let Some(byte) = self.bytes.get(next) else { return Text::Open(safe) };
            next += match byte {
                b'"' => return Text::Ends(next + 1),
                b'\\' => match self.escape(next) {
                    Some(0) => return Text::Bad,
                    Some(length) => length,
                    None => return Text::Open(safe),
                },
                0..=0x1f => return Text::Bad,
                0x20..=0x7f => 1,
                0x80..=0xdf => 2,
                0xe0..=0xef => 3,
                _ => 4,
            };
        }
    }

    /// The length of an escape, both halves of a surrogate pair together; 0 for none that JSON knows.
    fn escape(&self, at: usize) -> Option<usize> {
        let unit = |at: usize| {
            let digits = self.bytes.get(at + 2..at + 6)?;
            let digits =
                std::str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
            Some(digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()))
        };
        match self.bytes.get(at + 1)? {
            b'u' => match unit(at)? {
                None => Some(0),
                Some(0xd800..=0xdbff) => {
                    let pair = self.bytes.get(at + 6)? == &b'\\' && self.bytes.get(at + 7)? == &b'u';
                    match if pair { unit(at + 6)? } else { None } {
                        Some(0xdc00..=0xdfff) => Some(12),
                        // Half a pair is the sender's fault; strict parsers refuse the text.
                        _ => Some(0),
                    }
                }
                Some(_) => Some(6),
            },
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
            _ => Some(0),
        }
    }

    /// Remembers that the text can stop before `at`, if what closes it fits as well.
    fn note(&mut self, at: usize) {
        let container = matches!(self.bytes[at - 1], b'}' | b']');
        let mark = match (self.open.last(), self.expect) {
            (Some(b'}'), Expect::KeyOrEnd) => "\"…\":\"…\"",
            (Some(b'}'), _) => ",\"…\":\"…\"",
            // A list of objects is not marked: a string among messages would make viewers refuse them all.
            (Some(b']'), Expect::Next) if !container => ",\"…\"",
            _ => "",
        };
        let fits = |mark: &str| at + mark.len() + self.open.len() <= self.most;
        if !fits("") {
            return;
        }
        // An earlier stop that shows the cut is better than a later one that hides it.
        if !fits(mark) && self.last.is_some() {
            return;
        }
        let mark = if fits(mark) { mark } else { "" };
        if container && self.expect == Expect::Next && self.open.last() == Some(&b']') {
            self.last_element = Some(Stop { at, mark, open: self.open.clone() });
        }
        let last = self.last.get_or_insert_default();
        last.at = at;
        last.mark = mark;
        last.open.clone_from(&self.open);
    }
}

enum Text {
    Ends(usize),
    /// It does not end within the room; up to here it can be kept.
    Open(usize),
    Bad,
}

#[cfg(test)]
mod tests;
