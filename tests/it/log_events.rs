//! Log lines that become events of the step that they are written in.

use crate::fixtures::the;
use agentspan::testing::{record, record_with};
use tracing::{Instrument, debug, info, info_span, warn};

#[tokio::test]
async fn a_log_line_is_an_event_of_the_step_that_it_is_written_in() {
    let recording = record_with(agentspan::builder().with_log_events("info"));
    let work = async {
        info!("asking");
        agentspan::tool("t")
            .run_ok(async {
                warn!(attempt = 2_u64, cost = 0.5, fatal = false, key = ?Some("sk-ant-api03-abcdefghijklmnop"), "retrying");
                debug!("too much");
            })
            .await;
        agentspan::spawn(async { info!("in a task") }).await.unwrap();
    };
    agentspan::agent("a").run_ok(work).await;
    assert_eq!(the(&recording, "agent.a").events(), ["asking", "in a task"]);
    let tool = the(&recording, "tool.t");
    assert_eq!(tool.events(), ["retrying"]);
    assert_eq!(tool.event_text("retrying", "level"), Some("WARN"));
    assert_eq!(tool.event_text("retrying", "key"), Some("Some(\"[REDACTED:anthropic_key]\")"));
    assert_eq!(tool.text("agent.outcome"), Some("ok"), "a warning is no failure");
}

#[tokio::test]
async fn a_log_line_stands_once_on_whatever_is_nearest() {
    let recording = record_with(agentspan::builder().with_log_events("info"));
    let request = async {
        info!("outside");
        let step = async {
            info!("in the step");
            async { info!("inside") }.instrument(info_span!("query")).await;
            info!("in the step again");
        };
        agentspan::step("s").run_ok(step).await;
    };
    request.instrument(info_span!("request")).await;
    assert_eq!(the(&recording, "request").events(), ["outside"]);
    assert_eq!(the(&recording, "step.s").events(), ["in the step", "in the step again"]);
    assert_eq!(the(&recording, "query").events(), ["inside"]);
}

#[tokio::test]
async fn content_in_a_log_line_stays_here_unless_it_is_asked_for() {
    for wanted in [false, true] {
        let settings = agentspan::builder().with_log_events("info").with_content(wanted);
        let recording = record_with(settings);
        let line = async { info!(gen_ai.input.messages = "[]", gen_ai.system = "openai", "asked") };
        agentspan::step("s").run_ok(line).await;
        let step = the(&recording, "step.s");
        assert_eq!(step.event_text("asked", "gen_ai.system"), Some("openai"));
        assert_eq!(step.event_text("asked", "gen_ai.input.messages"), wanted.then_some("[]"));
    }
}

#[tokio::test]
async fn no_log_line_is_recorded_unless_that_is_asked_for() {
    let recording = record();
    agentspan::step("s").run_ok(async { warn!("to standard error alone") }).await;
    assert_eq!(the(&recording, "step.s").events(), [""; 0]);
}
