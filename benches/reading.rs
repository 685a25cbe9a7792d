//! What is kept apart from recording: reading a reply, pricing it, and the cold side.
//! `cargo bench -p agentspan-benches --bench reading`.

use agentspan::Usage;
use agentspan_benches::{SPANS, Sampling, futures, ours};
use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};
use opentelemetry::Context;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, Span, SpanData, SpanExporter, SpanProcessor};
use serde_json::{Value, json};
use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing_subscriber::layer::SubscriberExt;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn reply() -> Value {
    json!({
        "id": "chatcmpl-8f3a", "object": "chat.completion", "created": 1_760_000_000,
        "model": "gpt-4o-2024-08-06", "service_tier": "default", "system_fingerprint": "fp_0a1b2c3d4e",
        "choices": [{
            "index": 0, "logprobs": null, "finish_reason": "tool_calls",
            "message": {"role": "assistant", "content": null, "refusal": null, "tool_calls": [{
                "id": "call_1", "type": "function",
                "function": {"name": "get_weather", "arguments": "{\"city\":\"Ulm\"}"},
            }]},
        }],
        "usage": {
            "prompt_tokens": 412, "completion_tokens": 54, "total_tokens": 466,
            "prompt_tokens_details": {"cached_tokens": 256, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0, "audio_tokens": 0,
                "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
            },
        },
    })
}

fn request() -> Value {
    json!({
        "model": "gpt-4o", "temperature": 0.2,
        "messages": [
            {"role": "system", "content": "You answer questions about the weather."},
            {"role": "user", "content": "Will it rain in Ulm today?"},
        ],
        "tools": [agentspan_examples::openai::tool_definition("get_weather", "The rain of today.", "city")],
    })
}

/// With the catalogue's prices.
fn in_step(bencher: Bencher<'_, '_>, sampling: Sampling, step: impl Fn()) {
    let settings = agentspan::builder().service_name("benches").with_sampling_ratio(sampling.ratio());
    let (layer, _telemetry) = settings.with_exporters([]).layer();
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || {
        agentspan::agent("support").in_scope(|| bencher.bench_local(step));
    });
}

/// The call alone, to be subtracted from the others.
#[divan::bench(args = [Sampling::All, Sampling::None])]
fn call(bencher: Bencher<'_, '_>, sampling: Sampling) {
    in_step(bencher, sampling, || agentspan::llm("openai", "gpt-4o").start().finish());
}

#[divan::bench(args = [Sampling::All, Sampling::None])]
fn call_and_request(bencher: Bencher<'_, '_>, sampling: Sampling) {
    let request = request();
    in_step(bencher, sampling, || agentspan::llm("openai", "gpt-4o").request(&request).start().finish());
}

/// A call whose tokens are told by hand, so that they need only be priced.
#[divan::bench(args = [Sampling::All, Sampling::None])]
fn call_and_price(bencher: Bencher<'_, '_>, sampling: Sampling) {
    in_step(bencher, sampling, || {
        let call = agentspan::llm("openai", "gpt-4o").start();
        call.usage(Usage::new().input(412).output(54).cache_read(256));
        call.finish();
    });
}

/// A call whose reply is read and priced.
#[divan::bench(args = [Sampling::All, Sampling::None])]
fn call_and_reply(bencher: Bencher<'_, '_>, sampling: Sampling) {
    let reply = reply();
    in_step(bencher, sampling, || {
        let call = agentspan::llm("openai", "gpt-4o").call(ready(Ok::<_, String>(&reply)));
        let _ = divan::black_box(futures::run(call));
    });
}

/// The cold side: sums, scrubbing, fitting to size and translating; runs on the export thread.
#[divan::bench]
fn export(bencher: Bencher<'_, '_>) {
    let recorded = recorded();
    let exporter = agentspan::exporter(Nowhere);
    bencher
        .counter(ItemsCount::new(SPANS))
        .with_inputs(|| recorded.clone())
        .bench_local_values(|spans| futures::run(exporter.export(spans)));
}

/// The spans of one run, as they leave the caller.
fn recorded() -> Vec<SpanData> {
    let kept = Kept::default();
    let provider = SdkTracerProvider::builder()
        .with_max_attributes_per_span(1_000)
        .with_span_processor(kept.clone())
        .build();
    let layer = agentspan::exporter(Nowhere).layer();
    let bridge = tracing_opentelemetry::layer().with_tracer(provider.tracer("benches"));
    let subscriber = tracing_subscriber::registry().with(bridge).with(layer);
    tracing::subscriber::with_default(subscriber, || futures::run(ours::agent_run()));
    let mut spans = kept.0.lock().expect("no other thread has it");
    std::mem::take(&mut *spans)
}

/// Keeps what ends.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanProcessor for Kept {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.lock().expect("no other thread has it").push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Takes batches and forgets them.
#[derive(Debug)]
struct Nowhere;

impl SpanExporter for Nowhere {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}
