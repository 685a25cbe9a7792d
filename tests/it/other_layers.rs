//! Layers of others in the same subscriber, which enter and leave spans and steps of their own meanwhile.

use agentspan_tests::{Collector, Tree};
use std::cell::Cell;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

thread_local! {
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

/// Where a layer does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Enter,
    Exit,
}

/// Does something of its own at one place, but not inside of that.
struct Busy<W> {
    when: When,
    work: W,
}

impl<W: Fn()> Busy<W> {
    fn at(&self, when: When) {
        if when == self.when && !BUSY.replace(true) {
            (self.work)();
            BUSY.set(false);
        }
    }
}

impl<S: Subscriber + for<'lookup> LookupSpan<'lookup>, W: Fn() + 'static> Layer<S> for Busy<W> {
    fn on_enter(&self, _: &Id, _: Context<'_, S>) {
        self.at(When::Enter);
    }

    fn on_exit(&self, _: &Id, _: Context<'_, S>) {
        self.at(When::Exit);
    }
}

async fn call() {
    agentspan::llm("openai", "gpt-4o")
        .call(async {
            tokio::task::yield_now().await;
            tracing::info!("under way");
            Ok::<_, String>(crate::fixtures::openai_reply(1, 1))
        })
        .await
        .expect("the call succeeds");
}

/// Steps in steps, tasks, threads and spans of others, and steps beside them.
async fn agent() {
    let guard = agentspan::agent("outer").start();
    guard.in_scope(|| agentspan::tool("first").in_scope(|| tracing::error!("a line")));
    guard
        .within(async {
            agentspan::agent("inner").run_ok(call()).await;
            let span = tracing::info_span!("plain");
            tracing::Instrument::instrument(call(), span).await;
            let task = agentspan::spawn(agentspan::tool("task").run_ok(call()));
            let by_tracing = tokio::spawn(tracing::Instrument::in_current_span(call()));
            task.await.expect("nothing panics");
            by_tracing.await.expect("nothing panics");
        })
        .await;
    agentspan::step("beside").in_scope(|| {});
    guard.finish();
    agentspan::step("after").in_scope(|| {});
}

fn tree(when: When, work: fn(), is_first: bool) -> String {
    let collector = Collector::start();
    let (layer, telemetry) = agentspan::builder().with_endpoint(collector.endpoint()).layer();
    let busy = || Busy { when, work };
    let registry = tracing_subscriber::registry();
    let subscriber = registry.with(is_first.then(busy)).with(layer).with((!is_first).then(busy));
    tracing::subscriber::with_default(subscriber, || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be made");
        runtime.block_on(agent());
    });
    telemetry.shutdown();
    let mut spans = collector.spans();
    spans.retain(|span| !span.name.contains("own"));
    Tree::of(&spans).show(&["agent.outcome", "cost.total_usd", "agent.open_step_count"]).to_string()
}

#[test]
fn what_a_layer_of_others_does_tears_no_step_from_its_parent() {
    let works: [(&str, fn()); 5] = [
        ("plain span", || tracing::info_span!("own").in_scope(|| {})),
        ("telling span", || {
            tracing::info_span!("own", gen_ai.operation.name = "execute_tool", gen_ai.tool.name = "own")
                .in_scope(|| {})
        }),
        ("step", || agentspan::tool("own").in_scope(|| {})),
        ("run", || agentspan::agent("own").in_scope(|| agentspan::tool("own").in_scope(|| {}))),
        ("log", || tracing::error!("own")),
    ];
    let expected = tree(When::Exit, || {}, true);
    let mut wrong = Vec::new();
    for (name, work) in works {
        for when in [When::Enter, When::Exit] {
            for is_first in [true, false] {
                let found = tree(when, work, is_first);
                if found != expected {
                    wrong.push(format!("{name} at {when:?} {is_first}\n{found}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n\n{expected}", wrong.join("\n"));
}

/// Makes a step of its own whenever it is told of a span or of a log line.
struct Making;

impl<S: Subscriber> Layer<S> for Making {
    fn on_new_span(&self, _: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        make();
    }

    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        make();
    }
}

fn make() {
    if !BUSY.replace(true) {
        agentspan::tool("own").cost_usd(0.25).in_scope(|| agentspan::step("below").in_scope(|| {}));
        agentspan::step("own").start().finish();
        BUSY.set(false);
    }
}

#[test]
fn a_layer_of_others_may_make_steps_while_it_is_told_of_something() {
    let collector = Collector::start();
    let (layer, telemetry) = agentspan::builder().with_endpoint(collector.endpoint()).layer();
    let subscriber = tracing_subscriber::registry().with(Making).with(layer);
    tracing::subscriber::with_default(subscriber, || {
        agentspan::agent("a").in_scope(|| {
            tracing::info!("a line");
            tracing::info_span!("plain").in_scope(|| {});
        });
    });
    assert_eq!(telemetry.shutdown().lost(), 0);
    insta::assert_snapshot!(Tree::of(&collector.spans()).show(&["cost.total_usd"]), @r"
    agent.a {cost.total_usd=0.5}
      tool.own {cost.total_usd=0.25}
        step.below {}
      step.own {}
      tool.own {cost.total_usd=0.25}
        step.below {}
      step.own {}
      plain {}
    ");
}

/// Reads the names of steps, as a layer that writes log lines does.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Names {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        attributes.record(&mut self.clone());
    }
}

impl Visit for Names {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "name" {
            self.0.lock().expect("nothing panics").push(format!("{value:?}"));
        }
    }
}

#[test]
fn a_layer_of_others_reads_the_name_that_a_step_leaves_with() {
    let (collector, names) = (Collector::start(), Names::default());
    let (layer, telemetry) = agentspan::builder().with_endpoint(collector.endpoint()).layer();
    let subscriber = tracing_subscriber::registry().with(layer).with(names.clone());
    tracing::subscriber::with_default(subscriber, || {
        agentspan::agent("travel desk").in_scope(|| {
            let request = serde_json::json!({"model": "gpt-4o-mini"});
            agentspan::llm("openai", "gpt-4o").start().finish();
            agentspan::llm("Our Gateway", "fast").request(&request).start().finish();
            agentspan::embedding("openai", "").start().finish();
            agentspan::tool("get\nrain").in_scope(|| {});
            agentspan::retrieval("docs/v2 en").in_scope(|| {});
            agentspan::validation("no_pii").in_scope(|| {});
            agentspan::approval("refund").in_scope(|| {});
            agentspan::handoff("billing").in_scope(|| {});
            agentspan::recovery("timeout").in_scope(|| {});
            agentspan::step("x".repeat(1_000)).step_type("planning").in_scope(|| {});
        });
    });
    telemetry.shutdown();
    let mut read = std::mem::take(&mut *names.0.lock().expect("nothing panics"));
    let mut left: Vec<_> = collector.spans().into_iter().map(|span| span.name).collect();
    let long = format!("step.{}…", "x".repeat(199));
    let mut expected = [
        "agent.travel desk",
        "llm.openai.gpt-4o",
        "llm.our gateway.fast",
        "llm.openai.unknown",
        "tool.get_rain",
        "retrieval.docs/v2 en",
        "validation.no_pii",
        "approval.refund",
        "approval.requested",
        "handoff.billing",
        "error.timeout",
        &long,
    ];
    expected.sort_unstable();
    read.sort_unstable();
    left.sort_unstable();
    assert_eq!(read, expected);
    assert_eq!(left, expected);
}
