//! Batches of finished spans go to the collector, and every span of them is accounted for.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::{Duration, Instant};

use opentelemetry::Context;
use opentelemetry_otlp::{Compression, Protocol, RetryPolicy, WithExportConfig, WithHttpConfig};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use prost::Message;

use super::deadline::Deadline;
use super::fit;
use super::http::{CollectorClient, Endpoint, Outcome};
use super::scrub::Scrubber;
use crate::config::OtlpConfig;
use crate::error::{Error, ErrorKind};
use crate::export::{DropReason, Verdict};

/// In characters; what a collector says about a failure is meant to be a line.
const LONGEST_MESSAGE: usize = 200;

/// In bytes, as spans are counted, which leaves room below the 4 MiB that a collector passes on by gRPC. It takes 20 MiB
/// by HTTP and answers more with status 400 or a closed connection, from which nobody learns that halves would do.
const LARGEST_REQUEST: usize = 3 * 1024 * 1024;

/// The commonest fault in setting an endpoint.
const WRONG_PATH: &str = ", so the path is another one: `OTEL_EXPORTER_OTLP_ENDPOINT` stands without `/v1/traces`, which is \
                          added, and `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` with it";

/// What a success that [`is_page`] means, and the commonest way to it.
pub(super) const PAGE: &str = "a web page answered, so this is no collector; a Jaeger shows its pages on port 16686, takes spans \
                               by HTTP on 4318, and takes no metrics";

/// Sends spans by OTLP over HTTP, in protobuf.
#[derive(Debug)]
pub(crate) struct OtlpSender {
    exporter: opentelemetry_otlp::SpanExporter,
    client: Arc<CollectorClient>,
    shown: String,
    timeout: Duration,
    deadline: Deadline,
    scrubber: Scrubber,
}

impl OtlpSender {
    /// Fails when the endpoint is no URL, a header cannot be sent or a certificate cannot be read; does not
    /// connect.
    pub(crate) fn new(settings: &OtlpConfig, resource: &Resource) -> Result<Self, Error> {
        let scrubber = Scrubber::new(&[])?;
        let endpoint = Endpoint::new(&settings.endpoint, &scrubber)?;
        let deadline = Deadline::default();
        let client = Arc::new(CollectorClient::new(settings, &endpoint, deadline.clone())?);
        let timeout = settings.timeout;
        // All is said, since what is not is taken from the environment or from features that others turned on.
        let mut builder = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_shared_http_client(client.clone())
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(&endpoint.url)
            .with_timeout(timeout)
            .with_retry_policy(RetryPolicy::disabled());
        if settings.gzip {
            builder = builder.with_compression(Compression::Gzip);
        }
        let mut exporter = builder.build().map_err(|_| {
            Error::new(ErrorKind::Exporter, format!("no exporter for `{}` could be built", endpoint.shown))
        })?;
        exporter.set_resource(resource);
        Ok(Self { exporter, client, shown: endpoint.shown, timeout, deadline, scrubber })
    }

    /// What a flush or shutdown sets to be answered in time.
    pub(crate) fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// Sends the batch and waits for the answer, at most for the timeout of the settings and the deadline.
    ///
    /// Blocks, needs no runtime, never panics, and no span is made of it. A batch that is too large for collectors, or
    /// that this one finds too large, is sent in halves.
    pub(crate) fn send(&self, batch: Vec<SpanData>) -> Verdict {
        let _quiet = Context::enter_telemetry_suppressed_scope();
        let end = Instant::now() + self.timeout;
        let mut verdict = Verdict::default();
        let mut batches = if batch.is_empty() { Vec::new() } else { vec![batch] };
        while let Some(batch) = batches.pop() {
            let count = batch.len();
            let too_large = if count > 1 && batch.iter().map(fit::size).sum::<usize>() > LARGEST_REQUEST {
                Some(batch)
            } else {
                // A single span cannot be halved, so it need not be kept.
                let kept = (count > 1).then(|| batch.clone());
                if self.send_once(batch, end, &mut verdict) {
                    continue;
                }
                kept
            };
            match too_large {
                Some(mut first) => {
                    let second = first.split_off(count / 2);
                    batches.push(second);
                    batches.push(first);
                }
                None => {
                    verdict.drop(DropReason::TooLarge, count);
                    verdict.problem = Some(format!("{}: a single span is too large", self.shown));
                }
            }
        }
        verdict
    }

    /// False, and nothing counted, when the batch is too large.
    fn send_once(&self, batch: Vec<SpanData>, end: Instant, verdict: &mut Verdict) -> bool {
        let count = batch.len();
        self.client.begin(end);
        let exported = catch_unwind(AssertUnwindSafe(|| ready(self.exporter.export(batch))));
        let outcome = self.client.outcome();
        let mut problem = |cause: &str| {
            verdict.problem = Some(format!("{}: {}", self.shown, safe(cause, &self.client, &self.scrubber)))
        };
        match (exported, outcome) {
            (_, Some(Outcome::Answered { status: 200..=299, body })) if is_page(&body) => {
                problem(PAGE);
                verdict.unconfirmed += count;
            }
            (_, Some(Outcome::Answered { status: 200..=299, body })) => {
                let partial =
                    ExportTraceServiceResponse::decode(body.as_slice()).unwrap_or_default().partial_success;
                let (rejected, message) =
                    partial.map(|p| (p.rejected_spans, p.error_message)).unwrap_or_default();
                let rejected = usize::try_from(rejected).unwrap_or(0).min(count);
                if rejected > 0 || !message.is_empty() {
                    problem(&format!("the collector rejected {rejected} of {count} spans: {message}"));
                }
                verdict.delivered += count - rejected;
                verdict.drop(DropReason::Rejected, rejected);
            }
            (_, Some(Outcome::Answered { status: 413, .. })) => return false,
            (_, Some(Outcome::Answered { status, body })) => {
                let again = matches!(status, 429 | 502..=504);
                let why = if status == 404 { WRONG_PATH.to_owned() } else { explanation(status, &body) };
                problem(&format!("HTTP status {status}{why}"));
                verdict.drop(
                    if again { DropReason::Unavailable(status) } else { DropReason::Refused(status) },
                    count,
                );
            }
            (_, Some(Outcome::Unanswered(cause))) => {
                problem(&cause);
                verdict.unconfirmed += count;
            }
            (_, Some(Outcome::NotSent(cause))) => {
                problem(&cause);
                verdict.drop(DropReason::Unreachable, count);
            }
            (_, Some(Outcome::NoTime)) => {
                problem("no time left to send");
                verdict.drop(DropReason::NoTime, count);
            }
            // The exporter refuses to send more than 64 MiB, and fails for no other reason of its own.
            (Ok(Some(Err(_))), None) => return false,
            (Err(_) | Ok(None | Some(Ok(()))), None) => {
                problem("the exporter failed");
                verdict.drop(DropReason::ExporterFailed, count);
            }
        }
        true
    }
}

/// One line of limited length without secrets, ours included: a collector may repeat what it was sent.
pub(super) fn safe(text: &str, client: &CollectorClient, scrubber: &Scrubber) -> String {
    let mut text = text.to_owned();
    for secret in client.secrets().filter(|secret| secret.len() >= 6) {
        if text.contains(secret) {
            text = text.replace(secret, "[REDACTED:header]");
        }
    }
    let text = scrubber.scrub(&text);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_MESSAGE)
        .collect::<String>()
        .trim_end_matches([':', ' '])
        .to_owned()
}

/// The error of the OTLP specification, `google.rpc.Status`, as far as it is for people.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(string, tag = "2")]
    message: String,
}

/// Whether an answer is for people: what answers every path with a page has not read what it was sent.
pub(super) fn is_page(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

pub(super) fn explanation(status: u16, body: &[u8]) -> String {
    if (300..400).contains(&status) {
        return ", and redirects are not followed".to_owned();
    }
    let text =
        RpcStatus::decode(body).ok().map(|status| status.message).filter(|message| !message.is_empty());
    let text = text.or_else(|| std::str::from_utf8(body).ok().map(str::to_owned)).unwrap_or_default();
    // Pages of proxies say less than their status.
    if text.is_empty() || is_page(text.as_bytes()) { String::new() } else { format!(": {text}") }
}

/// The value of a future that never waits: the client below blocks. `None` if it did wait.
pub(super) fn ready<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut TaskContext::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

#[cfg(test)]
mod tests;
