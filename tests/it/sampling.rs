//! Sampling by environment.

use crate::program::{Program, Ran};
use agentspan_tests::{Collector, Span};
use futures_util::FutureExt;
use std::collections::HashMap;
use std::task::Poll;
use tracing::Instrument;

const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const ARG: &str = "OTEL_TRACES_SAMPLER_ARG";

fn run(work: &str, variables: &[(&str, &str)]) -> (Ran, Vec<Span>) {
    let collector = Collector::start();
    let program = Program::new(&format!("init none {work} shutdown")).to(&collector).envs(variables);
    (program.run(), collector.spans())
}

/// Traces with the number of their spans.
fn traces(spans: &[Span]) -> HashMap<&str, usize> {
    let mut traces = HashMap::new();
    spans.iter().for_each(|span| *traces.entry(span.trace_id.as_str()).or_default() += 1);
    traces
}

#[test]
fn a_tenth_of_ten_thousand_runs_is_kept_whole_and_the_books_hold_all() {
    let (ran, spans) = run("runs:10000", &[(SAMPLER, "parentbased_traceidratio"), (ARG, "0.1")]);
    let traces = traces(&spans);
    // Five standard deviations.
    assert!((850..=1_150).contains(&traces.len()), "{} traces", traces.len());
    assert!(traces.values().all(|spans| *spans == 3));
    assert_eq!(ran.number("created"), 3 * traces.len() as u64);
    assert_eq!(ran.number("delivered"), ran.number("created"));
    assert_eq!(ran.get("total_usd"), "16.7000");
}

#[test]
fn at_zero_nothing_is_kept_and_the_books_hold_all() {
    let (ran, spans) = run("runs:100", &[(SAMPLER, "parentbased_traceidratio"), (ARG, "0")]);
    assert_eq!((spans, ran.number("created")), (vec![], 0));
    assert_eq!(ran.get("total_usd"), "0.1670");
    assert_eq!(ran.err, "");
}

#[test]
fn a_percentage_is_warned_of_and_everything_kept() {
    let (ran, spans) = run("runs:20", &[(SAMPLER, "parentbased_traceidratio"), (ARG, "10%")]);
    assert_eq!(spans.len(), 60);
    let warning = "agentspan: ignoring `OTEL_TRACES_SAMPLER_ARG=10%`: expected a number from 0.0 to 1.0, such as `0.1`; \
        using 1.0, so every trace is kept";
    assert_eq!(ran.lines(), [warning]);
}

#[test]
fn a_ratio_without_a_sampler_keeps_everything_and_says_what_to_set() {
    let (ran, spans) = run("runs:20", &[(ARG, "0.1")]);
    assert_eq!(spans.len(), 60);
    let warning = "agentspan: ignoring `OTEL_TRACES_SAMPLER_ARG=0.1`: it takes effect only beside `OTEL_TRACES_SAMPLER`; \
        using `parentbased_traceidratio` at 1.0, so every trace is kept; to keep a share of all traces set \
        `OTEL_TRACES_SAMPLER=parentbased_traceidratio`";
    assert_eq!(ran.lines(), [warning]);
}

#[test]
fn each_sampler_decides_by_its_rule_for_a_remote_parent() {
    let check = |sampler: &str, argument: &str, [none, sampled, unsampled]: [bool; 3]| {
        for (parent, kept) in [("none", none), ("sampled", sampled), ("unsampled", unsampled)] {
            let mut variables = vec![(SAMPLER, sampler)];
            if !argument.is_empty() {
                variables.push((ARG, argument));
            }
            let (_, spans) = run(&format!("below:{parent}"), &variables);
            assert_eq!(spans.len(), if kept { 3 } else { 0 }, "{sampler} {argument} below {parent}");
            let root = spans.iter().find(|span| span.name == "agent.weather_assistant");
            if let Some(root) = root.filter(|_| parent != "none") {
                assert_eq!(root.trace_id, "0af7651916cd43dd8448eb211c80319c");
                assert_eq!(root.parent_id.as_deref(), Some("b7ad6b7169203331"));
            }
        }
    };
    check("always_on", "", [true, true, true]);
    check("always_off", "", [false, false, false]);
    check("traceidratio", "0", [false, false, false]);
    check("traceidratio", "1", [true, true, true]);
    check("parentbased_always_on", "", [true, true, false]);
    check("parentbased_always_off", "", [false, true, false]);
    check("parentbased_traceidratio", "0", [false, true, false]);
    check("Parentbased_TraceIdRatio", " 1.0 ", [true, true, false]);
}

#[tokio::test]
async fn below_a_dropped_run_each_step_is_told_what_is_meant_for_it() {
    let recording = agentspan::testing::record_with(agentspan::builder().with_sampling_ratio(0.0));
    let total = agentspan::agent("a")
        .run_ok(async {
            let outer = agentspan::tool("outer").start();
            outer
                .within(async {
                    agentspan::tool("inner").in_scope(|| {
                        agentspan::current().cost_usd(2.0);
                    });
                    agentspan::current().cost_usd(1.0);
                    agentspan::spawn(async {
                        agentspan::current().cost_usd(4.0);
                    })
                    .await
                    .unwrap();
                    // Somebody else's context has nothing to do with the step that the thread is in.
                    let _elsewhere = opentelemetry::Context::new().attach();
                    agentspan::current().cost_usd(8.0);
                })
                .await;
            outer.finish();
            agentspan::current_run().total_usd()
        })
        .await;
    assert_eq!(total, Some(6.0), "the task's word is for the outer tool, and replaces what it said before");
    assert_eq!(recording.report().created, 0);
}

#[test]
fn what_a_guard_below_a_dropped_run_carries_on_in_another_thread_stays_in_the_run() {
    let recording = agentspan::testing::record_with(agentspan::builder().with_sampling_ratio(0.0));
    let dispatch = tracing::dispatcher::get_default(Clone::clone);
    agentspan::agent("a").in_scope(|| {
        let guard = agentspan::step("s").start();
        let elsewhere = move || {
            let work = || agentspan::tool("t").cost_usd(0.5).run_ok(async {}).in_current_span();
            let carried = guard.in_scope(work);
            guard.finish();
            carried.now_or_never()
        };
        let elsewhere = move || tracing::dispatcher::with_default(&dispatch, elsewhere);
        assert_eq!(std::thread::spawn(elsewhere).join().expect("no panic"), Some(()));
        assert_eq!(agentspan::current_run().total_usd(), Some(0.5));
    });
    let books = recording.books();
    assert_eq!(books.agents.iter().map(|line| line.spend.calls).collect::<Vec<_>>(), [1]);
    assert_eq!(books.dearest_runs[0].usd, books.total.usd);
}

#[test]
fn what_a_future_below_a_dropped_run_carries_on_in_another_thread_stays_in_the_run() {
    let recording = agentspan::testing::record_with(agentspan::builder().with_sampling_ratio(0.0));
    let dispatch = tracing::dispatcher::get_default(Clone::clone);
    agentspan::agent("a").in_scope(|| {
        let mut is_ready = false;
        let mut step = Box::pin(agentspan::step("s").run_ok(std::future::poll_fn(move |_| {
            if !std::mem::replace(&mut is_ready, true) {
                return Poll::Pending;
            }
            let carried = agentspan::tool("t").cost_usd(0.5).run_ok(async {}).in_current_span();
            let dispatch = tracing::dispatcher::get_default(Clone::clone);
            let alone = move || tracing::dispatcher::with_default(&dispatch, || carried.now_or_never());
            std::thread::spawn(alone).join().map_or(Poll::Pending, |_| Poll::Ready(()))
        })));
        assert_eq!(step.as_mut().now_or_never(), None);
        let elsewhere = move || tracing::dispatcher::with_default(&dispatch, || step.now_or_never());
        assert_eq!(std::thread::spawn(elsewhere).join().expect("no panic"), Some(()));
        assert_eq!(agentspan::current_run().total_usd(), Some(0.5));
    });
    assert_eq!(recording.books().agents.len(), 1);
}
