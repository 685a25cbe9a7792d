//! What an example says to a model, and what it says at its end.

use crate::OpenAi;
use agentspan::Report;
use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionMessageToolCall, ChatCompletionMessageToolCalls, CreateChatCompletionRequest,
    CreateChatCompletionResponse,
};
use serde_json::{Value, json};
use std::env;

/// A client for the real API when `OPENAI_API_KEY` is set (`OPENAI_BASE_URL` says where it is), else for `scripted`.
pub fn client(scripted: &OpenAi) -> Client<OpenAIConfig> {
    let config = OpenAIConfig::new();
    Client::with_config(match variable("OPENAI_API_KEY") {
        Some(_) => config,
        None => config.with_api_base(scripted.base_url()).with_api_key("none"),
    })
}

/// A request with the definitions of these tools, from messages as the API takes them.
///
/// # Errors
/// When the messages are not what the API takes.
pub fn request(
    model: &str,
    messages: &[Value],
    tools: &[Value],
) -> serde_json::Result<CreateChatCompletionRequest> {
    let mut request = json!({"model": model, "messages": messages});
    if !tools.is_empty() {
        request["tools"] = tools.into();
    }
    serde_json::from_value(request)
}

/// The text of a reply, empty when there is none.
pub fn text(reply: &CreateChatCompletionResponse) -> String {
    reply.choices.first().and_then(|choice| choice.message.content.clone()).unwrap_or_default()
}

/// The first tool that a reply asks for.
pub fn first_tool_call(reply: &CreateChatCompletionResponse) -> Option<&ChatCompletionMessageToolCall> {
    reply.choices.first()?.message.tool_calls.iter().flatten().find_map(|call| match call {
        ChatCompletionMessageToolCalls::Function(call) => Some(call),
        ChatCompletionMessageToolCalls::Custom(_) => None,
    })
}

/// Where to look at the trace, or how to get a place for the next one.
pub fn where_to_look(report: &Report, trace_id: Option<&str>) -> String {
    let sends = variable("OTEL_TRACES_EXPORTER").is_none_or(|exporters| exporters.contains("otlp"));
    let Some(trace_id) = trace_id.filter(|_| sends && report.created > 0) else {
        return format!("{report}\nThe environment switches sending off, so no collector has the run.");
    };
    if report.delivered < report.created {
        return format!(
            "{report}\nThe run was not delivered. Start a Jaeger for the next one, and look at http://localhost:16686:\n\n    \
             docker compose up -d"
        );
    }
    let endpoint = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
    match endpoint.into_iter().find_map(variable) {
        None => format!("{report}\nLook at it in Jaeger: http://localhost:16686/trace/{trace_id}"),
        Some(_) => format!(
            "{report}\nLook for trace {trace_id} in the viewer of the collector that the environment names."
        ),
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
