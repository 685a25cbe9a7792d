//! How spans are sent: the collector, batches, and the limits of a span.

use super::TelemetryBuilder;
use std::path::PathBuf;
use std::time::Duration;

/// Delivery to a collector.
impl TelemetryBuilder {
    /// The collector's base URL; by default `http://localhost:4318`. Spans go to `/v1/traces` below it.
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` and `OTEL_EXPORTER_OTLP_ENDPOINT` come before it.
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Self {
        self.code.otlp.endpoint = Some(url.into());
        self
    }

    /// A header of every export, such as a key of the receiver. Its value is never shown.
    /// `OTEL_EXPORTER_OTLP_TRACES_HEADERS` or `OTEL_EXPORTER_OTLP_HEADERS` comes before it for a name that both give.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.code.otlp.headers.push((name.into(), value.into()));
        self
    }

    /// Compresses each export with gzip; by default `false`. `OTEL_EXPORTER_OTLP_TRACES_COMPRESSION` and
    /// `OTEL_EXPORTER_OTLP_COMPRESSION` come before it.
    pub fn with_gzip(mut self, on: bool) -> Self {
        self.code.otlp.gzip = Some(on);
        self
    }

    /// How long one export may take with its repetitions, in steps of a millisecond; by default 10 seconds, and zero is no
    /// limit, which is held to one hour. A batch of spans has [a limit of its own](Self::with_batch_timeout) besides.
    /// `OTEL_EXPORTER_OTLP_TRACES_TIMEOUT` and `OTEL_EXPORTER_OTLP_TIMEOUT` come before it.
    pub fn with_export_timeout(mut self, timeout: Duration) -> Self {
        self.code.otlp.timeout = Some(timeout);
        self
    }

    /// A PEM file with the certificates to trust in place of the built-in roots, which are the default.
    /// `OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE` and `OTEL_EXPORTER_OTLP_CERTIFICATE` come before it.
    pub fn with_certificate(mut self, path: impl Into<PathBuf>) -> Self {
        self.code.otlp.certificate = Some(path.into());
        self
    }

    /// PEM files with the client's certificate and its private key, for mutual TLS; by default there are none.
    /// `OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE` and `OTEL_EXPORTER_OTLP_CLIENT_KEY`, or those of `…_TRACES_…`, come before
    /// them.
    pub fn with_client_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.code.otlp.client_certificate = Some(certificate.into());
        self.code.otlp.client_key = Some(key.into());
        self
    }

    /// The longest wait before a batch is sent, from one millisecond to one hour; by default 5 seconds.
    /// `OTEL_BSP_SCHEDULE_DELAY` comes before it.
    pub fn with_schedule_delay(mut self, delay: Duration) -> Self {
        self.code.batch.schedule_delay = Some(delay);
        self
    }

    /// How long the sending of one batch may take, in steps of a millisecond, and never longer than
    /// [an export](Self::with_export_timeout), which is the default, as is zero. `OTEL_BSP_EXPORT_TIMEOUT` comes before it.
    pub fn with_batch_timeout(mut self, timeout: Duration) -> Self {
        self.code.batch.export_timeout = Some(timeout);
        self
    }

    /// Finished spans that may wait, from 1 to 65,536; by default 2,048. More are dropped and counted.
    /// `OTEL_BSP_MAX_QUEUE_SIZE` comes before it.
    pub fn with_max_queue_size(mut self, spans: usize) -> Self {
        self.code.batch.max_queue_size = Some(spans);
        self
    }

    /// Spans sent in one batch, from 1 to the queue's length; by default 512. `OTEL_BSP_MAX_EXPORT_BATCH_SIZE` comes before
    /// it.
    pub fn with_max_export_batch_size(mut self, spans: usize) -> Self {
        self.code.batch.max_export_batch_size = Some(spans);
        self
    }
}

/// The limits of a span.
impl TelemetryBuilder {
    /// Attributes of a span; by default 128. Tokens, cost and identity are kept beyond it.
    /// `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT` and `OTEL_ATTRIBUTE_COUNT_LIMIT` come before it.
    pub fn with_max_attributes_per_span(mut self, count: usize) -> Self {
        self.code.limits.attribute_count = Some(count);
        self
    }

    /// The longest text in an attribute, in characters; by default there is no limit but that of
    /// [`with_content_length`](Self::with_content_length). Longer texts are cut.
    /// `OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT` and `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT` come before it.
    pub fn with_max_attribute_length(mut self, characters: usize) -> Self {
        self.code.limits.attribute_value_length = Some(characters);
        self
    }

    /// Events of a span; by default 128. `OTEL_SPAN_EVENT_COUNT_LIMIT` comes before it.
    pub fn with_max_events_per_span(mut self, count: usize) -> Self {
        self.code.limits.event_count = Some(count);
        self
    }

    /// Links of a span; by default 128. `OTEL_SPAN_LINK_COUNT_LIMIT` comes before it.
    pub fn with_max_links_per_span(mut self, count: usize) -> Self {
        self.code.limits.link_count = Some(count);
        self
    }

    /// Attributes of an event; by default 128. `OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT` comes before it.
    pub fn with_max_attributes_per_event(mut self, count: usize) -> Self {
        self.code.limits.event_attribute_count = Some(count);
        self
    }

    /// Attributes of a link; by default 128. `OTEL_LINK_ATTRIBUTE_COUNT_LIMIT` comes before it.
    pub fn with_max_attributes_per_link(mut self, count: usize) -> Self {
        self.code.limits.link_attribute_count = Some(count);
        self
    }
}
