//! The HTTP client under the OTLP exporter: it sees what the collector answers, and repeats what may be repeated.

mod attempt;
mod endpoint;
mod retry;
mod tls;

use std::fmt;
use std::sync::Mutex;
use std::time::Instant;

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use ureq::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING, USER_AGENT};
use ureq::http::{HeaderMap, HeaderName, HeaderValue};
use ureq::{Agent, config::Config};

use self::attempt::Attempt;
pub(super) use self::endpoint::Endpoint;
use super::deadline::Deadline;
use crate::config::OtlpConfig;
use crate::error::{Error, ErrorKind};
use crate::span::lock;

/// What became of a request after all its attempts.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    /// The collector's last word.
    Answered { status: u16, body: Vec<u8> },
    /// The whole request was written at least once, and it is not known what became of it.
    Unanswered(String),
    /// No attempt got the whole request out.
    NotSent(String),
    /// There was no time for a first attempt.
    NoTime,
}

/// A blocking client for one collector.
///
/// Every request carries exactly the configured headers, whatever the exporter above took from the environment.
/// Redirects are not followed. HTTP 429, 502, 503 and 504 and broken connections are tried again with growing
/// pauses and as `Retry-After` asks, until the time is up; see [`Deadline`].
pub(super) struct CollectorClient {
    config: Config,
    agent: Mutex<Agent>,
    headers: HeaderMap,
    deadline: Deadline,
    exchange: Mutex<Exchange>,
}

/// The way around the exporter, which passes on neither the time that is left nor what was answered.
#[derive(Debug, Default)]
struct Exchange {
    end: Option<Instant>,
    outcome: Option<Outcome>,
}

impl CollectorClient {
    pub(super) fn new(settings: &OtlpConfig, endpoint: &Endpoint, deadline: Deadline) -> Result<Self, Error> {
        // What the environment names otherwise, as the client reads it.
        let mut config = Agent::config_builder();
        if endpoint.is_local {
            config = config.proxy(None);
        }
        let config = config
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .tls_config(tls::config(settings)?)
            .build();
        let mut headers = HeaderMap::new();
        let own = endpoint.authorization.iter().map(|value| ("authorization", value.as_str()));
        let configured = settings.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.chain(configured) {
            let (name, value) = header(name, value)?;
            // These describe the body, and belong to those who write it.
            if ![CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&name) {
                headers.insert(name, value);
            }
        }
        let agent = Mutex::new(config.new_agent());
        Ok(Self { config, agent, headers, deadline, exchange: Mutex::default() })
    }

    /// Until when the next request and its repetitions may take.
    pub(super) fn begin(&self, end: Instant) {
        *lock(&self.exchange) = Exchange { end: Some(end), outcome: None };
    }

    /// What became of the request since [`begin`](Self::begin); `None` if there was none.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        lock(&self.exchange).outcome.take()
    }

    /// The words in the values of the configured headers, none of which may be shown.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.headers
            .values()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split([' ', ',', '=']))
    }

    fn send(&self, mut request: Request<Bytes>, end: Instant) -> Outcome {
        let headers = self.headers_of(request.headers());
        *request.headers_mut() = headers;
        let mut tries = 0;
        // What is known if nothing better follows: once a request was received and not answered, that; else what
        // the collector answered last; else why it could not be reached.
        let mut known = None;
        loop {
            tries += 1;
            if Instant::now() >= self.deadline.at().map_or(end, |at| at.min(end)) {
                return known.unwrap_or(Outcome::NoTime);
            }
            let (pause, silent) = match self.attempt(&request, end) {
                Attempt::Answered { status, body: Err(cause), .. } if (200..300).contains(&status) => {
                    // Accepted, but perhaps only in part.
                    return Outcome::Unanswered(cause);
                }
                Attempt::Answered { status, retry_after, body } => {
                    let outcome = Outcome::Answered { status, body: body.unwrap_or_default() };
                    if !retry::is_worth_it(status) {
                        return outcome;
                    }
                    if !matches!(known, Some(Outcome::Unanswered(_))) {
                        known = Some(outcome);
                    }
                    (retry::pause(tries).max(retry_after.unwrap_or_default()), false)
                }
                Attempt::Failed { sent, cause, again } => {
                    if sent {
                        known = Some(Outcome::Unanswered(cause));
                    } else if matches!(known, None | Some(Outcome::NotSent(_))) {
                        known = Some(Outcome::NotSent(cause));
                    }
                    if !again {
                        return known.unwrap_or(Outcome::NoTime);
                    }
                    (retry::pause(tries), true)
                }
            };
            // Somebody who waits for the end of the program should not wait for a collector that is not there.
            let hopeless = |deadline: Option<Instant>| silent && deadline.is_some() && tries >= 3;
            let again = Instant::now().checked_add(pause).filter(|until| *until < end).is_some_and(|until| {
                let stop = |at: Option<Instant>| hopeless(at) || at.is_some_and(|at| at <= until);
                self.deadline.wait(until, |at| stop(at).then_some(())).is_none()
            });
            if !again {
                return known.unwrap_or(Outcome::NoTime);
            }
        }
    }

    /// What the exporter says about the body, and the configured headers.
    fn headers_of(&self, given: &HeaderMap) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for name in [CONTENT_TYPE, CONTENT_ENCODING] {
            if let Some(value) = given.get(&name) {
                headers.insert(name, value.clone());
            }
        }
        // The exporter's version is known only to itself; the environment may have put other words there.
        let exporter = given
            .get(USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .filter(|value| value.starts_with("OTel-OTLP-Exporter-Rust/"))
            .unwrap_or("OTel-OTLP-Exporter-Rust");
        let agent = format!("{exporter} agentspan/{}", env!("CARGO_PKG_VERSION"));
        if let Ok(agent) = HeaderValue::from_str(&agent) {
            headers.insert(USER_AGENT, agent);
        }
        headers.extend(self.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        headers
    }

    fn agent(&self) -> Agent {
        lock(&self.agent).clone()
    }

    /// Cuts the connections of requests that nobody waits for any more.
    fn renew_agent(&self) {
        let old = std::mem::replace(&mut *lock(&self.agent), self.config.new_agent());
        old.shutdown();
    }
}

#[async_trait::async_trait]
impl HttpClient for CollectorClient {
    /// Blocks, and always answers with an empty success: the truth is in [`CollectorClient::outcome`], and the
    /// exporter would only repeat or log what is counted here.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let end = lock(&self.exchange).end;
        let outcome = match end {
            Some(end) => self.send(request, end),
            None => Outcome::NoTime,
        };
        lock(&self.exchange).outcome = Some(outcome);
        Ok(Response::new(Bytes::new()))
    }
}

/// Shows no header, since their values are secrets.
impl fmt::Debug for CollectorClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectorClient").field("headers", &self.headers.len()).finish_non_exhaustive()
    }
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Error> {
    let wrong = |what: &str| {
        let message = format!(
            "the header `{name}` for the collector cannot be sent: its {what} has characters that HTTP does not allow"
        );
        Error::new(ErrorKind::Exporter, message)
    };
    let mut value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| wrong("value"))?;
    value.set_sensitive(true);
    Ok((HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("name"))?, value))
}
