//! The ways to start: [`init`], [`try_init`], [`builder`], [`exporter`]. Only the first two touch global state.

mod builder;

pub use builder::TelemetryBuilder;

use crate::config::{Config, TracesExporter, Warning};
use crate::error::{Error, ErrorKind, say};
use crate::export::Exporter;
use crate::pipeline::{self, Parts, Telemetry};
use crate::span::StepLayer;
use opentelemetry_sdk::trace::SpanExporter;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;

/// Starts the telemetry from the environment, for the whole process.
///
/// Installs a global `tracing` subscriber with log lines on standard error, and OpenTelemetry's global tracer provider
/// and propagators. Trouble is one warning on standard error and never a failed program: beside another subscriber
/// nothing is changed and nothing recorded, and a second start changes nothing of the first.
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
/// [`ErrorKind::AlreadyStarted`] beside another subscriber and after another start, [`ErrorKind::Exporter`] when the
/// exporter cannot be built, as with a certificate that cannot be read.
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

impl TelemetryBuilder {
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
        let (config, warnings) = Config::from_process(self.code());
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
        let (config, warnings) = Config::from_process(self.code());
        let spare = self.clone();
        let parts = self.parts(config, warnings).unwrap_or_else(|error| spare.without_exporter(&error));
        (pipeline::layer(&parts), parts.telemetry)
    }

    /// Wraps an exporter of one's own, see [`exporter`].
    pub fn exporter<E: SpanExporter>(self, inner: E) -> Exporter<E> {
        let (config, warnings) = Config::from_process(self.code());
        warnings.iter().for_each(say);
        let (finish, runtime) = pipeline::cold_side(&config, self.options());
        Exporter::new(inner, finish, runtime)
    }

    /// Without the way to a collector, which alone can fail: a console that was asked for as well goes on.
    fn without_exporter(self, error: &Error) -> Parts {
        let (mut config, mut warnings) = Config::from_process(self.code());
        config.exporters.retain(|exporter| *exporter != TracesExporter::Otlp);
        let (shows, measures) = (!config.exporters.is_empty(), !config.metrics.exporters.is_empty());
        let consequence = match shows {
            true => "spans are shown on standard error alone",
            false => "no span is recorded, tokens and USD are counted",
        };
        warnings.push(Warning::new(&format!("{}; {consequence}", error.with_causes())));
        if (shows || measures)
            && let Ok(parts) = self.clone().parts(config.clone(), warnings.clone())
        {
            return parts;
        }
        pipeline::start_disabled(config, warnings, self.options())
    }

    fn parts(self, config: Config, warnings: Vec<Warning>) -> Result<Parts, Error> {
        pipeline::start(config, warnings, self.options())
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
    let warning = error.with_causes();
    say(&warning);
    Telemetry::inert(warning)
}

fn already_started() -> Error {
    let is_ours = tracing::dispatcher::get_default(|dispatch| dispatch.is::<StepLayer>());
    let message = if is_ours {
        "the telemetry was started before, and its layer is in the global `tracing` subscriber, so nothing was changed; \
         start once, and hold what the first start gave until the end of the program"
    } else {
        "a global `tracing` subscriber is installed already, so nothing was changed and no span is recorded; add the \
         layer of `agentspan::builder().layer()` to that subscriber"
    };
    Error::new(ErrorKind::AlreadyStarted, message)
}
