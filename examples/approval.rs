//! A run that waits for somebody's consent, once given and once refused.
//!
//! ```text
//! cargo run --example approval
//! ```
//!
//! A span `approval.requested` leaves at the beginning, so that a trace shows what is waited for while nobody has
//! answered. A refusal ends the run as rejected, which is no error. It prints what became of each refund and, on
//! standard error, the runs as trees:
//!
//! ```text
//! agent.refund_assistant               0.07 s  2 steps completed
//! ├─ approval.refund                   0.05 s          ok
//! │  └─ approval.requested             0.0 ms          ok
//! └─ tool.pay_out                      0.02 s          ok
//!
//! agent.refund_assistant               0.05 s  1 step rejected
//! └─ approval.refund                   0.05 s         rejected
//!    └─ approval.requested             0.0 ms         ok
//! ```

use agentspan::{ApprovalDecision, StopReason, TracesExporter};
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::sleep;

#[tokio::main]
async fn main() -> Result<(), Infallible> {
    let telemetry =
        agentspan::builder().service_name("approval").with_exporters([TracesExporter::Console]).init();

    for (order, amount) in [("order-1", 40), ("order-2", 4_000)] {
        let paid = agentspan::agent("refund_assistant").session(order).run(refund(amount)).await?;
        println!("{order}: {}", if paid { "paid out" } else { "refused" });
    }

    eprintln!("\n{}", telemetry.shutdown());
    Ok(())
}

async fn refund(amount: u32) -> Result<bool, Infallible> {
    let run = agentspan::current_run();
    run.interrupted("approval");
    let decision = agentspan::approval("refund").asked("team lead").run_ok(ask_team_lead(amount)).await;
    run.resumed("approval");

    if decision == ApprovalDecision::Rejected {
        run.stop_reason(StopReason::Rejected);
        return Ok(false);
    }
    agentspan::tool("pay_out").arguments(&amount).run_ok(sleep(Duration::from_millis(20))).await;
    Ok(true)
}

/// Stands for a message to a person and the wait for the answer.
async fn ask_team_lead(amount: u32) -> ApprovalDecision {
    sleep(Duration::from_millis(50)).await;
    let (decision, reason) = if amount < 1_000 {
        (ApprovalDecision::Approved, "small amount")
    } else {
        (ApprovalDecision::Rejected, "ask accounting first")
    };
    agentspan::current().decision(decision).by("kim").reason(reason);
    decision
}
