//! The run as a team writes it on `tracing` and `tracing-opentelemetry` alone.

use crate::futures::Polls;
use crate::{DOCUMENTS, MODEL_CALLS, Sampling, TOOL_RESULT, TOOLS};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, Sampler, SdkTracerProvider, SpanProcessor};
use tracing::field::Empty;
use tracing::{Instrument, Span, Subscriber, info_span};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;

/// Which options of the bridge are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Options {
    /// Those that it has by default, as nearly everybody uses it.
    Default,
    /// Without location, thread, target and busy time.
    Lean,
}

/// A subscriber with the bridge, whose spans go nowhere.
pub fn subscriber(options: Options, sampling: Sampling) -> impl Subscriber + Send + Sync {
    bridged(options, provider(sampling).build())
}

/// A subscriber with the bridge, whose spans go to a processor.
pub fn subscriber_with(processor: impl SpanProcessor + 'static) -> impl Subscriber + Send + Sync {
    bridged(Options::Default, provider(Sampling::All).with_span_processor(processor).build())
}

fn provider(sampling: Sampling) -> opentelemetry_sdk::trace::TracerProviderBuilder {
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(sampling.ratio())));
    SdkTracerProvider::builder().with_sampler(sampler)
}

fn bridged(options: Options, provider: SdkTracerProvider) -> impl Subscriber + Send + Sync {
    let layer = tracing_opentelemetry::layer::<Registry>().with_tracer(provider.tracer("by hand"));
    let layer = match options {
        Options::Default => layer,
        Options::Lean => {
            layer.with_location(false).with_threads(false).with_target(false).with_tracked_inactivity(false)
        }
    };
    tracing_subscriber::registry().with(layer)
}

/// The run.
pub async fn agent_run() {
    let span = info_span!(
        "agent",
        otel.name = "agent.support",
        agent.run_id = Empty,
        agent.name = Empty,
        agent.r#type = Empty,
        session.id = Empty,
        user.id = Empty,
        tenant = Empty,
        agent.stop_reason = Empty,
        agent.step_count = Empty,
        agent.llm_call_count = Empty,
        agent.token_count.total = Empty,
        cost.total_usd = Empty,
        agent.outcome = Empty,
    );
    steps().instrument(span).await;
}

async fn steps() {
    let span = Span::current();
    let run_id = RandomIdGenerator::default().new_trace_id().to_string();
    span.record("agent.run_id", run_id.as_str());
    span.record("agent.name", "support");
    span.record("agent.type", "customer_care");
    span.record("session.id", "s-42");
    span.record("user.id", "u-7");
    span.record("tenant", "acme");
    let mut tokens = 0;
    let mut usd = 0.0;
    retrieval(&run_id).await;
    for (index, (purpose, input, output, cost)) in MODEL_CALLS.into_iter().enumerate() {
        model_call(&run_id, purpose, input, output, cost).await;
        if let Some((name, id, arguments)) = TOOLS.get(index) {
            tool(&run_id, name, id, arguments).await;
        }
        tokens += input + output;
        usd += cost;
    }
    validation(&run_id).await;
    span.record("agent.stop_reason", "completed");
    span.record("agent.step_count", 7_i64);
    span.record("agent.llm_call_count", 3_i64);
    span.record("agent.token_count.total", tokens as i64);
    span.record("cost.total_usd", usd);
    span.record("agent.outcome", "ok");
}

async fn model_call(run_id: &str, purpose: &str, input: u64, output: u64, usd: f64) {
    let span = info_span!(
        "llm",
        otel.name = "llm.openai.gpt-4o",
        otel.kind = "client",
        agent.run_id = Empty,
        session.id = Empty,
        user.id = Empty,
        llm.provider = Empty,
        llm.model_name = Empty,
        llm.operation = Empty,
        llm.purpose = Empty,
        llm.token_count.prompt = Empty,
        llm.token_count.completion = Empty,
        llm.token_count.total = Empty,
        llm.finish_reason = Empty,
        llm.response.id = Empty,
        cost.self_usd = Empty,
        agent.outcome = Empty,
    );
    async {
        let span = Span::current();
        span.record("agent.run_id", run_id);
        span.record("session.id", "s-42");
        span.record("user.id", "u-7");
        span.record("llm.provider", "openai");
        span.record("llm.model_name", "gpt-4o");
        span.record("llm.operation", "chat");
        span.record("llm.purpose", purpose);
        span.record("llm.token_count.prompt", input as i64);
        span.record("llm.token_count.completion", output as i64);
        span.record("llm.token_count.total", (input + output) as i64);
        span.record("llm.finish_reason", "stop");
        span.record("llm.response.id", "chatcmpl-8f3a");
        span.record("cost.self_usd", usd);
        span.record("agent.outcome", "ok");
    }
    .instrument(span)
    .await;
}

async fn tool(run_id: &str, name: &str, id: &str, arguments: &str) {
    let span = info_span!(
        "tool",
        otel.name = format!("tool.{name}"),
        agent.run_id = Empty,
        session.id = Empty,
        user.id = Empty,
        tool.name = Empty,
        tool.call_id = Empty,
        tool.arguments_size = Empty,
        tool.result_size = Empty,
        cost.self_usd = Empty,
        agent.outcome = Empty,
    );
    async {
        let span = Span::current();
        span.record("agent.run_id", run_id);
        span.record("session.id", "s-42");
        span.record("user.id", "u-7");
        span.record("tool.name", name);
        span.record("tool.call_id", id);
        span.record("tool.arguments_size", arguments.len() as i64);
        span.record("tool.result_size", TOOL_RESULT.len() as i64);
        span.record("cost.self_usd", 0.0001);
        span.record("agent.outcome", "ok");
    }
    .instrument(span)
    .await;
}

async fn retrieval(run_id: &str) {
    let span = info_span!(
        "retrieval",
        otel.name = "retrieval.policies",
        otel.kind = "client",
        agent.run_id = Empty,
        session.id = Empty,
        user.id = Empty,
        retrieval.source = Empty,
        retrieval.top_k = Empty,
        retrieval.document_count = Empty,
        retrieval.top_score = Empty,
        agent.outcome = Empty,
    );
    async {
        let span = Span::current();
        span.record("agent.run_id", run_id);
        span.record("session.id", "s-42");
        span.record("user.id", "u-7");
        span.record("retrieval.source", "policies");
        span.record("retrieval.top_k", 5_i64);
        span.record("retrieval.document_count", DOCUMENTS.len() as i64);
        span.record("retrieval.top_score", DOCUMENTS.iter().map(|found| found.score).fold(0.0, f64::max));
        span.record("agent.outcome", "ok");
    }
    .instrument(span)
    .await;
}

async fn validation(run_id: &str) {
    let span = info_span!(
        "validation",
        otel.name = "validation.refund_policy",
        agent.run_id = Empty,
        session.id = Empty,
        user.id = Empty,
        validation.name = Empty,
        validation.passed = Empty,
        agent.outcome = Empty,
    );
    async {
        let span = Span::current();
        span.record("agent.run_id", run_id);
        span.record("session.id", "s-42");
        span.record("user.id", "u-7");
        span.record("validation.name", "refund_policy");
        span.record("validation.passed", true);
        span.record("agent.outcome", "ok");
    }
    .instrument(span)
    .await;
}

/// One span around a future that is polled `count` times.
pub async fn polled(count: u32) {
    Polls(count).instrument(info_span!("step", otel.name = "step.wait")).await;
}
