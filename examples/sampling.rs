//! Sampling by environment: a share of the runs is kept, and what runs cost is counted for all of them.
//!
//! ```text
//! OTEL_TRACES_SAMPLER=parentbased_traceidratio OTEL_TRACES_SAMPLER_ARG=0.1 cargo run --example sampling
//! ```
//!
//! Nothing in the code speaks of sampling. Without the variables every run is kept. What is kept goes to the collector
//! at `http://localhost:4318`; without one, the last line says how much was not delivered. It prints, with the
//! variables as above:
//!
//! ```text
//! kept 103 of 1000 runs, each whole
//! all 1000 runs together: $2.00
//! agentspan: 206 of 206 spans delivered
//! ```

use std::convert::Infallible;

const RUNS: u64 = 1_000;
const SPANS_OF_A_RUN: u64 = 2;

#[tokio::main]
async fn main() -> Result<(), Infallible> {
    let telemetry = agentspan::builder().service_name("sampling").init();

    let mut usd = 0.0;
    for _ in 0..RUNS {
        usd += agentspan::agent("counter").run(count()).await?.unwrap_or_default();
    }

    let kept = telemetry.report().created / SPANS_OF_A_RUN;
    println!("kept {kept} of {RUNS} runs, each whole");
    println!("all {RUNS} runs together: ${usd:.2}");
    eprintln!("{}", telemetry.shutdown());
    Ok(())
}

/// Gives what the run has cost so far, which is known whether or not the run is kept.
async fn count() -> Result<Option<f64>, Infallible> {
    agentspan::tool("abacus").cost_usd(0.002).run_ok(async {}).await;
    Ok(agentspan::current_run().total_usd())
}
