//! Steps, links, attributes and calls of tools in great numbers.

use crate::fixtures::the;
use crate::ways_out::Kept;
use agentspan::cost::Books;
use agentspan::testing::{record, record_with};
use agentspan::{Usage, builder};
use agentspan_tests::Collector;
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};
use tracing_subscriber::prelude::*;

#[test]
fn ten_thousand_open_steps_end_with_their_children_first_and_none_is_lost() {
    // Each end is told to every step above, within the five seconds that a shutdown has: deeper, a busy machine needs more.
    const DEEP: usize = 500;
    const WIDE: usize = 9_500;
    let recording = record_with(builder().with_max_queue_size(512));
    let run = agentspan::agent("a").start();
    let mut chain = vec![run.in_scope(|| agentspan::step("deep").start())];
    while chain.len() < DEEP {
        let next = chain[chain.len() - 1].in_scope(|| agentspan::tool("deep").cost_usd(0.001).start());
        chain.push(next);
    }
    let wide: Vec<_> = (0..WIDE)
        .map(|number| {
            let tool = || agentspan::tool("wide").cost_usd(0.001).start();
            if number % 2 == 0 { run.in_scope(tool) } else { chain[number % DEEP].in_scope(tool) }
        })
        .collect();
    let began = Instant::now();
    let spans = recording.shutdown();
    let took = began.elapsed();
    assert_eq!(spans.len(), 1 + DEEP + WIDE);
    assert!(took < Duration::from_secs(30), "{took:?}");
    let places: HashMap<_, _> =
        spans.iter().enumerate().map(|(place, span)| (span.span_id(), place)).collect();
    for (place, span) in spans.iter().enumerate() {
        let parent = span.parent_span_id().map_or(usize::MAX, |parent| places[&parent]);
        assert!(place < parent, "{} left after its parent", span.name());
        assert_eq!(span.text("agent.outcome"), Some("cancelled"));
    }
    let run_span = &spans[spans.len() - 1];
    assert_eq!(run_span.double("cost.total_usd"), Some(9.999));
    assert_eq!(run_span.int("agent.tool_call_count"), Some((DEEP - 1 + WIDE) as i64));
    assert_eq!(run_span.text("agent.stop_reason"), Some("shutdown"));
    drop((wide, chain, run));
}

#[test]
fn links_and_attributes_beyond_the_limits_are_counted() {
    let collector = Collector::start();
    let settings =
        builder().with_gen_ai(false).with_max_links_per_span(128).with_max_attributes_per_span(100);
    let (layer, telemetry) = settings.with_endpoint(collector.endpoint()).layer();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let tool = agentspan::tool("t").start();
        tool.in_scope(|| {
            for number in 1..=2_000_u64 {
                let (trace, span) = (TraceId::from(u128::from(number)), SpanId::from(number));
                let other = SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::default());
                Context::current().span().add_link(other, Vec::new());
            }
        });
        for number in 0..200 {
            tool.attribute(format!("key.{number}"), number);
        }
        tool.finish();
    });
    telemetry.shutdown();
    let span = collector.span("tool.t");
    assert_eq!((span.links.len(), span.dropped_links), (128, 1_872));
    assert_eq!(span.links[127].span_id, format!("{:016x}", 128));
    assert_eq!(span.attributes.len(), 100);
    // 200, tool.name, step type and outcome; what is vital is kept.
    assert_eq!(span.dropped_attributes, 103);
    assert_eq!(span.text("agent.outcome"), Some("ok"));
}

#[test]
fn a_limit_of_a_few_attributes_keeps_tokens_cost_and_identity() {
    for limit in 1..=10 {
        let recording = record_with(builder().with_max_attributes_per_span(limit));
        agentspan::agent("a").session("s-1").in_scope(|| {
            let call = agentspan::llm("openai", "gpt-4o").attribute("own", 1).server("host", None).start();
            call.usage(Usage::new().input(1_000).output(500).cache_read(100).reasoning(10));
            call.attribute("later", 1);
            call.finish();
        });
        let span = the(&recording, "llm.openai.gpt-4o");
        for key in [
            "agent.run_id",
            "agent.name",
            "agent.step_type",
            "session.id",
            "agent.outcome",
            "llm.provider",
            "llm.model_name",
            "llm.request.model_name",
            "llm.token_count.prompt",
            "llm.token_count.completion",
            "llm.token_count.prompt_details.cache_read",
            "llm.token_count.completion_details.reasoning",
            "cost.self_usd",
            "cost.total_usd",
            "cost.input_usd",
            "cost.status",
            "cost.source",
        ] {
            assert!(span.keys().contains(&key), "{limit}: no {key} in {:?}", span.keys());
        }
        assert!(!span.keys().contains(&"own") && !span.keys().contains(&"server.address"), "{limit}");
        assert_eq!(the(&recording, "agent.a").int("agent.token_count.total"), Some(1_500), "{limit}");
    }
}

#[test]
fn a_step_on_a_thread_without_a_subscriber_says_as_much_as_any_other() {
    let recording = record();
    let work = || {
        let call = agentspan::llm("openai", "gpt-4o").attribute("llm.model_name", "mine").start();
        call.usage(Usage::new().input(1_000).output(500));
        call.finish();
    };
    agentspan::agent("a").in_scope(|| {
        work();
        let context = Context::current();
        let other = std::thread::spawn(move || {
            let _attached = context.attach();
            work();
        });
        other.join().expect("the work does not panic");
    });
    let spans = recording.spans();
    let keys: Vec<_> =
        spans.iter().filter(|span| span.name() == "llm.openai.gpt-4o").map(|span| span.keys()).collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1]);
    assert_eq!(spans[0].double("cost.total_usd"), Some(0.015));
}

/// The same steps for the same seed.
fn random_tree(seed: &mut u64, depth: usize) {
    let mut draw = |below: u64| {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) % below
    };
    let (kind, number, told, children) = (draw(6), draw(5), draw(6), draw(4));
    let tokens = Usage::new().input(draw(10_000)).output(draw(1_000));
    let below = |seed: &mut u64| {
        if depth < 6 {
            (0..children).for_each(|_| random_tree(seed, depth + 1));
        }
    };
    match kind {
        0 => agentspan::agent(format!("agent{number}")).tag("team", number as i64).in_scope(|| below(seed)),
        1 => agentspan::tool(format!("tool{number}")).cost_usd(number as f64 / 8.0).in_scope(|| below(seed)),
        2 => agentspan::step("step").in_scope(|| below(seed)),
        _ => {
            let model = ["gpt-4o", "gpt-4o-mini", "gpt-4.1", "o3", "nobody-knows"][number as usize];
            let call = agentspan::llm("openai", model).start();
            call.in_scope(|| below(seed));
            match told {
                0 => {}
                1 => drop(call.cost_usd(0.5)),
                2 => drop(call.cost_usd(f64::NAN).usage(tokens)),
                3 => drop(call.usage(tokens).attempt_failed("timeout", None, None)),
                _ => drop(call.usage(Usage::new()).usage(tokens)),
            }
            if told == 5 { call.fail(&"no".to_owned()) } else { call.finish() }
        }
    }
}

#[test]
fn the_books_of_random_trees_are_the_same_whether_kept_or_not() {
    let books = |ratio: f64| {
        let recording = record_with(builder().with_sampling_ratio(ratio));
        let mut seed = 7;
        for _ in 0..100 {
            agentspan::agent("root").in_scope(|| random_tree(&mut seed, 0));
        }
        let mut books: Books = recording.books();
        for run in &mut books.dearest_runs {
            (run.run_id, run.trace_id) = (String::new(), None);
        }
        let spans = recording.shutdown();
        let sums: Vec<_> = spans
            .iter()
            .filter(|span| span.parent_span_id().is_none())
            .filter_map(|span| span.double("cost.total_usd"))
            .collect();
        (books, sums)
    };
    let ((kept, sums), (dropped, _)) = (books(1.0), books(0.0));
    assert!(kept.total.calls > 500, "{:?}", kept.total);
    assert_eq!(kept, dropped);
    let usd: f64 = sums.iter().sum();
    assert!((kept.total.usd.as_f64() - usd).abs() < 1e-6, "{} {usd}", kept.total.usd);
}

#[tokio::test(flavor = "current_thread")]
async fn calls_of_a_tool_are_counted_across_tasks_and_however_many_differ() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            let mut tasks = Vec::new();
            for task in 0..100_u64 {
                tasks.push(agentspan::spawn(async move {
                    for number in 0..20_u64 {
                        agentspan::tool("same").arguments(&(task, number / 2)).run_ok(async {}).await;
                        tokio::task::yield_now().await;
                    }
                }));
            }
            for task in tasks {
                task.await.expect("no task panics");
            }
            for number in 0..12_000_u64 {
                agentspan::tool("many").arguments(&number).run_ok(async {}).await;
            }
        })
        .await;
    let spans = recording.spans();
    let same: Vec<_> = spans.iter().filter(|span| span.name() == "tool.same").collect();
    let mut indices: Vec<_> = same.iter().filter_map(|span| span.int("tool.call_index")).collect();
    indices.sort_unstable();
    assert_eq!(indices, (1..=2_000).collect::<Vec<_>>());
    assert_eq!(same.iter().filter(|span| span.bool("tool.repeated") == Some(true)).count(), 1_000);
    let many = spans.iter().filter(|span| span.name() == "tool.many");
    let (mut last, mut repeated) = (0, 0);
    for span in many {
        last = last.max(span.int("tool.call_index").unwrap_or(0));
        repeated += usize::from(span.bool("tool.repeated") == Some(true));
    }
    assert_eq!((last, repeated), (12_000, 0));
}

#[test]
fn a_deep_chain_whose_steps_end_before_those_below_them_is_survived_beside_a_bridge() {
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    const DEEP: usize = 3_000;
    let kept = Kept::default();
    let exporter = agentspan::exporter(kept.clone());
    let layer = exporter.layer();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter).build();
    let bridge = tracing_opentelemetry::layer().with_tracer(provider.tracer("mine"));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(bridge).with(layer), || {
        let mut chain = vec![agentspan::agent("a").start()];
        while chain.len() < DEEP {
            let next = chain[chain.len() - 1].in_scope(|| agentspan::tool("deep").cost_usd(0.001).start());
            chain.push(next);
        }
        chain.into_iter().for_each(agentspan::SpanGuard::finish);
    });
    provider.shutdown().expect("the exporter takes everything");
    let spans = kept.spans();
    assert_eq!(spans.len(), DEEP);
    let ids: HashSet<_> = spans.iter().map(|span| span.span_context.span_id()).collect();
    let below = spans.iter().filter(|span| ids.contains(&span.parent_span_id)).count();
    assert_eq!(below, DEEP - 1, "no step is torn from its parent");
}
