//! Settings: the only room that reads the environment. For every setting: environment, then code, then default.
//!
//! [`Config::resolve`] puts the three together and never fails: what cannot be used is answered with a
//! [`Warning`]. Each kind of setting has a file of its own; [`variables::VARIABLES`] lists them all.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

mod carried;
mod content;
mod endpoint;
mod filters;
mod limits;
mod list;
mod metrics;
mod misspelt;
mod otlp;
mod overrides;
mod propagation;
mod reader;
mod resource;
mod sampler;
mod unsupported;
mod value;
pub(crate) mod variables;

pub(crate) use self::carried::from_process as carried_variables;
pub use self::overrides::ContentClass;
pub(crate) use self::overrides::{
    BatchOverrides, ContentOverrides, LimitsOverrides, MetricsOverrides, OtlpOverrides, Overrides,
};
pub use self::propagation::Propagation;
pub(crate) use self::reader::{Environment, Warning};

use self::reader::Reader;

/// From level `info`, and none of `rmcp`: its only one is of a whole connection, and not of what is done.
const SPAN_FILTER: &str = "info,rmcp=off";

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
    pub(crate) metrics: MetricsConfig,
    pub(crate) sampler: SamplerConfig,
    pub(crate) batch: BatchConfig,
    pub(crate) limits: Limits,
    pub(crate) propagators: Vec<Propagator>,
    pub(crate) content: Content,
    /// Filter directives for log lines (`RUST_LOG`), default `warn`.
    pub(crate) log_filter: String,
    /// Filter directives for other people's spans (`AGENTSPAN_SPANS`), default [`SPAN_FILTER`].
    pub(crate) span_filter: String,
    /// Filter directives for log events that become span events (`AGENTSPAN_LOG_EVENTS`); `None` records none.
    pub(crate) log_events: Option<String>,
    pub(crate) dialects: Dialects,
    /// A file of prices (`AGENTSPAN_PRICES`), by default none. It is read where prices are made.
    pub(crate) prices: Option<String>,
}

impl Config {
    /// Puts environment, code and defaults together, in this order of precedence.
    ///
    /// Content is the exception: a class that code forbids stays off whatever the environment says, and the
    /// environment can turn off what code asked for.
    pub(crate) fn resolve(env: Environment<'_>, code: &Overrides) -> (Self, Vec<Warning>) {
        let mut reader = Reader::new(env);
        let disabled = reader.boolean("OTEL_SDK_DISABLED", code.disabled);
        let (service_name, resource) = resource::resolve(&mut reader, code);
        let config = Self {
            service_name,
            resource,
            disabled,
            exporters: list::exporters(&mut reader, code.exporters.as_deref()),
            otlp: otlp::traces(&mut reader, code),
            metrics: metrics::resolve(&mut reader, code),
            sampler: sampler::resolve(&mut reader, code.sampler),
            batch: limits::batch(&mut reader, &code.batch),
            limits: limits::limits(&mut reader, &code.limits),
            propagators: list::propagators(&mut reader, code.propagators.as_deref()),
            content: content::resolve(&mut reader, &code.content),
            log_filter: filters::directives(&mut reader, "RUST_LOG", code.log_filter.as_deref(), "warn"),
            span_filter: filters::directives(
                &mut reader,
                "AGENTSPAN_SPANS",
                code.span_filter.as_deref(),
                SPAN_FILTER,
            ),
            log_events: filters::log_events(&mut reader, code.log_events.as_deref()),
            dialects: list::dialects(&mut reader, code.dialects),
            prices: reader.get("AGENTSPAN_PRICES"),
        };
        otlp::insecure(&mut reader);
        unsupported::answer(&mut reader, &config.log_filter);
        (config, reader.into_warnings())
    }

    /// [`resolve`](Self::resolve) with the environment of this process, as it is at the time of the call.
    pub(crate) fn from_process(code: &Overrides) -> (Self, Vec<Warning>) {
        let (environment, mut warnings) = reader::snapshot(|name| std::env::var_os(name));
        let (config, more) = Self::resolve(&|name| environment.get(name).cloned(), code);
        warnings.extend(more);
        warnings.extend(misspelt::warnings(std::env::vars_os()));
        (config, warnings)
    }
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

/// Where metrics go (`OTEL_METRICS_EXPORTER`); by default nowhere. Needs the feature `metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricsExporter {
    /// OTLP over HTTP to a collector. Jaeger takes none.
    Otlp,
    /// A line for each series, on standard error.
    Console,
}

/// Metrics, as far as they are not the books, which a program reads by itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MetricsConfig {
    pub(crate) exporters: Vec<MetricsExporter>,
    pub(crate) otlp: OtlpConfig,
    /// Between two exports.
    pub(crate) interval: Duration,
    pub(crate) temporality: Temporality,
    /// The newest names of the GenAI conventions in place of those that most viewers know.
    pub(crate) latest_names: bool,
    /// Measured by the process's own meter provider, which sends for itself.
    pub(crate) global_meter: bool,
    pub(crate) sessions: bool,
    pub(crate) users: bool,
}

/// Whether a sum begins at the start or at the last export (`OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Temporality {
    Cumulative,
    Delta,
    LowMemory,
}

/// How to reach the collector.
#[derive(Clone, PartialEq)]
pub(crate) struct OtlpConfig {
    /// The whole URL that is posted to, with its path. It may hold a user, a password or a token: show
    /// [`shown_endpoint`](Self::shown_endpoint) to people.
    pub(crate) endpoint: String,
    /// Decoded header names and values; values are secrets and never shown.
    pub(crate) headers: Vec<(String, String)>,
    /// For one export with its retries; at most one hour, which is also what "no limit" means.
    pub(crate) timeout: Duration,
    pub(crate) gzip: bool,
    /// PEM file with the certificates to trust in place of the built-in roots.
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) client_key: Option<PathBuf>,
    pub(crate) client_certificate: Option<PathBuf>,
    pub(crate) given_for: FileSettings,
}

/// The variables that the files of a collector were given for, or would be, where code gave them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileSettings {
    pub(crate) certificate: &'static str,
    pub(crate) client_key: &'static str,
    pub(crate) client_certificate: &'static str,
}

impl OtlpConfig {
    /// The endpoint without user, password and query, to be printed.
    pub(crate) fn shown_endpoint(&self) -> String {
        endpoint::shown(&self.endpoint)
    }
}

/// Written by hand, since header values and parts of the URL are secrets.
impl fmt::Debug for OtlpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("OtlpConfig")
            .field("endpoint", &self.shown_endpoint())
            .field("headers", &names)
            .field("timeout", &self.timeout)
            .field("gzip", &self.gzip)
            .field("certificate", &self.certificate)
            .field("client_key", &self.client_key)
            .field("client_certificate", &self.client_certificate)
            .finish()
    }
}

/// Which traces are kept (`OTEL_TRACES_SAMPLER`): one of the six samplers of the specification that need no server.
///
/// A parent-based sampler follows the decision of a parent, here or in another process, and decides itself for traces that
/// begin here. A ratio is the share that is kept, from 0.0 to 1.0, decided by the trace id.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum SamplerConfig {
    /// `always_on`: every trace.
    AlwaysOn,
    /// `always_off`: no trace.
    AlwaysOff,
    /// `traceidratio`: a share of the traces, whatever a parent decided.
    TraceIdRatio(f64),
    /// `parentbased_always_on`: as the parent, else every trace.
    ParentBasedAlwaysOn,
    /// `parentbased_always_off`: as the parent, else no trace.
    ParentBasedAlwaysOff,
    /// `parentbased_traceidratio`: as the parent, else a share of the traces. The default, at 1.0.
    ParentBasedTraceIdRatio(f64),
}

/// `OTEL_BSP_*`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BatchConfig {
    pub(crate) schedule_delay: Duration,
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

/// How context travels between processes (`OTEL_PROPAGATORS`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Propagator {
    /// W3C trace context: the headers `traceparent` and `tracestate`.
    TraceContext,
    /// W3C baggage: the header `baggage`.
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

impl Default for Dialects {
    fn default() -> Self {
        Self { gen_ai: true, openinference: false, gen_ai_cache_creation: false, otel_span_names: false }
    }
}

#[cfg(test)]
mod tests;
