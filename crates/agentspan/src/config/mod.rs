//! Settings: the only room that reads the environment. For every setting: environment, then code, then default.

use std::path::PathBuf;
use std::time::Duration;

/// Every setting after the environment, the code and the defaults have been put together.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// `None` means that nobody named the service.
    pub(crate) service_name: Option<String>,
    /// `OTEL_RESOURCE_ATTRIBUTES` and those given in code, decoded; without `service.name`.
    pub(crate) resource: Vec<(String, String)>,
    /// `OTEL_SDK_DISABLED`: no spans leave; books, propagation and log lines stay.
    pub(crate) disabled: bool,
    pub(crate) exporters: Vec<TracesExporter>,
    pub(crate) otlp: OtlpConfig,
    pub(crate) sampler: SamplerConfig,
    pub(crate) batch: BatchConfig,
    pub(crate) limits: Limits,
    pub(crate) propagators: Vec<Propagator>,
    pub(crate) content: Content,
    /// Filter directives for log lines (`RUST_LOG`), default `warn`.
    pub(crate) log_filter: String,
    /// Filter directives for other people's spans (`AGENTSPAN_SPANS`), default `info`.
    pub(crate) span_filter: String,
    /// Filter directives for log events that become span events (`AGENTSPAN_LOG_EVENTS`); `None` records none.
    pub(crate) log_events: Option<String>,
    pub(crate) dialects: Dialects,
}

/// Where finished spans go (`OTEL_TRACES_EXPORTER`); an empty list means nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TracesExporter {
    /// OTLP over HTTP to a collector, Jaeger or Tempo.
    Otlp,
    /// A tree for people, on standard error.
    Console,
}

/// How to reach the collector.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OtlpConfig {
    /// The whole URL that is posted to, with its path.
    pub(crate) endpoint: String,
    /// Decoded header names and values; values are secrets and never shown.
    pub(crate) headers: Vec<(String, String)>,
    /// For one export with its retries.
    pub(crate) timeout: Duration,
    pub(crate) gzip: bool,
    /// PEM file with the certificates to trust in place of the built-in roots.
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) client_key: Option<PathBuf>,
    pub(crate) client_certificate: Option<PathBuf>,
}

/// One of the six samplers of the specification that need no server.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum SamplerConfig {
    AlwaysOn,
    AlwaysOff,
    TraceIdRatio(f64),
    ParentBasedAlwaysOn,
    ParentBasedAlwaysOff,
    ParentBasedTraceIdRatio(f64),
}

/// `OTEL_BSP_*`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BatchConfig {
    pub(crate) schedule_delay: Duration,
    pub(crate) export_timeout: Duration,
    pub(crate) max_queue_size: usize,
    pub(crate) max_export_batch_size: usize,
}

/// Attribute, event and link limits of the specification, and our own limit for content.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Limits {
    pub(crate) attribute_count: usize,
    /// In characters; `None` is no limit.
    pub(crate) attribute_value_length: Option<usize>,
    pub(crate) event_count: usize,
    pub(crate) link_count: usize,
    pub(crate) event_attribute_count: usize,
    pub(crate) link_attribute_count: usize,
    /// In bytes, for attributes that the names table marks as content; default 16 KiB.
    pub(crate) content_length: usize,
}

/// One entry of `OTEL_PROPAGATORS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Propagator {
    TraceContext,
    Baggage,
}

/// Which classes of content are recorded: what the code and the environment allow together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Content {
    /// Messages, system instructions and tool definitions of model calls.
    pub(crate) messages: bool,
    /// Tool arguments and results.
    pub(crate) tools: bool,
    /// `user.query` and `agent.result`.
    pub(crate) queries: bool,
    /// Retrieval queries and documents.
    pub(crate) documents: bool,
    /// Reasons of validations, approvals and handoffs.
    pub(crate) reasons: bool,
    /// Messages and stack traces of errors.
    pub(crate) errors: bool,
}

/// The names under which values leave besides the canonical ones (`AGENTSPAN_DIALECTS`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialects {
    /// OTel GenAI, on by default.
    pub(crate) gen_ai: bool,
    /// OpenInference, off by default.
    pub(crate) openinference: bool,
    /// The older `gen_ai.usage.cache_creation.input_tokens` beside the new name; off by default.
    pub(crate) gen_ai_cache_creation: bool,
    /// Span names as OTel's `chat gpt-4o` in place of `llm.openai.gpt-4o`; off by default.
    pub(crate) otel_span_names: bool,
}
