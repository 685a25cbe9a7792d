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
    let real = env::var_os("OPENAI_API_KEY").is_some_and(|key| !key.is_empty());
    let config = OpenAIConfig::new();
    Client::with_config(if real {
        config
    } else {
        config.with_api_base(scripted.base_url()).with_api_key("none")
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
    match trace_id {
        _ if report.created == 0 => {
            format!("{report}\nNothing was sent: exporters or sampling are switched off.")
        }
        Some(trace_id) if report.lost() + report.unconfirmed == 0 => {
            format!("{report}\nJaeger shows the run at http://localhost:16686/trace/{trace_id}")
        }
        _ => format!(
            "{report}\nThe run was not delivered. To see the next one in Jaeger at http://localhost:16686, start it with\n\n    \
             docker compose up -d\n"
        ),
    }
}
