//! Figures that a later word replaces, and figures that would be false.

use crate::fixtures::{the, until};
use agentspan::Usage;
use agentspan::testing::record;
use serde_json::json;

#[tokio::test]
async fn tokens_told_by_hand_have_a_price_though_the_reply_has_none() {
    let recording = record();
    let reply = agentspan::llm("openai", "gpt-4o").call(async {
        agentspan::current().usage(Usage::new().input(1_000).output(100));
        Ok::<_, String>(json!({"text": "hi"}))
    });
    reply.await.unwrap();
    assert_eq!(recording.tree(), "llm.openai.gpt-4o ok 1000→100 $0.0035\n");
}

#[test]
fn half_a_count_has_no_price() {
    let recording = record();
    let call = agentspan::llm("openai", "gpt-4o").start();
    call.usage(Usage::new().output(3));
    call.finish();
    let span = the(&recording, "llm.openai.gpt-4o");
    assert_eq!(span.text("cost.status"), Some("unknown"));
    assert_eq!((span.double("cost.self_usd"), span.double("cost.input_usd")), (None, None));
}

#[test]
fn a_later_usage_replaces_the_earlier_one_as_a_whole() {
    let recording = record();
    let call = agentspan::llm("openai", "gpt-4o").start();
    call.usage(Usage::new().input(1_000).output(100).cache_read(500));
    call.usage(Usage::new().input(10).output(7));
    call.finish();
    let span = the(&recording, "llm.openai.gpt-4o");
    let counts = ["prompt", "completion", "total", "prompt_details.cache_read"];
    let counts = counts.map(|kind| span.int(&format!("llm.token_count.{kind}")));
    assert_eq!(counts, [Some(10), Some(7), Some(17), None]);
}

#[test]
fn an_amount_told_by_hand_leaves_no_parts_of_another_price() {
    let recording = record();
    let call = agentspan::llm("openai", "gpt-4o").start();
    call.usage(Usage::new().input(10).output(7)).cost_usd(5.0);
    call.finish();
    let tool = agentspan::tool("t").start();
    tool.cost_usd(0.5).cost_usd(-1.0);
    tool.finish();
    let call = the(&recording, "llm.openai.gpt-4o");
    assert_eq!((call.double("cost.self_usd"), call.text("cost.source")), (Some(5.0), Some("manual")));
    assert_eq!((call.double("cost.input_usd"), call.text("cost.price_model")), (None, None));
    let tool = the(&recording, "tool.t");
    assert_eq!((tool.double("tool.cost_usd"), tool.text("cost.status")), (None, Some("unknown")));
}

#[tokio::test]
async fn an_agent_that_goes_on_by_spawning_its_next_step_does_not_overflow_the_stack() {
    fn hop(left: u32) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            if left > 0 {
                agentspan::tool("hop").run_ok(async { drop(agentspan::spawn(hop(left - 1))) }).await;
            }
        })
    }
    let recording = record();
    hop(3_000).await;
    until(|| recording.report().created == 3_000).await;
    assert_eq!(recording.shutdown().len(), 3_000);
}
