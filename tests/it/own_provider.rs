//! A provider, an exporter and a tracing-opentelemetry layer of the user's own, with ours around the exporter.

use agentspan::semconv::{agent, cost};
use opentelemetry::trace::{Status, TracerProvider};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use std::sync::{Arc, Mutex};
use tracing_subscriber::prelude::*;

#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().expect("no test panics while it holds the lock").extend(batch);
        Ok(())
    }
}

impl Kept {
    fn text(&self, span: &str, key: &str) -> Option<String> {
        let spans = self.0.lock().expect("no test panics while it holds the lock");
        let span = spans.iter().find(|known| known.name == span)?;
        let mut found = span.attributes.iter().filter(|attribute| attribute.key.as_str() == key);
        let value = found.next()?.value.to_string();
        assert!(found.next().is_none(), "{key} stands twice");
        Some(value)
    }
}

#[tokio::test]
async fn what_is_known_at_the_end_reaches_an_exporter_of_ones_own() {
    let kept = Kept::default();
    let exporter = agentspan::exporter(kept.clone());
    let (layer, report, books) = (exporter.layer(), exporter.reporter(), exporter.bookkeeper());
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).build();
    let bridge = tracing_opentelemetry::layer().with_tracer(provider.tracer("mine"));
    let guard = tracing_subscriber::registry().with(bridge).with(layer).set_default();

    let answer = agentspan::agent("support")
        .run(async {
            agentspan::tool("search").cost_usd(0.25).run(async { Ok::<_, String>(()) }).await?;
            agentspan::tool("mail").run(async { Err::<(), _>("no route".to_owned()) }).await
        })
        .await;
    assert_eq!(answer, Err("no route".to_owned()));
    drop(guard);
    provider.shutdown().expect("the exporter takes everything");

    assert_eq!(kept.text("agent.support", agent::AGENT_STOP_REASON).as_deref(), Some("tool_error"));
    assert_eq!(kept.text("agent.support", agent::AGENT_STEP_COUNT).as_deref(), Some("2"));
    assert_eq!(kept.text("agent.support", cost::COST_TOTAL_USD).as_deref(), Some("0.25"));
    assert_eq!(kept.text("agent.support", agent::AGENT_OPEN_STEP_COUNT), None);
    assert_eq!(kept.text("tool.search", agent::AGENT_OUTCOME).as_deref(), Some("ok"));
    assert_eq!(kept.text("tool.search", cost::COST_SELF_USD).as_deref(), Some("0.25"));
    let spans = kept.0.lock().expect("no test panics while it holds the lock");
    let mail = spans.iter().find(|span| span.name == "tool.mail").expect("every step is exported");
    assert!(matches!(mail.status, Status::Error { .. }));
    assert_eq!(report().to_string(), "agentspan: 3 of 3 spans delivered");
    assert_eq!(books().total.usd.to_string(), "0.25");
}

#[test]
fn a_model_call_of_another_client_has_its_figures_here_too() {
    let kept = Kept::default();
    let exporter = agentspan::exporter(kept.clone());
    let (layer, books) = (exporter.layer(), exporter.bookkeeper());
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).build();
    let bridge = tracing_opentelemetry::layer().with_tracer(provider.tracer("mine"));
    let guard = tracing_subscriber::registry().with(bridge).with(layer).set_default();
    agentspan::agent("support").in_scope(|| {
        let call = tracing::info_span!(
            "chat",
            gen_ai.provider.name = "openai",
            gen_ai.request.model = "gpt-4o",
            gen_ai.usage.input_tokens = 1_000,
            gen_ai.usage.output_tokens = 500,
        );
        call.in_scope(|| agentspan::tool("search").in_scope(|| {}));
    });
    drop(guard);
    provider.shutdown().expect("the exporter takes everything");
    assert_eq!(kept.text("chat", cost::COST_SELF_USD).as_deref(), Some("0.0075"));
    assert_eq!(kept.text("chat", "llm.token_count.prompt").as_deref(), Some("1000"));
    assert_eq!(kept.text("chat", agent::AGENT_STEP_TYPE).as_deref(), Some("llm_generate"));
    assert!(kept.text("chat", "code.line.number").is_some(), "what their bridge adds is theirs");
    assert_eq!(kept.text("agent.support", cost::COST_TOTAL_USD).as_deref(), Some("0.0075"));
    assert_eq!(kept.text("agent.support", agent::AGENT_TOOL_CALL_COUNT).as_deref(), Some("1"));
    assert_eq!(books().total.prompt_tokens, Some(1_000));
}

#[test]
fn spans_of_opentelemetry_without_tracing_parent_ours_and_are_parented_by_them() {
    use opentelemetry::Context;
    use opentelemetry::trace::{TraceContextExt, Tracer};
    let theirs = Kept::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(theirs.clone()).build();
    let tracer = provider.tracer("theirs");
    let recording = agentspan::testing::record();
    let outer = Context::current_with_span(tracer.start("outer"));
    let outer_id = outer.span().span_context().span_id().to_string();
    {
        let _attached = outer.attach();
        agentspan::agent("a").in_scope(|| {
            agentspan::tool("t").in_scope(|| drop(tracer.start("inner")));
        });
    }
    let (run, tool) = (recording.span("agent.a").unwrap(), recording.span("tool.t").unwrap());
    assert_eq!(run.parent_span_id(), Some(outer_id));
    let spans = theirs.0.lock().expect("no test panics while it holds the lock");
    assert_eq!(spans[0].name, "inner");
    assert_eq!(spans[0].parent_span_id.to_string(), tool.span_id());
    assert!(spans.iter().all(|span| span.span_context.trace_id().to_string() == run.trace_id()));
}
