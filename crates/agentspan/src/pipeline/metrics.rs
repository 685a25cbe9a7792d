use super::scope;
use super::telemetry::SPARE;
use crate::config::Config;
use crate::error::Error;
use crate::export::{Deadline, MAX_SERIES, MeterSettings, MetricsSender, Scrubber, StepMeter};
use crate::span::Meter;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::{Instrument, PeriodicReader, SdkMeterProvider, Stream};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// The metrics of a telemetry on their way out.
pub(crate) struct MetricsReader {
    pub(crate) provider: SdkMeterProvider,
    deadline: Deadline,
}

/// A meter, and the reader that sends what it measures.
pub(super) type Started = (Arc<dyn Meter>, MetricsReader);

/// Somebody waits for metrics to be sent.
#[must_use = "without waiting they may be lost"]
pub(crate) struct Waiting {
    done: Receiver<()>,
}

/// The meter that measures by the process's own provider, when that was asked for.
pub(super) fn global_meter(config: &Config, scrubber: &Scrubber) -> Option<Arc<dyn Meter>> {
    let wanted = config.metrics.global_meter;
    wanted.then(|| Arc::new(StepMeter::new(None, settings(config, scrubber))) as Arc<dyn Meter>)
}

/// A meter and the reader behind it, when metrics are to be sent.
pub(super) fn start(
    config: &Config,
    resource: &Resource,
    scrubber: &Scrubber,
) -> Result<Option<Started>, Error> {
    if config.metrics.exporters.is_empty() {
        return Ok(None);
    }
    let sender = MetricsSender::new(&config.metrics)?;
    let deadline = sender.deadline().clone();
    let reader = PeriodicReader::builder(sender).with_interval(config.metrics.interval).build();
    let provider = SdkMeterProvider::builder()
        .with_reader(reader)
        .with_resource(resource.clone())
        .with_view(keep_all)
        .build();
    let meter = StepMeter::new(Some(provider.meter_with_scope(scope())), settings(config, scrubber));
    Ok(Some((Arc::new(meter), MetricsReader { provider, deadline })))
}

/// Keeps every series of ours, which are bounded already, and where the last one says what it is.
fn keep_all(instrument: &Instrument) -> Option<Stream> {
    let is_ours = *instrument.scope() == scope();
    is_ours.then(|| Stream::builder().with_cardinality_limit(MAX_SERIES).build().ok()).flatten()
}

fn settings(config: &Config, scrubber: &Scrubber) -> MeterSettings {
    MeterSettings {
        scope: scope(),
        latest_names: config.metrics.latest_names,
        sessions: config.metrics.sessions,
        users: config.metrics.users,
        scrubber: scrubber.clone(),
    }
}

impl MetricsReader {
    /// Begins to send what there is.
    pub(super) fn flush(&self, patience: Duration) -> Waiting {
        self.begin(patience, SdkMeterProvider::force_flush)
    }

    /// Begins to send what there is, for the last time.
    pub(super) fn stop(&self, patience: Duration) -> Waiting {
        self.begin(patience, SdkMeterProvider::shutdown)
    }

    /// Somebody else may wait longer.
    pub(super) fn lift(&self) {
        self.deadline.lift();
    }

    /// On a thread of its own, since the SDK waits without a limit for a reader that collects, and an instrument of the
    /// user's may keep it from doing so.
    fn begin(&self, patience: Duration, work: fn(&SdkMeterProvider) -> OTelSdkResult) -> Waiting {
        self.deadline.shorten(Instant::now() + patience.saturating_sub(SPARE));
        let (ended, done) = mpsc::channel::<()>();
        let provider = self.provider.clone();
        let work = move || {
            // What went wrong was said by the sender.
            let _ = work(&provider);
            drop(ended);
        };
        // Without a thread nothing is sent, and nobody waits.
        let _ = std::thread::Builder::new().name("agentspan-metrics".into()).spawn(work);
        Waiting { done }
    }
}

impl Waiting {
    pub(super) fn until(self, end: Instant) {
        let _ = self.done.recv_timeout(end.saturating_duration_since(Instant::now()));
    }
}
