//! Tracing for AI agents.
#![allow(dead_code, unused_imports, missing_docs, reason = "rooms are being built")]
mod config;
mod cost;
mod error;
mod export;
mod sampling;
mod span;
mod usage;
pub use config::TracesExporter;
pub use cost::Rates;
pub use error::{Error, ErrorKind};
pub use span::*;
pub use usage::{ToolCall, Usage};
