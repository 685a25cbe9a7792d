use crate::adapters::body::failure_of;
use crate::adapters::grpc::{GRPC_STATUS, error_of_server};
use crate::adapters::method::Method;
use crate::adapters::names::{HTTP_REQUEST_METHOD, HTTP_REQUEST_METHOD_ORIGINAL, HTTP_ROUTE, URL_PATH};
use crate::adapters::watched::Watched;
use crate::propagation::extract;
use agentspan_semconv::Outcome;
use agentspan_semconv::agent::AGENT_OUTCOME;
use agentspan_semconv::error::ERROR_TYPE;
use agentspan_semconv::http::HTTP_RESPONSE_STATUS_CODE;
use http::{HeaderMap, Request, StatusCode};
use tracing::Span;
use tracing::field::Empty;

/// One request that is served, from its head to the end of the response's body.
#[derive(Debug)]
pub(super) struct Serving(Watched);

impl Serving {
    pub(super) fn begin<B>(request: &Request<B>, route: Option<&str>) -> Self {
        let sender = extract(request.headers());
        let span = server_span(request.method().as_str(), route, request.uri().path());
        Self(Watched::of_sender(&sender, span))
    }

    /// Runs what the server does for the request.
    pub(super) fn scope<T>(&mut self, work: impl FnOnce() -> T) -> T {
        self.0.scope(work)
    }

    pub(super) fn answered(&mut self, status: StatusCode, headers: &HeaderMap) {
        self.0.span().record(HTTP_RESPONSE_STATUS_CODE, i64::from(status.as_u16()));
        if status.is_server_error() {
            self.0.failed(status.as_str());
        }
        // An answer without a body says so here.
        self.trailed(headers);
    }

    /// The trailers have come, in which gRPC tells how the call ended.
    pub(super) fn trailed(&mut self, trailers: &HeaderMap) {
        let code = trailers.get(GRPC_STATUS).and_then(|code| code.to_str().ok());
        if let Some(error) = code.and_then(error_of_server) {
            self.0.failed(error);
        }
    }

    /// As many bytes as were promised have come: a server may leave the body now, or wait for trailers.
    pub(super) fn whole(&mut self) {
        self.0.whole();
    }

    /// The service, or the body, failed.
    pub(super) fn fail<E: 'static>(mut self, error: &E) {
        self.0.failed(&failure_of(error).error_type);
        self.0.end(Outcome::Error);
    }

    /// Everything was sent.
    pub(super) fn finish(mut self) {
        self.0.end(Outcome::Ok);
    }
}

fn server_span(method: &str, route: Option<&str>, path: &str) -> Span {
    let method = Method::of(method);
    let named = route.map(|route| format!("{} {route}", method.span_name));
    tracing::info_span!(
        target: "agentspan::http",
        parent: None,
        "http.server",
        otel.name = named.as_deref().unwrap_or(method.span_name),
        otel.kind = "server",
        otel.status_code = Empty,
        { HTTP_REQUEST_METHOD } = method.word,
        { HTTP_REQUEST_METHOD_ORIGINAL } = method.original,
        { HTTP_ROUTE } = route,
        { URL_PATH } = path,
        { HTTP_RESPONSE_STATUS_CODE } = Empty,
        { ERROR_TYPE } = Empty,
        { AGENT_OUTCOME } = Empty,
    )
}
