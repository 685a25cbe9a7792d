//! `tracestate` of W3C Trace Context, level 2: <https://www.w3.org/TR/trace-context-2/#tracestate-header>.

use crate::propagation::trace_context::trim;
use opentelemetry::TraceId;
use opentelemetry::trace::{SpanContext, TraceState};
use std::ops::Range;
use std::sync::Arc;

/// Members of a list; one with more is discarded.
const MAX_MEMBERS: usize = 32;

/// Bytes of a key, and of a value.
const MAX_PART: usize = 256;

/// The longest header that is written, eight times what everybody must pass on, and within what servers take in a line.
const MAX_HEADER: usize = 4_096;

/// Members longer than this are the first to go when a header is too long, section 3.3.1.5.
const LONG_MEMBER: usize = 128;

/// Puts a list together from any number of headers, which count as one.
#[derive(Debug, Default)]
pub(super) struct StateReader {
    /// The members as they will be sent on.
    list: String,
    /// Where key and value of each member stand in the list.
    members: Vec<(Range<usize>, Range<usize>)>,
    is_invalid: bool,
}

/// A received list that must be sent on as it is, since OpenTelemetry's type refuses some of its keys: it knows the
/// grammar of level 1 only.
#[derive(Debug)]
pub(super) struct Received {
    trace_id: TraceId,
    /// What OpenTelemetry's type took of it.
    state: TraceState,
    list: Arc<str>,
}

/// What was read of the headers.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Each member that OpenTelemetry's type takes.
    pub(super) state: TraceState,
    /// The whole list, when that is more.
    whole: Option<String>,
}

impl StateReader {
    /// Reads the value of one more header.
    pub(super) fn push(&mut self, value: &[u8]) {
        for member in value.split(|byte| *byte == b',').map(trim) {
            if self.is_invalid {
                return;
            }
            // Empty members are allowed, and count for nothing.
            if !member.is_empty() {
                self.is_invalid = self.push_member(member).is_none();
            }
        }
    }

    fn push_member(&mut self, member: &[u8]) -> Option<()> {
        // Looked at only as far as a member may reach.
        let equals = member.iter().take(MAX_PART + 1).position(|byte| *byte == b'=')?;
        let (key, value) = member.split_at(equals);
        let value = &value[1..];
        if self.members.len() == MAX_MEMBERS || !is_key(key) || !is_value(value) {
            return None;
        }
        if !self.list.is_empty() {
            self.list.push(',');
        }
        let from = self.list.len();
        // Keys and values are ASCII, as was looked at.
        self.list.push_str(str::from_utf8(member).ok()?);
        let equals = from + equals;
        self.members.push((from..equals, equals + 1..self.list.len()));
        Some(())
    }

    /// `None` when any member was not valid: then the whole list is discarded.
    pub(super) fn finish(self) -> Option<State> {
        if self.is_invalid {
            return None;
        }
        let members =
            self.members.iter().map(|(key, value)| (&self.list[key.clone()], &self.list[value.clone()]));
        if self.members.is_empty() {
            return Some(State::default());
        }
        if let Ok(state) = TraceState::from_key_value(members.clone()) {
            return Some(State { state, whole: None });
        }
        let taken = members.filter(|member| TraceState::from_key_value([*member]).is_ok());
        let state = TraceState::from_key_value(taken).unwrap_or_default();
        Some(State { state, whole: Some(self.list) })
    }
}

impl State {
    /// What must be remembered beside the span, if anything.
    pub(super) fn received(&mut self, trace_id: TraceId) -> Option<Received> {
        let list = self.whole.take()?.into();
        Some(Received { trace_id, state: self.state.clone(), list })
    }
}

/// The value of the header for a span; `None` where there is nothing to say.
///
/// Members that are not valid, which OpenTelemetry's type lets code set, are left out. What was received in the same
/// trace and could not be put into that type follows on the right.
pub(super) fn write(span: &SpanContext, received: Option<&Received>) -> Option<String> {
    let state = span.trace_state();
    let received = received.filter(|received| received.trace_id == span.trace_id());
    if let Some(received) = received.filter(|received| received.state == *state) {
        return cut(received.list.split(',').map(member));
    }
    let known = state.into_iter().filter(|(key, value)| is_key(key.as_bytes()) && is_value(value.as_bytes()));
    let list = received.map_or("", |received| &received.list);
    let untaken = list.split(',').map(member).filter(|member| TraceState::from_key_value([*member]).is_err());
    cut(known.chain(untaken.filter(|(key, _)| !key.is_empty())))
}

fn member(member: &str) -> (&str, &str) {
    member.split_once('=').unwrap_or_default()
}

/// Writes as many whole members as may be sent: when it is too much, long ones go first, then those on the right.
fn cut<'a>(members: impl Iterator<Item = (&'a str, &'a str)>) -> Option<String> {
    let mut members: Vec<_> = members.take(MAX_MEMBERS).collect();
    let length = |(key, value): &(&str, &str)| key.len() + 1 + value.len();
    let mut total = members.iter().map(length).sum::<usize>() + members.len().saturating_sub(1);
    let mut is_too_long = |member: &(&str, &str)| {
        let drop = total > MAX_HEADER;
        if drop {
            total -= length(member) + 1;
        }
        drop
    };
    for at in (0..members.len()).rev() {
        if length(&members[at]) > LONG_MEMBER && is_too_long(&members[at]) {
            members.remove(at);
        }
    }
    while members.last().is_some_and(&mut is_too_long) {
        members.pop();
    }
    if members.is_empty() {
        return None;
    }
    let mut list = String::with_capacity(total);
    for (key, value) in members {
        if !list.is_empty() {
            list.push(',');
        }
        list.push_str(key);
        list.push('=');
        list.push_str(value);
    }
    Some(list)
}

/// Section 3.3.1.3.1: at signs stand anywhere but at the beginning.
fn is_key(key: &[u8]) -> bool {
    let begins = key.first().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let allowed = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@');
    begins && key.len() <= MAX_PART && key.iter().all(allowed)
}

/// Section 3.3.1.3.2: printable, neither comma nor equals sign, not ending in a space, not empty.
fn is_value(value: &[u8]) -> bool {
    let allowed = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'=');
    value.last().is_some_and(|byte| *byte != b' ') && value.len() <= MAX_PART && value.iter().all(allowed)
}

#[cfg(test)]
mod tests;
