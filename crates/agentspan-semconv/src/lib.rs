#![doc = include_str!("../README.md")]

#[macro_use]
mod macros;

pub mod agent;
pub mod approval;
pub mod cost;
pub mod deployment;
pub mod embedding;
pub mod error;
pub mod event;
pub mod exception;
pub mod gen_ai;
pub mod handoff;
pub mod host;
pub mod http;
pub mod jsonrpc;
pub mod llm;
pub mod mcp;
pub mod metric;
pub mod network;
pub mod openinference;
pub mod process;
pub mod provider;
pub mod recovery;
pub mod retrieval;
pub mod rpc;
pub mod server;
pub mod service;
pub mod session;
pub mod span_name;
pub mod step;
pub mod table;
pub mod telemetry;
pub mod tool;
pub mod user;
pub mod validation;
pub mod values;

pub use values::{
    ApprovalDecision, CostSource, CostStatus, FinishClass, Operation, Outcome, RecoveryAction, StepType,
    StopReason, StreamEnd, ToolType, UnknownWord, ValidationKind,
};

#[cfg(test)]
mod tests;
