use super::{TreeOptions, tree};
use crate::view::fixture::{context, span_in};
use opentelemetry::trace::{Link, Status};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use std::time::{Duration, SystemTime};

/// A span of other people that began `at_ms` after the epoch.
fn plain_span(id: u64, parent: u64, name: &str, at_ms: u64, ms: u64) -> SpanData {
    let start_time = SystemTime::UNIX_EPOCH + Duration::from_millis(at_ms);
    let end_time = start_time + Duration::from_millis(ms);
    SpanData { start_time, end_time, ..span_in(1, id, parent, name.to_owned()) }
}

/// A step that went well.
fn step(id: u64, parent: u64, name: &str, at_ms: u64, ms: u64) -> SpanData {
    plain_span(id, parent, name, at_ms, ms).with("agent.step_type", "other").with("agent.outcome", "ok")
}

fn call(prompt: i64, completion: i64, class: &'static str, span: SpanData) -> SpanData {
    span.with("llm.token_count.prompt", prompt)
        .with("llm.token_count.completion", completion)
        .with("llm.finish_class", class)
}

trait With: Sized {
    /// Sets an attribute in place of one of the same name.
    fn with(self, name: &'static str, value: impl Into<Value>) -> Self;

    fn cost(self, usd: f64, status: &'static str) -> Self {
        self.with("cost.total_usd", usd).with("cost.status", status)
    }

    fn asked_for_by(self, id: u64) -> Self;

    fn failed(self, outcome: &'static str, class: &'static str) -> Self;
}

impl With for SpanData {
    fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.attributes.retain(|attribute| attribute.key.as_str() != name);
        self.attributes.push(KeyValue::new(name, value));
        self
    }

    fn asked_for_by(mut self, id: u64) -> Self {
        self.links.links.push(Link::with_context(context(1, id)));
        self.with("tool.call_id", "call_1")
    }

    fn failed(mut self, outcome: &'static str, class: &'static str) -> Self {
        self.status = Status::error("no");
        self.with("agent.outcome", outcome).with("error.type", class)
    }
}

fn weather() -> Vec<SpanData> {
    let run = step(1, 0, "agent.weather_assistant", 0, 1840)
        .with("agent.stop_reason", "completed")
        .with("agent.step_count", 3)
        .cost(0.001893, "known");
    let first = step(2, 1, "llm.openai.gpt-4o", 2, 970).cost(0.00157, "known");
    let tool = step(3, 1, "tool.get_weather", 975, 310).cost(0.0001, "known").asked_for_by(2);
    let second = step(4, 1, "llm.openai.gpt-4o-mini", 1290, 550).cost(0.000223, "known");
    // In the order of their ends, as they arrive.
    vec![call(412, 54, "tool_call", first), tool, call(1208, 70, "stop", second), run]
}

#[track_caller]
fn check(spans: &[SpanData], expected: &str) {
    let drawn = tree(spans, &TreeOptions::default());
    assert!(drawn == expected, "drawn:\n{drawn}\nexpected:\n{expected}");
}

#[test]
fn a_tool_stands_under_the_call_that_asked_for_it() {
    check(
        &weather(),
        "\
agent.weather_assistant              1.84 s  $0.001893  3 steps    completed
├─ llm.openai.gpt-4o                 0.97 s  $0.001570  412 → 54   tool_call
│  └─ tool.get_weather               0.31 s  $0.000100             ok
└─ llm.openai.gpt-4o-mini            0.55 s  $0.000223  1,208 → 70 stop
",
    );
}

#[test]
fn content_stands_below_its_span_when_it_is_asked_for() {
    let [first, tool, second, run] = <[_; 4]>::try_from(weather()).expect("four spans");
    let tool = tool.with("tool.arguments", r#"{"city":"Ulm"}"#).with("tool.result", "x".repeat(300));
    let run = run.with("user.query", "Rain in\nUlm?\u{85}").with("agent.result", "Überall \u{1b}[31m3 mm");
    let spans = [first, tool, second, run];
    assert_eq!(tree(&spans, &TreeOptions::default()), tree(&weather(), &TreeOptions::default()));
    let cut = "x".repeat(99) + "…";
    let expected = format!(
        "\
agent.weather_assistant              1.84 s  $0.001893  3 steps    completed
│  query: Rain in Ulm?
│  result: Überall  [31m3 mm
├─ llm.openai.gpt-4o                 0.97 s  $0.001570  412 → 54   tool_call
│  └─ tool.get_weather               0.31 s  $0.000100             ok
│        arguments: {{\"city\":\"Ulm\"}}
│        result: {cut}
└─ llm.openai.gpt-4o-mini            0.55 s  $0.000223  1,208 → 70 stop
"
    );
    let drawn = tree(&spans, &TreeOptions { content: true });
    assert!(drawn == expected, "{drawn}");
}

#[test]
fn only_a_tools_link_to_a_sibling_moves_it() {
    let mut recovery = step(3, 1, "error.ServiceDown", 30, 20);
    recovery.links.links.push(Link::with_context(context(1, 2)));
    let mut elsewhere = step(6, 1, "tool.linked_elsewhere", 60, 20).with("tool.call_id", "call_2");
    elsewhere.links.links.push(Link::with_context(context(9, 2)));
    let spans = [
        step(1, 0, "agent.a", 0, 100),
        step(2, 1, "tool.forecast", 10, 20).failed("error", "ServiceDown"),
        recovery,
        step(4, 3, "step.inner", 40, 20),
        step(5, 4, "tool.linked_to_an_uncle", 50, 20).asked_for_by(2),
        elsewhere,
    ];
    check(
        &spans,
        "\
agent.a                              0.10 s  ok
├─ tool.forecast                     0.02 s  error: ServiceDown
├─ error.ServiceDown                 0.02 s  ok
│  └─ step.inner                     0.02 s  ok
│     └─ tool.linked_to_an_uncle     0.02 s  ok
└─ tool.linked_elsewhere             0.02 s  ok
",
    );
}

#[test]
fn each_kind_of_step_shows_what_matters_of_it() {
    let run = step(1, 0, "agent.triage", 0, 9_000)
        .with("agent.step_count", 1)
        .with("agent.stop_reason", "tool_error")
        .failed("error", "ServiceDown");
    let embedding = step(2, 1, "llm.openai.embed", 1, 4)
        .with("agent.step_type", "embedding")
        .with("llm.token_count.prompt", 1_234_567);
    let uncounted = step(9, 1, "llm.ollama.llama3.2", 9, 4).with("llm.token_count.completion", 5);
    let spans = [
        run,
        embedding,
        step(3, 1, "retrieval.docs", 2, 4).with("retrieval.document_count", 5),
        step(4, 1, "retrieval.wiki", 3, 4).with("retrieval.document_count", 1),
        step(5, 1, "tool.search", 4, 4).with("tool.repeated", true),
        call(10, 0, "length", step(6, 1, "llm.x.y", 5, 4)),
        step(7, 1, "llm.x.y", 6, 4).with("llm.stream_end", "abandoned").with("agent.outcome", "cancelled"),
        step(8, 1, "llm.x.y", 7, 4).with("llm.stream_end", "cut").failed("error", "stream_cut"),
        uncounted.with("llm.stream_end", "complete").with("llm.finish_reason", "unheard_of"),
        call(10, 0, "stop", step(10, 1, "llm.x.y", 10, 4)).failed("error", "rate_limit_exceeded"),
        step(11, 1, "tool.slow", 11, 4).failed("timeout", "timeout"),
        step(12, 1, "tool.wild", 12, 4).failed("panicked", "panic"),
        step(13, 1, "approval.refund", 13, 4).with("agent.outcome", "rejected"),
        step(14, 1, "validation.has_city", 14, 4).with("validation.passed", true),
        step(15, 1, "validation.has_price", 15, 4).with("validation.passed", false),
        step(16, 1, "validation.policy", 16, 4)
            .with("validation.passed", false)
            .with("agent.outcome", "blocked"),
        step(17, 1, "validation.schema", 17, 4).with("validation.passed", false).failed("error", "io"),
        call(10, 2, "stop", step(18, 1, "llm.x.y", 18, 4)).with("llm.attempt_count", 1),
        call(10, 2, "stop", step(19, 1, "llm.x.y", 19, 1040)).with("llm.attempt_count", 2),
        step(20, 1, "llm.x.y", 20, 4).with("llm.attempt_count", 3).failed("error", "429"),
    ];
    check(
        &spans,
        "\
agent.triage                         9.00 s  1 step      tool_error: ServiceDown
├─ llm.openai.embed                  4.0 ms  1,234,567   ok
├─ retrieval.docs                    4.0 ms  5 documents ok
├─ retrieval.wiki                    4.0 ms  1 document  ok
├─ tool.search                       4.0 ms  repeated    ok
├─ llm.x.y                           4.0 ms  10 → 0      length
├─ llm.x.y                           4.0 ms              abandoned
├─ llm.x.y                           4.0 ms              cut: stream_cut
├─ llm.ollama.llama3.2               4.0 ms  ? → 5       unheard_of
├─ llm.x.y                           4.0 ms  10 → 0      error: rate_limit_exceeded
├─ tool.slow                         4.0 ms              timeout
├─ tool.wild                         4.0 ms              panicked
├─ approval.refund                   4.0 ms              rejected
├─ validation.has_city               4.0 ms              ok
├─ validation.has_price              4.0 ms              not passed
├─ validation.policy                 4.0 ms              blocked
├─ validation.schema                 4.0 ms              error: io
├─ llm.x.y                           4.0 ms  10 → 2      stop
├─ llm.x.y                           1.04 s  10 → 2      stop, 2 attempts
└─ llm.x.y                           4.0 ms              error: 429, 3 attempts
",
    );
}

#[test]
fn what_a_step_cost_is_never_said_wrongly() {
    let spans = [
        step(1, 0, "agent.a", 0, 100).cost(12.5, "partial"),
        step(2, 1, "llm.x.known", 1, 1).cost(12.5, "known"),
        step(3, 1, "llm.x.local", 2, 1).cost(0.0, "zero_rated"),
        step(4, 1, "llm.x.unheard_of", 3, 1).with("cost.status", "unknown"),
        step(5, 1, "step.free", 4, 1),
    ];
    check(
        &spans,
        "\
agent.a                              0.10 s  ≥ $12.500000  ok
├─ llm.x.known                       1.0 ms    $12.500000  ok
├─ llm.x.local                       1.0 ms     $0.000000  ok
├─ llm.x.unheard_of                  1.0 ms            $?  ok
└─ step.free                         1.0 ms                ok
",
    );
}

#[test]
fn an_amount_that_is_not_zero_never_reads_as_zero() {
    let amounts = [
        4_050.0,
        1_234_567.890_123_4,
        999.0,
        0.000_1,
        0.000_012_3,
        0.000_009_96,
        0.000_001_349,
        0.000_000_1,
        1e-18,
        0.0,
    ];
    let spans =
        amounts.iter().zip(1..).map(|(usd, id)| step(id, id.min(2) - 1, "s", id, 1).cost(*usd, "known"));
    check(
        &spans.collect::<Vec<_>>(),
        "\
s                                    1.0 ms           $4,050.000000  ok
├─ s                                 1.0 ms       $1,234,567.890123  ok
├─ s                                 1.0 ms             $999.000000  ok
├─ s                                 1.0 ms               $0.000100  ok
├─ s                                 1.0 ms               $0.000012  ok
├─ s                                 1.0 ms               $0.000010  ok
├─ s                                 1.0 ms              $0.0000013  ok
├─ s                                 1.0 ms             $0.00000010  ok
├─ s                                 1.0 ms  $0.0000000000000000010  ok
└─ s                                 1.0 ms               $0.000000  ok
",
    );
}

#[test]
fn durations_are_readable_from_microseconds_to_hours() {
    let times = [0, 4_210, 9_949, 10_000, 119_990_000, 120_000_000, 5_399_000_000, 12_000_000_000];
    let spans = times.iter().zip(1..).map(|(micros, id)| {
        let mut span = plain_span(id, id.min(2) - 1, "s", id, 0);
        span.end_time = span.start_time + Duration::from_micros(*micros);
        span
    });
    let mut backwards = plain_span(9, 1, "clock set back", 9, 0);
    backwards.end_time = SystemTime::UNIX_EPOCH;
    check(
        &spans.chain([backwards]).collect::<Vec<_>>(),
        "\
s                                    0.0 ms
├─ s                                 4.2 ms
├─ s                                 9.9 ms
├─ s                                 0.01 s
├─ s                               119.99 s
├─ s                                2.0 min
├─ s                               90.0 min
├─ s                                  3.3 h
└─ clock set back                    0.0 ms
",
    );
}

#[test]
fn spans_of_others_show_name_duration_and_status() {
    let mut failed = plain_span(3, 2, "GET /rain", 2, 20).with("error.type", "503").cost(3.0, "known");
    failed.status = Status::error("unavailable");
    let mut fine = plain_span(2, 1, "http", 1, 30).with("agent.step_count", 7);
    fine.status = Status::Ok;
    let spans = [step(1, 0, "agent.a", 0, 50), fine, failed, plain_span(4, 1, "parse", 40, 1)];
    check(
        &spans,
        "\
agent.a                              0.05 s  ok
├─ http                              0.03 s  ok
│  └─ GET /rain                      0.02 s  error: 503
└─ parse                             1.0 ms
",
    );
}

#[test]
fn roots_and_traces_stand_apart_in_the_order_of_their_beginning() {
    let mut other = step(8, 0, "agent.other_trace", 6, 1);
    other.span_context = context(2, 8);
    let mut its_child = step(9, 8, "tool.b", 6, 1);
    its_child.span_context = context(2, 9);
    // The same parent id in another trace is another span.
    let orphan = step(7, 8, "tool.a", 7, 1);
    check(
        &[its_child, orphan, other],
        "\
agent.other_trace                    1.0 ms  ok
└─ tool.b                            1.0 ms  ok

tool.a                               1.0 ms  ok
",
    );
    check(&[], "");
}

#[test]
fn siblings_of_one_moment_stand_in_the_order_of_their_ids() {
    let spans = [step(1, 0, "a", 0, 1), step(4, 1, "d", 5, 1), step(2, 1, "b", 5, 1), step(3, 1, "c", 5, 1)];
    let names: Vec<_> = tree(&spans, &TreeOptions::default())
        .lines()
        .filter_map(|line| line.chars().find(char::is_ascii_lowercase))
        .collect();
    assert_eq!(names, ['a', 'b', 'c', 'd']);
}

#[test]
fn cycles_and_copies_are_drawn_once() {
    let mut without_id = step(0, 0, "without id", 5, 1);
    without_id.span_context = context(1, 0);
    let spans = [
        step(1, 2, "a", 1, 1),
        step(2, 1, "b", 2, 1),
        step(3, 3, "its own parent", 3, 1),
        step(4, 0, "twice", 4, 1),
        step(4, 0, "twice", 4, 1),
        without_id.clone(),
        without_id,
        step(5, 1, "asks for itself", 6, 1).asked_for_by(5),
    ];
    check(
        &spans,
        "\
its own parent                       1.0 ms  ok

twice                                1.0 ms  ok

without id                           1.0 ms  ok

without id                           1.0 ms  ok

a                                    1.0 ms  ok
├─ b                                 1.0 ms  ok
└─ asks for itself                   1.0 ms  ok
",
    );
}

#[test]
fn nothing_that_was_recorded_can_move_the_cursor_or_break_a_line() {
    let long = "x".repeat(10_000);
    let spans = [
        step(1, 0, "agent.a\nb\u{1b}[2J\u{202e}c", 0, 1).with("agent.stop_reason", "done\r\n\u{7}"),
        step(2, 1, &long, 1, 1).failed("error", "first\nsecond"),
    ];
    let expected = format!(
        "\
{:60}    1.0 ms  done___
└─ {}…    1.0 ms  error: first_second
",
        "agent.a_b_[2J_c",
        "x".repeat(56)
    );
    check(&spans, &expected);
}

#[test]
fn steps_too_deep_to_draw_keep_their_names() {
    let chain: Vec<_> = (1..=14).map(|id| step(id, id - 1, &format!("s{id}"), id, 1)).collect();
    let drawn = tree(&chain, &TreeOptions::default());
    let tail: Vec<_> = drawn.lines().skip(10).map(str::trim_start).collect();
    let expected = [
        "└─ s11          1.0 ms  ok",
        "└─ s12       1.0 ms  ok",
        "└┄ s13    1.0 ms  ok",
        "└┄ s14    1.0 ms  ok",
    ];
    assert_eq!(tail, expected, "{drawn}");
}

#[test]
fn ten_thousand_spans_are_drawn_in_any_shape() {
    let chain: Vec<_> = (1..=10_000).map(|id| step(id, id - 1, "step.deeper", id, 1)).collect();
    let fan: Vec<_> = (1..=10_000).map(|id| step(id, id.min(2) - 1, "step.beside", id, 1)).collect();
    let ring: Vec<_> = (1..=10_000).map(|id| step(id, id % 10_000 + 1, "step.round", id, 1)).collect();
    for spans in [chain, fan, ring] {
        let drawn = tree(&spans, &TreeOptions::default());
        assert_eq!(drawn.lines().count(), 10_000);
        assert!(drawn.lines().all(|line| line.chars().count() < 80), "a line is too long");
    }
}
