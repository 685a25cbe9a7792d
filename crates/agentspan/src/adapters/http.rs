//! What the adapters share that speak the types of the `http` crate.

use crate::adapters::Exchange;
use http::StatusCode;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::propagation::Injector;

/// Headers that the trace's context is written to; what stands there under the same name is replaced.
#[derive(Debug)]
pub(super) struct Headers<'h>(pub(super) &'h mut HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, key: &str, value: String) {
        let header = HeaderName::from_bytes(key.as_bytes()).ok().zip(HeaderValue::try_from(value).ok());
        if let Some((name, value)) = header {
            self.0.insert(name, value);
        }
    }
}

/// Tells an exchange the head of a response.
pub(super) fn tell_head(exchange: &mut Exchange, status: StatusCode, headers: &HeaderMap) {
    exchange.answered(status.as_u16());
    for (name, value) in headers {
        if let Ok(value) = value.to_str() {
            exchange.header(name.as_str(), value);
        }
    }
}
