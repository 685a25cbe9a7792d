//! The layer in a `tracing` subscriber of one's own, beside log lines and plain `#[tracing::instrument]`.
//!
//! ```text
//! cargo run --example own_subscriber
//! ```
//!
//! The function `parse` is instrumented by `tracing` alone and stands in the same tree all the same. The log line
//! carries the trace id, by which one gets from a log to its run. It prints the log line and, on standard error, the
//! run as a tree:
//!
//! ```text
//!  INFO …: own_subscriber: parsed words=3 trace_id="7b535c71…"
//! agent.reader                         0.7 ms  1 step completed
//! └─ tool.parser                       0.3 ms         ok
//!    └─ parse                          0.1 ms
//! ```

use agentspan::TracesExporter;
use std::num::TryFromIntError;
use tracing::info;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

#[tokio::main]
async fn main() -> Result<(), TryFromIntError> {
    let (layer, telemetry) =
        agentspan::builder().service_name("own-subscriber").with_exporters([TracesExporter::Console]).layer();
    // A level filter for log lines belongs to their layer: in front of all layers it would take `parse` below away too.
    let log_lines = fmt::layer().without_time().with_ansi(false).with_filter(LevelFilter::INFO);
    tracing_subscriber::registry().with(layer).with(log_lines).init();

    agentspan::agent("reader")
        .run(async { agentspan::tool("parser").run(async { parse("to be read") }).await })
        .await?;

    eprintln!("\n{}", telemetry.shutdown());
    Ok(())
}

#[tracing::instrument]
fn parse(text: &str) -> Result<u8, TryFromIntError> {
    let words = text.split_whitespace().count();
    info!(words, trace_id = agentspan::current().trace_id(), "parsed");
    words.try_into()
}
