//! `baggage` of W3C Baggage: <https://www.w3.org/TR/baggage/#baggage-http-header-format>.

use crate::propagation::trace_context::trim;
use opentelemetry::baggage::{Baggage, BaggageMetadata};
use std::borrow::Cow;

/// Members and bytes that are read and written, over all headers together: as many as everybody must pass on, section 3.2.2.
const MAX_MEMBERS: usize = 64;
const MAX_BYTES: usize = 8_192;

/// Puts entries together from any number of headers, which count as one.
#[derive(Debug, Default)]
pub(super) struct BaggageReader {
    baggage: Baggage,
    members: usize,
    bytes: usize,
    is_incomplete: bool,
}

impl BaggageReader {
    /// Reads the value of one more header. A member that is not valid, or too much, is left out whole.
    pub(super) fn push(&mut self, value: &[u8]) {
        for member in value.split(|byte| *byte == b',').map(trim) {
            if member.is_empty() {
                continue;
            }
            let bytes = self.bytes + member.len() + usize::from(self.members > 0);
            if self.members == MAX_MEMBERS || bytes > MAX_BYTES {
                self.is_incomplete = true;
                return;
            }
            match parse(member) {
                Some((key, value, metadata)) => {
                    (self.members, self.bytes) = (self.members + 1, bytes);
                    // Of a key given twice the last one counts.
                    self.baggage.insert_with_metadata(key, value, metadata);
                }
                None => self.is_incomplete = true,
            }
        }
    }

    /// The entries, and whether something was left out.
    pub(super) fn finish(self) -> (Baggage, bool) {
        (self.baggage, self.is_incomplete)
    }
}

/// Key, value and properties of a member.
fn parse(member: &[u8]) -> Option<(String, String, BaggageMetadata)> {
    let mut parts = member.split(|byte| *byte == b';').map(trim);
    let entry = parts.next()?;
    // An equals sign inside of the value belongs to it.
    let equals = entry.iter().position(|byte| *byte == b'=')?;
    let (key, value) = (trim(&entry[..equals]), trim(&entry[equals + 1..]));
    if !is_token(key) || !value.iter().all(is_octet) {
        return None;
    }
    let key = str::from_utf8(key).ok()?.to_owned();
    let mut properties = String::new();
    for property in parts {
        add_property(&mut properties, property)?;
    }
    Some((key, decode(value), properties.into()))
}

/// Adds `key` or `key=value` to what is known; `None` when it is neither.
fn add_property(properties: &mut String, property: &[u8]) -> Option<()> {
    let (key, value) = match property.iter().position(|byte| *byte == b'=') {
        Some(equals) => (trim(&property[..equals]), Some(trim(&property[equals + 1..]))),
        None => (property, None),
    };
    if !is_token(key) || !value.is_none_or(|value| value.iter().all(is_octet)) {
        return None;
    }
    if !properties.is_empty() {
        properties.push(';');
    }
    properties.push_str(str::from_utf8(key).ok()?);
    if let Some(value) = value {
        properties.push('=');
        properties.push_str(str::from_utf8(value).ok()?);
    }
    Some(())
}

/// The value of the header; `None` where there is nothing to say. What does not fit, and what is no valid key, is left
/// out whole. In the order of the keys, since OpenTelemetry's type keeps none.
pub(super) fn write<'a>(entries: impl Iterator<Item = (&'a str, Cow<'a, str>, &'a str)>) -> Option<String> {
    let mut entries: Vec<_> = entries.filter(|(key, ..)| is_token(key.as_bytes())).collect();
    entries.sort_unstable_by(|one, other| one.0.cmp(other.0));
    let mut header = String::new();
    let mut members = 0;
    for (key, value, metadata) in entries {
        let before = header.len();
        if !header.is_empty() {
            header.push(',');
        }
        header.push_str(key);
        header.push('=');
        encode(&mut header, &value);
        let mut properties = String::new();
        // A property that is not valid would spoil the header.
        for property in metadata.as_bytes().split(|byte| *byte == b';').map(trim) {
            let _ = add_property(&mut properties, property);
        }
        if !properties.is_empty() {
            header.push(';');
            header.push_str(&properties);
        }
        members += 1;
        if header.len() > MAX_BYTES || members > MAX_MEMBERS {
            header.truncate(before);
            members -= 1;
        }
    }
    (!header.is_empty()).then_some(header)
}

/// A `token` of RFC 7230, section 3.2.6.
fn is_token(key: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !key.is_empty() && key.iter().all(allowed)
}

/// What may stand in a value as it is, besides the percent sign of an escape.
fn is_octet(byte: &u8) -> bool {
    matches!(byte, b'!' | b'#'..=b'+' | b'-'..=b':' | b'<'..=b'[' | b']'..=b'~')
}

/// Percent-decodes a value; what is no UTF-8 becomes U+FFFD, and a percent sign that begins no escape stays.
fn decode(value: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value;
    while let [first, tail @ ..] = rest {
        let escape = match tail {
            [high, low, after @ ..] if *first == b'%' => digit(*high).zip(digit(*low)).zip(Some(after)),
            _ => None,
        };
        rest = match escape {
            Some(((high, low), after)) => {
                bytes.push(high << 4 | low);
                after
            }
            None => {
                bytes.push(*first);
                tail
            }
        };
    }
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn encode(header: &mut String, value: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if is_octet(&byte) && byte != b'%' {
            header.push(char::from(byte));
        } else {
            header.push('%');
            header.extend([byte >> 4, byte & 0xf].map(|digit| char::from(DIGITS[usize::from(digit)])));
        }
    }
}

#[cfg(test)]
mod tests;
