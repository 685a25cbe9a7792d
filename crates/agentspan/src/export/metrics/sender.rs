use super::lines;
use crate::config::{MetricsConfig, MetricsExporter, Temporality};
use crate::error::{Error, ErrorKind, say};
use crate::export::deadline::Deadline;
use crate::export::http::{CollectorClient, Endpoint, Outcome};
use crate::export::otlp::{PAGE, explanation, is_page, ready, safe};
use crate::export::scrub::Scrubber;
use opentelemetry::Context;
use opentelemetry_otlp::{Compression, Protocol, RetryPolicy, WithExportConfig, WithHttpConfig};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{self, exporter};
use prost::Message;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Sends metrics by OTLP over HTTP in protobuf, and prints them, as the settings ask.
///
/// It blocks and needs no runtime: the SDK's reader has a thread of its own for it. Trouble is said once and is never an
/// error to the reader, which would log each one.
pub(crate) struct MetricsSender {
    otlp: Option<Otlp>,
    console: bool,
    temporality: metrics::Temporality,
    deadline: Deadline,
}

struct Otlp {
    exporter: opentelemetry_otlp::MetricExporter,
    client: Arc<CollectorClient>,
    shown: String,
    timeout: Duration,
    scrubber: Scrubber,
    has_complained: AtomicBool,
}

impl MetricsSender {
    /// Fails when the endpoint is no URL, a header cannot be sent or a certificate cannot be read; does not connect.
    pub(crate) fn new(settings: &MetricsConfig) -> Result<Self, Error> {
        let deadline = Deadline::default();
        let temporality = match settings.temporality {
            Temporality::Cumulative => metrics::Temporality::Cumulative,
            Temporality::Delta => metrics::Temporality::Delta,
            Temporality::LowMemory => metrics::Temporality::LowMemory,
        };
        let sends = settings.exporters.contains(&MetricsExporter::Otlp);
        let otlp = sends.then(|| Otlp::new(settings, temporality, deadline.clone())).transpose()?;
        let console = settings.exporters.contains(&MetricsExporter::Console);
        Ok(Self { otlp, console, temporality, deadline })
    }

    /// What a flush or shutdown sets to be answered in time.
    pub(crate) fn deadline(&self) -> &Deadline {
        &self.deadline
    }
}

#[deny(clippy::missing_trait_methods)]
impl exporter::PushMetricExporter for MetricsSender {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let _quiet = Context::enter_telemetry_suppressed_scope();
        if let Some(otlp) = &self.otlp {
            otlp.send(metrics);
        }
        if self.console {
            // Whoever has closed standard error does not want to read.
            let _ = std::io::stderr().write_all(lines::lines(metrics).as_bytes());
        }
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown(&self) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> metrics::Temporality {
        self.temporality
    }
}

impl Otlp {
    fn new(
        settings: &MetricsConfig,
        temporality: metrics::Temporality,
        deadline: Deadline,
    ) -> Result<Self, Error> {
        let scrubber = Scrubber::new(&[])?;
        let endpoint = Endpoint::new(&settings.otlp.endpoint, &scrubber)?;
        let client = Arc::new(CollectorClient::new(&settings.otlp, &endpoint, deadline)?);
        let timeout = settings.otlp.timeout;
        // All is said, since what is not is taken from the environment or from features that others turned on.
        let mut builder = opentelemetry_otlp::MetricExporter::builder()
            .with_temporality(temporality)
            .with_http()
            .with_shared_http_client(client.clone())
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(&endpoint.url)
            .with_timeout(timeout)
            .with_retry_policy(RetryPolicy::disabled());
        if settings.otlp.gzip {
            builder = builder.with_compression(Compression::Gzip);
        }
        let exporter = builder.build().map_err(|_| {
            Error::new(ErrorKind::Exporter, format!("no exporter for `{}` could be built", endpoint.shown))
        })?;
        let has_complained = AtomicBool::new(false);
        Ok(Self { exporter, client, shown: endpoint.shown, timeout, scrubber, has_complained })
    }

    /// Sends once and waits for the answer, at most for the timeout of the settings and the deadline. Never panics.
    fn send(&self, metrics: &ResourceMetrics) {
        self.client.begin(Instant::now() + self.timeout);
        // A panic would end the reader's thread for good.
        let sent = catch_unwind(AssertUnwindSafe(|| ready(self.exporter.export(metrics))));
        let problem = match (sent, self.client.outcome()) {
            (_, Some(Outcome::Answered { status: 200..=299, body })) if is_page(&body) => {
                Some(PAGE.to_owned())
            }
            (_, Some(Outcome::Answered { status: 200..=299, body })) => rejection(&body),
            (_, Some(Outcome::Answered { status, body })) => {
                Some(format!("HTTP status {status}{}", explanation(status, &body)))
            }
            (_, Some(Outcome::Unanswered(cause) | Outcome::NotSent(cause))) => Some(cause),
            (_, Some(Outcome::NoTime)) => Some("no time left to send".to_owned()),
            (_, None) => Some("the exporter failed".to_owned()),
        };
        let Some(problem) = problem else { return };
        if !self.has_complained.swap(true, Ordering::Relaxed) {
            let problem = safe(&problem, &self.client, &self.scrubber);
            say(format!("metrics were not taken by {}: {problem}; said once, and tried again", self.shown));
        }
    }
}

/// What the collector did not take of a request that it answered well.
fn rejection(body: &[u8]) -> Option<String> {
    let partial = ExportMetricsServiceResponse::decode(body).unwrap_or_default().partial_success?;
    let (rejected, message) = (partial.rejected_data_points, partial.error_message);
    (rejected > 0 || !message.is_empty()).then(|| format!("{rejected} data points were rejected: {message}"))
}
