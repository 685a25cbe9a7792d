//! A middleware for `reqwest-middleware` 0.5, which stands on reqwest 0.13. Feature `reqwest-middleware`.
//!
//! ```
//! use agentspan::adapters::reqwest_middleware::Spans;
//! use reqwest_middleware::ClientBuilder;
//!
//! # fn client() -> reqwest_middleware::ClientWithMiddleware {
//! ClientBuilder::new(reqwest_middleware::reqwest::Client::new()).with(Spans::new()).build()
//! # }
//! ```
//!
//! A whole program: `cargo run --example reqwest_client` in the repository.

use crate::adapters::{Observer, reqwest as shared};
use crate::span::Failure;
use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next};
use std::future::poll_fn;

/// A span for each request: an llm or embedding span for a model call, else a plain one.
///
/// With a middleware that retries, add it twice: before that one for the call, and behind it for the attempts, which are
/// then events of one span.
#[derive(Debug, Clone, Default)]
pub struct Spans {
    observer: Observer,
}

impl Spans {
    /// Recognises the known hosts, and any path that has OpenAI's shape.
    pub fn new() -> Self {
        Self::default()
    }

    /// Recognises what `observer` does.
    pub fn observing(observer: Observer) -> Self {
        Self { observer }
    }
}

#[async_trait::async_trait]
impl Middleware for Spans {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let exchange = shared::begin(&self.observer, &mut request);
        let mut sent = next.run(request, extensions);
        match poll_fn(|cx| exchange.within(|| sent.as_mut().poll(cx))).await {
            Ok(response) => Ok(shared::observed(exchange, response)),
            Err(error) => {
                match &error {
                    Error::Reqwest(error) => exchange.fail(error),
                    Error::Middleware(error) => exchange.fail_with(error.record()),
                }
                Err(error)
            }
        }
    }
}
