//! The ways to start: [`init`], [`try_init`], [`builder`], [`exporter`]. Only the first two touch global state.

use crate::config::{Config, ContentClass, Overrides, TracesExporter};
use crate::cost::Rates;
use crate::error::{Error, ErrorKind};
use crate::export::Exporter;
use crate::pipeline::{self, Parts, Telemetry};
use crate::view::TreeOptions;
use opentelemetry_sdk::trace::SpanExporter;
use std::collections::HashMap;
use std::time::Duration;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;

/// Starts the telemetry from the environment, for the whole process.
///
/// Installs a global `tracing` subscriber with log lines on standard error, and OpenTelemetry's global tracer provider
/// and propagators. Trouble is one warning on standard error and never a failed program: beside another subscriber
/// nothing is changed and nothing recorded.
///
/// ```no_run
/// let telemetry = agentspan::init();
/// // … the program …
/// eprintln!("{}", telemetry.shutdown());
/// ```
pub fn init() -> Telemetry {
    builder().init()
}

/// As [`init`], with trouble as an error.
///
/// # Errors
///
/// [`ErrorKind::AlreadyStarted`] beside another subscriber, [`ErrorKind::Exporter`] when the exporter cannot be built,
/// as with a certificate that cannot be read.
pub fn try_init() -> Result<Telemetry, Error> {
    builder().try_init()
}

/// Starts with settings of one's own; the environment comes before them.
///
/// ```no_run
/// let telemetry = agentspan::builder().service_name("support-bot").with_content(true).init();
/// ```
pub fn builder() -> TelemetryBuilder {
    TelemetryBuilder::default()
}

/// Wraps an exporter of one's own, for a program with its own provider and tracing-opentelemetry layer.
///
/// ```
/// # use tracing_subscriber::layer::SubscriberExt;
/// # use opentelemetry::trace::TracerProvider;
/// # use opentelemetry_sdk::trace::{SpanData, SpanExporter};
/// # #[derive(Debug)]
/// # struct Mine;
/// # impl SpanExporter for Mine {
/// #     async fn export(&self, _: Vec<SpanData>) -> opentelemetry_sdk::error::OTelSdkResult { Ok(()) }
/// # }
/// # let mine = Mine;
/// let exporter = agentspan::exporter(mine);
/// let layer = exporter.layer();
/// let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder()
///     .with_max_attributes_per_span(1_000)
///     .with_batch_exporter(exporter)
///     .build();
/// let subscriber = tracing_subscriber::registry()
///     .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("my-agent")))
///     .with(layer);
/// # drop(subscriber);
/// ```
pub fn exporter<E: SpanExporter>(inner: E) -> Exporter<E> {
    builder().exporter(inner)
}

/// Settings for a start of one's own. For every setting: environment, then what is set here, then the default.
#[must_use = "nothing starts before `init`, `try_init`, `layer` or `exporter`"]
#[derive(Clone, Default)]
pub struct TelemetryBuilder {
    code: Overrides,
    prices: HashMap<String, Rates>,
    patterns: Vec<(String, String)>,
    hash_key: Option<String>,
    tree: TreeOptions,
}

impl TelemetryBuilder {
    /// The name of the service (`service.name`); by default `unknown_service:<executable>`, with a warning.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.code.service_name = Some(name.into());
        self
    }

    /// An attribute of the resource, which labels every span of the process.
    pub fn with_resource(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.code.resource.push((key.into(), value.into()));
        self
    }

    /// Where finished spans go; by default to OTLP only.
    pub fn with_exporters(mut self, exporters: impl IntoIterator<Item = TracesExporter>) -> Self {
        self.code.exporters = Some(exporters.into_iter().collect());
        self
    }

    /// The collector's base URL; by default `http://localhost:4318`. Spans go to `/v1/traces` below it.
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Self {
        self.code.otlp.endpoint = Some(url.into());
        self
    }

    /// A header of every export, such as a key of the receiver. Its value is never shown.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.code.otlp.headers.push((name.into(), value.into()));
        self
    }

    /// How long one export may take with its repetitions; by default 10 seconds.
    pub fn with_export_timeout(mut self, timeout: Duration) -> Self {
        self.code.otlp.timeout = Some(timeout);
        self
    }

    /// The share of traces that is kept, from 0.0 to 1.0, decided by trace id and by a parent's decision; by default 1.0.
    pub fn with_sampling_ratio(mut self, ratio: f64) -> Self {
        self.code.sampler = Some(crate::config::SamplerConfig::ParentBasedTraceIdRatio(ratio));
        self
    }

    /// Records every class of content (messages, tool arguments and results, queries, documents, reasons, error texts);
    /// by default none. The environment can turn it off.
    pub fn with_content(mut self, record: bool) -> Self {
        self.code.content.set_all(record);
        self
    }

    /// Forbids one class of content. The environment cannot turn it on.
    pub fn without_content(mut self, class: ContentClass) -> Self {
        self.code.content.forbid(class);
        self
    }

    /// The longest text of content that leaves, in bytes; by default 16 KiB.
    pub fn with_content_length(mut self, bytes: usize) -> Self {
        self.code.limits.content_length = Some(bytes);
        self
    }

    /// Speaks OpenInference as well, for Phoenix and its kin; by default canonical names and OTel GenAI.
    pub fn with_openinference(mut self, on: bool) -> Self {
        let mut dialects = self.code.dialects.unwrap_or_default();
        dialects.openinference = on;
        self.code.dialects = Some(dialects);
        self
    }

    /// The price of a model of one's own, by its name in the reply or in the request. It comes before the catalogue.
    pub fn with_price(mut self, model: impl Into<String>, rates: Rates) -> Self {
        self.prices.insert(model.into(), rates);
        self
    }

    /// A pattern of one's own for the scrubber: what matches leaves as `[REDACTED:name]`.
    ///
    /// A pattern that is no regular expression is answered with a warning and left out.
    pub fn with_scrub_pattern(mut self, name: impl Into<String>, pattern: impl Into<String>) -> Self {
        self.patterns.push((name.into(), pattern.into()));
        self
    }

    /// The secret behind hashes of system prompts and tool definitions; by default the service's name, so that the same
    /// prompt shows the same hash in every process of the service.
    pub fn with_hash_key(mut self, key: impl Into<String>) -> Self {
        self.hash_key = Some(key.into());
        self
    }

    /// Shows recorded content below each line of the console tree; by default not.
    pub fn with_console_content(mut self, show: bool) -> Self {
        self.tree.content = show;
        self
    }

    /// Starts for the whole process, see [`init`].
    pub fn init(self) -> Telemetry {
        let spare = self.clone();
        self.try_init().unwrap_or_else(|error| match error.kind() {
            ErrorKind::AlreadyStarted => inert(&error),
            // Log lines, propagation and the books do without an exporter.
            _ => install(spare.without_exporter(&error)).unwrap_or_else(|error| inert(&error)),
        })
    }

    /// Starts for the whole process, see [`try_init`].
    ///
    /// # Errors
    ///
    /// As [`try_init`].
    pub fn try_init(self) -> Result<Telemetry, Error> {
        let (config, warnings) = Config::from_process(&self.code);
        if tracing::dispatcher::has_been_set() {
            pipeline::keep_books(&config, self.options());
            return Err(already_started());
        }
        install(self.parts(config, warnings)?)
    }

    /// Gives a layer for a subscriber of one's own, and the telemetry behind it. Nothing global is touched.
    ///
    /// When the exporter cannot be built, that is one warning, and the layer records nothing.
    ///
    /// ```no_run
    /// use tracing_subscriber::filter::LevelFilter;
    /// use tracing_subscriber::prelude::*;
    ///
    /// let (layer, telemetry) = agentspan::builder().service_name("support-bot").layer();
    /// let log_lines = tracing_subscriber::fmt::layer().with_filter(LevelFilter::INFO);
    /// tracing_subscriber::registry().with(layer).with(log_lines).init();
    /// # drop(telemetry);
    /// ```
    pub fn layer<S>(self) -> (impl Layer<S> + Send + Sync + use<S>, Telemetry)
    where
        S: Subscriber + for<'lookup> LookupSpan<'lookup> + Send + Sync,
    {
        let (config, warnings) = Config::from_process(&self.code);
        let spare = self.clone();
        let parts = self.parts(config, warnings).unwrap_or_else(|error| spare.without_exporter(&error));
        (pipeline::layer(&parts), parts.telemetry)
    }

    /// Wraps an exporter of one's own, see [`exporter`].
    pub fn exporter<E: SpanExporter>(self, inner: E) -> Exporter<E> {
        let (config, warnings) = Config::from_process(&self.code);
        warnings.iter().for_each(|warning| eprintln!("agentspan: {warning}"));
        let (finish, runtime) = pipeline::cold_side(&config, self.options());
        Exporter::new(inner, finish, runtime)
    }

    fn without_exporter(self, error: &Error) -> Parts {
        let (config, warnings) = Config::from_process(&self.code);
        let failure = format!("{}; no span is recorded, tokens and USD are counted", with_causes(error));
        pipeline::start_disabled(config, warnings, failure, self.options())
    }

    fn parts(self, config: Config, warnings: Vec<crate::config::Warning>) -> Result<Parts, Error> {
        pipeline::start(config, warnings, self.options())
    }

    pub(crate) fn code(&self) -> &Overrides {
        &self.code
    }

    pub(crate) fn options(self) -> pipeline::Options {
        let Self { code: _, prices, patterns, hash_key, tree } = self;
        pipeline::Options { prices, patterns, hash_key, tree, ..pipeline::Options::default() }
    }
}

/// Makes the parts those of the whole process.
fn install(parts: Parts) -> Result<Telemetry, Error> {
    let subscriber =
        tracing_subscriber::registry().with(pipeline::layer(&parts)).with(pipeline::log_layer(&parts));
    tracing::subscriber::set_global_default(subscriber).map_err(|_| already_started())?;
    Ok(pipeline::start_global(parts))
}

fn inert(error: &Error) -> Telemetry {
    let warning = with_causes(error);
    eprintln!("agentspan: {warning}");
    Telemetry::inert(warning)
}

fn already_started() -> Error {
    Error::new(
        ErrorKind::AlreadyStarted,
        "a global `tracing` subscriber is installed already, so nothing was changed and no span is recorded; add the \
         layer of `agentspan::builder().layer()` to that subscriber",
    )
}

fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
