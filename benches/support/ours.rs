//! The same run with agentspan.

use crate::futures::Polls;
use crate::{DOCUMENTS, MODEL_CALLS, Sampling, TOOL_RESULT, TOOLS};
use agentspan::{Rates, Telemetry, TelemetryBuilder, Usage};
use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;

/// The settings that every bench of recording shares.
///
/// The price of the one model is given by hand: what the catalogue costs is measured apart.
pub fn settings(sampling: Sampling) -> TelemetryBuilder {
    agentspan::builder()
        .service_name("benches")
        .with_price("gpt-4o", Rates::per_million(2.5, 10.0))
        .with_sampling_ratio(sampling.ratio())
}

/// A subscriber with agentspan's layer, whose spans go nowhere.
pub fn subscriber(sampling: Sampling) -> (impl Subscriber + Send + Sync, Telemetry) {
    let (layer, telemetry) = settings(sampling).with_exporters([]).layer();
    (tracing_subscriber::registry().with(layer), telemetry)
}

/// The run.
pub async fn agent_run() {
    agentspan::agent("support")
        .agent_type("customer_care")
        .session("s-42")
        .user("u-7")
        .tag("tenant", "acme")
        .run(steps())
        .await
        .expect("the run succeeds");
}

async fn steps() -> Result<(), String> {
    retrieval().await?;
    for (index, (purpose, input, output, _)) in MODEL_CALLS.into_iter().enumerate() {
        model_call(purpose, input, output).await?;
        if let Some((name, id, arguments)) = TOOLS.get(index) {
            tool(name, id, arguments).await?;
        }
    }
    validation().await
}

async fn model_call(purpose: &str, input: u64, output: u64) -> Result<(), String> {
    let call = agentspan::llm("openai", "gpt-4o").purpose(purpose).start();
    call.within(async {
        agentspan::current()
            .usage(Usage::new().input(input).output(output))
            .attribute("llm.finish_reason", "stop")
            .attribute("llm.response.id", "chatcmpl-8f3a");
    })
    .await;
    call.finish();
    Ok(())
}

async fn tool(name: &str, id: &str, arguments: &str) -> Result<(), String> {
    agentspan::tool(name)
        .call_id(id)
        .arguments(arguments)
        .cost_usd(0.0001)
        .run(async {
            agentspan::current().result(TOOL_RESULT);
            Ok(())
        })
        .await
}

async fn retrieval() -> Result<(), String> {
    agentspan::retrieval("policies")
        .top_k(5)
        .run(async {
            agentspan::current().documents(&DOCUMENTS);
            Ok(())
        })
        .await
}

async fn validation() -> Result<(), String> {
    agentspan::validation("refund_policy")
        .run(async {
            agentspan::current().passed(true);
            Ok(())
        })
        .await
}

/// One step around a future that is polled `count` times.
pub async fn polled(count: u32) {
    agentspan::step("wait").run_ok(Polls(count)).await;
}
