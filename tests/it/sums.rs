//! Cost, tokens and counts of runs add up, whatever ends in whichever order.

use crate::fixtures::{call_gpt_4o, openai_reply, picodollars, the};
use agentspan::cost::{BookLine, Books};
use agentspan::testing::{RecordedSpan, record, record_with};
use agentspan::{SpanGuard, Usage};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::HashMap;
use tokio::sync::mpsc;

/// A step of a random tree.
#[derive(Debug, Clone)]
struct Plan {
    kind: Kind,
    fails: bool,
    /// How its work runs beside that of its parent, and how long it takes.
    manner: Manner,
    pauses: u8,
    children: Vec<Plan>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Agent,
    Step,
    /// With a cost in millionths of a dollar's millionth.
    Tool(Option<u64>),
    /// With tokens of input and output.
    Llm(u64, u64),
}

#[derive(Debug, Clone, Copy)]
enum Manner {
    Awaited,
    /// Spawned; the parent does not wait.
    Spawned,
}

fn plans() -> impl Strategy<Value = Plan> {
    let kind = prop_oneof![
        Just(Kind::Agent),
        Just(Kind::Step),
        proptest::option::of(0..3_000_000_000_000_u64).prop_map(Kind::Tool),
        (0..100_000_u64, 0..100_000_u64).prop_map(|(input, output)| Kind::Llm(input, output)),
    ];
    let manner = prop_oneof![Just(Manner::Awaited), Just(Manner::Spawned)];
    let plan = |kind, fails, manner, pauses, children| Plan { kind, fails, manner, pauses, children };
    let parts = (kind, any::<bool>(), manner, 0..4_u8);
    let leaf = parts
        .clone()
        .prop_map(move |(kind, fails, manner, pauses)| plan(kind, fails, manner, pauses, vec![]));
    let tree = leaf.prop_recursive(5, 40, 5, move |inner| {
        (parts.clone(), prop::collection::vec(inner, 0..5)).prop_map(
            move |((kind, fails, manner, pauses), children)| plan(kind, fails, manner, pauses, children),
        )
    });
    prop::collection::vec(tree, 1..5)
        .prop_map(move |children| plan(Kind::Agent, false, Manner::Awaited, 1, children))
}

fn start(plan: &Plan) -> SpanGuard {
    match plan.kind {
        Kind::Agent => agentspan::agent("a").start(),
        Kind::Step => agentspan::step("s").start(),
        Kind::Tool(None) => agentspan::tool("t").start(),
        Kind::Tool(Some(cost)) => agentspan::tool("t").cost_usd(cost as f64 / 1e12).start(),
        Kind::Llm(input, output) => {
            let call = agentspan::llm("openai", "gpt-4o").start();
            call.usage(Usage::new().input(input).output(output));
            call
        }
    }
}

fn end(plan: &Plan, guard: SpanGuard) {
    if plan.fails {
        guard.fail(&"no luck".to_owned());
    } else {
        guard.finish();
    }
}

/// Begins the whole tree, parents first.
fn start_all<'p>(plan: &'p Plan, guards: &mut Vec<(&'p Plan, SpanGuard)>) {
    let guard = start(plan);
    guard.in_scope(|| plan.children.iter().for_each(|child| start_all(child, guards)));
    guards.push((plan, guard));
}

/// Runs a tree with tasks of its own; the sender is dropped when all is done.
fn run_all(plan: Plan, done: mpsc::Sender<()>) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let guard = start(&plan);
        guard
            .within(async {
                for child in plan.children.clone() {
                    match child.manner {
                        Manner::Awaited => run_all(child, done.clone()).await,
                        Manner::Spawned => drop(agentspan::spawn(run_all(child, done.clone()))),
                    }
                }
                for _ in 0..plan.pauses {
                    tokio::task::yield_now().await;
                }
            })
            .await;
        end(&plan, guard);
    })
}

/// What a part of the tree must add up to.
#[derive(Debug, Default, Clone, PartialEq)]
struct Expected {
    cost: i128,
    costs: bool,
    prompt: i64,
    completion: i64,
    calls: [i64; 2],
    steps: i64,
    failed: i64,
}

impl Expected {
    fn of(plan: &Plan) -> Self {
        let mut sum = Self::default();
        match plan.kind {
            Kind::Tool(cost) => {
                sum.cost = cost.unwrap_or(0).into();
                sum.costs = cost.is_some();
                sum.calls = [0, 1];
            }
            Kind::Llm(input, output) => {
                sum.cost = i128::from(input) * 2_500_000 + i128::from(output) * 10_000_000;
                sum.costs = true;
                (sum.prompt, sum.completion) = (input as i64, output as i64);
                sum.calls = [1, 0];
            }
            Kind::Agent | Kind::Step => {}
        }
        let is_run = matches!(plan.kind, Kind::Agent);
        for child in &plan.children {
            let part = Self::of(child);
            sum.cost += part.cost;
            sum.costs |= part.costs;
            sum.prompt += part.prompt;
            sum.completion += part.completion;
            sum.calls = [sum.calls[0] + part.calls[0], sum.calls[1] + part.calls[1]];
            sum.steps += part.steps + i64::from(is_run);
            sum.failed += part.failed + i64::from(is_run && child.fails);
        }
        sum
    }
}

/// Holds the sums of every span against each other, and those of the root against the plan.
fn hold(plan: &Plan, spans: &[RecordedSpan]) {
    let expected = Expected::of(plan);
    let mut below: HashMap<String, i128> = HashMap::new();
    let parents: HashMap<_, _> = spans.iter().map(|span| (span.span_id(), span.parent_span_id())).collect();
    for span in spans {
        let own = span.double("cost.self_usd").map_or(0, picodollars);
        let ancestors = std::iter::successors(Some(span.span_id()), |id| parents.get(id).cloned().flatten());
        ancestors.for_each(|id| *below.entry(id).or_default() += own);
    }
    for span in spans {
        let total = span.double("cost.total_usd").map_or(0, picodollars);
        assert_eq!(total, below[&span.span_id()], "own and all below, {span}");
        assert_ne!(span.text("cost.status"), Some("partial"), "{span}");
        assert_eq!(span.int("agent.open_step_count"), None, "{span}");
    }
    let root = spans.iter().find(|span| span.parent_span_id().is_none()).expect("a root");
    assert_eq!(root.double("cost.total_usd").is_some(), expected.costs);
    assert_eq!(root.double("cost.total_usd").map_or(0, picodollars), expected.cost);
    let tokens = ["prompt", "completion", "total"].map(|kind| root.int(&format!("agent.token_count.{kind}")));
    let sum = [expected.prompt, expected.completion, expected.prompt + expected.completion];
    let has_calls = expected.calls[0] > 0;
    assert_eq!(tokens, sum.map(|tokens| has_calls.then_some(tokens)));
    let counts = ["llm_call_count", "tool_call_count", "step_count", "failed_step_count"];
    let counts = counts.map(|kind| root.int(&format!("agent.{kind}")).unwrap_or(-1));
    assert_eq!(counts, [expected.calls[0], expected.calls[1], expected.steps, expected.failed]);
}

/// The books say what the plan says, whatever became of the spans.
fn hold_books(plan: &Plan, books: &Books) {
    let expected = Expected::of(plan);
    let all =
        |lines: &[BookLine]| lines.iter().map(|line| picodollars(line.spend.usd.as_f64())).sum::<i128>();
    assert_eq!(picodollars(books.total.usd.as_f64()), expected.cost);
    assert_eq!(all(&books.models) + all(&books.tools), expected.cost);
    assert_eq!(all(&books.agents), expected.cost);
    let calls = |lines: &[BookLine]| lines.iter().map(|line| line.spend.calls as i64).sum::<i64>();
    assert_eq!([calls(&books.models), calls(&books.tools)], expected.calls);
    assert_eq!(books.total.prompt_tokens.unwrap_or(0) as i64, expected.prompt);
    assert_eq!(books.total.completion_tokens.unwrap_or(0) as i64, expected.completion);
    let dearest = books.dearest_runs.first().map(|run| picodollars(run.usd.as_f64()));
    assert_eq!(dearest, expected.costs.then_some(expected.cost), "also what outlived its run");
}

fn size(plan: &Plan) -> usize {
    1 + plan.children.iter().map(size).sum::<usize>()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sums_are_exact_in_whichever_order_steps_end(plan in plans(), seed in any::<u64>()) {
        let recording = record();
        let mut guards = Vec::new();
        start_all(&plan, &mut guards);
        let mut state = seed;
        while !guards.is_empty() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (plan, guard) = guards.swap_remove((state >> 33) as usize % guards.len());
            end(plan, guard);
        }
        hold_books(&plan, &recording.books());
        let spans = recording.shutdown();
        prop_assert_eq!(spans.len(), size(&plan));
        hold(&plan, &spans);
    }

    #[test]
    fn sums_are_exact_with_tasks_that_outlive_their_parents(plan in plans()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let recording = record();
        runtime.block_on(async {
            let (done, mut all_done) = mpsc::channel(1);
            run_all(plan.clone(), done).await;
            assert_eq!(all_done.recv().await, None);
            // Tasks drop what they hold of a step after their last word.
            tokio::task::yield_now().await;
        });
        drop(runtime);
        hold_books(&plan, &recording.books());
        let spans = recording.shutdown();
        prop_assert_eq!(spans.len(), size(&plan));
        hold(&plan, &spans);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sums_are_exact_on_many_threads(plan in plans()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).build().unwrap();
        let recording = record();
        runtime.block_on(async {
            let (done, mut all_done) = mpsc::channel(1);
            run_all(plan.clone(), done).await;
            assert_eq!(all_done.recv().await, None);
        });
        drop(runtime);
        hold_books(&plan, &recording.books());
        let spans = recording.shutdown();
        prop_assert_eq!(spans.len(), size(&plan));
        hold(&plan, &spans);
    }
}

#[tokio::test]
async fn trap_a_step_with_a_cost_of_its_own_does_not_hide_what_is_below_it() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(agentspan::tool("t").cost_usd(0.01).run_ok(async {
            call_gpt_4o(1_000, 500).await;
            agentspan::agent("inner").run_ok(call_gpt_4o(1_000, 500)).await;
        }))
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed $0.025
      tool.t ok $0.025
        llm.openai.gpt-4o ok 1000→500 $0.0075
        agent.inner ok completed $0.0075
          llm.openai.gpt-4o ok 1000→500 $0.0075
    ");
    let own = |name| the(&recording, name).double("cost.self_usd");
    assert_eq!([own("agent.a"), own("tool.t"), own("agent.inner")], [Some(0.0), Some(0.01), Some(0.0)]);
}

#[tokio::test]
async fn trap_usage_never_stands_on_a_span_that_did_not_incur_it() {
    let recording = record();
    agentspan::agent("a").run_ok(agentspan::tool("t").run_ok(call_gpt_4o(1_000, 500))).await;
    for name in ["agent.a", "tool.t"] {
        let span = the(&recording, name);
        let usage: Vec<_> =
            span.keys().into_iter().filter(|key| key.starts_with("llm.")).map(str::to_owned).collect();
        assert_eq!(usage, Vec::<String>::new(), "{name}");
    }
}

#[tokio::test]
async fn where_nothing_costs_nothing_is_said_of_cost() {
    let recording = record();
    agentspan::agent("a").run_ok(agentspan::tool("t").run_ok(async {})).await;
    for span in recording.spans() {
        assert!(!span.keys().iter().any(|key| key.starts_with("cost.")), "{span} {:?}", span.keys());
    }
}

#[tokio::test]
async fn trap_a_model_nobody_knows_does_not_count_as_zero() {
    let unknown = || async {
        let mut reply = openai_reply(10, 5);
        reply["model"] = "gpt-99-ultra".into();
        agentspan::llm("openai", "gpt-99-ultra").call(async { Ok::<_, String>(reply) }).await.unwrap();
    };
    let recording = record();
    agentspan::agent("only_unknown").run_ok(unknown()).await;
    agentspan::agent("partly_known")
        .run_ok(async {
            unknown().await;
            call_gpt_4o(1_000, 500).await;
        })
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.only_unknown ok completed cost:unknown
      llm.openai.gpt-99-ultra ok 10→5 cost:unknown
    agent.partly_known ok completed cost:partial $0.0075
      llm.openai.gpt-99-ultra ok 10→5 cost:unknown
      llm.openai.gpt-4o ok 1000→500 $0.0075
    ");
    assert_eq!(the(&recording, "agent.partly_known").int("agent.token_count.total"), Some(1_515));
}

#[test]
fn dear_steps_can_be_found_by_equality() {
    let cases = [
        (1.0, vec![]),
        (1.000_001, vec!["cost.over_1_usd"]),
        (10.5, vec!["cost.over_1_usd", "cost.over_10_usd"]),
        (150.0, vec!["cost.over_1_usd", "cost.over_10_usd", "cost.over_100_usd"]),
        (1_001.0, vec!["cost.over_1_usd", "cost.over_10_usd", "cost.over_100_usd", "cost.over_1000_usd"]),
    ];
    for (usd, expected) in cases {
        let recording = record();
        agentspan::agent("a").in_scope(|| agentspan::tool("t").cost_usd(usd).in_scope(|| {}));
        for span in recording.spans() {
            let keys = span.keys();
            let over: Vec<_> = keys.into_iter().filter(|key| key.starts_with("cost.over_")).collect();
            assert_eq!(over, expected, "{usd} on {span}");
            assert!(over.iter().all(|key| span.bool(key) == Some(true)));
        }
    }
}

fn breakdown(span: &RecordedSpan) -> Vec<Value> {
    serde_json::from_str(span.text("agent.breakdown").expect("a breakdown")).expect("a list")
}

#[tokio::test]
async fn the_breakdown_has_a_row_for_each_name() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            call_gpt_4o(1_000, 500).await;
            call_gpt_4o(1_000, 500).await;
            let _ = agentspan::tool("t").cost_usd(0.5).run(async { Err::<(), _>("no".to_owned()) }).await;
            agentspan::step("s").run_ok(async {}).await;
        })
        .await;
    let rows = breakdown(&the(&recording, "agent.a"));
    let names: Vec<_> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["tool.t", "llm.openai.gpt-4o", "step.s"], "dearest first");
    assert_eq!(
        (&rows[0]["failures"], &rows[0]["usd"], rows[0].get("tokens")),
        (&1.into(), &0.5.into(), None)
    );
    assert_eq!(
        (&rows[1]["count"], &rows[1]["tokens"], &rows[1]["usd"]),
        (&2.into(), &3_000.into(), &0.015.into())
    );
    assert_eq!(rows[2].get("usd"), None);
    assert!(rows.iter().all(|row| row["ms"].is_u64()));
}

#[tokio::test]
async fn the_breakdown_has_at_most_twenty_rows_and_loses_nothing() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            for number in 0..50 {
                agentspan::tool(format!("t{number}")).cost_usd(0.01).run_ok(async {}).await;
            }
        })
        .await;
    let rows = breakdown(&the(&recording, "agent.a"));
    assert_eq!(rows.len(), 20);
    assert_eq!(rows.iter().map(|row| row["count"].as_u64().unwrap()).sum::<u64>(), 50);
    let usd: i128 = rows.iter().map(|row| picodollars(row["usd"].as_f64().unwrap())).sum();
    assert_eq!(usd, picodollars(0.5));
    assert!(rows.iter().any(|row| row["name"] == "other"));
}

#[test]
fn a_child_that_never_ends_leaves_a_partial_sum_and_says_how_many_are_open() {
    let recording = record();
    let run = agentspan::agent("a").start();
    let endless = run.in_scope(|| {
        agentspan::tool("known").cost_usd(0.5).in_scope(|| {});
        agentspan::tool("endless").start()
    });
    run.finish();
    assert_eq!(recording.tree(), "tool.known ok $0.5\n", "the run waits");
    let report = recording.report();
    assert_eq!((report.created, report.delivered, report.open), (3, 1, 2), "{report}");
    let spans = recording.shutdown();
    drop(endless);
    let root = spans.iter().find(|span| span.name() == "agent.a").expect("it left at the end");
    assert_eq!(root.to_string(), "agent.a ok completed cost:partial $0.5");
    assert_eq!(root.int("agent.open_step_count"), Some(1));
    let endless = spans.iter().find(|span| span.name() == "tool.endless").expect("it was ended");
    assert_eq!(endless.to_string(), "tool.endless cancelled");
}

#[test]
fn trap_a_span_that_is_open_at_the_end_of_the_program_does_not_vanish() {
    let recording = record();
    let run = agentspan::agent("a").start();
    let call = run.in_scope(|| agentspan::llm("openai", "gpt-4o").start());
    let mut lines: Vec<_> = recording.shutdown().iter().map(ToString::to_string).collect();
    lines.sort();
    assert_eq!(
        lines,
        ["agent.a cancelled shutdown cost:unknown", "llm.openai.gpt-4o cancelled cost:unknown"]
    );
    drop((run, call));
}

#[tokio::test]
async fn a_run_can_ask_for_its_sums_while_it_runs() {
    let recording = record();
    agentspan::agent("outer")
        .run_ok(async {
            let run = agentspan::current_run();
            assert_eq!(
                (run.total_usd(), run.total_usage(), run.llm_call_count(), run.tool_call_count()),
                (None, Usage::new(), 0, 0)
            );
            agentspan::agent("inner").run_ok(call_gpt_4o(1_000, 500)).await;
            agentspan::tool("t").cost_usd(0.5).run_ok(async {}).await;
            assert_eq!(run.total_usd(), Some(0.5075));
            assert_eq!(run.total_usage(), Usage::new().input(1_000).output(500));
            assert_eq!((run.llm_call_count(), run.tool_call_count()), (1, 1));
        })
        .await;
    assert_eq!(the(&recording, "agent.outer").double("cost.total_usd"), Some(0.5075));
}

#[tokio::test]
async fn sampling_never_touches_the_books() {
    let recording = record_with(agentspan::builder().with_sampling_ratio(0.0));
    agentspan::agent("a")
        .run_ok(async {
            call_gpt_4o(1_000, 500).await;
            agentspan::spawn(agentspan::tool("t").cost_usd(0.5).run_ok(async {})).await.unwrap();
            assert_eq!(agentspan::current_run().total_usd(), Some(0.5075));
            let run = agentspan::current_run();
            assert_eq!((run.llm_call_count(), run.tool_call_count()), (1, 1));
        })
        .await;
    assert_eq!(recording.tree(), "");
}

#[tokio::test]
async fn the_books_are_kept_without_any_subscriber() {
    agentspan::agent("a")
        .run_ok(async {
            agentspan::tool("t").cost_usd(0.5).run_ok(async {}).await;
            assert_eq!(agentspan::current_run().total_usd(), Some(0.5));
            assert_eq!(agentspan::current().trace_id(), None);
        })
        .await;
}
