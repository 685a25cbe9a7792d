//! Tool calls: what is recorded of them, their links and repetitions.

use crate::fixtures::{openai_asking, the};
use agentspan::testing::{RecordedSpan, record};
use agentspan_semconv::{RecoveryAction, ToolType};
use serde_json::{Value, json};

async fn ask(calls: &[(&str, &str)]) {
    agentspan::llm("openai", "gpt-4o").call(async { Ok::<_, String>(openai_asking(calls)) }).await.unwrap();
}

async fn answer(name: &str, call_id: &str) {
    agentspan::tool(name).call_id(call_id).run_ok(async {}).await;
}

#[tokio::test]
async fn a_tool_span_has_all_that_its_builder_knows() {
    let recording = record();
    agentspan::tool("get_weather")
        .call_id("call_1")
        .description("The weather of a city.")
        .tool_type(ToolType::Function)
        .arguments(&json!({"city": "Ulm"}))
        .cost_usd(0.0001)
        .run(async {
            agentspan::current().result(&json!({"rain": 4}));
            Ok::<_, String>(())
        })
        .await
        .unwrap();
    let span = the(&recording, "tool.get_weather");
    assert_eq!(span.to_string(), "tool.get_weather ok $0.0001");
    let texts = [
        ("agent.step_type", "tool_call"),
        ("tool.name", "get_weather"),
        ("tool.call_id", "call_1"),
        ("tool.description", "The weather of a city."),
        ("tool.type", "function"),
    ];
    for (key, value) in texts {
        assert_eq!(span.text(key), Some(value), "{key}");
    }
    assert_eq!(span.int("tool.arguments_size"), Some(r#"{"city":"Ulm"}"#.len() as i64));
    assert_eq!(span.int("tool.result_size"), Some(r#"{"rain":4}"#.len() as i64));
    assert_eq!(span.double("tool.cost_usd"), Some(0.0001));
    assert_eq!((span.text("tool.arguments"), span.text("tool.result")), (None, None));
    assert_eq!(span.int("tool.call_index"), None, "only a run counts");
}

#[tokio::test]
async fn a_tool_links_to_the_call_that_asked_for_it() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            ask(&[("call_1", "get_weather"), ("call_2", "get_time")]).await;
            answer("get_time", "call_2").await;
            agentspan::step("s").run_ok(answer("get_weather", "call_1")).await;
            answer("unasked", "call_9").await;
            agentspan::tool("no_id").run_ok(async {}).await;
        })
        .await;
    let asker = the(&recording, "llm.openai.gpt-4o").span_id();
    let links = |name| the(&recording, name).links();
    assert_eq!(links("tool.get_time"), [asker.as_str()]);
    assert_eq!(links("tool.get_weather"), [asker.as_str()], "also below another step");
    assert!(links("tool.unasked").is_empty());
    assert!(links("tool.no_id").is_empty());
}

#[tokio::test]
async fn a_run_inside_a_run_may_do_what_the_outer_one_was_asked_for() {
    let recording = record();
    agentspan::agent("outer")
        .run_ok(async {
            ask(&[("call_1", "get_weather")]).await;
            agentspan::agent("inner").run_ok(answer("get_weather", "call_1")).await;
        })
        .await;
    assert_eq!(the(&recording, "tool.get_weather").links(), [the(&recording, "llm.openai.gpt-4o").span_id()]);
}

#[tokio::test]
async fn two_runs_with_the_same_call_id_do_not_mix() {
    let recording = record();
    for name in ["one", "two"] {
        agentspan::agent(name)
            .run_ok(async {
                ask(&[("call_1", "t")]).await;
                answer("t", "call_1").await;
            })
            .await;
    }
    let spans = recording.spans();
    for tool in spans.iter().filter(|span| span.name() == "tool.t") {
        let asker = spans.iter().find(|span| [span.span_id()] == tool.links()[..]).expect("a model call");
        assert_eq!(asker.text("agent.run_id"), tool.text("agent.run_id"));
    }
}

#[tokio::test]
async fn a_step_never_links_to_its_own_parent() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            let call = agentspan::llm("openai", "gpt-4o").start();
            call.reply(&openai_asking(&[("call_1", "t")]));
            call.within(answer("t", "call_1")).await;
            call.finish();
        })
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed $0.00157
      llm.openai.gpt-4o ok 412→54 $0.00157
        tool.t ok
    ");
    assert!(the(&recording, "tool.t").links().is_empty());
}

#[tokio::test]
async fn a_recovery_links_to_the_step_that_failed() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            let failing = |name| agentspan::tool(name).run(async { Err::<(), _>("no".to_owned()) });
            let _ = failing("first").await;
            agentspan::recovery("first_failed").action(RecoveryAction::Retry).run_ok(async {}).await;
            agentspan::step("s")
                .run_ok(async {
                    let _ = failing("deep").await;
                    agentspan::recovery("deep_failed").action(RecoveryAction::Skip).run_ok(async {}).await;
                })
                .await;
        })
        .await;
    for (recovery, failed) in [("error.first_failed", "tool.first"), ("error.deep_failed", "tool.deep")] {
        assert_eq!(the(&recording, recovery).links(), [the(&recording, failed).span_id()], "{recovery}");
    }
}

#[tokio::test]
async fn a_recovery_without_a_failure_links_to_nothing() {
    let recording = record();
    agentspan::recovery("outside").run_ok(async {}).await;
    agentspan::agent("a").run_ok(agentspan::recovery("inside").run_ok(async {})).await;
    assert!(recording.spans().iter().all(|span| span.links().is_empty()));
}

fn calls(spans: &[RecordedSpan], name: &str) -> Vec<(Option<i64>, Option<bool>)> {
    let calls = spans.iter().filter(|span| span.name() == name);
    calls.map(|span| (span.int("tool.call_index"), span.bool("tool.repeated"))).collect()
}

#[tokio::test]
async fn a_run_counts_the_calls_of_a_tool_and_notices_a_repetition() {
    let recording = record();
    let call = |name: &str, arguments: Value| agentspan::tool(name).arguments(&arguments).run_ok(async {});
    agentspan::agent("a")
        .run_ok(async {
            call("search", json!({"q": "rain"})).await;
            call("search", json!({"q": "sun"})).await;
            call("lookup", json!({"q": "rain"})).await;
            agentspan::step("s").run_ok(call("search", json!({"q": "rain"}))).await;
            agentspan::tool("search").run_ok(async {}).await;
        })
        .await;
    let spans = recording.spans();
    assert_eq!(
        calls(&spans, "tool.search"),
        [(Some(1), Some(false)), (Some(2), Some(false)), (Some(3), Some(true)), (Some(4), Some(false)),]
    );
    assert_eq!(
        calls(&spans, "tool.lookup"),
        [(Some(1), Some(false))],
        "another tool with the same arguments"
    );
}

#[tokio::test]
async fn arguments_as_text_and_as_json_are_the_same_arguments() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            agentspan::tool("t").arguments(&json!({"city": "Ulm"})).run_ok(async {}).await;
            agentspan::tool("t").arguments(r#"{"city":"Ulm"}"#).run_ok(async {}).await;
        })
        .await;
    assert_eq!(calls(&recording.spans(), "tool.t"), [(Some(1), Some(false)), (Some(2), Some(true))]);
}

#[tokio::test]
async fn each_run_counts_for_itself() {
    let recording = record();
    for _ in 0..2 {
        agentspan::agent("a").run_ok(agentspan::tool("t").arguments("x").run_ok(async {})).await;
    }
    assert_eq!(calls(&recording.spans(), "tool.t"), [(Some(1), Some(false)); 2]);
}
