//! Tracing for AI agents.
#![allow(dead_code, reason = "rooms are being built")]
mod config;
mod error;
mod export;
pub use error::{Error, ErrorKind};
