use crate::adapters::tower::served::{ServedBody, serve};
use crate::adapters::tower::serving::Serving;
use http::{Extensions, Method, Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tower_layer::Layer;
use tower_service::Service;

/// A server span for each request, in the trace that the request's headers name.
///
/// It stands in any server that takes `http::Request`: axum, hyper, tonic. Bodies pass untouched and at once; the span ends
/// with the response's body, and what makes the pieces of a streamed one runs inside of it. The context is read as by
/// [`extract`](crate::extract()): what is not valid begins a trace of its own. Session, user and the tags that
/// [`Propagation`](crate::Propagation) names stand on the span, and on runs inside of it.
///
/// A status from 500 on is an error of the server, as is a panic, a body that breaks, and a status of gRPC that the
/// conventions count so; one of the caller, from 400 on, is not. When the client goes away before the end, the outcome is
/// `cancelled`.
///
/// With axum 0.8, which knows the route inside of `Router::layer`:
///
/// ```ignore
/// let spans = ServerLayer::new().with_route(|known| known.get::<MatchedPath>().map(MatchedPath::as_str));
/// Router::new().route("/runs/{id}", get(run)).layer(spans)
/// ```
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
    R: Body,
{
    type Response = Response<ServedBody<R>>;
    type Error = S::Error;
    type Future = ServerFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let route = self.route.and_then(|route| route(request.extensions()));
        let mut serving = Serving::begin(&request, route);
        let method = request.method().clone();
        let future = serving.scope(|| self.inner.call(request));
        ServerFuture { future, begun: Some((serving, method)) }
    }
}

pin_project! {
    /// The response of a [`Server`], once its head is known.
    pub struct ServerFuture<F> {
        #[pin]
        future: F,
        begun: Option<(Serving, Method)>,
    }
}

impl<F, R, E> Future for ServerFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body,
    E: 'static,
{
    type Output = Result<Response<ServedBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (serving, _) = this.begun.as_mut().expect("a future is not polled after it has ended");
        let result = ready!(serving.scope(|| this.future.poll(cx)));
        let (serving, method) = this.begun.take().expect("taken only here, when the future has ended");
        Poll::Ready(match result {
            Ok(response) => Ok(serve(serving, &method, response)),
            Err(error) => {
                serving.fail(&error);
                Err(error)
            }
        })
    }
}

impl<F> fmt::Debug for ServerFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerFuture").finish_non_exhaustive()
    }
}
