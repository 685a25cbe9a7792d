//! The worker: takes questions from the queue, asks a model, and calls the tool that the model asks for.

use crate::{AppError, told_to_end};
use agentspan::adapters::rmcp::ToolClient;
use agentspan::adapters::{Observer, async_openai::observing};
use agentspan::usage::Endpoints;
use agentspan_examples::{client, first_tool_call, request, text, weather};
use async_openai::{Client, config::OpenAIConfig};
use futures_util::StreamExt;
use rmcp::model::CallToolRequestParams;
use rmcp::service::{RoleClient, RunningService, ServiceExt};
use rmcp::transport::TokioChildProcess;
use serde_json::json;
use std::pin::pin;
use tokio::process::Command;

type Tools = RunningService<RoleClient, ()>;

pub(crate) async fn run() -> Result<(), AppError> {
    let telemetry = crate::telemetry("worker");
    let server = weather::quick_server()?;
    let observer = Observer::new().with_endpoints(Endpoints::new().rule("127.0.0.1", "openai"));
    let model = client(&server).with_http_service(observing(observer, Default::default()));

    let mut command = Command::new(std::env::current_exe()?);
    command.arg("tool");
    let tools = ().serve(TokioChildProcess::new(command)?).await?;

    let nats = async_nats::connect(std::env::var("NATS_URL")?).await?;
    let mut questions = nats.subscribe("questions").await?;
    nats.flush().await?;
    println!("ready");
    let mut told = pin!(told_to_end());
    loop {
        let message = tokio::select! {
            () = &mut told => break,
            message = questions.next() => message.ok_or("the queue has ended")?,
        };
        let question = String::from_utf8_lossy(&message.payload).into_owned();
        let run = agentspan::agent("rain_expert").query(&question);
        let sender = agentspan::extract(&message.headers);
        let answer = sender.within(run.run(answer(&model, &tools, &question))).await;
        let answer = answer.unwrap_or_else(|error| format!("nobody knows: {error}"));
        if let Some(asker) = message.reply {
            nats.publish(asker, answer.into()).await?;
        }
    }
    nats.flush().await?;
    tools.cancel().await?;
    eprintln!("worker: {}", telemetry.shutdown());
    Ok(())
}

async fn answer(model: &Client<OpenAIConfig>, tools: &Tools, question: &str) -> Result<String, AppError> {
    let mut messages = vec![json!({"role": "user", "content": question})];
    let reply = model.chat().create(request("gpt-4o", &messages, &[weather::definition()])?).await?;
    let Some(call) = first_tool_call(&reply) else { return Ok(text(&reply)) };

    let mut params = CallToolRequestParams::new(call.function.name.clone());
    params.arguments = serde_json::from_str(&call.function.arguments)?;
    let server = ToolClient::of_child();
    // The step says which model call asked; without it the call would have a span all the same.
    let found = agentspan::tool(&call.function.name)
        .call_id(&call.id)
        .run(server.call_tool(params, |params| tools.call_tool(params)))
        .await?;

    messages.push(json!(reply.choices[0].message));
    let found = serde_json::to_string(&found.content)?;
    messages.push(json!({"role": "tool", "tool_call_id": call.id, "content": found}));
    Ok(text(&model.chat().create(request("gpt-4o-mini", &messages, &[])?).await?))
}
