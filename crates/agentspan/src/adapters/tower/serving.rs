use crate::adapters::body::failure_of;
use crate::adapters::method::Method;
use crate::adapters::names::{HTTP_REQUEST_METHOD, HTTP_REQUEST_METHOD_ORIGINAL, HTTP_ROUTE, URL_PATH};
use crate::adapters::tower::grpc;
use crate::propagation::{extract, identity};
use agentspan_semconv::Outcome;
use agentspan_semconv::agent::AGENT_OUTCOME;
use agentspan_semconv::error::ERROR_TYPE;
use agentspan_semconv::http::HTTP_RESPONSE_STATUS_CODE;
use http::{HeaderMap, Request, StatusCode};
use opentelemetry::Context;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// One request that is served, from its head to the end of the response's body.
#[derive(Debug)]
pub(super) struct Serving {
    /// The sender's, for when a filter lets no span be made.
    context: Context,
    span: Span,
    state: State,
    has_failed: bool,
    is_whole: bool,
}

#[derive(Debug, PartialEq)]
enum State {
    /// Between two polls: who drops it now has gone away.
    Waiting,
    /// Inside of a poll: only a panic drops it now.
    Working,
    Over,
}

impl Serving {
    pub(super) fn begin<B>(request: &Request<B>, route: Option<&str>) -> Self {
        let sender = extract(request.headers());
        let span = server_span(request.method().as_str(), route, request.uri().path());
        // Before it is entered, which starts it. Without a bridge in the subscriber there is nothing to tell.
        let _ = span.set_parent(sender.context().clone());
        identity(&sender).into_iter().for_each(|said| span.set_attribute(said.key, said.value));
        let context = sender.context().clone();
        Self { context, span, state: State::Waiting, has_failed: false, is_whole: false }
    }

    /// Runs what the server does for the request.
    pub(super) fn scope<T>(&mut self, work: impl FnOnce() -> T) -> T {
        self.state = State::Working;
        let result = {
            let _remote = self.context.clone().attach();
            self.span.in_scope(work)
        };
        self.state = State::Waiting;
        result
    }

    pub(super) fn answered(&mut self, status: StatusCode, headers: &HeaderMap) {
        self.span.record(HTTP_RESPONSE_STATUS_CODE, i64::from(status.as_u16()));
        if status.is_server_error() {
            self.failed(status.as_str());
        }
        // An answer without a body says so here.
        self.trailed(headers);
    }

    /// The trailers have come, in which gRPC tells how the call ended.
    pub(super) fn trailed(&mut self, trailers: &HeaderMap) {
        if let Some(error) = grpc::error_of_server(trailers) {
            self.failed(error);
        }
    }

    /// As many bytes as were promised have come: a server may leave the body now, or wait for trailers.
    pub(super) fn whole(&mut self) {
        self.is_whole = true;
    }

    /// The service, or the body, failed.
    pub(super) fn fail<E: 'static>(mut self, error: &E) {
        self.failed(&failure_of(error).error_type);
        self.end(Outcome::Error);
    }

    /// Everything was sent.
    pub(super) fn finish(mut self) {
        self.end(Outcome::Ok);
    }

    fn failed(&mut self, error_type: &str) {
        if !std::mem::replace(&mut self.has_failed, true) {
            self.span.record(ERROR_TYPE, error_type);
            self.span.record("otel.status_code", "ERROR");
        }
    }

    fn end(&mut self, outcome: Outcome) {
        if std::mem::replace(&mut self.state, State::Over) == State::Over {
            return;
        }
        let outcome = if self.has_failed && !outcome.is_failure() { Outcome::Error } else { outcome };
        self.span.record(AGENT_OUTCOME, outcome.as_str());
        // Whoever holds this on holds the span open, whose end is its last exit.
        std::mem::replace(&mut self.span, Span::none()).in_scope(|| {});
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if self.state == State::Working {
            self.failed("panic");
            return self.end(Outcome::Panicked);
        }
        self.end(if self.is_whole { Outcome::Ok } else { Outcome::Cancelled });
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
