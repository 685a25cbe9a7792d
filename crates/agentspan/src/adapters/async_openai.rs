//! `async-openai` 0.43 with its `middleware` feature. Feature `async-openai`.
//!
//! ```
//! use async_openai::{Client, config::OpenAIConfig};
//!
//! # fn client() -> Client<OpenAIConfig> {
//! Client::with_config(OpenAIConfig::new()).with_http_service(agentspan::adapters::async_openai::service(Default::default()))
//! # }
//! ```
//!
//! A whole program: `cargo run --example without_wrapping` in the repository.

use crate::adapters::{Exchange, Observer, reqwest as shared};
use crate::propagation::HEADERS;
use async_openai::error::OpenAIError;
use async_openai::middleware::retry::{OpenAIRetry, OpenAIRetryLayer};
use async_openai::middleware::{HttpRequestFactory, ReqwestService};
use http::HeaderMap;
use opentelemetry::Context as OtelContext;
use reqwest::Response;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// The client's own way to send, retries included, with one span for each call and its retries as events of it.
///
/// It takes the place of the service that the client brings; `http` is the reqwest client to send with.
pub fn service(http: reqwest::Client) -> Spans<OpenAIRetry<Spans<ReqwestService>>> {
    observing(Observer::new(), http)
}

/// As [`service`], recognising what `observer` does: tell it of a base address of your own.
pub fn observing(observer: Observer, http: reqwest::Client) -> Spans<OpenAIRetry<Spans<ReqwestService>>> {
    let layer = SpansLayer::observing(observer);
    layer.layer(OpenAIRetryLayer::default().layer(layer.layer(ReqwestService::new(http))))
}

/// The layer, for a stack of your own: once above a layer that retries, and once below it.
#[derive(Debug, Clone, Default)]
pub struct SpansLayer {
    observer: Observer,
}

impl SpansLayer {
    /// Recognises the known hosts, and any path that has OpenAI's shape.
    pub fn new() -> Self {
        Self::default()
    }

    /// Recognises what `observer` does.
    pub fn observing(observer: Observer) -> Self {
        Self { observer }
    }
}

impl<S> Layer<S> for SpansLayer {
    type Service = Spans<S>;

    fn layer(&self, inner: S) -> Spans<S> {
        Spans { inner, observer: self.observer.clone() }
    }
}

/// A service with spans. Made by [`service`] and [`SpansLayer`].
#[derive(Debug, Clone)]
pub struct Spans<S> {
    inner: S,
    observer: Observer,
}

impl<S> Service<HttpRequestFactory> for Spans<S>
where
    S: Service<HttpRequestFactory, Response = Response, Error = OpenAIError> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = OpenAIError;
    type Future = Pin<Box<dyn Future<Output = Result<Response, OpenAIError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Self::Future {
        // The one that was asked whether it is ready.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let observer = self.observer.clone();
        // The future may be polled elsewhere; what the call belongs to is known only here.
        let around = OtelContext::current();
        Box::pin(async move {
            let mut request = factory.build().await?;
            let exchange = {
                let _around = around.attach();
                shared::begin(&observer, &mut request)
            };
            let factory = carrying(factory, request.headers());
            drop(request);
            let mut sent = Box::pin(exchange.within(|| inner.call(factory)));
            end(poll_fn(|cx| exchange.within(|| sent.as_mut().poll(cx))).await, exchange)
        })
    }
}

/// A factory whose requests have the same context in their headers; each attempt is built anew.
fn carrying(factory: HttpRequestFactory, headers: &HeaderMap) -> HttpRequestFactory {
    let context = HEADERS.map(|name| (name, headers.get(name).cloned()));
    HttpRequestFactory::new(move || {
        let (factory, context) = (factory.clone(), context.clone());
        async move {
            let mut request = factory.build().await?;
            for (name, value) in context {
                match value {
                    Some(value) => request.headers_mut().insert(name, value),
                    None => request.headers_mut().remove(name),
                };
            }
            Ok(request)
        }
    })
}

fn end(result: Result<Response, OpenAIError>, exchange: Exchange) -> Result<Response, OpenAIError> {
    match result {
        Ok(response) => Ok(shared::observed(exchange, response)),
        Err(error) => {
            exchange.fail(&error);
            Err(error)
        }
    }
}
