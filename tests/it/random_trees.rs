//! Sums of random trees of steps are exact, whatever ends in whichever order.

use crate::fixtures::picodollars;
use agentspan::cost::{BookLine, Books};
use agentspan::testing::{RecordedSpan, Recording, record};
use agentspan::{SpanGuard, Usage};
use proptest::prelude::*;
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

async fn run_to_the_end(plan: Plan) {
    let (done, mut all_done) = mpsc::channel(1);
    run_all(plan, done).await;
    assert_eq!(all_done.recv().await, None);
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
fn hold_spans(plan: &Plan, spans: &[RecordedSpan]) {
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

/// Whether books and spans are as they must be, when all has ended.
fn hold(plan: &Plan, recording: Recording) {
    hold_books(plan, &recording.books());
    let spans = recording.shutdown();
    assert_eq!(spans.len(), size(plan));
    hold_spans(plan, &spans);
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
        hold(&plan, recording);
    }

    #[test]
    fn sums_are_exact_with_tasks_that_outlive_their_parents(plan in plans()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let recording = record();
        runtime.block_on(async {
            run_to_the_end(plan.clone()).await;
            // Tasks drop what they hold of a step after their last word.
            tokio::task::yield_now().await;
        });
        drop(runtime);
        hold(&plan, recording);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sums_are_exact_on_many_threads(plan in plans()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).build().unwrap();
        let recording = record();
        runtime.block_on(async {
            run_to_the_end(plan.clone()).await;
        });
        drop(runtime);
        hold(&plan, recording);
    }
}
