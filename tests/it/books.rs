//! What a program can read of its own spending.

use agentspan::StopReason;
use agentspan::cost::{BookLine, Books};
use agentspan::testing::{Recording, record, record_with};
use agentspan_tests::CLOSED;
use serde_json::json;
use std::future::ready;

fn reply(model: &str) -> serde_json::Value {
    json!({"model": model, "choices": [{"message": {"content": "x"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1_000, "completion_tokens": 500}})
}

async fn call(model: &str) {
    let _ = agentspan::llm("openai", model).call(ready(Ok::<_, String>(reply(model)))).await;
}

/// One line as `name usd prompt completion calls/unpriced/failed`.
fn line(BookLine { name, spend, .. }: &BookLine) -> String {
    let tokens = |count: Option<u64>| count.map_or("-".to_owned(), |count| count.to_string());
    format!(
        "{name} {} {} {} {}/{}/{}",
        spend.usd,
        tokens(spend.prompt_tokens),
        tokens(spend.completion_tokens),
        spend.calls,
        spend.unpriced_calls,
        spend.failed_calls
    )
}

fn lines(lines: &[BookLine]) -> Vec<String> {
    lines.iter().map(line).collect()
}

async fn day() {
    for (tenant, session) in [("acme", "s-1"), ("acme", "s-2"), ("blue", "s-3")] {
        agentspan::agent("support")
            .session(session)
            .user("u-1")
            .tag("tenant", tenant)
            .run_ok(async {
                call("gpt-4o").await;
                call("nobody-knows-it").await;
                agentspan::tool("search").cost_usd(0.25).run_ok(async {}).await;
                let _ = agentspan::tool("look up").run(async { Err::<(), _>("no") }).await;
                if session == "s-3" {
                    agentspan::current_run().stop_reason(StopReason::Budget);
                    agentspan::agent("helper").run_ok(call("gpt-4o")).await;
                }
            })
            .await;
    }
}

async fn books_at(ratio: f64) -> (Recording, Books) {
    let recording = record_with(agentspan::builder().with_sampling_ratio(ratio));
    day().await;
    let books = recording.books();
    (recording, books)
}

#[tokio::test]
async fn the_books_say_what_was_spent_on_what() {
    let (recording, books) = books_at(1.0).await;
    assert_eq!(line(&named("all", &books)), "all 0.78 7000 3500 13/3/3");
    assert_eq!(
        lines(&books.models),
        ["openai/gpt-4o 0.03 4000 2000 4/0/0", "openai/nobody-knows-it 0 3000 1500 3/3/0"]
    );
    assert_eq!(lines(&books.tools), ["search 0.75 - - 3/0/0", "look up 0 - - 3/0/3"]);
    assert_eq!(lines(&books.agents), ["support 0.7725 6000 3000 12/3/3", "helper 0.0075 1000 500 1/0/0"]);
    assert_eq!(
        lines(&books.tags),
        ["tenant=acme 0.515 4000 2000 8/2/2", "tenant=blue 0.265 3000 1500 5/1/1"]
    );
    assert_eq!(books.stop_reasons, [("completed".to_owned(), 3), ("budget".to_owned(), 1)]);
    let dearest = &books.dearest_runs[0];
    assert_eq!(books.dearest_runs.len(), 3, "only outermost runs");
    assert_eq!((dearest.usd.to_string().as_str(), dearest.agent_name.as_str()), ("0.265", "support"));
    assert_eq!((dearest.session_id.as_deref(), dearest.stop_reason.as_str()), (Some("s-3"), "budget"));
    assert_eq!((dearest.prompt_tokens, dearest.completion_tokens), (Some(3_000), Some(1_500)));
    let spans = recording.spans();
    let span = spans.iter().find(|span| span.text("session.id") == Some("s-3")).expect("its spans were kept");
    assert_eq!(dearest.trace_id, Some(span.trace_id()));
    assert_eq!(Some(dearest.run_id.as_str()), span.text("agent.run_id"));
}

fn named(name: &str, books: &Books) -> BookLine {
    let mut line = BookLine::default();
    (line.name, line.spend) = (name.to_owned(), books.total);
    line
}

/// Ids are made anew in each run of a program.
fn without_ids(mut books: Books) -> Books {
    for run in &mut books.dearest_runs {
        (run.run_id, run.trace_id) = (String::new(), None);
    }
    books
}

#[tokio::test]
async fn the_books_are_the_same_whatever_is_sampled() {
    let (kept, all) = books_at(1.0).await;
    drop(kept);
    let (dropped, none) = books_at(0.0).await;
    assert_eq!(dropped.spans().len(), 0);
    assert!(
        none.dearest_runs.iter().all(|run| run.trace_id.is_some()),
        "a log line may still name the trace"
    );
    assert_eq!(without_ids(all), without_ids(none));
}

#[test]
fn a_run_whose_steps_belong_to_two_telemetries_is_posted_to_each_under_its_own_names() {
    let outer = record();
    agentspan::agent("other").tag("tenant", "blue").in_scope(|| agentspan::tool("first").in_scope(|| {}));
    let inner = agentspan::agent("support").tag("tenant", "acme").in_scope(|| {
        agentspan::tool("one").in_scope(|| {});
        let inner = record();
        agentspan::tool("two").in_scope(|| {});
        inner
    });
    let (outer, inner) = (outer.books(), inner.books());
    assert_eq!(lines(&outer.agents), ["other 0 - - 1/0/0", "support 0 - - 1/0/0"]);
    assert_eq!(lines(&inner.agents), ["support 0 - - 1/0/0"]);
    assert_eq!(lines(&inner.tags), ["tenant=acme 0 - - 1/0/0"]);
}

/// Forty agents for forty tenants make more pairs than there is room for.
#[test]
fn each_agent_and_each_tag_keeps_its_line_however_many_of_them_go_together() {
    let recording = record();
    for number in (0..1_600).chain(0..1_600) {
        agentspan::agent(format!("agent {}", number % 40)).tag("tenant", number / 40).in_scope(|| {
            agentspan::tool("first").cost_usd(0.25).in_scope(|| {});
            agentspan::tool("second").cost_usd(0.5).in_scope(|| {});
        });
    }
    let books = recording.books();
    for list in [&books.agents, &books.tags] {
        assert_eq!(list.len(), 40);
        for line in list {
            assert_eq!((line.spend.usd.to_string().as_str(), line.spend.calls), ("60", 160), "{}", line.name);
        }
    }
}

#[test]
fn a_tag_that_is_put_on_a_run_later_is_charged_from_then_on() {
    let recording = record();
    let tool = |usd| agentspan::tool("t").cost_usd(usd).in_scope(|| {});
    agentspan::agent("a").tag("tenant", "acme").in_scope(|| {
        tool(1.0);
        agentspan::current_run().tag("tenant", "blue");
        tool(2.0);
        agentspan::agent("b").in_scope(|| tool(4.0));
        agentspan::current_run().tag("more", true);
        tool(8.0);
    });
    let books = recording.books();
    assert_eq!(
        lines(&books.tags),
        ["tenant=blue 14 - - 3/0/0", "more=true 8 - - 1/0/0", "tenant=acme 1 - - 1/0/0"]
    );
    assert_eq!(lines(&books.agents), ["a 11 - - 3/0/0", "b 4 - - 1/0/0"]);
}

#[test]
fn tags_that_read_the_same_share_a_line_and_others_do_not() {
    let recording = record();
    let tags: [&[(&'static str, &str)]; 4] =
        [&[("k", "b=c")], &[("k=b", "c")], &[("k", "b=c"), ("k=b", "c")], &[("kb", "c")]];
    for tags in tags {
        let agent = tags.iter().fold(agentspan::agent("a"), |agent, (key, value)| agent.tag(*key, *value));
        agent.in_scope(|| agentspan::tool("t").cost_usd(1.0).in_scope(|| {}));
    }
    assert_eq!(lines(&recording.books().tags), ["k=b=c 4 - - 4/0/0", "kb=c 1 - - 1/0/0"]);
}

#[test]
fn names_without_end_fall_into_one_line_and_lose_nothing() {
    let recording = record();
    for number in 0..10_000 {
        agentspan::agent(format!("agent {number}")).tag("number", number).in_scope(|| {
            agentspan::tool(format!("tool {number}")).cost_usd(0.5).in_scope(|| {});
        });
    }
    let books = recording.books();
    for list in [&books.tools, &books.agents, &books.tags] {
        assert_eq!(list.len(), 1_001);
        assert_eq!(line(&list[1_000]), "other 4500 - - 9000/0/0");
    }
    assert_eq!(books.total.usd.to_string(), "5000");
    assert_eq!(books.dearest_runs.len(), 20);
}

#[test]
fn the_twenty_dearest_runs_are_kept_in_whichever_order_they_end() {
    let recording = record();
    for number in 0..100 {
        let usd = f64::from((number * 37) % 100);
        agentspan::agent("a").run_id(format!("run-{usd}")).in_scope(|| {
            agentspan::tool("t").cost_usd(usd).in_scope(|| {});
        });
    }
    let runs: Vec<_> = recording.books().dearest_runs.into_iter().map(|run| run.run_id).collect();
    let expected: Vec<_> = (80..100).rev().map(|usd| format!("run-{usd}")).collect();
    assert_eq!(runs, expected);
}

#[test]
fn a_failed_export_changes_nothing_of_the_books() {
    let settings = agentspan::builder().service_name("t").with_endpoint(CLOSED);
    let (layer, telemetry) = settings.layer();
    let subscriber = tracing_subscriber::layer::SubscriberExt::with(tracing_subscriber::registry(), layer);
    tracing::subscriber::with_default(subscriber, || {
        agentspan::tool("t").cost_usd(0.5).in_scope(|| {});
    });
    assert_eq!(telemetry.flush().lost(), 1);
    assert_eq!(telemetry.books().total.usd.to_string(), "0.5");
}

/// A step that outlives its run tells of the run once more while others post to it.
#[test]
fn steps_that_outlive_their_run_end_on_many_threads_without_waiting_for_each_other() {
    let recording = record();
    let (done, ended) = std::sync::mpsc::channel();
    agentspan::agent("a").tag("tenant", "acme").in_scope(|| {
        for _ in 0..4 {
            let done = done.clone();
            std::thread::spawn(agentspan::carry(move || {
                for _ in 0..500 {
                    agentspan::tool("t").cost_usd(0.25).in_scope(|| {});
                }
                done.send(()).unwrap();
            }));
        }
    });
    for _ in 0..4 {
        ended.recv_timeout(std::time::Duration::from_secs(60)).expect("no thread waits for another one");
    }
    assert_eq!(recording.books().total.usd.as_f64(), 500.0);
}

#[tokio::test]
async fn each_model_of_a_run_has_its_own_line_in_whichever_order_they_are_called() {
    let recording = record();
    agentspan::agent("support")
        .run_ok(async {
            for model in ["gpt-4o", "gpt-4o", "gpt-4o-mini", "gpt-4", "gpt-4o", "gpt-4o-mini"] {
                call(model).await;
            }
            agentspan::step("rent").in_scope(|| {
                agentspan::current().cost_usd(1.0);
            });
        })
        .await;
    let books = recording.books();
    assert_eq!(
        lines(&books.models),
        [
            "openai/gpt-4 0.06 1000 500 1/0/0",
            "openai/gpt-4o 0.0225 3000 1500 3/0/0",
            "openai/gpt-4o-mini 0.0009 2000 1000 2/0/0"
        ]
    );
    // A step that calls nothing has no line but that of its agent, and is in the total.
    assert_eq!(lines(&books.agents), ["support 1.0834 6000 3000 7/0/0"]);
    assert_eq!(line(&named("all", &books)), "all 1.0834 6000 3000 7/0/0");
}

#[test]
fn a_run_that_goes_on_is_among_the_dearest_with_what_it_has_cost_so_far() {
    for ratio in [1.0, 0.0] {
        let recording = record_with(agentspan::builder().with_sampling_ratio(ratio));
        agentspan::agent("cheap").in_scope(|| agentspan::tool("t").cost_usd(0.25).in_scope(|| {}));
        let run = agentspan::agent("dear").session("s-42").start();
        let call = |usd| {
            agentspan::agent("inner").in_scope(|| agentspan::tool("t").cost_usd(usd).in_scope(|| {}));
        };
        let dearest = || {
            let runs = recording.books().dearest_runs;
            runs.into_iter()
                .map(|run| (run.agent_name, run.usd.to_string(), run.stop_reason))
                .collect::<Vec<_>>()
        };
        let of = |name: &str, usd: &str, reason: &str| (name.to_owned(), usd.to_owned(), reason.to_owned());
        assert_eq!(dearest(), [of("cheap", "0.25", "completed")], "nothing is known of the other");
        run.in_scope(|| call(1.0));
        assert_eq!(dearest(), [of("dear", "1", ""), of("cheap", "0.25", "completed")]);
        run.in_scope(|| call(0.5));
        let books = recording.books();
        let open = &books.dearest_runs[0];
        assert_eq!((open.usd.to_string().as_str(), open.session_id.as_deref()), ("1.5", Some("s-42")));
        assert!(open.trace_id.is_some(), "there is a way to what has left already");
        run.finish();
        assert_eq!(dearest(), [of("dear", "1.5", "completed"), of("cheap", "0.25", "completed")]);
    }
}

#[test]
fn a_run_that_is_resumed_is_among_the_dearest_with_its_id_as_soon_as_it_costs_more() {
    let recording = record();
    let spend = |usd| agentspan::tool("t").cost_usd(usd).in_scope(|| {});
    let dearest = || recording.books().dearest_runs.iter().map(|run| run.usd.to_string()).collect::<Vec<_>>();
    agentspan::agent("a").run_id("r").in_scope(|| spend(0.25));
    let again = agentspan::agent("a").run_id("r").start();
    assert_eq!(dearest(), ["0.25"]);
    again.in_scope(|| spend(5.0));
    assert_eq!(dearest(), ["5"]);
    again.finish();
    assert_eq!(dearest(), ["5"]);
}
