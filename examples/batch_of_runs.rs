//! Runs at the same time, each with steps in parallel: every run adds up its own tokens and USD.
//!
//! ```text
//! cargo run --example batch_of_runs
//! ```
//!
//! In each run one step works in a task of its own (`agentspan::spawn`, which carries the run along as a bare
//! `tokio::spawn` would not) beside two others (`tokio::join!`). Run number `n` spends `n` times 0.002 USD and `n`
//! times 10 + 5 tokens. It prints what each run knows of itself and, on standard error, the runs as trees:
//!
//! ```text
//! document-1: $0.002000, 10 + 5 tokens
//! document-2: $0.004000, 20 + 10 tokens
//! …
//! agent.indexer                        4.8 ms  $0.002000  3 steps completed
//! ├─ llm.ollama.llama3.2               2.3 ms  $0.000000  10 → 5  ok
//! ├─ tool.thumbnail                    4.3 ms  $0.001000          ok
//! └─ tool.store                        3.0 ms  $0.001000          ok
//! …
//! ```

use agentspan::{TracesExporter, Usage};
use std::time::Duration;
use tokio::task::JoinError;
use tokio::time::sleep;

#[tokio::main]
async fn main() -> Result<(), JoinError> {
    let telemetry =
        agentspan::builder().service_name("batch-of-runs").with_exporters([TracesExporter::Console]).init();

    // Each is a run of its own, so that nothing needs to be carried into its task.
    let index = |number| {
        agentspan::agent("indexer").session(format!("document-{number}")).run(index_document(number))
    };
    let runs: Vec<_> = (1..=6).map(|number| tokio::spawn(index(number))).collect();
    for run in runs {
        println!("{}", run.await??);
    }

    eprintln!("\n{}", telemetry.shutdown());
    Ok(())
}

async fn index_document(number: u32) -> Result<String, JoinError> {
    let usd = f64::from(number) * 0.001;
    let store = agentspan::spawn(agentspan::tool("store").cost_usd(usd).run_ok(pause(2 * number)));
    tokio::join!(
        summarise(number.into()),
        agentspan::tool("thumbnail").cost_usd(usd).run_ok(pause(3 * number)),
    );
    store.await?;

    let run = agentspan::current_run();
    let usage = run.total_usage();
    Ok(format!(
        "document-{number}: ${:.6}, {} + {} tokens",
        run.total_usd().unwrap_or_default(),
        usage.input.unwrap_or_default(),
        usage.output.unwrap_or_default()
    ))
}

/// A model on this machine: it has no price, and its client tells the tokens by hand.
async fn summarise(number: u64) {
    let call = agentspan::llm("ollama", "llama3.2").start();
    sleep(Duration::from_millis(number)).await;
    call.usage(Usage::new().input(10 * number).output(5 * number)).cost_usd(0.0);
    call.finish();
}

async fn pause(milliseconds: u32) {
    sleep(Duration::from_millis(milliseconds.into())).await;
}
