//! Cost, tokens and counts of runs add up.

use crate::fixtures::{call_gpt_4o, openai_reply, picodollars, the};
use agentspan::Usage;
use agentspan::cost::CostStatus;
use agentspan::testing::{RecordedSpan, record, record_with};
use serde_json::Value;

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

#[test]
fn names_that_read_the_same_have_one_row_in_the_breakdown() {
    let recording = record();
    agentspan::agent("a").in_scope(|| {
        for name in ["get\nrain", "get\train", "get_rain"] {
            agentspan::tool(name).in_scope(|| {});
        }
        agentspan::step("get_rain").in_scope(|| {});
    });
    let rows = breakdown(&the(&recording, "agent.a"));
    let rows: Vec<_> = rows.iter().map(|row| (row["name"].as_str().unwrap(), &row["count"])).collect();
    assert_eq!(rows, [("step.get_rain", &1.into()), ("tool.get_rain", &3.into())]);
}

#[test]
fn names_that_are_cut_to_the_same_take_no_rows_from_others() {
    let recording = record();
    agentspan::agent("a").in_scope(|| {
        for number in 0..30 {
            agentspan::step(format!("{}{number}", "p".repeat(300))).in_scope(|| {});
        }
        agentspan::step("last").in_scope(|| {});
    });
    let rows = breakdown(&the(&recording, "agent.a"));
    let rows: Vec<_> = rows.iter().map(|row| (row["name"].as_str().unwrap(), &row["count"])).collect();
    let long = format!("step.{}…", "p".repeat(199));
    assert_eq!(rows, [("step.last", &1.into()), (long.as_str(), &30.into())]);
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
            assert_eq!((run.total_usd(), run.cost_status(), run.total_usage()), (None, None, Usage::new()));
            agentspan::agent("inner").run_ok(call_gpt_4o(1_000, 500)).await;
            agentspan::tool("t").cost_usd(0.5).run_ok(async {}).await;
            assert_eq!(run.total_usd(), Some(0.5075));
            assert_eq!(run.cost_status(), Some(CostStatus::Known));
            assert_eq!(run.total_usage(), Usage::new().input(1_000).output(500));
            assert_eq!((run.llm_call_count(), run.tool_call_count()), (1, 1));
            agentspan::llm("nobody", "nothing")
                .call(async { Ok::<_, String>(openai_reply(10, 10)) })
                .await
                .expect("a reply");
            assert_eq!(run.cost_status(), Some(CostStatus::Partial));
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

/// Steps begin and end on many threads while their run ends, and it waits for every one.
#[test]
fn a_run_waits_for_the_steps_of_all_its_threads_and_numbers_each_of_them_once() {
    let recording = record();
    let threads: Vec<_> = agentspan::agent("a").in_scope(|| {
        let work = || {
            for _ in 0..100 {
                agentspan::step("s").in_scope(|| agentspan::tool("t").cost_usd(0.25).in_scope(|| {}));
            }
        };
        (0..6).map(|_| std::thread::spawn(agentspan::carry(work))).collect()
    });
    threads.into_iter().for_each(|thread| thread.join().expect("its steps ended"));
    let spans = recording.spans();
    let run = spans.iter().find(|span| span.name() == "agent.a").expect("the run was recorded");
    let sums = ["agent.step_count", "agent.tool_call_count", "agent.open_step_count"].map(|key| run.int(key));
    assert_eq!(sums, [Some(600), Some(600), None]);
    assert_eq!((run.text("cost.status"), run.double("cost.total_usd")), (Some("known"), Some(150.0)));
    let mut numbers: Vec<_> = spans.iter().filter_map(|span| span.int("agent.step_index")).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=600).collect::<Vec<_>>());
}
