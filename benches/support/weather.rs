//! The whole weather agent over HTTP, against a scripted server without delays, with and without agentspan.

use agentspan_examples::weather;
use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::chat::{CreateChatCompletionRequest, CreateChatCompletionResponse};
use serde_json::{Value, json};

/// The agent: a client and what it asks for.
#[derive(Debug)]
pub struct Agent {
    client: Client<OpenAIConfig>,
    question: CreateChatCompletionRequest,
    with_rain: CreateChatCompletionRequest,
}

impl Agent {
    /// An agent that asks the scripted server at that address.
    pub fn new(base_url: String) -> Self {
        let config = OpenAIConfig::new().with_api_base(base_url).with_api_key("none");
        let request = |json: Value| serde_json::from_value(json).expect("the request is a valid one");
        Self {
            client: Client::with_config(config),
            question: request(question()),
            with_rain: request(with_rain()),
        }
    }

    /// A run without any telemetry.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn plain(&self) -> Result<String, OpenAIError> {
        let reply = self.client.chat().create(self.question.clone()).await?;
        std::hint::black_box(&reply);
        std::hint::black_box(get_weather().await?);
        let reply = self.client.chat().create(self.with_rain.clone()).await?;
        Ok(text(reply))
    }

    /// A run with agentspan.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn traced(&self) -> Result<String, OpenAIError> {
        agentspan::agent("weather_assistant")
            .session("s-42")
            .user("u-7")
            .query("Will it rain in Ulm today?")
            .tag("tenant", "acme")
            .run(self.traced_steps())
            .await
    }

    async fn traced_steps(&self) -> Result<String, OpenAIError> {
        let reply = agentspan::llm("openai", "gpt-4o")
            .purpose("intent_analysis")
            .request(&self.question)
            .call(self.client.chat().create(self.question.clone()))
            .await?;
        std::hint::black_box(&reply);
        let rain = agentspan::tool(weather::TOOL)
            .call_id("call_1")
            .arguments(r#"{"city":"Ulm"}"#)
            .cost_usd(0.0001)
            .run(get_weather())
            .await?;
        std::hint::black_box(rain);
        let reply = agentspan::llm("openai", "gpt-4o-mini")
            .purpose("response_format")
            .request(&self.with_rain)
            .call(self.client.chat().create(self.with_rain.clone()))
            .await?;
        Ok(text(reply))
    }
}

fn text(reply: CreateChatCompletionResponse) -> String {
    reply.choices.into_iter().find_map(|choice| choice.message.content).unwrap_or_default()
}

async fn get_weather() -> Result<f64, OpenAIError> {
    tokio::task::yield_now().await;
    Ok(4.0)
}

fn question() -> Value {
    json!({
        "model": "gpt-4o",
        "temperature": 0.2,
        "messages": [
            {"role": "system", "content": "You answer questions about the weather."},
            {"role": "user", "content": "Will it rain in Ulm today?"},
        ],
        "tools": [agentspan_examples::openai::tool_definition(weather::TOOL, "The rain of today.", "city")],
    })
}

fn with_rain() -> Value {
    let arguments = json!({"city": "Ulm"}).to_string();
    let call = json!({
        "id": "call_1", "type": "function",
        "function": {"name": weather::TOOL, "arguments": arguments},
    });
    json!({
        "model": "gpt-4o-mini",
        "messages": [
            {"role": "user", "content": "Will it rain in Ulm today?"},
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": "4 mm"},
        ],
    })
}
