//! What it costs to carry context, beside the propagators of the SDK, and to observe an HTTP exchange, beside the bare
//! one: `cargo bench -p agentspan-benches --features tower --bench carrying`.

use agentspan::adapters::tower::ClientLayer;
use agentspan::propagation::W3c;
use agentspan_benches::{Sampling, futures, ours};
use bytes::Bytes;
use divan::{AllocProfiler, Bencher, black_box};
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use opentelemetry::propagation::{TextMapCompositePropagator, TextMapPropagator};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const CHUNKS: usize = 1_000;

fn main() {
    divan::main();
}

/// Headers as they come from elsewhere.
const CARRIED: [Carried; 3] = [Carried::Parent, Carried::State, Carried::Baggage];

#[derive(Debug, Clone, Copy)]
enum Carried {
    /// `traceparent` alone.
    Parent,
    /// With three members of `tracestate`.
    State,
    /// With these, and five entries of baggage.
    Baggage,
}

impl Carried {
    fn headers(self) -> HashMap<String, String> {
        let all = [
            ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03"),
            ("tracestate", "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7,vendor=1-4-9"),
            ("baggage", "tenant=acme,region=eu%20west,release=2026-11-21,tier=gold;ttl=3,request=7f3a"),
        ];
        let count = self as usize + 1;
        all.into_iter().take(count).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

fn sdk() -> TextMapCompositePropagator {
    let both: Vec<Box<dyn TextMapPropagator + Send + Sync>> =
        vec![Box::new(TraceContextPropagator::new()), Box::new(BaggagePropagator::new())];
    TextMapCompositePropagator::new(both)
}

fn extract_with(bencher: Bencher<'_, '_>, carried: Carried, propagator: &impl TextMapPropagator) {
    let headers = carried.headers();
    let nothing = opentelemetry::Context::new();
    bencher.bench_local(|| propagator.extract_with_context(&nothing, black_box(&headers)));
}

#[divan::bench(args = CARRIED)]
fn extract_with_agentspan(bencher: Bencher<'_, '_>, carried: Carried) {
    extract_with(bencher, carried, &W3c::new());
}

#[divan::bench(args = CARRIED)]
fn extract_with_sdk(bencher: Bencher<'_, '_>, carried: Carried) {
    extract_with(bencher, carried, &sdk());
}

fn inject_with(bencher: Bencher<'_, '_>, carried: Carried, propagator: &impl TextMapPropagator) {
    let context = W3c::new().extract(&carried.headers());
    bencher.bench_local(|| {
        let mut headers = HashMap::<String, String>::with_capacity(3);
        propagator.inject_context(black_box(&context), &mut headers);
        headers
    });
}

#[divan::bench(args = CARRIED)]
fn inject_with_agentspan(bencher: Bencher<'_, '_>, carried: Carried) {
    inject_with(bencher, carried, &W3c::new());
}

#[divan::bench(args = CARRIED)]
fn inject_with_sdk(bencher: Bencher<'_, '_>, carried: Carried) {
    inject_with(bencher, carried, &sdk());
}

/// As users do it, from and to the headers of `http`: with what their settings say of who is served.
#[divan::bench(args = CARRIED)]
fn extract_from_headers(bencher: Bencher<'_, '_>, carried: Carried) {
    let headers = HeaderMap::try_from(&carried.headers()).expect("they are valid headers");
    in_run(Sampling::All, || bencher.bench_local(|| agentspan::extract(black_box(&headers))));
}

#[divan::bench]
fn inject_to_headers(bencher: Bencher<'_, '_>) {
    in_run(Sampling::All, || {
        bencher.bench_local(|| {
            let mut headers = HeaderMap::new();
            agentspan::inject_to(black_box("https://tools.corp.example/search"), &mut headers);
            headers
        });
    });
}

fn in_run(sampling: Sampling, work: impl FnOnce()) {
    let (subscriber, _telemetry) = ours::subscriber(sampling);
    tracing::subscriber::with_default(subscriber, || agentspan::agent("support").in_scope(work));
}

/// What is asked for, and in which pieces the answer comes.
#[derive(Debug, Clone, Copy)]
enum Asked {
    /// No model call.
    Plain,
    /// A model call that is answered whole.
    Whole,
    /// A model call that is answered in a thousand chunks.
    Stream,
}

const ASKED: [Asked; 3] = [Asked::Plain, Asked::Whole, Asked::Stream];

impl Asked {
    fn url(self) -> &'static str {
        match self {
            Self::Plain => "https://weather.corp.example/rain",
            Self::Whole | Self::Stream => "https://api.openai.com/v1/chat/completions",
        }
    }

    fn request(self) -> Request<Full<Bytes>> {
        let body = json!({"model": "gpt-4o", "stream": matches!(self, Self::Stream), "messages": [
            {"role": "system", "content": "You answer questions about the weather."},
            {"role": "user", "content": "Will it rain in Ulm today?"},
        ]});
        let request = Request::post(self.url()).header("content-type", "application/json");
        request.body(Full::from(body.to_string())).expect("a request")
    }

    fn pieces(self) -> Vec<Bytes> {
        let usage = json!({"prompt_tokens": 412, "completion_tokens": 54, "total_tokens": 466});
        let end = |text: &str| {
            json!({"id": "chatcmpl-8f3a", "object": "chat.completion", "created": 1,
            "model": "gpt-4o-2024-08-06", "choices": [{"index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": text}}], "usage": usage})
        };
        match self {
            Self::Plain => vec![Bytes::from_static(b"{\"rain_mm\":4}")],
            Self::Whole => vec![end("Yes, take an umbrella.").to_string().into()],
            Self::Stream => (0..CHUNKS).map(chunk).map(|chunk| format!("data: {chunk}\n\n").into()).collect(),
        }
    }
}

fn chunk(number: usize) -> Value {
    let last = number + 1 == CHUNKS;
    let mut chunk = json!({"id": "chatcmpl-8f3a", "object": "chat.completion.chunk", "created": 1,
        "model": "gpt-4o-2024-08-06", "system_fingerprint": "fp_0a1b2c3d4e", "choices": [{"index": 0,
        "delta": {"content": " rain"}, "logprobs": null, "finish_reason": null}], "usage": null});
    if last {
        chunk["usage"] = json!({"prompt_tokens": 412, "completion_tokens": 998, "total_tokens": 1_410});
        chunk["choices"][0]["finish_reason"] = "stop".into();
    }
    chunk
}

/// A server that has all its answer at hand.
#[derive(Debug, Clone)]
struct Answering(Vec<Bytes>);

impl Service<Request<Full<Bytes>>> for Answering {
    type Response = Response<Pieces>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Pieces>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        drop(black_box(request));
        let mut response = Response::new(Pieces(self.0.clone().into_iter()));
        for (name, value) in
            [("content-type", "application/json"), ("x-request-id", "req_1"), ("server", "bench")]
        {
            response.headers_mut().insert(name, http::HeaderValue::from_static(value));
        }
        ready(Ok(response))
    }
}

/// A body whose length nobody knows.
#[derive(Debug)]
struct Pieces(std::vec::IntoIter<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.next().map(|piece| Ok(Frame::data(piece))))
    }
}

/// Sends the request and reads the answer to its end.
fn exchange<S, B>(bencher: Bencher<'_, '_>, asked: Asked, mut client: S)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes, Error = Infallible> + Unpin,
{
    bencher.with_inputs(|| asked.request()).bench_local_values(|request| {
        futures::run(async {
            let mut body =
                client.call(request).await.map(Response::into_body).unwrap_or_else(|never| match never {});
            while let Some(frame) = body.frame().await {
                black_box(frame.is_ok());
            }
        });
    });
}

#[divan::bench(args = ASKED)]
fn exchange_bare(bencher: Bencher<'_, '_>, asked: Asked) {
    exchange(bencher, asked, Answering(asked.pieces()));
}

#[divan::bench(args = ASKED)]
fn exchange_observed(bencher: Bencher<'_, '_>, asked: Asked) {
    let client = ClientLayer::new().layer(Answering(asked.pieces()));
    in_run(Sampling::All, || exchange(bencher, asked, client));
}

#[divan::bench(args = ASKED)]
fn exchange_observed_at_ratio_0(bencher: Bencher<'_, '_>, asked: Asked) {
    let client = ClientLayer::new().layer(Answering(asked.pieces()));
    in_run(Sampling::None, || exchange(bencher, asked, client));
}

/// What reading the JSON of a thousand chunks costs by itself, into a value that borrows nothing.
#[divan::bench]
fn json_of_a_stream(bencher: Bencher<'_, '_>) {
    let chunks: Vec<_> = (0..CHUNKS).map(|number| chunk(number).to_string()).collect();
    bencher.bench_local(|| {
        for chunk in &chunks {
            let value: Result<Value, _> = serde_json::from_str(black_box(chunk));
            drop(black_box(value));
        }
    });
}
