//! One request, on a thread of its own so that whoever waits for it can stop waiting.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use opentelemetry::Context;
use opentelemetry_http::{Bytes, Request};
use rustls::AlertDescription;
use ureq::http::header::{CONTENT_LENGTH, RETRY_AFTER};
use ureq::{Agent, SendBody};

use super::{CollectorClient, lock, retry};

/// The limit of the OTLP specification.
const LARGEST_ANSWER: u64 = 4 * 1024 * 1024;

/// How one attempt went.
#[derive(Debug)]
pub(super) enum Attempt {
    Answered {
        status: u16,
        retry_after: Option<Duration>,
        /// The cause when the answer broke off behind its head.
        body: Result<Vec<u8>, String>,
    },
    Failed {
        /// The whole body went out, so the collector may have taken it.
        sent: bool,
        cause: String,
        /// A repetition may help.
        again: bool,
    },
}

/// What the thread of the request and the one that waits for it share.
#[derive(Debug, Default)]
struct Flight {
    sent: AtomicBool,
    landed: Mutex<Option<Attempt>>,
}

impl CollectorClient {
    /// A blocked read cannot be interrupted, a wait can: after `end` or the deadline the request is left to itself
    /// and its connection is cut.
    pub(super) fn attempt(&self, request: &Request<Bytes>, end: Instant) -> Attempt {
        let flight = Arc::new(Flight::default());
        let job = {
            let (flight, agent, deadline) = (flight.clone(), self.agent(), self.deadline.clone());
            let (parts, body) = (request.clone().into_parts().0, request.body().clone());
            move || {
                let _quiet = Context::enter_telemetry_suppressed_scope();
                let result = catch_unwind(AssertUnwindSafe(|| run(&agent, parts, body, &flight, end)));
                let panicked = |_| Attempt::Failed {
                    sent: flight.sent.load(Ordering::Acquire),
                    cause: "the HTTP client panicked".to_owned(),
                    again: false,
                };
                *lock(&flight.landed) = Some(result.unwrap_or_else(panicked));
                deadline.wake();
            }
        };
        if thread::Builder::new().name("agentspan-http".to_owned()).spawn(job).is_err() {
            let cause = "no thread could be started".to_owned();
            return Attempt::Failed { sent: false, cause, again: true };
        }
        self.deadline.wait(end, |_| lock(&flight.landed).take()).unwrap_or_else(|| {
            self.renew_agent();
            let cause = "no answer in time".to_owned();
            Attempt::Failed { sent: flight.sent.load(Ordering::Acquire), cause, again: false }
        })
    }
}

fn run(
    agent: &Agent,
    parts: ureq::http::request::Parts,
    body: Bytes,
    flight: &Arc<Flight>,
    end: Instant,
) -> Attempt {
    let length = body.len();
    let body = Outgoing { rest: body, flight: flight.clone() };
    let mut request = Request::from_parts(parts, SendBody::from_owned_reader(body));
    request.headers_mut().insert(CONTENT_LENGTH, length.into());
    let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    let request = agent.configure_request(request).timeout_global(Some(left)).build();
    match agent.run(request) {
        Ok(mut response) => {
            let retry_after = response
                .headers()
                .get(RETRY_AFTER)
                .and_then(|value| value.to_str().ok())
                .and_then(|value| retry::after(value, SystemTime::now()));
            let status = response.status().as_u16();
            let body = response.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec();
            Attempt::Answered { status, retry_after, body: body.map_err(|error| cause(&error).0) }
        }
        Err(error) => {
            let sent = flight.sent.load(Ordering::Acquire) && !is_unwelcome(&error);
            let (cause, again) = cause(&error);
            Attempt::Failed { sent, cause, again }
        }
    }
}

/// The body, which notes when its last byte was handed to the connection.
struct Outgoing {
    rest: Bytes,
    flight: Arc<Flight>,
}

impl Read for Outgoing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.rest.len());
        buffer[..length].copy_from_slice(&self.rest.split_to(length));
        if self.rest.is_empty() {
            self.flight.sent.store(true, Ordering::Release);
        }
        Ok(length)
    }
}

/// Whether the server refused the client's certificate, or the lack of one. In TLS 1.3 that is heard of only after the
/// request has gone out, which the server then never reads.
fn is_unwelcome(error: &ureq::Error) -> bool {
    let ureq::Error::Io(error) = error else { return false };
    let alert = error.get_ref().and_then(|error| error.downcast_ref());
    matches!(
        alert,
        Some(rustls::Error::AlertReceived(
            AlertDescription::AccessDenied
                | AlertDescription::BadCertificate
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateRequired
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateUnknown
                | AlertDescription::DecryptError
                | AlertDescription::HandshakeFailure
                | AlertDescription::UnknownCA
                | AlertDescription::UnsupportedCertificate
        ))
    )
}

/// What to tell people, without addresses that may hold secrets, and whether a repetition may help.
fn cause(error: &ureq::Error) -> (String, bool) {
    let (text, again) = match error {
        ureq::Error::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused => ("connection refused", true),
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => ("the connection was cut", true),
            // This is how a failed TLS handshake arrives, with the reason as its text.
            io::ErrorKind::InvalidData => return (error.to_string(), false),
            // The standard library has no kind for a failed look-up.
            _ if error.to_string().contains("lookup address") => ("host not found", true),
            kind => return (kind.to_string(), true),
        },
        ureq::Error::Timeout(_) => ("no answer in time", true),
        ureq::Error::HostNotFound => ("host not found", true),
        ureq::Error::Tls(text) => (*text, false),
        ureq::Error::Rustls(error) => return (error.to_string(), false),
        ureq::Error::ConnectProxyFailed(_) => ("the proxy refused the connection", true),
        ureq::Error::Protocol(_) => {
            ("the answer is not HTTP/1.1; port 4317 is usually for gRPC and 4318 for HTTP", false)
        }
        ureq::Error::BodyExceedsLimit(_) => ("the answer is larger than 4 MiB", false),
        _ => ("the connection failed", true),
    };
    (text.to_owned(), again)
}
