//! Tracing for AI agents.
#![allow(dead_code, reason = "rooms are being built")]
mod config;
mod error;
pub use error::{Error, ErrorKind};
