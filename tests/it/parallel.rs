//! Runs and steps at the same time.

use crate::fixtures::{call_gpt_4o, picodollars, the};
use agentspan::testing::record;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Barrier;
use tracing::Instrument;

/// A run of so many calls, each of which waits for the other run.
async fn interleaved(name: &str, calls: u64, tokens: u64, barrier: Option<Arc<Barrier>>) {
    agentspan::agent(name)
        .tag("run", name)
        .run_ok(async {
            for _ in 0..calls {
                if let Some(barrier) = &barrier {
                    barrier.wait().await;
                }
                agentspan::tool("t").cost_usd(0.01).run_ok(call_gpt_4o(tokens, tokens)).await;
            }
        })
        .await;
}

#[tokio::test]
async fn two_runs_side_by_side_never_mix() {
    let recording = record();
    let barrier = Arc::new(Barrier::new(2));
    tokio::join!(
        interleaved("one", 3, 1_000, Some(barrier.clone())),
        interleaved("two", 3, 10_000, Some(barrier)),
    );
    let (one, two) = (the(&recording, "agent.one"), the(&recording, "agent.two"));
    assert_eq!(one.double("cost.total_usd"), Some(0.0675));
    assert_eq!(two.double("cost.total_usd"), Some(0.405));
    assert_eq!(one.int("agent.token_count.total"), Some(6_000));
    assert_eq!(two.int("agent.token_count.total"), Some(60_000));
    for span in recording.spans() {
        let run = if span.trace_id() == one.trace_id() { &one } else { &two };
        assert_eq!(span.text("agent.run_id"), run.text("agent.run_id"), "{span}");
        assert_eq!(span.text("run"), run.text("run"), "{span}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_spawned_runs_side_by_side_never_mix() {
    let recording = record();
    let barrier = Arc::new(Barrier::new(2));
    // Steps are seen on other threads when they are carried there from a step.
    agentspan::agent("root")
        .run_ok(async {
            let one = agentspan::spawn(interleaved("one", 5, 1_000, Some(barrier.clone())));
            let two = agentspan::spawn(interleaved("two", 5, 10_000, Some(barrier)));
            one.await.unwrap();
            two.await.unwrap();
        })
        .await;
    let total = |name| the(&recording, name).double("cost.total_usd").map(picodollars);
    assert_eq!(total("agent.one"), Some(112_500_000_000));
    assert_eq!(total("agent.two"), Some(675_000_000_000));
    assert_eq!(total("agent.root"), Some(787_500_000_000));
}

#[tokio::test]
async fn a_thousand_runs_at_once_each_keep_their_own_books() {
    let recording = record();
    let runs: FuturesUnordered<_> = (0..1_000_u64)
        .map(|number| async move {
            agentspan::agent("a")
                .tag("number", number)
                .run_ok(async {
                    tokio::task::yield_now().await;
                    call_gpt_4o(number, 1).await;
                    tokio::task::yield_now().await;
                    agentspan::tool("t").run_ok(tokio::task::yield_now()).await;
                })
                .await;
        })
        .collect();
    runs.collect::<Vec<_>>().await;
    let spans = recording.spans();
    assert_eq!(spans.len(), 3_000);
    let mut traces: HashMap<_, Vec<_>> = HashMap::new();
    for span in &spans {
        traces.entry(span.trace_id()).or_default().push(span);
    }
    assert_eq!(traces.len(), 1_000);
    for spans in traces.values() {
        let root = spans.iter().find(|span| span.parent_span_id().is_none()).expect("a root");
        let number = root.int("number").expect("the tag");
        assert_eq!(spans.len(), 3, "{number}");
        assert!(spans.iter().all(|span| span.int("number") == Some(number)), "{number}");
        assert_eq!(root.int("agent.token_count.prompt"), Some(number));
        let expected = 2_500_000 * i128::from(number) + 10_000_000;
        assert_eq!(root.double("cost.total_usd").map(picodollars), Some(expected), "{number}");
    }
    let report = recording.report();
    assert_eq!((report.created, report.delivered, report.lost()), (3_000, 3_000, 0), "{report}");
}

#[tokio::test]
async fn two_recordings_in_one_process_are_apart() {
    let one = record();
    let guard = agentspan::agent("one").start();
    let two = std::thread::spawn(|| {
        let two = record();
        agentspan::agent("two").in_scope(|| agentspan::tool("t").in_scope(|| {}));
        two.tree()
    });
    assert_eq!(two.join().unwrap(), "agent.two ok completed\n  tool.t ok\n");
    guard.finish();
    assert_eq!(one.tree(), "agent.one ok completed\n");
}

#[tokio::test]
async fn steps_in_parallel_are_siblings() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            let slow = agentspan::tool("slow").run_ok(async {
                for _ in 0..5 {
                    tokio::task::yield_now().await;
                }
                agentspan::retrieval("r").run_ok(tokio::task::yield_now()).await;
            });
            let quick = agentspan::tool("quick").run_ok(call_gpt_4o(1_000, 500));
            tokio::join!(slow, quick, call_gpt_4o(10, 5));
        })
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed $0.007575
      tool.slow ok
        retrieval.r ok
      tool.quick ok $0.0075
        llm.openai.gpt-4o ok 1000→500 $0.0075
      llm.openai.gpt-4o ok 10→5 $0.000075
    ");
}

#[tokio::test]
async fn one_step_entered_in_turns_with_another_keeps_its_own_children() {
    let recording = record();
    let (one, two) = (agentspan::tool("one").start(), agentspan::tool("two").start());
    for _ in 0..2 {
        one.in_scope(|| agentspan::retrieval("of_one").in_scope(|| {}));
        two.in_scope(|| {
            agentspan::retrieval("of_two").in_scope(|| {});
            one.in_scope(|| agentspan::retrieval("of_one").in_scope(|| {}));
            agentspan::retrieval("of_two").in_scope(|| {});
        });
    }
    one.finish();
    two.finish();
    let (one, two) = (the(&recording, "tool.one"), the(&recording, "tool.two"));
    for span in recording.spans() {
        match span.name() {
            "retrieval.of_one" => assert_eq!(span.parent_span_id(), Some(one.span_id())),
            "retrieval.of_two" => assert_eq!(span.parent_span_id(), Some(two.span_id())),
            _ => {}
        }
    }
}

#[tokio::test]
#[expect(clippy::async_yields_async, reason = "the inner future is polled outside on purpose")]
async fn a_step_that_is_entered_within_itself_stays_current_until_the_outer_end() {
    let _recording = record();
    let guard = agentspan::step("outer").start();
    let carried = guard
        .within(async {
            let inside = async {
                guard.within(async {}).await;
                agentspan::current().span_id()
            };
            inside.in_current_span()
        })
        .await;
    assert_eq!(carried.await, guard.span_id());
    assert_eq!(agentspan::current().span_id(), None);
    guard.finish();
}

#[test]
fn a_step_whose_span_is_entered_beyond_its_end_stays_current_until_that_is_left() {
    let recording = record();
    let entered = agentspan::agent("a").in_scope(|| {
        let span = tracing::Span::current();
        let entered = span.clone().entered();
        agentspan::step("s").in_scope(|| {
            span.in_scope(|| agentspan::tool("of the run").in_scope(|| {}));
            agentspan::tool("of the step").in_scope(|| {});
        });
        entered
    });
    agentspan::tool("late").in_scope(|| {});
    drop(entered);
    agentspan::tool("apart").in_scope(|| {});
    let parent_of = |name: &str| {
        let spans = recording.spans();
        let parent = spans.iter().find(|span| span.name() == name).expect("it was recorded").parent_span_id();
        let parent = spans.iter().find(|span| Some(span.span_id()) == parent);
        parent.map(|parent| parent.name().to_owned())
    };
    let parents = ["tool.of the run", "tool.of the step", "tool.late", "tool.apart"].map(parent_of);
    assert_eq!(
        parents.each_ref().map(|parent| parent.as_deref()),
        [Some("agent.a"), Some("step.s"), Some("agent.a"), None]
    );
}
