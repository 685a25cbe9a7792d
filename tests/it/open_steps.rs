//! Steps that are open when their telemetry ends, which a signal may do at any time.

use agentspan::builder;
use agentspan_tests::{Answer, Collector, Tree};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::prelude::*;

/// Wants every span.
struct Idle;

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Idle {}

#[test]
fn open_steps_that_only_layers_of_others_carry_end_with_the_telemetry() {
    for is_filtered in [false, true] {
        let collector = Collector::start();
        let (layer, telemetry) = builder().with_endpoint(collector.endpoint()).layer();
        let layer =
            layer.with_filter(filter_fn(move |metadata| !is_filtered || metadata.target() != "agentspan"));
        let subscriber = tracing_subscriber::registry().with(layer).with(Idle);
        let report = tracing::subscriber::with_default(subscriber, || {
            let run = agentspan::agent("a").start();
            let tool = run.in_scope(|| agentspan::tool("t").start());
            let call = tool.in_scope(|| agentspan::llm("openai", "gpt-4o").start());
            let report = telemetry.shutdown();
            drop((run, tool, call));
            report
        });
        assert_eq!(report.to_string(), "agentspan: 3 of 3 spans delivered", "{is_filtered}");
        let spans = collector.spans();
        let tree = Tree::of(&spans).show(&["agent.outcome", "agent.stop_reason"]).to_string();
        let expected = "agent.a {agent.outcome=\"cancelled\" agent.stop_reason=\"shutdown\"}\n  \
            tool.t {agent.outcome=\"cancelled\"}\n    llm.openai.gpt-4o {agent.outcome=\"cancelled\"}\n";
        assert_eq!(tree, expected, "{is_filtered}");
    }
}

#[test]
fn a_telemetry_that_is_shared_is_shut_down_where_it_is_shared_and_only_once() {
    for answer in [Answer::Accept, Answer::Silent] {
        let collector = Collector::always(answer);
        let (layer, telemetry) = builder().with_endpoint(collector.endpoint()).layer();
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || agentspan::tool("t").cost_usd(1.0).in_scope(|| {}));
        let shared = Arc::new(telemetry);
        let of_a_handler = shared.clone();
        let report = shared.shutdown_within(Duration::from_secs(1));
        assert_eq!((report.created, report.open), (1, 0), "{report}");
        let began = Instant::now();
        assert_eq!([of_a_handler.shutdown(), of_a_handler.flush()], [report.clone(), report]);
        assert!(began.elapsed() < Duration::from_secs(4), "nobody is left to wait for");
        assert_eq!(of_a_handler.books().total.usd.to_string(), "1");
    }
}

#[test]
fn neither_a_flush_nor_a_second_shutdown_cuts_one_short_that_is_under_way() {
    let collector = Collector::always(Answer::Slow(Duration::from_millis(700)));
    let (layer, telemetry) = builder().with_endpoint(collector.endpoint()).layer();
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || agentspan::tool("t").in_scope(|| {}));
    std::thread::scope(|scope| {
        let first = scope.spawn(|| telemetry.shutdown_within(Duration::from_secs(20)));
        assert_eq!(collector.wait_for_requests(1, Duration::from_secs(20)).len(), 1);
        let flush = scope.spawn(|| telemetry.flush_within(Duration::from_secs(20)));
        let second = scope.spawn(|| telemetry.shutdown_within(Duration::ZERO));
        for report in [first, flush, second] {
            let report = report.join().expect("it does not panic");
            assert_eq!(report.to_string(), "agentspan: 1 of 1 spans delivered");
        }
    });
}

/// Holds whoever closes a span, until the shutdown has looked for open steps.
struct Slow(mpsc::Sender<()>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Slow {
    fn on_close(&self, _: tracing::span::Id, _: tracing_subscriber::layer::Context<'_, S>) {
        let _ = self.0.send(());
        std::thread::sleep(Duration::from_millis(30));
    }
}

#[test]
fn a_step_that_another_thread_is_just_ending_is_waited_for() {
    let collector = Collector::start();
    let (layer, telemetry) = builder().with_endpoint(collector.endpoint()).layer();
    let (closing, is_closing) = mpsc::channel();
    let subscriber = tracing_subscriber::registry().with(layer).with(Slow(closing));
    let dispatch = tracing::Dispatch::new(subscriber);
    let tool = tracing::dispatcher::with_default(&dispatch, || agentspan::tool("t").start());
    // Spans that were made to look at the subscriber.
    is_closing.try_iter().for_each(drop);
    let ending = std::thread::spawn(move || tracing::dispatcher::with_default(&dispatch, || tool.finish()));
    is_closing.recv().expect("the step is closed");
    assert_eq!(telemetry.shutdown().to_string(), "agentspan: 1 of 1 spans delivered");
    ending.join().expect("it does not panic");
    assert_eq!(collector.span("tool.t").text("agent.outcome"), Some("ok"));
}

#[test]
fn sums_of_steps_that_only_layers_of_others_carry_are_complete_at_once() {
    let collector = Collector::start();
    let (layer, telemetry) = builder().with_endpoint(collector.endpoint()).layer();
    let layer = layer.with_filter(filter_fn(|metadata| metadata.target() != "agentspan"));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer).with(Idle), || {
        agentspan::agent("a").in_scope(|| agentspan::tool("t").cost_usd(0.5).in_scope(|| {}));
        assert_eq!(telemetry.flush().to_string(), "agentspan: 2 of 2 spans delivered");
    });
    telemetry.shutdown();
    let run = collector.span("agent.a");
    assert_eq!((run.double("cost.total_usd"), run.int("agent.open_step_count")), (Some(0.5), None));
}
