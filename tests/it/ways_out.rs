//! One and the same run by every way on which spans leave: what stands on them is the same.

use agentspan::cost::Books;
use agentspan::{TelemetryBuilder, TracesExporter, Usage, builder};
use agentspan_tests::Collector;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tracing_subscriber::prelude::*;

#[derive(Debug, Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().expect("no test panics while it holds the lock").extend(batch);
        Ok(())
    }
}

impl Kept {
    pub(crate) fn spans(&self) -> Vec<SpanData> {
        self.0.lock().expect("no test panics while it holds the lock").clone()
    }
}

/// By the attribute `case`, name for name; a name that stands twice has two values.
type Spans = BTreeMap<String, BTreeMap<String, String>>;

fn put(spans: &mut Spans, name: &str, attributes: Vec<(String, String)>) {
    // Times and ids differ from run to run.
    const VARIES: [&str; 7] = [
        "agent.run_id",
        "agent.root_run_id",
        "agent.parent_run_id",
        "agent.breakdown",
        "metadata",
        "llm.system_hash",
        "llm.time_to_first_chunk_s",
    ];
    let mut all = BTreeMap::new();
    for (key, value) in attributes {
        let value = if VARIES.contains(&key.as_str()) { String::new() } else { value };
        let known: &mut String = all.entry(key).or_default();
        if known.is_empty() {
            *known = value;
        } else {
            *known = format!("{known} AND {value}");
        }
    }
    let case = all.get("case").cloned().unwrap_or_default();
    assert!(spans.insert(format!("{name} {case}"), all).is_none(), "two spans {name} {case}");
}

fn of_kept(kept: &Kept) -> Spans {
    let mut spans = Spans::new();
    for span in kept.spans() {
        let attributes = span
            .attributes
            .iter()
            .map(|pair| {
                let value = match &pair.value {
                    opentelemetry::Value::F64(number) => json!(number).to_string(),
                    value => value.to_string(),
                };
                (pair.key.to_string(), value)
            })
            .collect();
        put(&mut spans, &span.name, attributes);
    }
    spans
}

fn of_collector(collector: &Collector) -> Spans {
    let mut spans = Spans::new();
    for span in collector.spans() {
        let attributes = span
            .attributes
            .iter()
            .map(|(key, value)| (key.clone(), value.as_str().map_or(value.to_string(), str::to_owned)));
        put(&mut spans, &span.name, attributes.collect());
    }
    spans
}

fn reply(model: &str) -> serde_json::Value {
    json!({
        "id": "r-1", "object": "chat.completion", "model": model,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}],
        "usage": {"prompt_tokens": 1_000, "completion_tokens": 500, "total_tokens": 1_500,
                  "prompt_tokens_details": {"cached_tokens": 200},
                  "completion_tokens_details": {"reasoning_tokens": 100}},
    })
}

/// A run with calls of every kind; each span has a `case` of its own.
fn work() {
    let call = |case: &'static str| agentspan::llm("openai", "gpt-4o").attribute("case", case);
    let usage = || Usage::new().input(1_000).output(500);
    let run = agentspan::agent("ways")
        .session("s-1")
        .user("u-1")
        .tag("team", "blue")
        .attribute("case", "run")
        .start();
    run.in_scope(|| {
        let answer = |case: &'static str| {
            let step = call(case).server("api.openai.com", Some(443)).purpose("p").start();
            step.reply(&reply("gpt-4o-2024-08-06"));
            step.finish();
        };
        answer("reply");
        call("no reply").batch().start().finish();
        let step = call("by hand").start();
        step.usage(usage());
        step.finish();
        let step = call("twice").start();
        step.usage(usage().cache_read(10).reasoning(5));
        step.usage(Usage::new().input(10).output(5));
        step.finish();
        let step = call("usage, cost").start();
        step.usage(usage());
        step.cost_usd(2.5);
        step.finish();
        let step = call("cost, usage").start();
        step.cost_usd(2.5);
        step.usage(usage());
        step.finish();
        let step = call("usage, no number").start();
        step.usage(usage());
        step.cost_usd(f64::NAN);
        step.finish();
        let step = call("provider's cost").start();
        step.usage(usage().provider_cost_usd(0.125));
        step.finish();
        let step = agentspan::llm("acme", "nobody-knows-1").attribute("case", "unknown").start();
        step.usage(usage());
        step.finish();
        let step = call("half").start();
        step.usage(Usage::new().input(10));
        step.finish();
        let step = call("lost").start();
        step.attempt_failed("timeout", None, None);
        step.usage(usage());
        step.finish();
        let step = call("names before")
            .attribute("llm.model_name", "mine")
            .attribute("llm.provider", "me")
            .attribute("llm.token_count.prompt", 7)
            .attribute("cost.total_usd", 7.5)
            .start();
        step.usage(usage());
        step.finish();
        let step = call("names after").start();
        step.usage(usage());
        step.attribute("llm.model_name", "mine")
            .attribute("llm.provider", "me")
            .attribute("llm.token_count.prompt", 7)
            .attribute("cost.total_usd", 7.5);
        step.finish();
        let step = call("same name").attribute("k", 1).start();
        step.attribute("k", 2);
        step.finish();
        let step =
            agentspan::embedding("openai", "text-embedding-3-small").attribute("case", "embedding").start();
        step.usage(Usage::new().input(10));
        step.finish();
        agentspan::tool("search")
            .call_id("c-1")
            .arguments(&json!({"q": 1}))
            .cost_usd(0.5)
            .attribute("case", "tool 1")
            .in_scope(|| {});
        agentspan::tool("search").arguments(&json!({"q": 1})).attribute("case", "tool 2").in_scope(|| {});
        // Ends before what is below it.
        let outer = agentspan::step("outer").attribute("case", "outer").start();
        let late = outer.in_scope(|| call("late").start());
        outer.finish();
        late.usage(usage());
        late.finish();
        let early = call("early").start();
        early.usage(usage());
        let below =
            early.in_scope(|| agentspan::tool("below").attribute("case", "below").cost_usd(1.0).start());
        let handle = early.in_scope(agentspan::current);
        early.finish();
        handle.reply(&reply("too-late")).cost_usd(9.0);
        handle.usage(Usage::new().input(1).output(1));
        below.finish();
    });
    run.finish();
}

fn settings() -> TelemetryBuilder {
    builder().with_gen_ai(true).with_openinference(true)
}

/// What was spent, without what differs from run to run.
fn anonymous(mut books: Books) -> Books {
    for run in &mut books.dearest_runs {
        (run.run_id, run.trace_id) = (String::new(), None);
    }
    books
}

fn by_layer(change: impl FnOnce(TelemetryBuilder) -> TelemetryBuilder) -> (Spans, Books) {
    let collector = Collector::start();
    let (layer, telemetry) = change(settings().with_endpoint(collector.endpoint())).layer();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
    let books = telemetry.books();
    telemetry.shutdown();
    (of_collector(&collector), anonymous(books))
}

fn by_exporter(attributes: u32) -> (Spans, Books) {
    let kept = Kept::default();
    let exporter = settings().exporter(kept.clone());
    let (layer, books) = (exporter.layer(), exporter.bookkeeper());
    let provider = SdkTracerProvider::builder()
        .with_max_attributes_per_span(attributes)
        .with_simple_exporter(exporter)
        .build();
    let bridge = tracing_opentelemetry::layer().with_tracer(provider.tracer("mine"));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(bridge).with(layer), work);
    provider.shutdown().expect("the exporter takes everything");
    (of_kept(&kept), anonymous(books()))
}

/// Spans leave by a bridge of others; our telemetry is there and never sees them.
fn beside_a_bridge() -> (Spans, Books) {
    let kept = Kept::default();
    let (layer, telemetry) = settings().with_exporters([]).layer();
    let provider = SdkTracerProvider::builder()
        .with_max_attributes_per_span(1_000)
        .with_simple_exporter(kept.clone())
        .build();
    let bridge = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("mine"))
        .with_location(false)
        .with_threads(false)
        .with_level(false)
        .with_target(false)
        .with_tracked_inactivity(false);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer).with(bridge), work);
    provider.shutdown().expect("the exporter takes everything");
    let books = telemetry.books();
    telemetry.shutdown();
    (of_kept(&kept), anonymous(books))
}

fn compare(way: &str, expected: &Spans, found: &Spans, ours: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for (span, attributes) in expected {
        let Some(other) = found.get(span) else {
            wrong.push(format!("{way}: no `{span}`"));
            continue;
        };
        for (key, value) in attributes.iter().filter(|(key, _)| ours(span, key)) {
            match other.get(key) {
                Some(same) if same == value => {}
                there => wrong.push(format!("{way}: {span}: {key}: {value} / {there:?}")),
            }
        }
        for (key, value) in other.iter().filter(|(key, _)| ours(span, key) && !attributes.contains_key(*key))
        {
            wrong.push(format!("{way}: {span}: {key}: none / {value}"));
        }
    }
    wrong
}

#[test]
fn one_run_says_the_same_by_every_way() {
    let (expected, books) = by_layer(|settings| settings);
    assert_eq!(expected.len(), 22);
    for (span, attributes) in &expected {
        assert!(attributes.values().all(|value| !value.contains(" AND ")), "{span}: {attributes:?}");
    }
    let console = [TracesExporter::Otlp, TracesExporter::Console];
    let (shown, console_books) = by_layer(|settings| settings.with_exporters(console));
    let (disabled, disabled_books) = by_layer(|settings| settings.with_disabled(true));
    let (dropped, dropped_books) = by_layer(|settings| settings.with_sampling_ratio(0.0));
    assert_eq!((disabled.len(), dropped.len()), (0, 0));
    let (wrapped, wrapped_books) = by_exporter(1_000);
    let (beside, beside_books) = beside_a_bridge();
    // The sums of these two were not complete when they ended, and nobody waited for them.
    let waits = |span: &str| span.ends_with(" outer") || span.ends_with(" early");
    let mut wrong = compare("console", &expected, &shown, |_, _| true);
    wrong.extend(compare("exporter", &expected, &wrapped, |_, _| true));
    wrong.extend(compare("beside", &expected, &beside, |span, key| {
        let canonical = ["agent.", "cost.", "llm.", "tool.", "server.", "session.", "user.", "k"];
        let dialect = key.starts_with("llm.cost.") || ["llm.system", "tool.id"].contains(&key);
        canonical.iter().any(|start| key.starts_with(start))
            && !dialect
            && !(waits(span) && key.starts_with("cost."))
    }));
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (way, other) in [
        ("console", console_books),
        ("disabled", disabled_books),
        ("ratio 0", dropped_books),
        ("exporter", wrapped_books),
        ("beside", beside_books),
    ] {
        assert_eq!(other, books, "{way}");
    }
}

#[test]
fn what_is_told_after_the_end_changes_nothing() {
    let (spans, _) = by_layer(|settings| settings);
    let early = &spans["llm.openai.gpt-4o early"];
    for (key, value) in [
        ("llm.model_name", "gpt-4o"),
        ("llm.token_count.prompt", "1000"),
        ("cost.input_usd", "0.0025"),
        ("cost.output_usd", "0.005"),
        ("cost.source", "catalog"),
        ("cost.self_usd", "0.0075"),
        ("cost.total_usd", "1.0075"),
    ] {
        assert_eq!(early.get(key).map(String::as_str), Some(value), "{key}");
    }
}

#[test]
fn a_cost_of_a_tool_that_is_taken_back_does_not_stay() {
    let recording = agentspan::testing::record();
    let tool = agentspan::tool("t").cost_usd(0.5).start();
    tool.cost_usd(f64::NAN);
    tool.finish();
    let span = recording.span("tool.t").expect("it has ended");
    assert_eq!((span.double("tool.cost_usd"), span.text("cost.status")), (None, Some("unknown")));
}
