//! Tracing for AI agents.
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

pub use agentspan_semconv as semconv;
pub use agentspan_semconv::{
    ApprovalDecision, Operation, RecoveryAction, StopReason, ToolType, ValidationKind,
};
pub use config::{ContentClass, TracesExporter};
pub use cost::Rates;
pub use error::{Error, ErrorKind};
pub use export::{DropReason, Exporter, Report};
pub use init::{TelemetryBuilder, builder, exporter, init, try_init};
pub use pipeline::Telemetry;
pub use span::{
    AgentBuilder, ApprovalBuilder, AttributeValue, Elapsed, EmbeddingBuilder, Failure, HandoffBuilder,
    LlmBuilder, RecoveryBuilder, ReplyStream, RetrievalBuilder, RunHandle, SpanGuard, SpanHandle,
    StepBuilder, ToolBuilder, ValidationBuilder, WithTimeout, agent, approval, carry, current, current_run,
    embedding, handoff, llm, recovery, retrieval, spawn, step, tool, validation,
};
pub use usage::Usage;
