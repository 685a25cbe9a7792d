//! The method of a request, as spans of HTTP tell it:
//! <https://opentelemetry.io/docs/specs/semconv/http/http-spans/#name>.

use crate::usage::prefix;

/// Those of RFC 9110, of RFC 5789 and of the draft for `QUERY`, which the conventions list.
const KNOWN: [&str; 10] =
    ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE", "QUERY"];

/// Bytes of an unknown method that are kept, since anybody may send a server anything.
const MAX_ORIGINAL: usize = 64;

/// A method whose words are few, whatever is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Method<'a> {
    /// For the attribute.
    pub(super) word: &'a str,
    /// For the name of the span.
    pub(super) span_name: &'a str,
    /// What was sent, when it is not one that everybody knows.
    pub(super) original: Option<&'a str>,
}

impl<'a> Method<'a> {
    pub(super) fn of(sent: &'a str) -> Self {
        if KNOWN.contains(&sent) {
            return Self { word: sent, span_name: sent, original: None };
        }
        Self { word: "_OTHER", span_name: "HTTP", original: Some(prefix(sent, MAX_ORIGINAL)) }
    }
}

#[cfg(test)]
mod tests;
