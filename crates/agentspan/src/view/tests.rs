use super::{TreeOptions, tree};
use opentelemetry::trace::{Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use std::time::{Duration, SystemTime};

fn context(id: u64) -> SpanContext {
    let flags = TraceFlags::SAMPLED;
    SpanContext::new(TraceId::from(1), SpanId::from(id), flags, false, TraceState::NONE)
}

fn span(id: u64, parent: u64, name: &'static str, at_ms: u64, ms: u64, attributes: &[KeyValue]) -> SpanData {
    let start_time = SystemTime::UNIX_EPOCH + Duration::from_millis(at_ms);
    SpanData {
        span_context: context(id),
        parent_span_id: SpanId::from(parent),
        parent_span_is_remote: false,
        span_kind: SpanKind::Internal,
        name: name.into(),
        start_time,
        end_time: start_time + Duration::from_millis(ms),
        attributes: attributes.to_vec(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::default(),
    }
}

fn call(prompt: i64, completion: i64, usd: f64, class: &'static str) -> Vec<KeyValue> {
    vec![
        KeyValue::new("agent.outcome", "ok"),
        KeyValue::new("llm.token_count.prompt", prompt),
        KeyValue::new("llm.token_count.completion", completion),
        KeyValue::new("cost.total_usd", usd),
        KeyValue::new("cost.status", "known"),
        KeyValue::new("llm.finish_class", class),
    ]
}

fn weather() -> Vec<SpanData> {
    let run = [
        KeyValue::new("agent.outcome", "ok"),
        KeyValue::new("agent.stop_reason", "completed"),
        KeyValue::new("agent.step_count", 3),
        KeyValue::new("cost.total_usd", 0.001893),
        KeyValue::new("user.query", "Rain in\nUlm?"),
    ];
    let tool = [
        KeyValue::new("agent.outcome", "ok"),
        KeyValue::new("tool.call_id", "call_1"),
        KeyValue::new("cost.total_usd", 0.0001),
        KeyValue::new("tool.arguments", r#"{"city":"Ulm"}"#),
    ];
    let mut tool = span(3, 1, "tool.get_weather", 975, 310, &tool);
    tool.links.links.push(Link::with_context(context(2)));
    vec![
        span(2, 1, "llm.openai.gpt-4o", 2, 970, &call(412, 54, 0.00157, "tool_call")),
        tool,
        span(4, 1, "llm.openai.gpt-4o-mini", 1290, 550, &call(1208, 70, 0.000223, "stop")),
        span(1, 0, "agent.weather_assistant", 0, 1840, &run),
    ]
}

#[test]
fn a_tool_stands_under_the_call_that_asked_for_it() {
    let expected = "\
agent.weather_assistant              1.84 s  $0.001893  3 steps     completed
├─ llm.openai.gpt-4o                 0.97 s  $0.001570  412 → 54    tool_call
│  └─ tool.get_weather               0.31 s  $0.000100              ok
└─ llm.openai.gpt-4o-mini            0.55 s  $0.000223  1,208 → 70  stop
";
    let shortened = expected.replace("            1.84 s", "     1.84 s");
    let drawn = tree(&weather(), &TreeOptions::default());
    assert_eq!(
        drawn.split_whitespace().collect::<Vec<_>>(),
        shortened.split_whitespace().collect::<Vec<_>>()
    );
    let starts: Vec<_> = drawn.lines().map(|line| line.chars().position(|c| c == '$')).collect();
    assert!(starts.windows(2).all(|pair| pair[0] == pair[1]), "{drawn}");
}

#[test]
fn content_stands_below_its_span_when_it_is_asked_for() {
    let drawn = tree(&weather(), &TreeOptions { content: true });
    let lines: Vec<_> = drawn.lines().collect();
    assert_eq!(lines[1], "│  query: Rain in Ulm?");
    assert_eq!(lines[4], r#"│        arguments: {"city":"Ulm"}"#);
}

#[test]
fn a_span_without_its_parent_is_a_root_of_its_own() {
    let spans = [span(7, 6, "one", 5, 1, &[]), span(8, 6, "two", 6, 1, &[])];
    assert_eq!(tree(&spans, &TreeOptions::default()), "one  1.0 ms\n\ntwo  1.0 ms\n");
}

#[test]
fn cycles_and_doubles_are_drawn_once() {
    let spans = [
        span(1, 2, "a", 1, 1, &[]),
        span(2, 1, "b", 2, 1, &[]),
        span(3, 3, "self", 3, 1, &[]),
        span(4, 0, "double", 4, 1, &[]),
        span(4, 0, "double", 4, 1, &[]),
    ];
    let drawn = tree(&spans, &TreeOptions::default());
    for name in ["a", "b", "self", "double"] {
        assert!(drawn.contains(name), "{drawn}");
    }
}

#[test]
fn what_is_not_known_is_said() {
    let unknown = [KeyValue::new("agent.outcome", "ok"), KeyValue::new("cost.status", "unknown")];
    let partial = [
        KeyValue::new("agent.outcome", "error"),
        KeyValue::new("error.type", "rate_limit_exceeded"),
        KeyValue::new("cost.status", "partial"),
        KeyValue::new("cost.total_usd", 0.5),
    ];
    let mut failed = span(2, 1, "llm.x.y", 1, 130_000, &partial);
    failed.status = Status::error("no");
    let spans = [span(1, 0, "agent.a", 0, 12_000_000, &unknown), failed];
    let expected = "\
agent.a       3.3 h  $?           ok
└─ llm.x.y  2.2 min  ≥$0.500000    error: rate_limit_exceeded
";
    let drawn = tree(&spans, &TreeOptions::default());
    assert_eq!(
        drawn.split_whitespace().collect::<Vec<_>>(),
        expected.split_whitespace().collect::<Vec<_>>(),
        "{drawn}"
    );
}

#[test]
fn long_names_and_deep_trees_stay_readable() {
    let deep: Vec<_> = (1..=10_000)
        .map(|id| {
            span(
                id,
                id - 1,
                "step.deeper\nand deeper and deeper and deeper and deeper and deeper",
                id,
                1,
                &[],
            )
        })
        .collect();
    let drawn = tree(&deep, &TreeOptions::default());
    assert_eq!(drawn.lines().count(), 10_000);
    assert!(drawn.lines().all(|line| line.chars().count() < 80), "a line is too long");
}
