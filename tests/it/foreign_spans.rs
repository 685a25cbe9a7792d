//! Spans and log lines of other people, made with plain `tracing`.

use crate::fixtures::{call_gpt_4o, openai_reply, the, until};
use agentspan::testing::record;
use std::time::Duration;
use tracing::Instrument;

#[tracing::instrument]
async fn look_up(city: &str) -> u32 {
    agentspan::tool("inner").run_ok(tokio::task::yield_now()).await;
    city.len() as u32
}

#[tokio::test]
async fn a_span_of_plain_tracing_is_part_of_the_tree_on_both_sides() {
    let recording = record();
    let outer = tracing::info_span!("request");
    agentspan::agent("a")
        .session("s-1")
        .run_ok(agentspan::tool("outer").run_ok(async {
            look_up("Ulm").await;
        }))
        .instrument(outer)
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    request
      agent.a ok completed
        tool.outer ok
          look_up
            tool.inner ok
    ");
    let inner = the(&recording, "tool.inner");
    assert_eq!(inner.text("session.id"), Some("s-1"), "identity goes through it");
    assert_eq!(inner.int("agent.step_index"), None);
    assert_eq!(the(&recording, "look_up").text("city"), Some("Ulm"));
}

#[tokio::test]
async fn spans_of_others_between_ours_change_no_sum() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            async {
                call_gpt_4o(1_000, 500).await;
                agentspan::tool("t")
                    .run_ok(async { call_gpt_4o(1_000, 500).instrument(tracing::info_span!("deep")).await })
                    .await;
            }
            .instrument(tracing::info_span!("between"))
            .await;
        })
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed $0.015
      between
        llm.openai.gpt-4o ok 1000→500 $0.0075
        tool.t ok $0.0075
          deep
            llm.openai.gpt-4o ok 1000→500 $0.0075
    ");
    assert_eq!(
        the(&recording, "agent.a").int("agent.step_count"),
        Some(2),
        "the nearest step of ours is the run"
    );
}

#[tokio::test]
async fn others_spans_beside_each_other_have_the_right_parents() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            let one = look_up("Ulm").instrument(tracing::info_span!("one"));
            let two = look_up("Bonn").instrument(tracing::info_span!("two"));
            tokio::join!(one, two);
        })
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed
      one
        look_up
          tool.inner ok
      two
        look_up
          tool.inner ok
    ");
}

#[tokio::test]
async fn a_task_in_the_span_of_others_belongs_to_the_run() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            let span = tracing::info_span!("worker");
            tokio::spawn(agentspan::tool("t").run_ok(async {}).instrument(span)).await.unwrap();
        })
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed
      worker
        tool.t ok
    ");
    assert_eq!(the(&recording, "tool.t").text("agent.name"), Some("a"), "run and identity went along");
}

#[tokio::test]
async fn trap_log_lines_of_others_never_change_a_status_nor_become_events() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            tracing::error!(prompt = "private", "it broke");
            agentspan::tool("t").run_ok(async { tracing::error!("again") }).await;
            async { tracing::error!("and again") }.instrument(tracing::info_span!("theirs")).await;
        })
        .await;
    for span in recording.spans() {
        assert_eq!((span.failure(), span.events()), (None, vec![]), "{span}");
    }
    assert_eq!(recording.spans().len(), 3);
}

#[tokio::test]
async fn trap_a_bare_span_carries_no_attributes_that_nobody_asked_for() {
    let recording = record();
    tracing::info_span!("theirs", city = "Ulm").in_scope(|| {});
    assert_eq!(recording.spans()[0].keys(), ["city"]);
}

#[tokio::test]
async fn by_default_debug_spans_of_others_are_left_out_and_the_tree_stays_whole() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            agentspan::tool("t").run_ok(async {}).instrument(tracing::debug_span!("noise")).await
        })
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed
      tool.t ok
    ");
}

#[tokio::test]
async fn a_step_of_ours_inside_a_long_span_of_others_keeps_its_own_times() {
    let recording = record();
    async {
        agentspan::tool("t").run_ok(async {}).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    .instrument(tracing::info_span!("theirs"))
    .await;
    assert!(the(&recording, "tool.t").duration() < Duration::from_millis(400));
    assert!(the(&recording, "theirs").duration() >= Duration::from_millis(400));
}

#[tokio::test]
async fn trap_token_counts_are_numbers_and_not_text() {
    let recording = record();
    agentspan::llm("openai", "gpt-4o").call(async { Ok::<_, String>(openai_reply(412, 54)) }).await.unwrap();
    agentspan::tool("t")
        .attribute("u64", 7_u64)
        .attribute("usize", 7_usize)
        .attribute("i128", 7_i128)
        .attribute("huge", u64::MAX)
        .run_ok(async {})
        .await;
    assert_eq!(the(&recording, "llm.openai.gpt-4o").int("llm.token_count.prompt"), Some(412));
    let tool = the(&recording, "tool.t");
    assert_eq!(["u64", "usize", "i128"].map(|key| tool.int(key)), [Some(7); 3]);
    assert_eq!(tool.text("huge"), Some("18446744073709551615"), "a cut number would be a false one");
}

/// The bridge asks a log call whether a span is wanted, and can lose spans by what it remembers of the answer
/// (tokio-rs/tracing#2519).
#[tokio::test]
async fn trap_no_span_is_lost_after_a_question_whether_anything_is_enabled() {
    let recording = record();
    for _ in 0..11 {
        let _ = tracing::enabled!(tracing::Level::TRACE);
        let _ = tracing::event_enabled!(tracing::Level::ERROR);
        let span = tracing::info_span!("theirs");
        let _ = tracing::enabled!(tracing::Level::INFO);
        span.in_scope(|| agentspan::tool("t").in_scope(|| {}));
    }
    assert_eq!(recording.spans().len(), 22);
}

#[tokio::test]
async fn a_span_of_others_that_is_held_after_its_run_delays_nobody_for_ever() {
    let recording = record();
    let held = agentspan::agent("a").in_scope(|| {
        let span = tracing::info_span!("theirs");
        span.in_scope(|| {});
        span
    });
    drop(held);
    until(|| recording.spans().len() == 2).await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed
      theirs
    ");
}

#[test]
fn what_is_told_to_opentelemetrys_current_span_is_told_to_the_step() {
    use opentelemetry::KeyValue;
    use opentelemetry::trace::{Status, get_active_span};
    let recording = record();
    agentspan::tool("t").in_scope(|| {
        get_active_span(|span| {
            assert!(span.is_recording());
            span.set_attribute(KeyValue::new("theirs", "yes"));
            span.add_event("noted", vec![KeyValue::new("why", "seen")]);
            span.set_status(Status::error("bad"));
            span.update_name("renamed");
            span.end();
        });
        agentspan::current().attribute("ours", "too");
    });
    let step = the(&recording, "renamed");
    assert_eq!((step.text("theirs"), step.text("ours")), (Some("yes"), Some("too")));
    assert_eq!(step.event_text("noted", "why"), Some("seen"));
    assert_eq!(step.failure(), Some("bad"));
    assert_eq!(step.text("agent.outcome"), Some("ok"));
}

#[test]
fn a_context_that_outlives_its_step_says_that_it_records_no_more() {
    use opentelemetry::Context;
    use opentelemetry::trace::TraceContextExt;
    let _recording = record();
    let context = agentspan::tool("t").in_scope(Context::current);
    assert!(context.span().span_context().is_sampled());
    assert!(!context.span().is_recording());
}
