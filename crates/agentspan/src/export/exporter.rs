use crate::cost::Books;
use crate::export::{Counts, DropReason, Finish, Report, Sums, Verdict};
use crate::span::{Runtime, StepLayer, TARGET, lock};
use agentspan_semconv::agent;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

/// An exporter around one of your own: completes sums, scrubs, fits to size and translates every span before the inner
/// exporter sees it. Made by [`exporter()`](crate::exporter).
///
/// Its [`layer`](Self::layer) goes into the subscriber after your own tracing-opentelemetry layer (the later
/// `.with(…)`), so that spans of others that are steps are found around yours, and records nothing itself. That layer must keep its context activation, and your provider's attribute limit should be high
/// (`with_max_attributes_per_span(1_000)`): sums are set last, and the SDK drops what comes after the limit.
pub struct Exporter<E> {
    inner: E,
    shared: Arc<Shared>,
    sums: Mutex<Sums>,
}

struct Shared {
    finish: Finish,
    runtime: Arc<Runtime>,
    counts: Counts,
}

impl<E: SpanExporter> Exporter<E> {
    pub(crate) fn new(inner: E, finish: Finish, runtime: Arc<Runtime>) -> Self {
        let sums = Mutex::new(Sums::new(runtime.clone()));
        Self { inner, shared: Arc::new(Shared { finish, runtime, counts: Counts::default() }), sums }
    }

    /// The layer that belongs beside your own tracing-opentelemetry layer.
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S, E>
    where
        S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    {
        StepLayer::new(self.shared.runtime.clone())
    }

    /// Gives the report of this exporter at any time, also after the provider has taken the exporter.
    pub fn reporter(&self) -> impl Fn() -> Report + Send + Sync + use<E> {
        let shared = self.shared.clone();
        move || shared.counts.report()
    }

    /// Gives the books at any time, also after the provider has taken the exporter.
    pub fn bookkeeper(&self) -> impl Fn() -> Books + Send + Sync + use<E> {
        let shared = self.shared.clone();
        move || shared.runtime.read_books()
    }

    async fn pass_on(&self, mut spans: Vec<SpanData>) -> OTelSdkResult {
        if spans.is_empty() {
            return Ok(());
        }
        for span in &mut spans {
            self.shared.finish.clean(span);
            self.shared.finish.translate(span);
        }
        let count = spans.len();
        let result = self.inner.export(spans).await;
        self.shared.counts.settle(match &result {
            Ok(()) => Verdict::delivered(count),
            Err(error) => {
                let problem = self.shared.finish.scrubber.scrub(&error.to_string()).into_owned();
                Verdict::dropped(DropReason::ExporterFailed, count, problem)
            }
        });
        result
    }

    /// Passes on what need not be held any longer; with `all`, everything.
    fn release(&self, all: bool) -> OTelSdkResult {
        let due = {
            let mut sums = lock(&self.sums);
            let due = sums.due(all);
            self.shared.counts.set_held(sums.len());
            due
        };
        futures_executor::block_on(self.pass_on(due))
    }
}

/// A bridge says of our steps where in this library their `tracing` span was made, which helps nobody.
fn drop_bridge_details(span: &mut SpanData) {
    let ours = span.attributes.iter().any(|attribute| attribute.key.as_str() == agent::AGENT_STEP_TYPE);
    if ours {
        span.attributes.retain(|attribute| {
            let key = attribute.key.as_str();
            let detail =
                BRIDGE_DETAILS.contains(&key) || (key == "target" && attribute.value == TARGET.into());
            !detail
        });
    }
}

/// What tracing-opentelemetry adds to a span by default.
const BRIDGE_DETAILS: [&str; 8] = [
    "busy_ns",
    "code.file.path",
    "code.line.number",
    "code.module.name",
    "idle_ns",
    "level",
    "thread.id",
    "thread.name",
];

// A method that is not passed on would silently lose what the inner exporter does in it, as `set_resource` loses
// the service's name.
#[deny(clippy::missing_trait_methods)]
impl<E: SpanExporter> SpanExporter for Exporter<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let ready = {
            let mut sums = lock(&self.sums);
            let mut ready = sums.due(false);
            for mut span in batch {
                drop_bridge_details(&mut span);
                self.shared.counts.created();
                self.shared.counts.ended();
                ready.extend(sums.admit_bridged(span));
            }
            self.shared.counts.set_held(sums.len());
            ready
        };
        self.pass_on(ready).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        let released = self.release(true);
        released.and(self.inner.shutdown_with_timeout(timeout))
    }

    fn shutdown(&self) -> OTelSdkResult {
        let released = self.release(true);
        released.and(self.inner.shutdown())
    }

    fn force_flush(&self) -> OTelSdkResult {
        let released = self.release(false);
        released.and(self.inner.force_flush())
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

impl<E: fmt::Debug> fmt::Debug for Exporter<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").field("inner", &self.inner).finish_non_exhaustive()
    }
}
