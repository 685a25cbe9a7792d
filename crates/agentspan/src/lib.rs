//! Tracing for AI agents.
#![allow(dead_code, reason = "rooms are being built")]
mod config;
mod error;
#[allow(unused_imports, reason = "rooms are being built")]
mod usage;
pub use error::{Error, ErrorKind};
pub use usage::{ToolCall, Usage};
