//! `traceparent` of W3C Trace Context, level 2: <https://www.w3.org/TR/trace-context-2/#traceparent-header>.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// The length of version 00, and of what is read of any later version.
const LENGTH: usize = 55;

/// The flags that level 2 knows: sampled, and that the last seven bytes of the trace id are random. All others are
/// ignored when read and sent as 0.
pub(super) const KNOWN_FLAGS: TraceFlags = TraceFlags::new(0b11);

/// Trace, parent and flags of a header's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Traceparent {
    trace_id: TraceId,
    parent_id: SpanId,
    flags: TraceFlags,
}

impl Traceparent {
    /// Reads the value of one header; `None` for one that must be ignored, so that a new trace begins.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        let value = trim(value);
        let (known, rest) = value.split_at_checked(LENGTH)?;
        let (version, fields) = known.split_first_chunk::<2>()?;
        let version = hex(version)?;
        let is_whole = match version {
            0 => rest.is_empty(),
            0xff => false,
            // A later version may only add fields of its own.
            _ => rest.is_empty() || rest.starts_with(b"-"),
        };
        let (trace_id, fields) = fields.strip_prefix(b"-")?.split_at_checked(32)?;
        let (parent_id, fields) = fields.strip_prefix(b"-")?.split_at_checked(16)?;
        let flags = fields.strip_prefix(b"-")?;
        let parsed = Self {
            trace_id: TraceId::from(hex(trace_id)?),
            parent_id: SpanId::from(u64::try_from(hex(parent_id)?).ok()?),
            flags: TraceFlags::new(u8::try_from(hex(flags)?).ok()?) & KNOWN_FLAGS,
        };
        let is_valid = parsed.trace_id != TraceId::INVALID && parsed.parent_id != SpanId::INVALID;
        (is_whole && is_valid).then_some(parsed)
    }

    pub(super) fn trace_id(self) -> TraceId {
        self.trace_id
    }

    /// The span at the other end.
    pub(super) fn into_remote(self, state: TraceState) -> SpanContext {
        SpanContext::new(self.trace_id, self.parent_id, self.flags, true, state)
    }

    /// The value that makes a span the parent of what the receiver does; always of version 00.
    pub(super) fn write(span: &SpanContext) -> String {
        let mut value = String::with_capacity(LENGTH);
        value.push_str("00-");
        push_hex(&mut value, &span.trace_id().to_bytes());
        value.push('-');
        push_hex(&mut value, &span.span_id().to_bytes());
        value.push('-');
        push_hex(&mut value, &[(span.trace_flags() & KNOWN_FLAGS).to_u8()]);
        value
    }
}

/// Without the optional white space of HTTP around it, which is spaces and tabs only.
pub(super) fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Up to 32 digits, in lower case only, as the grammar of the header has it.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |number, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(digit))
    })
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        for digit in [byte >> 4, byte & 0xf] {
            text.push(char::from(DIGITS[usize::from(digit)]));
        }
    }
}

#[cfg(test)]
mod tests;
