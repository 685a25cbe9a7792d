use std::path::PathBuf;
use std::time::Duration;

use super::{Dialects, MetricsExporter, Propagator, SamplerConfig, Temporality, TracesExporter};

/// Everything that code can set through the builder; `None` and empty lists leave a setting alone.
///
/// There is no `Debug`: header values and endpoints are secrets.
#[derive(Clone, Default)]
pub(crate) struct Overrides {
    pub(crate) service_name: Option<String>,
    /// Merged with those of the environment, which wins for a key that both give.
    pub(crate) resource: Vec<(String, String)>,
    pub(crate) disabled: Option<bool>,
    pub(crate) exporters: Option<Vec<TracesExporter>>,
    pub(crate) otlp: OtlpOverrides,
    pub(crate) metrics: MetricsOverrides,
    pub(crate) sampler: Option<SamplerConfig>,
    pub(crate) propagators: Option<Vec<Propagator>>,
    pub(crate) batch: BatchOverrides,
    pub(crate) limits: LimitsOverrides,
    pub(crate) content: ContentOverrides,
    pub(crate) dialects: Option<Dialects>,
    pub(crate) log_filter: Option<String>,
    pub(crate) span_filter: Option<String>,
    /// Filter directives; `none` and `off` ask for no log events.
    pub(crate) log_events: Option<String>,
}

/// See [`OtlpConfig`](super::OtlpConfig).
#[derive(Clone, Default)]
pub(crate) struct OtlpOverrides {
    /// The collector's base URL as in `OTEL_EXPORTER_OTLP_ENDPOINT`, or the whole URL when it ends in `/v1/traces`.
    pub(crate) endpoint: Option<String>,
    /// Not encoded; merged with those of the environment, which wins for a name that both give.
    pub(crate) headers: Vec<(String, String)>,
    /// Zero is no limit, as in the environment.
    pub(crate) timeout: Option<Duration>,
    pub(crate) gzip: Option<bool>,
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) client_key: Option<PathBuf>,
    pub(crate) client_certificate: Option<PathBuf>,
}

/// See [`MetricsConfig`](super::MetricsConfig).
#[derive(Clone, Default)]
pub(crate) struct MetricsOverrides {
    pub(crate) exporters: Option<Vec<MetricsExporter>>,
    pub(crate) interval: Option<Duration>,
    /// Zero is no limit, as in the environment.
    pub(crate) timeout: Option<Duration>,
    pub(crate) temporality: Option<Temporality>,
    pub(crate) latest_names: bool,
    /// Nothing in the environment says the same as these.
    pub(crate) global_meter: bool,
    pub(crate) sessions: bool,
    pub(crate) users: bool,
}

/// See [`BatchConfig`](super::BatchConfig).
#[derive(Clone, Default)]
pub(crate) struct BatchOverrides {
    pub(crate) schedule_delay: Option<Duration>,
    pub(crate) export_timeout: Option<Duration>,
    pub(crate) max_queue_size: Option<usize>,
    pub(crate) max_export_batch_size: Option<usize>,
}

/// See [`Limits`](super::Limits).
#[derive(Clone, Default)]
pub(crate) struct LimitsOverrides {
    pub(crate) attribute_count: Option<usize>,
    pub(crate) attribute_value_length: Option<usize>,
    pub(crate) event_count: Option<usize>,
    pub(crate) link_count: Option<usize>,
    pub(crate) event_attribute_count: Option<usize>,
    pub(crate) link_attribute_count: Option<usize>,
    pub(crate) content_length: Option<usize>,
}

/// What code says about each class of [`Content`](super::Content).
///
/// `Some(true)` asks for the class, which the environment may refuse. `Some(false)` forbids it for good.
#[derive(Clone, Copy, Default)]
pub(crate) struct ContentOverrides {
    pub(crate) messages: Option<bool>,
    pub(crate) tools: Option<bool>,
    pub(crate) queries: Option<bool>,
    pub(crate) documents: Option<bool>,
    pub(crate) reasons: Option<bool>,
    pub(crate) errors: Option<bool>,
}

impl ContentOverrides {
    /// The same word for every class.
    pub(crate) fn all(record: bool) -> Self {
        let word = Some(record);
        Self { messages: word, tools: word, queries: word, documents: word, reasons: word, errors: word }
    }

    pub(crate) fn set_all(&mut self, record: bool) {
        let forbidden = *self;
        *self = Self::all(record);
        // What code forbade before stays forbidden.
        for class in ContentClass::ALL {
            if *{ forbidden }.class(class) == Some(false) {
                self.forbid(class);
            }
        }
    }

    pub(crate) fn forbid(&mut self, class: ContentClass) {
        *self.class(class) = Some(false);
    }

    fn class(&mut self, class: ContentClass) -> &mut Option<bool> {
        match class {
            ContentClass::Messages => &mut self.messages,
            ContentClass::Tools => &mut self.tools,
            ContentClass::Queries => &mut self.queries,
            ContentClass::Documents => &mut self.documents,
            ContentClass::Reasons => &mut self.reasons,
            ContentClass::Errors => &mut self.errors,
        }
    }
}

/// A class of content: text that may be private and is recorded only when it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContentClass {
    /// Messages, system instructions and tool definitions of model calls.
    Messages,
    /// Tool arguments and results.
    Tools,
    /// What the user asked, and the answer of a run.
    Queries,
    /// Retrieval queries and documents.
    Documents,
    /// Reasons of validations, approvals and handoffs.
    Reasons,
    /// Messages and causes of errors.
    Errors,
}

impl ContentClass {
    const ALL: [Self; 6] =
        [Self::Messages, Self::Tools, Self::Queries, Self::Documents, Self::Reasons, Self::Errors];
}
