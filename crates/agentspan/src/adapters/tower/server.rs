use crate::adapters::body::failure_of;
use crate::adapters::method::Method;
use crate::adapters::names::{HTTP_REQUEST_METHOD, HTTP_REQUEST_METHOD_ORIGINAL, HTTP_ROUTE, URL_PATH};
use crate::propagation::{extract, identity};
use agentspan_semconv::error::ERROR_TYPE;
use agentspan_semconv::http::HTTP_RESPONSE_STATUS_CODE;
use http::{Extensions, Request, Response};
use opentelemetry::Context as OtelContext;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tower_layer::Layer;
use tower_service::Service;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// A server span for each request, in the trace that the request's headers name.
///
/// It stands in any server that takes `http::Request`: axum, hyper, tonic. Bodies pass untouched; the span ends with the
/// response's head. The context is read as by [`extract`](crate::extract()): what is not valid begins a trace of its own.
/// Session, user and the tags that [`Propagation`](crate::Propagation) names stand on the span, and on runs inside of it.
///
/// A status from 500 on is an error of the server; one of the caller, from 400 on, is not.
#[derive(Debug, Clone, Default)]
pub struct ServerLayer {
    route: Option<Route>,
}

/// Finds the route that was matched.
type Route = fn(&Extensions) -> Option<&str>;

impl ServerLayer {
    /// Spans named by the method alone, since a path may hold ids.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names spans by method and route, found in the request's extensions. Default: by the method alone.
    ///
    /// With axum, by `Router::layer`:
    /// `ServerLayer::new().with_route(|known| known.get::<MatchedPath>().map(MatchedPath::as_str))`.
    #[must_use]
    pub fn with_route(self, route: fn(&Extensions) -> Option<&str>) -> Self {
        Self { route: Some(route) }
    }
}

impl<S> Layer<S> for ServerLayer {
    type Service = Server<S>;

    fn layer(&self, inner: S) -> Server<S> {
        Server { inner, route: self.route }
    }
}

/// A server with spans. Made by [`ServerLayer`].
#[derive(Debug, Clone)]
pub struct Server<S> {
    inner: S,
    route: Option<Route>,
}

impl<S, B, R> Service<Request<B>> for Server<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ServerFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let sender = extract(request.headers());
        let route = self.route.and_then(|route| route(request.extensions()));
        let span = server_span(request.method().as_str(), route, request.uri().path());
        // Before it is entered, which starts it. Without a bridge in the subscriber there is nothing to tell.
        let _ = span.set_parent(sender.context().clone());
        identity(&sender).into_iter().for_each(|said| span.set_attribute(said.key, said.value));
        let inside = Inside { context: sender.context().clone(), span };
        let future = inside.scope(|| self.inner.call(request));
        ServerFuture { future, inside }
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
    )
}

/// The span, and the remote context for when a filter lets no span be made.
#[derive(Debug)]
struct Inside {
    context: OtelContext,
    span: Span,
}

impl Inside {
    fn scope<T>(&self, work: impl FnOnce() -> T) -> T {
        let _remote = self.context.clone().attach();
        self.span.in_scope(work)
    }

    fn failed(&self, error_type: &str) {
        self.span.record(ERROR_TYPE, error_type);
        self.span.record("otel.status_code", "ERROR");
    }
}

pin_project! {
    /// The response of a [`Server`].
    pub struct ServerFuture<F> {
        #[pin]
        future: F,
        inside: Inside,
    }
}

impl<F, R, E> Future for ServerFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: 'static,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let inside = &*this.inside;
        let result = ready!(inside.scope(|| this.future.poll(cx)));
        match &result {
            Ok(response) => {
                let status = response.status();
                inside.span.record(HTTP_RESPONSE_STATUS_CODE, i64::from(status.as_u16()));
                if status.is_server_error() {
                    inside.failed(status.as_str());
                }
            }
            Err(error) => inside.failed(&failure_of(error).error_type),
        }
        // Whoever holds the future on holds the span open, whose end is its last exit.
        let span = std::mem::replace(&mut this.inside.span, Span::none());
        span.in_scope(|| {});
        Poll::Ready(result)
    }
}

impl<F> fmt::Debug for ServerFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerFuture").finish_non_exhaustive()
    }
}
