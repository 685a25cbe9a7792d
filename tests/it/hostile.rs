//! Names, values and replies that nobody should send.

use crate::fixtures::{openai_chunk, openai_reply, stream_of, the};
use agentspan::Usage;
use agentspan::testing::{record, record_with};
use futures_util::StreamExt;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::fmt;
use std::time::{Duration, Instant};

#[test]
fn names_are_one_line_of_bounded_length() {
    let long = "x".repeat(10_000);
    let cases = [
        ("a b/c", "a b/c"),
        ("two\nlines\r\n", "two_lines__"),
        ("nul\0 and esc\u{1b}[31m", "nul_ and esc_[31m"),
        ("turned \u{202e}round", "turned _round"),
        ("Überprüfung 🦀", "Überprüfung 🦀"),
        ("", "unknown"),
        ("  ", "unknown"),
        (long.as_str(), &format!("{}…", "x".repeat(199))),
    ];
    for (given, shown) in cases {
        let recording = record();
        agentspan::agent(given).in_scope(|| {
            agentspan::tool(given).in_scope(|| {});
            agentspan::llm(given, given).start().finish();
            agentspan::retrieval(given).in_scope(|| {});
            agentspan::step(given).in_scope(|| {});
            agentspan::validation(given).in_scope(|| {});
            agentspan::approval(given).in_scope(|| {});
            agentspan::handoff(given).in_scope(|| {});
            agentspan::recovery(given).in_scope(|| {});
        });
        let spans = recording.spans();
        assert_eq!(spans.len(), 10, "{shown}");
        let named = ["agent", "tool", "retrieval", "step", "validation", "approval", "handoff", "error"];
        for prefix in named {
            the(&recording, &format!("{prefix}.{shown}"));
        }
        for span in &spans {
            assert!(
                span.name().len() < 1_100 && !span.name().contains(char::is_control),
                "{:?}",
                span.name()
            );
        }
    }
}

#[test]
fn a_long_tool_name_keeps_its_full_length_in_its_attribute() {
    let recording = record();
    let name = "x".repeat(10_000);
    agentspan::tool(&name).in_scope(|| {});
    assert_eq!(recording.spans()[0].text("tool.name").map(str::len), Some(10_000));
}

#[test]
fn arguments_of_five_megabytes_are_cut_and_their_size_is_told() {
    let recording = record_with(agentspan::builder().with_content(true));
    let text = "ü".repeat(2_500_000);
    let began = Instant::now();
    agentspan::tool("t").arguments(&text).in_scope(|| {
        agentspan::current().result(&json!({"text": text}));
    });
    assert!(began.elapsed() < Duration::from_secs(5));
    let span = the(&recording, "tool.t");
    assert_eq!(span.int("tool.arguments_size"), Some(5_000_000));
    assert_eq!(span.int("tool.result_size"), Some(5_000_011));
    let (arguments, result) = (span.text("tool.arguments").unwrap(), span.text("tool.result").unwrap());
    assert!(arguments.len() <= 16 * 1024 && arguments.len() > 15 * 1024, "{}", arguments.len());
    assert!(result.len() <= 16 * 1024 && result.len() > 15 * 1024, "{}", result.len());
    assert!(serde_json::from_str::<Value>(result).is_ok(), "JSON stays JSON");
}

#[test]
fn a_request_and_a_reply_of_five_megabytes_are_read() {
    let recording = record();
    let text = "x".repeat(5_000_000);
    let mut reply = openai_reply(1_000, 500);
    reply["choices"][0]["message"]["content"] = text.as_str().into();
    let call = agentspan::llm("openai", "gpt-4o").request(&json!({"messages": [{"content": text}]})).start();
    call.reply(&reply);
    call.finish();
    let span = the(&recording, "llm.openai.gpt-4o");
    assert_eq!(span.to_string(), "llm.openai.gpt-4o ok 1000→500 $0.0075");
    assert_eq!(span.int("llm.output_size"), Some(5_000_000));
    assert!(span.int("llm.input_size").is_some_and(|size| size > 5_000_000));
}

#[tokio::test]
async fn trap_the_attribute_limit_never_costs_tokens_cost_or_identity() {
    let recording = record();
    agentspan::agent("a")
        .session("s-1")
        .user("u-1")
        .run_ok(async {
            let mut call = agentspan::llm("openai", "gpt-4o");
            for number in 0..100 {
                call = call.attribute(format!("before.{number}"), number);
            }
            let call = call.start();
            for number in 0..100 {
                call.attribute(format!("after.{number}"), number);
            }
            call.reply(&openai_reply(1_000, 500));
            call.finish();
        })
        .await;
    let span = the(&recording, "llm.openai.gpt-4o");
    assert!(span.keys().len() <= 128, "{}", span.keys().len());
    assert_eq!(span.to_string(), "llm.openai.gpt-4o ok 1000→500 $0.0075");
    let vital =
        ["agent.run_id", "agent.root_run_id", "agent.name", "agent.step_type", "session.id", "user.id"];
    for key in vital {
        assert!(span.text(key).is_some(), "{key}");
    }
    assert_eq!(span.double("cost.self_usd"), Some(0.0075));
}

#[test]
fn amounts_that_are_no_money_make_the_cost_unknown() {
    for usd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.01, 1e300] {
        let recording = record();
        agentspan::agent("a").in_scope(|| {
            agentspan::tool("before").cost_usd(usd).in_scope(|| {});
            agentspan::tool("told").in_scope(|| agentspan::current().cost_usd(usd).clone());
            agentspan::tool("good").cost_usd(0.5).in_scope(|| {});
        });
        assert_eq!(
            recording.tree(),
            "agent.a ok completed cost:partial $0.5\n  tool.before ok cost:unknown\n  tool.told ok cost:unknown\n  \
             tool.good ok $0.5\n",
            "{usd}"
        );
        for span in ["tool.before", "tool.told"] {
            let span = the(&recording, span);
            for key in ["cost.self_usd", "cost.total_usd", "tool.cost_usd"] {
                assert_eq!(span.double(key), None, "{key} of {usd}");
            }
        }
    }
}

#[test]
fn a_cost_of_nothing_is_known() {
    let recording = record();
    agentspan::tool("t").cost_usd(0.0).in_scope(|| {});
    agentspan::tool("t").cost_usd(-0.0).in_scope(|| {});
    for span in recording.spans() {
        assert_eq!((span.text("cost.status"), span.double("cost.self_usd")), (Some("zero_rated"), Some(0.0)));
    }
}

/// Reads a reply that answers a call of gpt-4o and holds how the span reads.
#[track_caller]
fn check(reply: &impl Serialize, expected: &str) {
    let recording = record();
    let call = agentspan::llm("openai", "gpt-4o").start();
    call.reply(reply);
    call.finish();
    assert_eq!(recording.tree(), format!("llm.openai.gpt-4o {expected}\n"));
    let span = &recording.spans()[0];
    if span.text("cost.status") == Some("unknown") {
        for key in ["cost.self_usd", "cost.total_usd", "cost.input_usd", "cost.output_usd"] {
            assert_eq!(span.double(key), None, "unknown is not zero: {key}");
        }
    }
}

fn with_usage(usage: Value) -> Value {
    let mut reply = openai_reply(0, 0);
    reply["usage"] = usage;
    reply
}

#[test]
fn replies_that_are_no_replies_are_survived() {
    let unknown = "ok cost:unknown";
    check(&json!(null), unknown);
    check(&json!(7), unknown);
    check(&json!([]), unknown);
    check(&json!({}), unknown);
    check(&json!({"choices": null, "usage": null}), unknown);
    check(&json!({"choices": [null, 7, {"message": 7}], "usage": [1]}), unknown);
    check(&json!({"model": 7, "id": {}, "choices": "x"}), unknown);
    check(&"<html>502 Bad Gateway</html>", unknown);
    check(&"{\"choices\": [", unknown);
    check(&"", unknown);
    check(&(), unknown);
    check(&[0xff_u8, 0xfe], unknown);
}

#[test]
fn usage_that_is_absent_or_no_count_is_unknown() {
    let unknown = "ok cost:unknown";
    let mut reply = openai_reply(1, 1);
    reply.as_object_mut().unwrap().remove("usage");
    check(&reply, unknown);
    check(&with_usage(json!(null)), unknown);
    check(&with_usage(json!({})), unknown);
    check(&with_usage(json!({"prompt_tokens": null, "completion_tokens": null})), unknown);
    check(&with_usage(json!({"prompt_tokens": -1, "completion_tokens": -5, "total_tokens": -6})), unknown);
    check(&with_usage(json!({"prompt_tokens": 1.5, "completion_tokens": "many"})), unknown);
    check(&with_usage(json!({"prompt_tokens": u64::MAX, "completion_tokens": u64::MAX})), unknown);
    check(&with_usage(json!({"prompt_tokens": 1e300, "completion_tokens": 1e300})), unknown);
}

#[test]
fn counts_that_contradict_each_other_have_no_price() {
    let usage =
        json!({"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 99}});
    check(&with_usage(usage), "ok 10→5 cost:unknown");
}

#[test]
fn the_largest_counts_that_are_believed_do_not_overflow() {
    let huge = 1_u64 << 53;
    let recording = record();
    agentspan::agent("a").in_scope(|| {
        for _ in 0..3 {
            let call = agentspan::llm("openai", "gpt-4o").start();
            call.usage(Usage::new().input(u64::MAX).output(u64::MAX));
            call.finish();
            let call = agentspan::llm("openai", "gpt-4o").start();
            call.reply(&with_usage(
                json!({"prompt_tokens": huge, "completion_tokens": huge, "total_tokens": huge}),
            ));
            call.finish();
        }
    });
    let root = the(&recording, "agent.a");
    assert_eq!(root.int("agent.token_count.prompt"), Some(i64::MAX));
    assert_eq!(root.int("agent.token_count.total"), Some(i64::MAX));
    assert!(root.double("cost.total_usd").is_none_or(f64::is_finite));
}

#[test]
fn a_model_nobody_knows_has_tokens_and_no_price() {
    let mut reply = openai_reply(10, 5);
    reply["model"] = "gpt-99-ultra".into();
    check(&reply, "ok 10→5 cost:unknown");
}

#[tokio::test]
async fn chunks_that_are_no_chunks_are_survived() {
    let recording = record();
    let chunks = vec![
        json!(null),
        json!(7),
        json!("data: {"),
        json!({"choices": [{"index": -1, "delta": 7}, null]}),
        openai_chunk(json!({"content": null, "tool_calls": [null, {"index": "x", "function": 7}]}), None),
        openai_chunk(json!({"content": "It will rain."}), Some("stop")),
        json!({"choices": [], "usage": {"prompt_tokens": -1, "completion_tokens": null}}),
    ];
    let stream = agentspan::llm("openai", "gpt-4o")
        .stream(async { Ok::<_, String>(stream_of::<String>(chunks.clone())) })
        .await
        .unwrap();
    assert_eq!(stream.map(Result::unwrap).collect::<Vec<_>>().await, chunks, "untouched");
    assert_eq!(recording.tree(), "llm.openai.gpt-4o ok cost:unknown\n");
    assert_eq!(recording.spans()[0].int("llm.chunk_count"), Some(7));
}

/// What it holds cannot be shown.
#[derive(Debug)]
struct Hostile;

impl Serialize for Hostile {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("no JSON of me")
    }
}

impl fmt::Display for Hostile {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("no text of me")
    }
}

impl std::error::Error for Hostile {}

/// What says that it cannot be serialised.
struct Refuses;

impl Serialize for Refuses {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no"))
    }
}

#[tokio::test]
async fn values_whose_own_code_panics_or_refuses_harm_nobody() {
    let recording = record_with(agentspan::builder().with_content(true));
    agentspan::agent("a")
        .query(&Hostile)
        .run_ok(async {
            agentspan::current_run().result(&Hostile);
            let call = agentspan::llm("openai", "gpt-4o").request(&Hostile);
            call.call(async { Ok::<_, String>(Hostile) }).await.unwrap();
            agentspan::llm("openai", "gpt-4o").request(&Refuses).start().reply(&Refuses);
            agentspan::tool("t").arguments(&Hostile).run(async { Err::<(), _>(Hostile) }).await.unwrap_err();
            agentspan::tool("t").arguments(&Refuses).run_ok(async {}).await;
            agentspan::retrieval("r").start().documents(&[Hostile]);
        })
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed cost:unknown
      llm.openai.gpt-4o ok cost:unknown
      llm.openai.gpt-4o cancelled cost:unknown
      tool.t error Hostile
      tool.t ok
      retrieval.r cancelled
    ");
}

/// An error that is its own cause.
#[derive(Debug)]
struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for _ in 0..100_000 {
            f.write_str("again and ")?;
        }
        Ok(())
    }
}

impl std::error::Error for Endless {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&Endless)
    }
}

#[tokio::test]
async fn an_error_that_is_its_own_cause_has_an_end() {
    let recording = record_with(agentspan::builder().with_content(true));
    agentspan::tool("t").run(async { Err::<(), _>(Endless) }).await.unwrap_err();
    let span = the(&recording, "tool.t");
    assert!(span.event_text("exception", "exception.message").is_some_and(|text| text.len() <= 16 * 1024));
    assert!(
        span.event_text("exception", "exception.stacktrace").is_some_and(|text| text.len() <= 300 * 1024)
    );
}

#[test]
fn keys_and_values_of_any_kind_are_taken() {
    let recording = record();
    agentspan::agent("a").session("").user("\u{0}").tag("", "empty key").tag("k".repeat(5_000), 1).in_scope(
        || {
            agentspan::current().attribute("nan", f64::NAN).attribute("list", vec!["a".to_owned()]);
            agentspan::tool("t").call_id("").arguments("").in_scope(|| {});
        },
    );
    assert_eq!(recording.tree(), "agent.a ok completed\n  tool.t ok\n");
    assert_eq!(the(&recording, "agent.a").texts("list"), Some(vec!["a"]));
}

#[test]
fn a_thousand_steps_inside_each_other_are_survived() {
    fn deeper(depth: u32) {
        if depth > 0 {
            agentspan::step("s").in_scope(|| deeper(depth - 1));
        }
    }
    let work = || {
        let recording = record();
        agentspan::agent("a").in_scope(|| deeper(1_000));
        assert_eq!(recording.spans().len(), 1_001);
    };
    std::thread::Builder::new().stack_size(64 << 20).spawn(work).unwrap().join().unwrap();
}
