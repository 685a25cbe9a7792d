//! Why a run stopped, and whether that is a failure.

use crate::fixtures::{openai_reply, the};
use agentspan::testing::record;
use agentspan_semconv::{RecoveryAction, StopReason};
use std::error::Error;
use std::future::Future;

type Answer = Result<(), String>;

fn failed() -> Answer {
    Err("no luck".into())
}

async fn tool(result: Answer) -> Answer {
    agentspan::tool("t").run(async { result }).await
}

async fn model(result: Answer) -> Answer {
    agentspan::llm("openai", "gpt-4o")
        .call(async { result.map(|()| openai_reply(1_000, 500)) })
        .await
        .map(|_| ())
}

async fn step(result: Answer) -> Answer {
    agentspan::step("s").run(async { result }).await
}

/// Runs `work` in a run and holds outcome, class of error and stop reason of the run, and whether its status is Error.
async fn check<F: Future<Output = Answer>>(expected: &str, fails: bool, work: impl FnOnce() -> F) {
    let recording = record();
    let _ = agentspan::agent("a").run(async { work().await }).await;
    let root = the(&recording, "agent.a");
    let words = ["agent.outcome", "error.type", "agent.stop_reason"].map(|key| root.text(key).unwrap_or("-"));
    assert_eq!(words.join(" "), expected, "\n{}", recording.tree());
    assert_eq!(root.failure().is_some(), fails, "the status of\n{}", recording.tree());
}

#[tokio::test]
async fn success_follows_the_result() {
    check("ok - completed", false, || async { Ok(()) }).await;
    check("error _OTHER error", true, || async { failed() }).await;
}

#[tokio::test]
async fn a_run_whose_error_has_no_class_takes_that_of_the_step_that_made_it_fail() {
    check("error ParseIntError tool_error", true, || async {
        let parsed = agentspan::tool("t").run(async { "x".parse::<u8>() }).await;
        parsed.map(drop).map_err(|error| error.to_string())
    })
    .await;
}

#[tokio::test]
async fn a_tool_may_fail_while_the_run_goes_on() {
    check("ok - completed", false, || async {
        let _ = tool(failed()).await;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn the_last_direct_step_that_failed_gives_the_reason() {
    let tool_error = "error _OTHER tool_error";
    let llm_error = "error _OTHER llm_error";
    let error = "error _OTHER error";
    check(tool_error, true, || async { tool(failed()).await }).await;
    check(llm_error, true, || async { model(failed()).await }).await;
    check(error, true, || async { step(failed()).await }).await;
    check(tool_error, true, || async {
        let _ = model(failed()).await;
        tool(failed()).await
    })
    .await;
    check(llm_error, true, || async {
        let _ = tool(failed()).await;
        model(failed()).await
    })
    .await;
}

#[tokio::test]
async fn a_later_success_of_the_same_kind_takes_the_reason_back() {
    check("error _OTHER error", true, || async {
        let _ = tool(failed()).await;
        tool(Ok(())).await?;
        failed()
    })
    .await;
    check("error _OTHER tool_error", true, || async {
        let _ = tool(failed()).await;
        model(Ok(())).await?;
        failed()
    })
    .await;
}

#[tokio::test]
async fn a_failure_inside_another_step_is_that_steps() {
    check("error _OTHER error", true, || async {
        agentspan::step("s").run(async { tool(failed()).await }).await
    })
    .await;
}

#[tokio::test]
async fn a_timeout_comes_before_the_kind_of_step() {
    let recording = record();
    let _ = agentspan::agent("a")
        .run(async {
            agentspan::tool("t")
                .run(async {
                    Err::<(), Box<dyn Error>>(std::io::Error::from(std::io::ErrorKind::TimedOut).into())
                })
                .await
        })
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a timeout timeout timeout
      tool.t timeout timeout
    ");
}

/// Each word that is known, with whether it tells of success, and the outcome of a run that gives `Ok` with it.
const KNOWN: [(StopReason, &str, &str); 15] = [
    (StopReason::Completed, "ok -", "success"),
    (StopReason::HandedOff, "ok -", "success"),
    (StopReason::Escalated, "ok -", "success"),
    (StopReason::AwaitingApproval, "ok -", "success"),
    (StopReason::Cancelled, "ok -", "neither"),
    (StopReason::Shutdown, "ok -", "neither"),
    (StopReason::MaxSteps, "error max_steps", "failure"),
    (StopReason::ToolError, "error tool_error", "failure"),
    (StopReason::LlmError, "error llm_error", "failure"),
    (StopReason::Error, "error error", "failure"),
    (StopReason::Budget, "error budget", "failure"),
    (StopReason::Timeout, "timeout timeout", "failure"),
    (StopReason::Panicked, "panicked panicked", "failure"),
    (StopReason::Blocked, "blocked blocked", "failure"),
    (StopReason::Rejected, "rejected rejected", "failure"),
];

#[tokio::test]
async fn a_known_reason_tells_whether_the_run_succeeded_whatever_its_result_says() {
    for (reason, told, judgement) in KNOWN {
        let word = reason.as_str().to_owned();
        let of_ok = format!("{told} {word}");
        let given = reason.clone();
        check(&of_ok, judgement == "failure", || async {
            agentspan::current_run().stop_reason(given);
            Ok(())
        })
        .await;
        let of_error = match judgement {
            "success" => format!("ok - {word}"),
            _ => format!("error _OTHER {word}"),
        };
        check(&of_error, judgement != "success", || async {
            agentspan::current_run().stop_reason(reason);
            failed()
        })
        .await;
    }
}

#[tokio::test]
async fn an_own_word_follows_the_result() {
    check("ok - no_location", false, || async {
        agentspan::current_run().stop_reason("no_location");
        Ok(())
    })
    .await;
    check("error _OTHER no_location", true, || async {
        agentspan::current_run().stop_reason("no_location".to_owned());
        failed()
    })
    .await;
}

#[tokio::test]
async fn an_own_word_may_bring_its_own_judgement() {
    check("ok - no_location", false, || async {
        agentspan::current_run().stop_reason(StopReason::custom("no_location", Some(true)));
        failed()
    })
    .await;
    check("error no_location no_location", true, || async {
        agentspan::current_run().stop_reason(StopReason::custom("no_location", Some(false)));
        Ok(())
    })
    .await;
    check("ok - max_steps", false, || async {
        agentspan::current_run().stop_reason(StopReason::custom("max_steps", Some(true)));
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn the_last_reason_counts_and_may_be_told_from_any_step_of_the_run() {
    check("error budget budget", true, || async {
        agentspan::current_run().stop_reason("max_steps");
        agentspan::tool("t")
            .run_ok(async {
                agentspan::current_run().stop_reason("budget");
            })
            .await;
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_reason_belongs_to_the_nearest_run() {
    let recording = record();
    agentspan::agent("outer")
        .run_ok(agentspan::agent("inner").run_ok(async {
            agentspan::current_run().stop_reason("max_steps");
        }))
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.outer ok completed
      agent.inner error max_steps max_steps
    ");
}

#[tokio::test]
async fn a_dropped_run_keeps_a_reason_that_was_told() {
    let recording = record();
    let run = agentspan::agent("a").run_ok(async {
        agentspan::current_run().stop_reason("superseded");
        std::future::pending::<()>().await;
    });
    let mut run = Box::pin(run);
    assert!(futures_util::poll!(&mut run).is_pending());
    drop(run);
    assert_eq!(recording.tree(), "agent.a cancelled superseded\n");
    assert_eq!(the(&recording, "agent.a").failure(), None);
}

#[tokio::test]
async fn a_fallback_makes_the_run_succeed_though_a_step_failed() {
    let recording = record();
    agentspan::agent("a")
        .run(async {
            let _ = tool(failed()).await;
            agentspan::recovery("rate_limited").action(RecoveryAction::Fallback).run(tool(Ok(()))).await
        })
        .await
        .unwrap();
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed
      tool.t error _OTHER
      error.rate_limited ok rate_limited
        tool.t ok
    ");
    let root = the(&recording, "agent.a");
    assert_eq!(root.int("agent.failed_step_count"), Some(1));
    assert_eq!(root.int("agent.step_count"), Some(2));
    let recovery = the(&recording, "error.rate_limited");
    assert_eq!(recovery.failure(), None, "the recovery worked");
    assert_eq!(recovery.text("recovery.action"), Some("fallback"));
}

#[tokio::test]
async fn outside_a_run_nothing_happens() {
    let recording = record();
    agentspan::current_run().stop_reason("max_steps").tag("a", 1).result("r").attribute("b", 2);
    tool(Ok(())).await.unwrap();
    assert_eq!(recording.tree(), "tool.t ok\n");
}
