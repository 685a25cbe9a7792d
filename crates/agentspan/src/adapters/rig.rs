//! `rig-core` 0.44, around the HTTP client that its providers send through. Feature `rig`, from Rust 1.95 on.
//!
//! A provider's configuration takes it by `.connect(…)`, a provider's client by `.with_http(…)`:
//!
//! ```
//! use agentspan::adapters::rig::Spans;
//! use rig_http::http_client::HttpClientExt;
//!
//! // `openai.with_http(with_spans(rig_reqwest::shared()))`
//! fn with_spans(http: impl HttpClientExt + 'static) -> impl HttpClientExt + 'static {
//!     Spans::new(http)
//! }
//! ```
//!
//! A whole program: `cargo run --example rig_client` in the repository.
//!
//! A middleware of rig's own would see neither the bodies nor an error's reply. rig tries nothing twice, so each request
//! is a span.

use crate::adapters::http::tell_head;
use crate::adapters::{Exchange, Observer};
use bytes::Bytes;
use futures_core::Stream;
use pin_project_lite::pin_project;
use rig_http::http_client::{
    Error, HttpClientExt, LazyBody, MultipartForm, Request, Response, Result, StreamingResponse,
};
use rig_http::wasm_compat::WasmCompatSend;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

/// A client with a span for each request: an llm or embedding span for a model call, else a plain one.
#[derive(Debug, Clone)]
pub struct Spans<C> {
    client: C,
    observer: Observer,
}

impl<C> Spans<C> {
    /// Sends by `client`, and recognises the known hosts, and any path that has OpenAI's shape.
    pub fn new(client: C) -> Self {
        Self::observing(Observer::new(), client)
    }

    /// Sends by `client`, and recognises what `observer` does: tell it of a base address of your own.
    pub fn observing(observer: Observer, client: C) -> Self {
        Self { client, observer }
    }

    fn begin<T>(&self, request: &mut Request<T>, body: Option<&[u8]>) -> Exchange {
        let url = request.uri().to_string();
        let exchange = self.observer.begin(request.method().as_str(), &url, body);
        exchange.inject(request.headers_mut());
        exchange
    }

    /// With its body as bytes, which is what every client makes of it.
    fn begin_with_bytes<T: Into<Bytes>>(&self, request: Request<T>) -> (Exchange, Request<Bytes>) {
        let mut request = request.map(Into::into);
        let body = request.body().clone();
        let exchange = self.begin(&mut request, Some(&body));
        (exchange, request)
    }
}

impl<C: HttpClientExt> HttpClientExt for Spans<C> {
    fn send<T, U>(
        &self,
        request: Request<T>,
    ) -> impl Future<Output = Result<Response<LazyBody<U>>>> + WasmCompatSend + 'static
    where
        T: Into<Bytes> + WasmCompatSend,
        U: From<Bytes> + WasmCompatSend + 'static,
    {
        let (exchange, request) = self.begin_with_bytes(request);
        let sent = exchange.within(|| self.client.send::<Bytes, Bytes>(request));
        whole(sent, exchange)
    }

    fn send_multipart<U>(
        &self,
        mut request: Request<MultipartForm>,
    ) -> impl Future<Output = Result<Response<LazyBody<U>>>> + WasmCompatSend + 'static
    where
        U: From<Bytes> + WasmCompatSend + 'static,
    {
        let exchange = self.begin(&mut request, None);
        let sent = exchange.within(|| self.client.send_multipart::<Bytes>(request));
        whole(sent, exchange)
    }

    fn send_streaming<T>(
        &self,
        request: Request<T>,
    ) -> impl Future<Output = Result<StreamingResponse>> + WasmCompatSend
    where
        T: Into<Bytes> + WasmCompatSend,
    {
        let (exchange, request) = self.begin_with_bytes(request);
        let sent = exchange.within(|| self.client.send_streaming(request));
        async move {
            let (response, exchange) = answered(sent, exchange).await?;
            Ok(response.map(|stream| Box::pin(Observed { stream, exchange: Some(exchange) }) as _))
        }
    }
}

/// Waits for the head of a response and tells it.
async fn answered<B>(
    sent: impl Future<Output = Result<Response<B>>>,
    mut exchange: Exchange,
) -> Result<(Response<B>, Exchange)> {
    let mut sent = pin!(sent);
    match poll_fn(|cx| exchange.within(|| sent.as_mut().poll(cx))).await {
        Ok(response) => {
            tell_head(&mut exchange, response.status(), response.headers());
            Ok((response, exchange))
        }
        Err(error) => {
            failed(exchange, &error);
            Err(error)
        }
    }
}

async fn whole<U: From<Bytes> + WasmCompatSend + 'static>(
    sent: impl Future<Output = Result<Response<LazyBody<Bytes>>>>,
    exchange: Exchange,
) -> Result<Response<LazyBody<U>>> {
    let (response, mut exchange) = answered(sent, exchange).await?;
    Ok(response.map(|body| -> LazyBody<U> {
        Box::pin(async move {
            match body.await {
                Ok(bytes) => {
                    exchange.push(&bytes);
                    exchange.finish();
                    Ok(bytes.into())
                }
                Err(error) => {
                    failed(exchange, &error);
                    Err(error)
                }
            }
        })
    }))
}

/// Clients of rig give a reply whose status is no success as an error, which holds the whole of it.
fn failed(mut exchange: Exchange, error: &Error) {
    if let (Some(status), Some(headers)) = (error.non_success_status(), error.non_success_headers()) {
        tell_head(&mut exchange, status, headers);
    }
    match error.non_success_body() {
        Some(body) => {
            exchange.push(body.as_bytes());
            exchange.finish();
        }
        None => exchange.fail(error),
    }
}

pin_project! {
    /// The pieces of a streamed reply, as the client gives them.
    struct Observed<S> {
        #[pin]
        stream: S,
        exchange: Option<Exchange>,
    }
}

impl<S: Stream<Item = Result<Bytes>>> Stream for Observed<S> {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let piece = ready!(this.stream.poll_next(cx));
        match &piece {
            Some(Ok(bytes)) => this.exchange.iter_mut().for_each(|exchange| exchange.push(bytes)),
            Some(Err(error)) => {
                this.exchange.take().into_iter().for_each(|exchange| failed(exchange, error));
            }
            None => this.exchange.take().into_iter().for_each(Exchange::finish),
        }
        Poll::Ready(piece)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}
