//! A request that is no model call: a span by OpenTelemetry's conventions for HTTP.

use crate::adapters::grpc::{self, GRPC_STATUS};
use crate::adapters::method::Method;
use crate::adapters::names::{HTTP_REQUEST_METHOD, HTTP_REQUEST_METHOD_ORIGINAL, URL_FULL};
use crate::span::{Close, FailureRecord};
use agentspan_semconv::error::ERROR_TYPE;
use agentspan_semconv::http::HTTP_RESPONSE_STATUS_CODE;
use agentspan_semconv::server::{SERVER_ADDRESS, SERVER_PORT};
use tracing::Span;
use tracing::field::Empty;

/// It is a span of `tracing` and no step, since a run does not count its HTTP requests among its steps.
#[derive(Debug)]
pub(super) struct Plain {
    span: Span,
}

impl Plain {
    pub(super) fn begin(method: &str, url: &str) -> Self {
        let (address, port) = server_of(url);
        let method = Method::of(method);
        let span = tracing::info_span!(
            target: "agentspan::http",
            "http.client",
            otel.name = method.span_name,
            otel.kind = "client",
            otel.status_code = Empty,
            { HTTP_REQUEST_METHOD } = method.word,
            { HTTP_REQUEST_METHOD_ORIGINAL } = method.original,
            // Nothing, of a client that is only given the path.
            { SERVER_ADDRESS } = Some(address).filter(|address| !address.is_empty()),
            { SERVER_PORT } = port.map(i64::from),
            { URL_FULL } = without_secrets(url),
            { HTTP_RESPONSE_STATUS_CODE } = Empty,
            { ERROR_TYPE } = Empty,
        );
        Self { span }
    }

    pub(super) fn scope<T>(&self, work: impl FnOnce() -> T) -> T {
        self.span.in_scope(work)
    }

    pub(super) fn answered(&mut self, status: u16) {
        self.span.record(HTTP_RESPONSE_STATUS_CODE, i64::from(status));
        if status >= 400 {
            self.failed(FailureRecord::of_type(status.to_string()));
        }
    }

    pub(super) fn header(&mut self, name: &str, value: &str) {
        if name.eq_ignore_ascii_case(GRPC_STATUS)
            && let Some(error) = grpc::error(value)
        {
            self.failed(FailureRecord::of_type(error));
        }
    }

    fn failed(&self, failure: FailureRecord) {
        self.span.record(ERROR_TYPE, failure.error_type.as_ref());
        self.span.record("otel.status_code", "ERROR");
    }

    pub(super) fn close(self, close: Close) {
        if let Close::Failed(failure) = close {
            self.failed(failure);
        }
        // The bridge takes the time of the last exit for the end.
        self.span.in_scope(|| {});
    }
}

/// Host and port, as they stand in the URL; where it has no port, that of the scheme.
pub(in crate::adapters) fn server_of(url: &str) -> (String, Option<u16>) {
    let (scheme, authority, _) = parts(url);
    let host_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let usual = match scheme.to_ascii_lowercase().as_str() {
        "https://" => Some(443),
        "http://" => Some(80),
        _ => None,
    };
    match host_port.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host.to_ascii_lowercase(), port.parse().ok().or(usual)),
        _ => (host_port.to_ascii_lowercase(), usual),
    }
}

/// The URL without user name, query and fragment, each of which may hold a key.
pub(in crate::adapters) fn without_secrets(url: &str) -> String {
    let (scheme, authority, rest) = parts(url);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    format!("{scheme}{host}{path}")
}

/// The scheme with its slashes, the authority, and the rest.
fn parts(url: &str) -> (&str, &str, &str) {
    let start = url.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = url.split_at(start);
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    (scheme, authority, rest)
}
