//! What a program may do without end, and how much of it is kept.

use crate::fixtures::the;
use agentspan::testing::record;
use serde_json::json;

#[test]
fn attributes_without_end_are_not_kept_and_those_that_matter_are() {
    let recording = record();
    let tool = agentspan::tool("t").start();
    for number in 0..20_000 {
        tool.attribute(format!("key.{number}"), number);
    }
    tool.finish();
    let span = the(&recording, "tool.t");
    assert_eq!(span.text("agent.outcome"), Some("ok"));
    assert!((100..1_200).contains(&span.keys().len()), "{} keys", span.keys().len());
    assert_eq!(span.int("key.0"), Some(0));
}

/// An agent that calls an agent that calls a model: each step keeps the future inside of it once.
#[test]
fn futures_of_steps_in_steps_grow_by_what_each_step_needs() {
    async fn work() -> Result<(), String> {
        let room = [0_u8; 4_096];
        tokio::task::yield_now().await;
        std::hint::black_box(&room);
        Ok(())
    }
    let inner = std::mem::size_of_val(&work());
    assert!(inner > 4_096, "{inner}");
    let called = agentspan::llm("openai", "gpt-4o").call(work());
    let timed = agentspan::step("s").timeout(std::time::Duration::from_secs(1)).run(called);
    let guard = agentspan::tool("t").start();
    let tool = agentspan::tool("t").run_ok(timed);
    let nested = agentspan::agent("a").run_ok(guard.within(tool));
    let outer = std::mem::size_of_val(&nested);
    assert!(outer < inner + 2_048, "{outer} for {inner}");
}

#[tokio::test]
async fn a_run_has_so_many_tags_and_a_known_one_may_still_change() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            for number in 0..1_000 {
                agentspan::current_run().tag(format!("tag.{number}"), number);
            }
            agentspan::current_run().tag("tag.0", -1);
            agentspan::tool("t").run_ok(async {}).await;
        })
        .await;
    assert_eq!(the(&recording, "tool.t").int("tag.0"), Some(-1));
    let tags = recording.books().tags;
    assert_eq!(tags.len(), 128);
    assert!(tags.iter().any(|line| line.name == "tag.0=-1"));
}

#[tokio::test]
async fn a_run_without_end_remembers_who_asked_last() {
    let recording = record();
    let ask = |number: usize| {
        let call = agentspan::llm("openai", "gpt-4o").start();
        let function = json!({"name": "t", "arguments": "{}"});
        let calls = json!([{"id": format!("call_{number}"), "type": "function", "function": function}]);
        call.reply(&json!({"choices": [{"message": {"tool_calls": calls}, "finish_reason": "tool_calls"}]}));
        call.finish();
    };
    agentspan::agent("a")
        .run_ok(async {
            (0..5_000).for_each(ask);
            agentspan::tool("first").call_id("call_0").run_ok(async {}).await;
            agentspan::tool("last").call_id("call_4999").run_ok(async {}).await;
        })
        .await;
    assert_eq!(the(&recording, "tool.first").links().len(), 0);
    assert_eq!(the(&recording, "tool.last").links().len(), 1);
}

#[test]
fn names_of_any_length_are_cut_in_the_books() {
    let recording = record();
    // An odd number of bytes comes before the characters of two.
    let call = agentspan::llm("me", "ä".repeat(100_000)).start();
    call.cost_usd(0.25);
    call.finish();
    let models = recording.books().models;
    assert_eq!(models[0].name, format!("me/{}", "ä".repeat(510)));
    assert_eq!(models[0].spend.usd.to_string(), "0.25");
}
