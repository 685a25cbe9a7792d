//! From settings to provider, layer and guard.

mod filter;
mod layers;
mod log_line;
#[cfg(feature = "metrics")]
mod metrics;
mod processor;
mod queue;
mod resource;
mod signal;
mod sinks;
mod telemetry;
mod worker;

use crate::config::{Config, Limits, Propagation, Propagator, Warning};
use crate::cost::{PriceBook, Prices, Rates};
use crate::error::{Error, ErrorKind, say};
use crate::export::{Counts, Deadline, Finish, Scrubber, Sink, Sums};
use crate::propagation;
use crate::sampling::sampler;
use crate::span::{Outlet, Recorder, Runtime, unrecorded_is_known};
use crate::view::TreeOptions;
pub(crate) use layers::{layer, log_layer};
use opentelemetry::{InstrumentationScope, global};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SdkTracerProvider, SpanLimits};
use processor::Processor;
use queue::Queue;
use sinks::make_sinks;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, mpsc};
use telemetry::Running;
pub use telemetry::Telemetry;
use worker::Worker;

/// The schema of the names that leave by default.
const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.42.0";

/// What the builder knows besides the settings that the environment knows as well.
#[derive(Default)]
pub(crate) struct Options {
    /// In place of the bundled catalogue.
    pub(crate) prices: Option<Prices>,
    /// Provider, model and rates; these come before every catalogue.
    pub(crate) overrides: Vec<(String, String, Rates)>,
    pub(crate) patterns: Vec<(String, String)>,
    pub(crate) hash_key: Option<String>,
    pub(crate) tree: TreeOptions,
    pub(crate) propagation: Propagation,
    /// In place of the configured exporters.
    pub(crate) sinks: Option<Vec<Box<dyn Sink>>>,
    /// In place of random ids; made twice, for spans and for runs.
    pub(crate) ids: Option<fn() -> Box<dyn IdGenerator>>,
}

/// A telemetry that has started, and what its layers need.
pub(crate) struct Parts {
    pub(crate) telemetry: Telemetry,
    config: Config,
    runtime: Arc<Runtime>,
    provider: Option<SdkTracerProvider>,
}

/// As with `OTEL_SDK_DISABLED`: nothing is recorded, tokens and USD count all the same. For a start that has failed.
pub(crate) fn start_disabled(config: Config, warnings: Vec<Warning>, options: Options) -> Parts {
    let mut warnings: Vec<String> = warnings.iter().map(Warning::to_string).collect();
    let propagation = policy(&config, &options);
    let (_, prices, _) = make_finish(&config, options, &mut warnings);
    let runtime = Arc::new(Runtime::new(None, prices, config.content).with_propagation(propagation));
    let telemetry = announce(warnings, Arc::default(), &runtime, None);
    Parts { telemetry, config, runtime, provider: None }
}

/// Starts the export thread and makes provider and telemetry. Nothing global is touched.
pub(crate) fn start(config: Config, warnings: Vec<Warning>, mut options: Options) -> Result<Parts, Error> {
    let mut warnings: Vec<String> = warnings.iter().map(Warning::to_string).collect();
    let sinks = options.sinks.take();
    #[cfg(feature = "metrics")]
    let sends_metrics = sinks.is_none();
    let ids = options.ids;
    let make_ids =
        || ids.map_or_else(|| Box::new(RandomIdGenerator::default()) as Box<dyn IdGenerator>, |ids| ids());
    let tree = options.tree.clone();
    let propagation = policy(&config, &options);
    let counts = Arc::<Counts>::default();
    let (finish, prices, hash_key) = make_finish(&config, options, &mut warnings);
    let finish = Arc::new(finish);
    let (resource, unnamed) = resource::resource(&config, &finish.scrubber);
    warnings.extend(unnamed.filter(|_| sinks.is_none()));
    if config.disabled {
        let runtime = Arc::new(Runtime::new(None, prices, config.content).with_propagation(propagation));
        let telemetry = announce(warnings, counts, &runtime, None);
        return Ok(Parts { telemetry, config, runtime, provider: None });
    }
    let span_ids: Arc<dyn IdGenerator> = Arc::from(make_ids());
    let (sinks, deadline) = match sinks {
        Some(sinks) => (sinks, Deadline::default()),
        None => make_sinks(&config, &resource, &finish, tree)?,
    };
    let queue = Arc::new(Queue::new(config.batch.max_queue_size, config.batch.max_export_batch_size));
    let exports = !sinks.is_empty();
    let processor = exports.then(|| Processor { queue: queue.clone(), counts: counts.clone() });
    let provider = make_provider(&config, &resource, &span_ids, processor.as_ref());
    let recorder = Recorder::new(
        span_ids,
        sampler(&config.sampler),
        scope(),
        span_limits(&config.limits),
        processor.map(|processor| Arc::new(processor) as Arc<dyn Outlet>),
    );
    let recorder = if ids.is_none() { recorder.with_random_ids() } else { recorder };
    let mut runtime = Runtime::new(Some(recorder), prices, config.content).with_propagation(propagation);
    runtime.ids = make_ids();
    runtime.hash_key = hash_key;
    #[cfg(feature = "metrics")]
    let metrics = {
        let metrics = sends_metrics.then(|| metrics::start(&config, &resource, &finish.scrubber));
        let metrics = metrics.transpose().unwrap_or_else(|error| {
            warnings.push(format!("{}; no metrics are sent", error.with_causes()));
            None
        });
        let metrics = metrics.flatten();
        let meter = metrics.as_ref().map(|(meter, _)| meter.clone());
        runtime.meter = meter.or_else(|| metrics::global_meter(&config, &finish.scrubber));
        metrics
    };
    let runtime = Arc::new(runtime);
    let running = exports.then(|| {
        let worker = Worker {
            queue: queue.clone(),
            counts: counts.clone(),
            finish,
            sums: Sums::new(runtime.clone()),
            sinks,
            batch: config.batch.clone(),
            has_complained: false,
            abandoned: Arc::new(AtomicBool::new(false)),
        };
        run(worker, provider.clone(), deadline)
    });
    let telemetry = announce(warnings, counts, &runtime, running.transpose()?);
    #[cfg(feature = "metrics")]
    if let Some((_, reader)) = metrics {
        telemetry.set_metrics(reader);
    }
    Ok(Parts { telemetry, config, runtime, provider: Some(provider) })
}

/// The provider of other people's spans, and of OpenTelemetry's own interface.
fn make_provider(
    config: &Config,
    resource: &Resource,
    ids: &Arc<dyn IdGenerator>,
    processor: Option<&Processor>,
) -> SdkTracerProvider {
    let builder = SdkTracerProvider::builder()
        .with_sampler(sampler(&config.sampler))
        .with_id_generator(SharedIds(ids.clone()))
        .with_span_limits(span_limits(&config.limits))
        .with_resource(resource.clone());
    match processor {
        Some(processor) => builder.with_span_processor(processor.clone()).build(),
        None => builder.build(),
    }
}

/// Makes a started telemetry that of the whole process.
pub(crate) fn start_global(parts: Parts) -> Telemetry {
    Runtime::set_global(&parts.runtime);
    if let Some(provider) = parts.provider {
        global::set_tracer_provider(provider);
    }
    #[cfg(feature = "metrics")]
    if let Some(metrics) = parts.telemetry.metrics() {
        global::set_meter_provider(metrics.provider.clone());
    }
    global::set_text_map_propagator(propagation::propagator(&parts.config.propagators));
    parts.telemetry
}

/// Nothing is recorded, as was said, but tokens and USD count all the same; an earlier start goes on as it is, and its
/// books with it.
pub(crate) fn keep_books(config: &Config, options: Options) {
    unrecorded_is_known();
    let mut warnings = Vec::new();
    let propagation = policy(config, &options);
    let prices = prices(config, options.prices, options.overrides, &mut warnings);
    warnings.iter().for_each(say);
    let runtime = Runtime::new(None, PriceBook::new(prices), config.content).with_propagation(propagation);
    Runtime::set_global(&Arc::new(runtime));
}

/// What an exporter of the user's own needs.
pub(crate) fn cold_side(config: &Config, options: Options) -> (Finish, Arc<Runtime>) {
    let mut warnings = Vec::new();
    let propagation = policy(config, &options);
    let (finish, prices, hash_key) = make_finish(config, options, &mut warnings);
    warnings.iter().for_each(say);
    let mut runtime = Runtime::new(None, prices, config.content).with_propagation(propagation);
    runtime.hash_key = hash_key;
    #[cfg(feature = "metrics")]
    {
        runtime.meter = metrics::global_meter(config, &finish.scrubber);
    }
    (finish, Arc::new(runtime))
}

/// What travels to whom, in the headers that the settings name.
fn policy(config: &Config, options: &Options) -> Propagation {
    let has = |propagator| config.propagators.contains(&propagator);
    Propagation {
        trace_context: has(Propagator::TraceContext),
        baggage: has(Propagator::Baggage),
        ..options.propagation.clone()
    }
}

fn make_finish(config: &Config, options: Options, warnings: &mut Vec<String>) -> (Finish, PriceBook, String) {
    let (patterns, broken): (Vec<_>, Vec<_>) = options
        .patterns
        .into_iter()
        .partition(|pattern| Scrubber::new(std::slice::from_ref(pattern)).is_ok());
    warnings.extend(broken.iter().map(|(name, _)| {
        format!(
            "ignoring the scrub pattern `{name}`: expected a regular expression of the `regex` crate; using the others, so \
             what it should hide is not hidden"
        )
    }));
    let scrubber = Scrubber::new(&patterns).expect("each pattern was compiled before");
    let finish = Finish {
        scrubber,
        limits: config.limits.clone(),
        dialects: config.dialects,
        content: config.content,
    };
    let hash_key = options.hash_key.or_else(|| config.service_name.clone()).unwrap_or_default();
    (finish, PriceBook::new(prices(config, options.prices, options.overrides, warnings)), hash_key)
}

/// The prices to begin with: of the file that the environment names, else those given in code, else the bundled ones.
fn prices(
    config: &Config,
    code: Option<Prices>,
    overrides: Vec<(String, String, Rates)>,
    warnings: &mut Vec<String>,
) -> Prices {
    let file = config.prices.as_deref().and_then(|path| {
        let read = std::fs::read(path).map_err(|error| error.to_string());
        let read = read.and_then(|json| Prices::from_json(&json).map_err(|error| error.to_string()));
        let used = if code.is_some() { "those given in code" } else { "the bundled catalogue" };
        read.map_err(|error| {
            warnings.push(format!("ignoring `AGENTSPAN_PRICES={path}`: {error}; using {used}"));
        })
        .ok()
    });
    let prices = file.or(code).unwrap_or_else(Prices::bundled);
    overrides
        .into_iter()
        .fold(prices, |prices, (provider, model, rates)| prices.with_override(&provider, model, rates))
}

fn run(worker: Worker, provider: SdkTracerProvider, deadline: Deadline) -> Result<Running, Error> {
    let (alive, thread) = mpsc::channel();
    let (queue, abandoned) = (worker.queue.clone(), worker.abandoned.clone());
    let work = move || {
        // Dropped when the thread ends, however it ends.
        let _alive = alive;
        worker.run();
    };
    std::thread::Builder::new().name("agentspan-export".into()).spawn(work).map_err(|error| {
        Error::new(ErrorKind::Exporter, "cannot start the export thread").with_source(error)
    })?;
    Ok(Running { provider, queue, abandoned, deadline, thread: Mutex::new(thread) })
}

fn announce(
    warnings: Vec<String>,
    counts: Arc<Counts>,
    runtime: &Arc<Runtime>,
    running: Option<Running>,
) -> Telemetry {
    warnings.iter().for_each(say);
    Telemetry::new(warnings, counts, runtime.clone(), running)
}

fn scope() -> InstrumentationScope {
    InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url(SCHEMA_URL)
        .build()
}

/// The cold side keeps the limits, since it knows which attributes must not be lost; the SDK would drop whatever comes
/// last, which are the sums.
fn span_limits(limits: &Limits) -> SpanLimits {
    let spare = |limit: usize| u32::try_from(limit.saturating_mul(8).max(1_024)).unwrap_or(u32::MAX);
    SpanLimits {
        max_attributes_per_span: spare(limits.attribute_count),
        max_events_per_span: spare(limits.event_count),
        max_links_per_span: spare(limits.link_count),
        max_attributes_per_event: spare(limits.event_attribute_count),
        max_attributes_per_link: spare(limits.link_attribute_count),
    }
}

/// Ids of steps and of other people's spans come from one source.
#[derive(Debug)]
struct SharedIds(Arc<dyn IdGenerator>);

impl IdGenerator for SharedIds {
    fn new_trace_id(&self) -> opentelemetry::TraceId {
        self.0.new_trace_id()
    }

    fn new_span_id(&self) -> opentelemetry::SpanId {
        self.0.new_span_id()
    }
}
