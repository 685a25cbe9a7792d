//! What the adapters share that speak the types of the `http` crate.

use crate::adapters::Exchange;
use http::StatusCode;
use http::header::HeaderMap;

/// Tells an exchange the head of a response.
pub(super) fn tell_head(exchange: &mut Exchange, status: StatusCode, headers: &HeaderMap) {
    exchange.answered(status.as_u16());
    tell_headers(exchange, headers);
}

/// Tells an exchange headers, or trailers.
pub(super) fn tell_headers(exchange: &mut Exchange, headers: &HeaderMap) {
    for (name, value) in headers {
        if let Ok(value) = value.to_str() {
            exchange.header(name.as_str(), value);
        }
    }
}
