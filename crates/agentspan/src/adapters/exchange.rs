//! One HTTP exchange, as any client can tell of it.

use crate::propagation::{WriteCarrier, inject_to};
use crate::span::{
    Begin, Close, Failure, FailureRecord, ModelExchange, Node, Server, SpanHandle, embedding, llm,
};
use crate::usage::{Endpoint, Endpoints, ReplyReader};
use agentspan_semconv::{Operation, llm as names};
use std::sync::Arc;

mod attempts;
mod plain;

use attempts::{Attempt, Attempts};
use plain::Plain;
#[cfg(feature = "rmcp")]
pub(super) use plain::{server_of, without_secrets};

/// Says which requests are model calls, and begins an [`Exchange`] for each request of a client.
///
/// ```
/// use agentspan::adapters::Observer;
///
/// let observer = Observer::new();
/// let request = br#"{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}"#;
/// let mut exchange = observer.begin("POST", "https://api.openai.com/v1/chat/completions", Some(request));
/// // … the request is sent …
/// exchange.answered(200);
/// for piece in [r#"{"model": "gpt-4o", "usage": {"prompt_tokens": 9,"#, r#" "completion_tokens": 1}}"#] {
///     exchange.push(piece.as_bytes());
/// }
/// exchange.finish();
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Observer {
    endpoints: Arc<Endpoints>,
}

impl Observer {
    /// Recognises the known hosts, and any path that has OpenAI's shape.
    pub fn new() -> Self {
        Self::default()
    }

    /// Recognises hosts of your own as well, such as a gateway. Default: none.
    pub fn with_endpoints(self, endpoints: Endpoints) -> Self {
        Self { endpoints: Arc::new(endpoints) }
    }

    /// Begins the exchange of one request, in the current step.
    ///
    /// A recognised model call is an llm or embedding span, or tells the step of a model call around it. Any other request
    /// is a plain client span by OpenTelemetry's conventions for HTTP, with a URL without user name and query. The same
    /// URL again inside [`within`](Exchange::within) of an exchange is an attempt of that one, and no span. `body` is the
    /// request's JSON, when it is at hand.
    pub fn begin(&self, method: &str, url: &str, body: Option<&[u8]>) -> Exchange {
        let endpoint = self.endpoints.recognise(method, url);
        let around = Attempts::around();
        let outer = around.as_ref().and_then(|around| around.call().cloned());
        if let Some(around) = around.filter(|around| around.url() == url) {
            let attempt = Attempt::begin(around.clone(), endpoint.as_ref());
            return Exchange { kind: Kind::Attempt(attempt), attempts: around };
        }
        let kind = match endpoint.filter(|endpoint| method == "POST" && endpoint.operation.is_some()) {
            Some(endpoint) => Kind::Call(call(&endpoint, url, body, outer.as_ref())),
            None => Kind::Plain(Plain::begin(method, url)),
        };
        let handle = match &kind {
            Kind::Call(call) => SpanHandle { node: Some(call.node().clone()) },
            _ => SpanHandle { node: None },
        };
        let call = handle.node.clone().or(outer);
        Exchange { attempts: Arc::new(Attempts::new(url, handle, call)), kind }
    }
}

/// The word for a provider or a model that neither the URL nor the request names.
const UNKNOWN: &str = "unknown";

fn call(endpoint: &Endpoint, url: &str, body: Option<&[u8]>, outer: Option<&Arc<Node>>) -> ModelExchange {
    let provider = endpoint.provider.as_deref().unwrap_or(UNKNOWN);
    let reader = || ReplyReader::new(provider);
    let request = body.and_then(|body| std::str::from_utf8(body).ok());
    let (address, port) = plain::server_of(url);
    if let Some(joined) = ModelExchange::joined(reader, outer) {
        joined.requested(request, Server::new(address, port));
        return joined;
    }
    let model = endpoint.model.as_deref().unwrap_or(UNKNOWN);
    let requested = || request.and_then(|body| crate::usage::with_json(body, crate::usage::requested_model)?);
    let model = match endpoint.model {
        Some(_) => model.to_owned(),
        None => requested().unwrap_or_else(|| model.to_owned()),
    };
    let operation = endpoint.well_known_operation();
    let step = if operation == Some(Operation::Embeddings) {
        let mut builder = embedding(provider, model).server(address, port);
        if let Some(request) = request {
            builder = builder.request(request);
        }
        builder.begin()
    } else {
        let mut builder =
            llm(provider, model).server(address, port).operation(operation.unwrap_or(Operation::Chat));
        if let Some(request) = request {
            builder = builder.request(request);
        }
        builder.begin()
    };
    if let (None, Some(own)) = (operation, &endpoint.operation) {
        step.0.node.set(opentelemetry::KeyValue::new(names::LLM_OPERATION, own.clone()));
    }
    ModelExchange::own(step.0, reader())
}

/// One request and its reply. It is told what happens, in this order: [`within`](Self::within) while the request is sent,
/// [`answered`](Self::answered), [`header`](Self::header), [`push`](Self::push), and [`finish`](Self::finish) or
/// [`fail`](Self::fail).
///
/// Dropped before its end, it was abandoned by the caller, and so it is recorded, unless the reply was whole by then.
#[derive(Debug)]
#[must_use = "an exchange that is dropped at once was abandoned"]
pub struct Exchange {
    kind: Kind,
    attempts: Arc<Attempts>,
}

#[derive(Debug)]
enum Kind {
    Call(ModelExchange),
    Attempt(Attempt),
    Plain(Plain),
    Over,
}

impl Exchange {
    /// Writes the trace's context into the request, as [`inject_to`](crate::inject_to) does for its URL: what travels to
    /// whom is said by [`Propagation`](crate::Propagation), and known model providers get nothing by default.
    pub fn inject<C: WriteCarrier + ?Sized>(&self, carrier: &mut C) {
        self.within(|| inject_to(self.attempts.url(), carrier));
    }

    /// Runs `work`, which sends the request or polls its future, inside the span.
    pub fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        let inside = || {
            let _attached = self.attempts.clone().attach();
            work()
        };
        match &self.kind {
            Kind::Call(call) => call.scope(inside),
            Kind::Plain(plain) => plain.scope(inside),
            Kind::Attempt(_) | Kind::Over => inside(),
        }
    }

    /// The status of the response, when its head has come.
    pub fn answered(&mut self, status: u16) {
        match &mut self.kind {
            Kind::Call(call) => call.answered(status),
            Kind::Plain(plain) => plain.answered(status),
            Kind::Attempt(attempt) => attempt.answered(status),
            Kind::Over => {}
        }
    }

    /// One header of the response, or one trailer behind its body, where gRPC says how a call ended. Few matter; it does
    /// no harm to tell all.
    pub fn header(&mut self, name: &str, value: &str) {
        match &mut self.kind {
            Kind::Call(call) => call.header(name, value),
            Kind::Attempt(attempt) => attempt.header(name, value),
            Kind::Plain(plain) => plain.header(name, value),
            Kind::Over => {}
        }
    }

    /// A piece of the response's body, in any cut. It is read and not kept.
    pub fn push(&mut self, bytes: &[u8]) {
        match &mut self.kind {
            Kind::Call(call) => call.push(bytes),
            Kind::Attempt(attempt) => attempt.push(bytes),
            Kind::Plain(_) | Kind::Over => {}
        }
    }

    /// The response's body has ended.
    pub fn finish(mut self) {
        self.close(Close::Ended);
    }

    /// Request or body failed. What the provider said in an attempt before comes first.
    pub fn fail<E: Failure<K>, K>(self, error: &E) {
        self.fail_with(error.record());
    }

    pub(crate) fn fail_with(mut self, failure: FailureRecord) {
        self.close(Close::Failed(failure));
    }

    fn close(&mut self, close: Close) {
        match std::mem::replace(&mut self.kind, Kind::Over) {
            Kind::Call(call) => call.close(match close {
                Close::Failed(failure) => Close::Failed(self.attempts.explain(failure)),
                other => other,
            }),
            Kind::Attempt(attempt) => attempt.close(close),
            Kind::Plain(plain) => plain.close(close),
            Kind::Over => {}
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.close(Close::Dropped);
    }
}
