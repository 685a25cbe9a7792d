//! Headers of W3C trace context and baggage: each line is a letter for the name and the value. What is read is written
//! well-formed, and reads as the same.

#![no_main]

use agentspan::propagation::W3c;
use agentspan_fuzz::Input;
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use std::collections::HashMap;

const NAMES: [&str; 3] = ["traceparent", "tracestate", "baggage"];

struct Headers(Vec<(&'static str, String)>);

impl Extractor for Headers {
    fn get(&self, key: &str) -> Option<&str> {
        self.get_all(key)?.first().copied()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| *name).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let values: Vec<_> =
            self.0.iter().filter(|(name, _)| *name == key).map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then_some(values)
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let mut raw: Vec<(&'static str, Vec<u8>)> = Vec::new();
    while !input.0.is_empty() {
        let name = *input.one_of(&NAMES);
        raw.push((name, input.until(b'\n').to_vec()));
    }
    // As bytes, which need be no text.
    let sender = agentspan::extract(raw.as_slice());
    let texts = raw.into_iter().map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()));
    let headers = Headers(texts.collect());

    let context = W3c::new().extract(&headers);
    let given: Vec<_> = headers.get_all("traceparent").unwrap_or_default();
    let is_remote = context.span().span_context().is_valid();
    assert_eq!(sender.trace_id().is_some(), is_remote);
    assert!(!is_remote || given.len() == 1, "two parents are none");

    let written = write(&context);
    if let Some(parent) = written.get("traceparent") {
        check_traceparent(parent, given[0]);
    }
    if let Some(state) = written.get("tracestate") {
        check_tracestate(state);
    }
    if let Some(baggage) = written.get("baggage") {
        check_baggage(baggage);
    }
    assert_eq!(write(&W3c::new().extract(&written)), written, "what was written reads as the same");
});

fn write(context: &Context) -> HashMap<String, String> {
    let mut headers = HashMap::new();
    W3c::new().inject_context(context, &mut headers);
    headers
}

fn check_traceparent(written: &str, given: &str) {
    let parts: Vec<_> = written.split('-').collect();
    let [version, trace, span, flags] = parts[..] else { panic!("{written}") };
    assert_eq!((version, trace.len(), span.len(), flags.len()), ("00", 32, 16, 2), "{written}");
    assert!(trace.bytes().any(|byte| byte != b'0') && span.bytes().any(|byte| byte != b'0'), "{written}");
    assert!(["00", "01", "02", "03"].contains(&flags), "{written}");
    assert!(written.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-')), "{written}");
    let given = given.trim_matches([' ', '\t']);
    assert_eq!(given.get(3..52), written.get(3..52), "the ids are those that were sent");
}

fn check_tracestate(written: &str) {
    let members: Vec<_> = written.split(',').collect();
    assert!(members.len() <= 32 && written.len() <= 4_096, "{written}");
    for member in members {
        let (key, value) = member.split_once('=').unwrap_or_else(|| panic!("no `=` in `{member}`"));
        assert!((1..=256).contains(&key.len()) && (1..=256).contains(&value.len()), "{member}");
        assert!(key.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit()), "{key}");
        let is_key =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/@".contains(&byte);
        assert!(key.bytes().all(is_key), "{key}");
        assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'='), "{value}");
        assert!(!value.ends_with(' '), "{value}");
    }
}

fn check_baggage(written: &str) {
    let members: Vec<_> = written.split(',').collect();
    assert!(members.len() <= 64 && written.len() <= 8_192, "{written}");
    let is_printable = |byte: u8| (b'!'..=b'~').contains(&byte) && !b"\",\\".contains(&byte);
    assert!(members.iter().all(|member| member.bytes().all(is_printable)), "{written}");
    for member in members {
        let entry = member.split(';').next().unwrap_or_default();
        let (key, value) = entry.split_once('=').unwrap_or_else(|| panic!("no `=` in `{member}`"));
        assert!(!key.is_empty() && !key.contains(|c: char| "()/:<=>?@[]{}".contains(c)), "{key}");
        for (at, _) in value.match_indices('%') {
            let digits = value.get(at + 1..at + 3).unwrap_or_default();
            assert!(digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{value}");
        }
    }
}
