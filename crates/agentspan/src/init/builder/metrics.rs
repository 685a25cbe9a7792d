//! Which metrics there are, and how they leave.

use super::TelemetryBuilder;
use crate::config::{MetricsExporter, MetricsOverrides, Temporality};
use std::time::Duration;

/// Metrics, which need the feature `metrics`.
///
/// They are sent as spans are: to `/v1/metrics` below the endpoint, with its headers, certificates and compression, unless
/// `OTEL_EXPORTER_OTLP_METRICS_…` says otherwise.
impl TelemetryBuilder {
    /// Where metrics go; by default nowhere. Without the feature it is answered with a warning. `OTEL_METRICS_EXPORTER`
    /// comes before it.
    ///
    /// Their names stand in [`semconv::metric`](crate::semconv::metric): times, tokens, USD, calls without a price and runs
    /// by stop reason; by provider, model, tool and agent, and by session and user only
    /// [when asked for](Self::with_metrics_by_session). They are the same whatever is sampled, dropped or refused. Sums of
    /// USD are those of `f64`; [`Telemetry::books`](crate::Telemetry::books) has the exact ones.
    ///
    /// What concerns one call says `server.address` and `server.port` as well, where they are
    /// [told](crate::LlmBuilder::server) or an adapter has seen them; USD and calls without a price do not. The times from
    /// chunk to chunk of a stream include what your program takes to read on. There are no exemplars, since the SDK of
    /// opentelemetry 0.33 has no way to give it any; [`Books`](crate::cost::Books) leads from the dearest runs to their traces.
    ///
    /// An attribute has at most 500 values, and all of them together at most 2,000 sets; later ones are `other`, and
    /// `agentspan.metrics.other` counts the steps that are.
    ///
    /// [`init`](Self::init) makes their meter provider OpenTelemetry's global one, so that your own instruments leave with
    /// them; [`layer`](Self::layer) keeps it to itself.
    pub fn with_metrics_exporters(self, exporters: impl IntoIterator<Item = MetricsExporter>) -> Self {
        self.metrics(|metrics| metrics.exporters = Some(exporters.into_iter().collect()))
    }

    /// Measures by OpenTelemetry's global meter provider in place of one of our own, for a program that has set one and
    /// sends by it; by default `false`. Without the feature it is answered with a warning.
    ///
    /// The provider is taken when the first step ends, so it may be set after the start. `OTEL_METRICS_EXPORTER` is then
    /// left to it. It is the one way to metrics beside [`exporter`](Self::exporter). What your SDK keeps of one metric, by
    /// default 2,000 series, it bounds itself, and marks the last one with `otel.metric.overflow`.
    pub fn with_global_meter(self, on: bool) -> Self {
        self.metrics(|metrics| metrics.global_meter = on)
    }

    /// Adds `session.id` to the metrics; by default `false`. The first 500 sessions have series of their own, all others
    /// share the one of `other`.
    pub fn with_metrics_by_session(self, on: bool) -> Self {
        self.metrics(|metrics| metrics.sessions = on)
    }

    /// As [`with_metrics_by_session`](Self::with_metrics_by_session), with `user.id`.
    pub fn with_metrics_by_user(self, on: bool) -> Self {
        self.metrics(|metrics| metrics.users = on)
    }

    /// Gives metrics the newest names of OTel's GenAI conventions, such as `gen_ai.client.inference.duration`, in place of
    /// those that most viewers read; by default `false`. `OTEL_SEMCONV_STABILITY_OPT_IN` comes before it: a list with
    /// `gen_ai_latest_experimental` asks for them, and one without does not.
    pub fn with_latest_metric_names(self, on: bool) -> Self {
        self.metrics(|metrics| metrics.latest_names = on)
    }

    /// The time between two exports, from one millisecond to one hour; by default a minute. `OTEL_METRIC_EXPORT_INTERVAL`
    /// comes before it.
    pub fn with_metric_interval(self, interval: Duration) -> Self {
        self.metrics(|metrics| metrics.interval = Some(interval))
    }

    /// How long one export of metrics may take, never longer than any export; by default 30 seconds, and zero is no limit,
    /// which is held to one hour. `OTEL_METRIC_EXPORT_TIMEOUT` comes before it.
    pub fn with_metric_timeout(self, timeout: Duration) -> Self {
        self.metrics(|metrics| metrics.timeout = Some(timeout))
    }

    /// Sends what came since the last export in place of the sum since the start; by default `false`. What a failed export
    /// held is then lost. `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE` comes before it.
    pub fn with_delta_metrics(self, on: bool) -> Self {
        let temporality = if on { Temporality::Delta } else { Temporality::Cumulative };
        self.metrics(|metrics| metrics.temporality = Some(temporality))
    }

    fn metrics(mut self, set: impl FnOnce(&mut MetricsOverrides)) -> Self {
        set(&mut self.code.metrics);
        self
    }
}
