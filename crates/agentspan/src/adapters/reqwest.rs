//! What the adapters share that stand on reqwest.

use crate::adapters::body::observe;
use crate::adapters::{Exchange, Observer};
use reqwest::{Body, Request, Response, ResponseBuilderExt};

/// Begins the exchange of a request, and gives the request the context that it may carry.
pub(super) fn begin(observer: &Observer, request: &mut Request) -> Exchange {
    let body = request.body().and_then(Body::as_bytes);
    let exchange = observer.begin(request.method().as_str(), request.url().as_str(), body);
    exchange.inject(request.headers_mut());
    exchange
}

/// Puts an exchange around the body of a response, which is otherwise the same, but that reqwest puts the errors of its body
/// into one or two more of its own, of the same kind and with the same causes.
pub(super) fn observed(exchange: Exchange, response: Response) -> Response {
    let url = response.url().clone();
    let response = observe(exchange, http::Response::<Body>::from(response));
    let mut response = response.map(Body::wrap);
    // What became of the URL on the way depends on reqwest's version; without it a made-up one would stand there.
    if let Ok(of_url) = http::Response::builder().url(url).body(()) {
        response.extensions_mut().extend(of_url.into_parts().0.extensions);
    }
    response.into()
}
