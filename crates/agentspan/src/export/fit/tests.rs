use std::time::SystemTime;

use opentelemetry::trace::{Event, Link, SpanContext};

use super::*;
use crate::view::{fixture, lookup};

fn limits() -> Limits {
    Limits {
        attribute_count: 128,
        attribute_value_length: None,
        event_count: 128,
        link_count: 128,
        event_attribute_count: 128,
        link_attribute_count: 128,
        content_length: 16 * 1024,
    }
}

fn is_content(name: &str) -> bool {
    matches!(name, "tool.arguments" | "user.query" | "exception.message")
}

fn span(attributes: Vec<KeyValue>) -> SpanData {
    SpanData { attributes, ..fixture::span("tool.x") }
}

fn value<'a>(span: &'a SpanData, name: &str) -> Option<&'a Value> {
    lookup::get(&span.attributes, name)
}

fn text(span: &SpanData, name: &str) -> String {
    value(span, name).map(|value| value.as_str().into_owned()).unwrap_or_default()
}

#[test]
fn a_key_leaves_once_with_its_last_value_at_its_first_place() {
    let mut span = span(vec![KeyValue::new("a", 1), KeyValue::new("b", 2), KeyValue::new("a", 3)]);
    fit(&mut span, &limits(), &is_content);
    assert_eq!(span.attributes, [KeyValue::new("a", 3), KeyValue::new("b", 2)]);
    assert_eq!(span.dropped_attributes_count, 0);
}

#[test]
fn five_megabytes_of_arguments_become_sixteen_kibibytes_of_json() {
    let arguments = serde_json::json!({"path": "a.txt", "body": "ü".repeat(2_500_000)}).to_string();
    let length = i64::try_from(arguments.len()).unwrap();
    let mut span =
        span(vec![KeyValue::new("tool.arguments", arguments), KeyValue::new("own", "x".repeat(20_000))]);
    fit(&mut span, &limits(), &is_content);
    let cut = text(&span, "tool.arguments");
    assert!(cut.len() <= 16 * 1024 && cut.len() > 16 * 1024 - 16);
    assert!(serde_json::from_str::<serde_json::Value>(&cut).is_ok());
    assert_eq!(value(&span, "tool.arguments.original_length"), Some(&Value::I64(length)));
    assert_eq!(text(&span, "own").len(), 20_000);
}

#[test]
fn a_value_that_was_cut_before_is_closed_and_keeps_its_first_length() {
    let mut span = span(vec![
        KeyValue::new("tool.arguments", r#"{"a":"b","c":["d","e"#),
        KeyValue::new("tool.arguments.original_length", 5_000_000),
    ]);
    fit(&mut span, &limits(), &is_content);
    assert!(serde_json::from_str::<serde_json::Value>(&text(&span, "tool.arguments")).is_ok());
    assert_eq!(value(&span, "tool.arguments.original_length"), Some(&Value::I64(5_000_000)));
    assert_eq!(span.attributes.len(), 2);
}

#[test]
fn the_count_limit_never_costs_tokens_cost_or_identity() {
    let mut attributes: Vec<_> = (0..200).map(|index| KeyValue::new(format!("own.{index}"), index)).collect();
    let vital = [
        "llm.token_count.total",
        "cost.total_usd",
        "session.id",
        "agent.run_id",
        "error.type",
        "agent.outcome",
    ];
    attributes.extend(vital.map(|name| KeyValue::new(name, "1")));
    attributes.push(KeyValue::new("llm.message_count", 3));
    let mut span = span(attributes);
    fit(&mut span, &limits(), &is_content);
    assert_eq!(span.attributes.len(), 128);
    assert_eq!(span.dropped_attributes_count, 207 - 128);
    assert!(vital.iter().all(|name| value(&span, name).is_some()));
    assert!(value(&span, "llm.message_count").is_some());
    assert!(value(&span, "own.120").is_some() && value(&span, "own.121").is_none());

    fit(&mut span, &Limits { attribute_count: 2, ..limits() }, &is_content);
    assert_eq!(span.attributes.len(), vital.len());
}

#[test]
fn the_length_limit_counts_characters_and_spares_ids() {
    let array = Value::Array(Array::String(vec!["äöüß".into(), "a".into()]));
    let mut span = span(vec![
        KeyValue::new("own", "äöüß"),
        KeyValue::new("list", array),
        KeyValue::new("session.id", "session-1234"),
        KeyValue::new("llm.invocation_parameters", r#"{"a":1,"bcdefgh":2}"#),
    ]);
    fit(&mut span, &Limits { attribute_value_length: Some(2), ..limits() }, &is_content);
    assert_eq!(text(&span, "own"), "äö");
    assert_eq!(value(&span, "list"), Some(&Value::Array(Array::String(vec!["äö".into(), "a".into()]))));
    assert_eq!(text(&span, "session.id"), "session-1234");
    assert_eq!(text(&span, "llm.invocation_parameters"), "{}");
}

#[test]
fn events_and_links_have_limits_of_their_own_and_exceptions_stay() {
    let mut span = span(vec![]);
    let event = |name: &'static str| {
        let attributes = (0..4).map(|index| KeyValue::new(format!("k{index}"), index)).collect();
        Event::new(name, SystemTime::UNIX_EPOCH, attributes, 0)
    };
    span.events.events = vec![event("one"), event("two"), event("exception")];
    span.links.links = vec![Link::new(SpanContext::NONE, vec![], 0); 3];
    let limits = Limits { event_count: 2, link_count: 1, event_attribute_count: 3, ..limits() };
    fit(&mut span, &limits, &is_content);
    assert_eq!(span.events.iter().map(|event| event.name.as_ref()).collect::<Vec<_>>(), ["one", "exception"]);
    assert_eq!((span.events.dropped_count, span.links.dropped_count, span.links.len()), (1, 2, 1));
    assert_eq!((span.events[0].attributes.len(), span.events[0].dropped_attributes_count), (3, 1));
}

#[test]
fn no_span_is_too_large_for_its_batch() {
    let mut attributes: Vec<_> =
        (0..100).map(|index| KeyValue::new(format!("own.{index}"), "x".repeat(100_000))).collect();
    attributes.push(KeyValue::new("floats", Value::Array(Array::F64(vec![0.5; 1_000_000]))));
    attributes.push(KeyValue::new("k".repeat(1_000_000), 1));
    attributes.push(KeyValue::new("agent.run_id", "r-1"));
    let mut span = span(attributes);
    span.name = "n".repeat(1_000_000).into();
    span.status = Status::error("s".repeat(1_000_000));
    let many =
        || (0..200).map(|index| KeyValue::new(format!("k{index}"), "y".repeat(300))).collect::<Vec<_>>();
    span.events.events = (0..200).map(|_| Event::new("e", SystemTime::UNIX_EPOCH, many(), 0)).collect();
    fit(&mut span, &limits(), &is_content);
    assert!(format!("{span:?}").len() < 2 * 256 * 1024);
    assert_eq!(text(&span, "agent.run_id"), "r-1");
    assert!(value(&span, "own.0.original_length").is_some());
    assert!(span.events.dropped_count > 0);
}
