use super::{W3c, shown};
use opentelemetry::baggage::{Baggage, BaggageExt};
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceFlags, TraceState};
use opentelemetry::{Context, KeyValue, SpanId, TraceId};
use std::collections::HashMap;

/// Headers as they came, repeated ones too.
struct Came<'a>(&'a [(&'a str, &'a str)]);

impl Extractor for Came<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.get_all(key).map(|values| values[0])
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| *name).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let named = self.0.iter().filter(|(name, _)| name.eq_ignore_ascii_case(key));
        let values: Vec<_> = named.map(|(_, value)| *value).collect();
        (!values.is_empty()).then_some(values)
    }
}

const VALID: (&str, &str) = ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03");
const OTHER: (&str, &str) = ("traceparent", "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-00f067aa0ba902b7-03");
const ZEROS: (&str, &str) = ("traceparent", "00-00000000000000000000000000000000-00f067aa0ba902b7-01");

fn local() -> Context {
    let span =
        SpanContext::new(TraceId::from(5), SpanId::from(6), TraceFlags::SAMPLED, false, TraceState::NONE);
    Context::new().with_remote_span_context(span)
}

fn trace(context: &Context) -> TraceId {
    context.span().span_context().trace_id()
}

#[test]
fn a_bad_header_begins_a_new_trace_and_never_adopts_the_local_one() {
    let _attached = local().attach();
    let bad: [&[(&str, &str)]; 4] =
        [&[ZEROS], &[VALID, OTHER], &[VALID, VALID], &[("traceparent", "x"), ("tracestate", "a=1")]];
    for headers in bad {
        let extracted = W3c::new().extract(&Came(headers));
        assert_eq!(trace(&extracted), TraceId::INVALID, "{headers:?}");
        let upon = W3c::new().extract_with_context(&local(), &Came(headers));
        assert_eq!(trace(&upon), TraceId::INVALID, "{headers:?}");
        assert_eq!(upon.span().span_context().trace_state(), &TraceState::NONE);
    }
    assert_eq!(trace(&W3c::new().extract(&Came(&[]))), TraceId::INVALID);
    // Nothing came, so nothing is changed in what the caller gave.
    assert_eq!(trace(&W3c::new().extract_with_context(&local(), &Came(&[]))), TraceId::from(5));
}

#[test]
fn a_state_without_a_parent_is_not_read() {
    let extracted = W3c::new().extract(&Came(&[("tracestate", "foo=1")]));
    assert!(!extracted.has_active_span());
}

#[test]
fn a_bad_state_is_dropped_and_its_parent_kept() {
    let extracted = W3c::new().extract(&Came(&[VALID, ("tracestate", "foo=1,FOO=2")]));
    assert_eq!(extracted.span().span_context().trace_state(), &TraceState::NONE);
    assert_eq!(trace(&extracted).to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
}

#[test]
fn all_that_came_is_sent_on() {
    let came = [
        ("TraceParent", VALID.1),
        ("tracestate", "a@b@c=1"),
        ("tracestate", "foo=2"),
        ("baggage", "x=1=2;p,y=%25"),
        ("baggage", "z=3"),
    ];
    let extracted = W3c::new().extract(&Came(&came));
    let mut sent = HashMap::new();
    W3c::new().inject_context(&extracted, &mut sent);
    let expected =
        [("traceparent", VALID.1), ("tracestate", "a@b@c=1,foo=2"), ("baggage", "x=1=2;p,y=%25,z=3")];
    assert_eq!(sent, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

#[test]
fn without_a_span_or_baggage_nothing_is_sent() {
    let mut sent = HashMap::new();
    W3c::new().inject_context(&Context::new(), &mut sent);
    assert_eq!(sent, HashMap::new());
    W3c::new().inject_context(&local(), &mut sent);
    assert_eq!(sent.into_keys().collect::<Vec<_>>(), ["traceparent"]);
}

#[test]
fn who_a_person_is_does_not_travel_to_everybody() {
    let baggage = ["session.id", "user.id", "tenant"].map(|key| KeyValue::new(key, "v"));
    let mut sent = HashMap::new();
    W3c::new().inject_context(&Context::new().with_baggage(baggage), &mut sent);
    assert_eq!(sent, HashMap::from([("baggage".to_owned(), "tenant=v".to_owned())]));
}

#[test]
fn each_half_can_be_left_out() {
    let came = [VALID, ("tracestate", "foo=1"), ("baggage", "x=1")];
    let cases = [
        (true, true, &["traceparent", "tracestate", "baggage"][..]),
        (true, false, &["traceparent", "tracestate"]),
        (false, true, &["baggage"]),
        (false, false, &[]),
    ];
    for (trace_context, with_baggage, fields) in cases {
        let w3c = W3c::default().with_trace_context(trace_context).with_baggage(with_baggage);
        assert_eq!(w3c.fields().collect::<Vec<_>>(), fields);
        let extracted = w3c.extract(&Came(&came));
        assert_eq!(extracted.has_active_span(), trace_context);
        assert_eq!(extracted.baggage().len(), usize::from(with_baggage));
        let (mut all, mut baggage) = (HashMap::new(), Baggage::new());
        baggage.insert("x", "1");
        w3c.inject_context(&W3c::new().extract(&Came(&came)).with_baggage(baggage), &mut all);
        assert_eq!(all.len(), fields.len());
    }
}

#[test]
fn a_bad_value_is_shown_short_and_fit_for_a_terminal() {
    assert_eq!(shown(b"a\x1b[31m\n\xff"), "a\\x1b[31m\\n\\xff");
    assert_eq!(shown(&[b'x'; 100]), format!("{}…", "x".repeat(64)));
}
