//! An exporter, a provider and a tracing-opentelemetry layer of one's own, with agentspan around the exporter.
//!
//! ```text
//! cargo run --example own_provider
//! ```
//!
//! For a program that has its OpenTelemetry already. `agentspan::exporter(inner)` completes the sums, scrubs, fits and
//! translates every span before the exporter sees it, and its layer lets the program's own bridge record the steps.
//! The exporter here prints lines; a real one sends. It prints a line for each span, children first, and what became of
//! them:
//!
//! ```text
//! llm.openai.gpt-4o: chat, $0.00157
//! tool.get_weather: execute_tool, $0.0001
//! agent.weather_assistant: invoke_agent, $0.00167
//! agentspan: 3 of 3 spans delivered
//! ```

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use serde_json::json;
use tracing_subscriber::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let exporter = agentspan::exporter(Lines);
    let layer = exporter.layer();
    let report = exporter.reporter();
    let provider = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name("own-provider").build())
        .with_max_attributes_per_span(1_000) // sums are set last, and the default of 128 cuts what comes last
        .with_batch_exporter(exporter)
        .build();
    let bridge = tracing_opentelemetry::layer().with_tracer(provider.tracer("my-agent"));
    tracing_subscriber::registry().with(bridge).with(layer).init();

    agentspan::agent("weather_assistant")
        .run(async {
            agentspan::llm("openai", "gpt-4o").call(reply()).await?;
            agentspan::tool("get_weather").cost_usd(0.0001).run(async { Ok::<_, String>(4) }).await
        })
        .await?;

    provider.shutdown()?;
    println!("{}", report());
    Ok(())
}

/// Stands for a client's answer.
async fn reply() -> Result<serde_json::Value, String> {
    Ok(json!({"model": "gpt-4o-2024-08-06", "usage": {"prompt_tokens": 412, "completion_tokens": 54}}))
}

/// Prints what it is given.
#[derive(Debug)]
struct Lines;

impl SpanExporter for Lines {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        for span in batch {
            let get = |key| {
                span.attributes.iter().find(|known| known.key.as_str() == key).map(|known| &known.value)
            };
            if let (Some(operation), Some(usd)) = (get("gen_ai.operation.name"), get("cost.total_usd")) {
                println!("{}: {operation}, ${usd}", span.name);
            }
        }
        Ok(())
    }
}
