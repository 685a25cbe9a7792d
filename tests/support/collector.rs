//! An OTLP/HTTP collector in this process that keeps what it gets and misbehaves as a test asks.

use crate::metrics::Series;
use crate::span::Span;
use agentspan_examples::http::{Exchange, Headers, Request, Server, header};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

/// What the collector does with one request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Takes it: 200.
    Accept,
    /// Takes all spans but the last `rejected` ones, and says so with this text: 200 with partial success.
    Partial {
        /// How many spans are not taken.
        rejected: usize,
        /// Why.
        message: String,
    },
    /// Refuses it with this status, and with `Retry-After` in seconds if given.
    Status {
        /// The status code.
        code: u16,
        /// Seconds to wait.
        retry_after: Option<u64>,
    },
    /// Answers every path with a page for people, as a web server does: 200.
    Page,
    /// Takes it after this time.
    Slow(Duration),
    /// Reads it and never answers.
    Silent,
    /// Reads it and cuts the connection.
    Cut,
}

impl Answer {
    /// A refusal without `Retry-After`.
    pub fn status(code: u16) -> Self {
        Self::Status { code, retry_after: None }
    }
}

/// One request as it came, whatever became of it.
#[derive(Clone, Debug)]
pub struct Received {
    /// The path, `/v1/traces` for traces and `/v1/metrics` for metrics.
    pub path: String,
    /// All header lines, names in lower case.
    pub headers: Headers,
    /// Bytes on the wire.
    pub wire_size: usize,
    /// Bytes after decompression.
    pub size: usize,
    /// All spans in it, accepted or not.
    pub spans: Vec<Span>,
    /// All series in it, accepted or not.
    pub metrics: Vec<Series>,
    /// What was answered; `None` when nothing was.
    pub status: Option<u16>,
}

impl Received {
    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The `Content-Type`.
    pub fn content_type(&self) -> Option<&str> {
        self.header("content-type")
    }
}

/// A collector on a free port of 127.0.0.1. It stops when it is dropped, after which the port refuses.
#[derive(Debug)]
pub struct Collector {
    server: Server,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    script: VecDeque<Answer>,
    otherwise: Answer,
    requests: Vec<Received>,
    spans: Vec<Span>,
}

impl Default for State {
    fn default() -> Self {
        Self { script: VecDeque::new(), otherwise: Answer::Accept, requests: Vec::new(), spans: Vec::new() }
    }
}

impl Collector {
    /// Takes everything.
    pub fn start() -> Self {
        Self::script([])
    }

    /// Answers the first requests in turn as given, and takes everything after them.
    pub fn script(answers: impl IntoIterator<Item = Answer>) -> Self {
        let shared = Arc::new(Shared::default());
        shared.lock().script.extend(answers);
        let server = Server::start({
            let shared = shared.clone();
            move |request, exchange| serve(&shared, request, exchange)
        });
        Self { server: server.expect("a loopback port can be had"), shared }
    }

    /// Answers every request alike.
    pub fn always(answer: Answer) -> Self {
        let collector = Self::start();
        collector.set(answer);
        collector
    }

    /// From now on answers every request so, for an outage that begins or ends.
    pub fn set(&self, answer: Answer) {
        self.shared.lock().otherwise = answer;
    }

    /// Cuts all connections that are open, silent ones too, and stays there for new ones.
    pub fn hang_up(&self) {
        self.server.hang_up();
    }

    /// The base address, as `OTEL_EXPORTER_OTLP_ENDPOINT` takes it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The spans accepted so far, in the order received.
    pub fn spans(&self) -> Vec<Span> {
        self.shared.lock().spans.clone()
    }

    /// The accepted span of that name, which must be one only.
    pub fn span(&self, name: &str) -> Span {
        let mut found = self.spans();
        found.retain(|span| span.name == name);
        assert_eq!(found.len(), 1, "spans called `{name}` among {:?}", self.names());
        found.remove(0)
    }

    /// The names of the accepted spans.
    pub fn names(&self) -> Vec<String> {
        self.spans().into_iter().map(|span| span.name).collect()
    }

    /// The series of the last request with metrics, whatever became of it.
    pub fn metrics(&self) -> Vec<Series> {
        let last = self.requests().into_iter().rfind(|request| request.path == "/v1/metrics");
        last.map(|request| request.metrics).unwrap_or_default()
    }

    /// All requests so far, refused ones too.
    pub fn requests(&self) -> Vec<Received> {
        self.shared.lock().requests.clone()
    }

    /// Waits until `count` spans were accepted and gives them all; those there are when the time is over.
    pub fn wait_for(&self, count: usize, timeout: Duration) -> Vec<Span> {
        self.wait_until(timeout, |state| state.spans.len() >= count).spans.clone()
    }

    /// Waits until `count` requests came, however they were answered.
    pub fn wait_for_requests(&self, count: usize, timeout: Duration) -> Vec<Received> {
        self.wait_until(timeout, |state| state.requests.len() >= count).requests.clone()
    }

    fn wait_until(&self, timeout: Duration, done: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let until = Instant::now() + timeout;
        let mut state = self.shared.lock();
        while !done(&state) {
            let Some(left) = until.checked_duration_since(Instant::now()) else { break };
            state = self.shared.changed.wait_timeout(state, left).expect("no thread panics with the lock").0;
        }
        state
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics with the lock")
    }

    /// Keeps the request and what it brought, before the answer leaves, so that a sender that was answered can read
    /// its spans at once.
    fn keep(&self, received: Received, accepted: usize) {
        let mut state = self.lock();
        state.spans.extend(received.spans.iter().take(accepted).cloned());
        state.requests.push(received);
        self.changed.notify_all();
    }
}

fn serve(shared: &Shared, request: &Request, exchange: &mut Exchange<'_>) -> io::Result<()> {
    let mut received = Received {
        path: request.target.clone(),
        headers: request.headers.clone(),
        wire_size: request.body.len(),
        size: 0,
        spans: Vec::new(),
        metrics: Vec::new(),
        status: Some(200),
    };
    let refused = match decode(request) {
        Ok((size, Export::Traces(export))) => {
            (received.size, received.spans) = (size, Span::all(&export));
            None
        }
        Ok((size, Export::Metrics(export))) => {
            (received.size, received.metrics) = (size, Series::all(&export));
            None
        }
        Err(status) => Some(status),
    };
    let count = received.spans.len();
    let answer = {
        let mut state = shared.lock();
        state.script.pop_front().unwrap_or_else(|| state.otherwise.clone())
    };
    match (refused, answer) {
        (Some(code), _) => refuse(shared, received, exchange, code, None),
        (None, Answer::Accept) => accept(shared, received, exchange, count, None),
        (None, Answer::Slow(time)) => {
            // A sender that does not wait so long has not delivered.
            if let Err(gone) = exchange.pause(time) {
                received.status = None;
                shared.keep(received, 0);
                return Err(gone);
            }
            accept(shared, received, exchange, count, None)
        }
        (None, Answer::Partial { rejected, message }) => {
            let partial =
                ExportTracePartialSuccess { rejected_spans: rejected as i64, error_message: message };
            accept(shared, received, exchange, count.saturating_sub(rejected), Some(partial))
        }
        (None, Answer::Status { code, retry_after }) => refuse(shared, received, exchange, code, retry_after),
        (None, Answer::Page) => {
            shared.keep(received, 0);
            exchange.respond(
                200,
                &[("content-type", "text/html")],
                b"<!doctype html><title>Jaeger UI</title>",
            )
        }
        (None, Answer::Silent) => {
            received.status = None;
            shared.keep(received, 0);
            exchange.hold()
        }
        (None, Answer::Cut) => {
            received.status = None;
            shared.keep(received, 0);
            exchange.cut()
        }
    }
}

fn accept(
    shared: &Shared,
    received: Received,
    exchange: &mut Exchange<'_>,
    accepted: usize,
    partial_success: Option<ExportTracePartialSuccess>,
) -> io::Result<()> {
    shared.keep(received, accepted);
    exchange.respond(200, &[PROTOBUF], &ExportTraceServiceResponse { partial_success }.encode_to_vec())
}

fn refuse(
    shared: &Shared,
    mut received: Received,
    exchange: &mut Exchange<'_>,
    code: u16,
    retry_after: Option<u64>,
) -> io::Result<()> {
    received.status = Some(code);
    shared.keep(received, 0);
    let seconds = retry_after.map(|seconds| seconds.to_string());
    let mut headers = vec![PROTOBUF];
    headers.extend(seconds.as_deref().map(|seconds| ("retry-after", seconds)));
    exchange.respond(code, &headers, &[])
}

enum Export {
    Traces(ExportTraceServiceRequest),
    Metrics(ExportMetricsServiceRequest),
}

/// The size after decompression and the request itself, or the status that a collector answers to what it cannot read.
fn decode(request: &Request) -> Result<(usize, Export), u16> {
    if request.method != "POST" || !["/v1/traces", "/v1/metrics"].contains(&request.target.as_str()) {
        return Err(404);
    }
    if request.header("content-type") != Some("application/x-protobuf") {
        return Err(415);
    }
    let body = match request.header("content-encoding") {
        None | Some("identity") => request.body.clone(),
        Some("gzip") => {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(request.body.as_slice())
                .read_to_end(&mut plain)
                .map_err(|_| 400_u16)?;
            plain
        }
        Some(_) => return Err(415),
    };
    let export = if request.target == "/v1/traces" {
        ExportTraceServiceRequest::decode(body.as_slice()).map(Export::Traces)
    } else {
        ExportMetricsServiceRequest::decode(body.as_slice()).map(Export::Metrics)
    };
    Ok((body.len(), export.map_err(|_| 400_u16)?))
}
