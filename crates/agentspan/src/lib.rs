//! Tracing for AI agents.
#![allow(dead_code, unused_imports, missing_docs, reason = "rooms are being built")]
mod config;
mod cost;
mod error;
mod export;
mod init;
mod pipeline;
mod propagation;
mod sampling;
mod span;
pub mod testing;
mod usage;
mod view;
pub use config::{ContentClass, TracesExporter};
pub use cost::Rates;
pub use error::{Error, ErrorKind};
pub use export::{DropReason, Exporter, Report};
pub use init::{TelemetryBuilder, builder, exporter, init, try_init};
pub use pipeline::Telemetry;
pub use span::*;
pub use usage::{ToolCall, Usage};
