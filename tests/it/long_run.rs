//! A process that runs agents on many threads for long: its sums stay exact, nothing is lost uncounted and nothing stays behind.
//!
//! It has a binary of its own, since it installs a global subscriber and looks at the memory of the process.

use agentspan::{DropReason, Usage};
use agentspan_examples::http::Server;
use std::time::Duration;
use tokio::task::JoinSet;
use tracing_subscriber::layer::SubscriberExt;

/// Runs at the same time.
const RUNS: u64 = 1_000;

/// A run with steps in tasks of their own, one of which outlives it.
async fn one_run(number: u64) {
    let mut late = None;
    agentspan::agent("a")
        .session(format!("s-{number}"))
        .run_ok(async {
            let call = agentspan::spawn(async move {
                let call = agentspan::llm("openai", "gpt-4o").start();
                tokio::task::yield_now().await;
                call.usage(Usage::new().input(number).output(1));
                call.finish();
            });
            let tool = agentspan::spawn(
                agentspan::tool("t").cost_usd(0.001).arguments(&number).run_ok(tokio::task::yield_now()),
            );
            call.await.unwrap();
            tool.await.unwrap();
            let expected = (2_500_000 * number + 10_000_000 + 1_000_000_000) as f64 / 1e12;
            assert_eq!(agentspan::current_run().total_usd(), Some(expected), "run {number}");
            assert_eq!(
                agentspan::current_run().total_usage(),
                Usage::new().input(number).output(1),
                "run {number}"
            );
            late = Some(agentspan::spawn(agentspan::tool("late").run_ok(async {
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
            })));
        })
        .await;
    late.expect("it was spawned").await.unwrap();
}

async fn all_runs() {
    let mut runs = JoinSet::new();
    for number in 0..RUNS {
        runs.spawn(one_run(number));
    }
    while let Some(done) = runs.join_next().await {
        done.expect("no run panics");
    }
}

/// Memory of the process in bytes, where the system tells it.
fn resident() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(pages.split_whitespace().nth(1)?.parse::<u64>().ok()? * 4_096)
}

#[test]
fn a_thousand_runs_at_once_leave_exact_sums_and_no_memory_behind() {
    let collector = Server::start(|_, exchange| exchange.respond(200, &[], &[])).expect("a port");
    let (layer, telemetry) = agentspan::builder()
        .service_name("long-run")
        .with_endpoint(format!("http://{}", collector.address()))
        .layer();
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))
        .expect("the first one");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let round = || {
        runtime.block_on(all_runs());
        // Steps that were held back leave within the next look.
        for _ in 0..100 {
            if telemetry.flush().open == 0 {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        telemetry.report()
    };
    let (warm_up, rounds) = (8, 4);
    // The most of all rounds: what the allocator keeps rises and falls by some megabytes, and needs a few rounds to settle.
    let mut before = None;
    for _ in 0..warm_up {
        round();
        before = before.max(resident());
    }
    for _ in 0..rounds {
        round();
    }
    let after = resident();
    let report = telemetry.report();
    let created = (warm_up + rounds) * RUNS * 4;
    assert_eq!((report.created, report.open, report.unconfirmed), (created, 0, 0), "{report}");
    // Four threads may end spans faster than a debug build sends them; then they are counted.
    assert_eq!(report.delivered + report.lost(), created, "{report}");
    assert!(report.dropped.keys().all(|reason| *reason == DropReason::QueueFull), "{report}");
    assert!(report.delivered > created / 2, "{report}");
    if let (Some(before), Some(after)) = (before, after) {
        // A step that stayed would be about a kilobyte, so that all of them would be several times this.
        let grown = after.saturating_sub(before);
        assert!(grown < 6 << 20, "the memory grew by {} KiB in {} runs", grown >> 10, rounds * RUNS);
    }
    assert_eq!(telemetry.shutdown().open, 0);
}
