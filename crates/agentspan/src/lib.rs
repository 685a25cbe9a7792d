//! Tracing for AI agents.
#![allow(dead_code, reason = "rooms are being built")]
mod config;
mod error;
mod export;
mod sampling;
pub use config::TracesExporter;
pub use error::{Error, ErrorKind};
