use crate::adapters::body::{ObservedBody, failure_of, observe};
use crate::adapters::{Exchange, Observer};
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use pin_project_lite::pin_project;
use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use tower_layer::Layer;
use tower_service::Service;

/// A span for each request of a client: an llm or embedding span for a model call, else a plain one.
///
/// The request's own figures (model, parameters, sizes) are read when its body is `String` or
/// [`Full<Bytes>`](http_body_util::Full); of any other body nothing is known before it is sent, and the model is the one
/// that the URL or the reply names. Above and below a layer that retries, this layer makes one span with its attempts.
///
/// Each status of gRPC but `OK` is an error. A client of tonic tells the layer where its calls go when it is made by
/// `with_origin`, and else only their path.
#[derive(Debug, Clone, Default)]
pub struct ClientLayer {
    observer: Observer,
}

impl ClientLayer {
    /// Recognises the known hosts, and any path that has OpenAI's shape.
    pub fn new() -> Self {
        Self::default()
    }

    /// Recognises what `observer` does.
    pub fn observing(observer: Observer) -> Self {
        Self { observer }
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = Client<S>;

    fn layer(&self, inner: S) -> Client<S> {
        Client { inner, observer: self.observer.clone() }
    }
}

/// A client with spans. Made by [`ClientLayer`].
#[derive(Debug, Clone)]
pub struct Client<S> {
    inner: S,
    observer: Observer,
}

impl<S, B, R> Service<Request<B>> for Client<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: 'static,
    B: 'static,
    R: Body,
{
    type Response = Response<ObservedBody<R>>;
    type Error = S::Error;
    type Future = ClientFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let (method, url) = (request.method().as_str(), request.uri().to_string());
        let exchange = with_bytes(request.body(), |body| self.observer.begin(method, &url, body));
        exchange.inject(request.headers_mut());
        let future = exchange.within(|| self.inner.call(request));
        ClientFuture { future, exchange: Some(exchange) }
    }
}

/// The bytes of a body that holds them all.
fn with_bytes<B: 'static, T>(body: &B, read: impl FnOnce(Option<&[u8]>) -> T) -> T {
    let body: &dyn Any = body;
    if let Some(text) = body.downcast_ref::<String>() {
        return read(Some(text.as_bytes()));
    }
    let Some(full) = body.downcast_ref::<Full<bytes::Bytes>>() else { return read(None) };
    // It gives its bytes only when polled; a copy shares them.
    let frame = pin!(full.clone()).poll_frame(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Some(Ok(frame))) = frame else { return read(None) };
    read(frame.data_ref().map(|bytes| &bytes[..]))
}

pin_project! {
    /// The response of a [`Client`], once its head has come.
    pub struct ClientFuture<F> {
        #[pin]
        future: F,
        exchange: Option<Exchange>,
    }
}

impl<F, R, E> Future for ClientFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body,
    E: 'static,
{
    type Output = Result<Response<ObservedBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let exchange = this.exchange.as_ref().expect("a future is not polled after it has ended");
        let result = ready!(exchange.within(|| this.future.poll(cx)));
        let exchange = this.exchange.take().expect("taken only here, when the future has ended");
        Poll::Ready(match result {
            Ok(response) => Ok(observe(exchange, response)),
            Err(error) => {
                exchange.fail_with(failure_of(&error));
                Err(error)
            }
        })
    }
}

impl<F> fmt::Debug for ClientFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientFuture").finish_non_exhaustive()
    }
}
