//! OTel's GenAI conventions.

use agentspan_semconv::gen_ai::{self, *};
use agentspan_semconv::{FinishClass, Operation, agent, error, llm, provider, server, table, user};
use opentelemetry::{Array, StringValue, Value};

use super::messages;
use super::request;
use super::span::{Kind, Span};

/// Adds the names of OTel's GenAI conventions; `cache_creation` adds the older name of cache writes as well.
pub(super) fn add(span: &mut Span<'_>, cache_creation: bool) {
    if let Some(operation) = operation(span) {
        span.add(GEN_AI_OPERATION_NAME, operation.to_owned());
    }
    for pair in span.attributes() {
        let Some(row) = table::find(pair.key.as_str()) else { continue };
        match row.name {
            // Both say what is done, and neither says it in OTel's words: see `operation`.
            agent::AGENT_STEP_TYPE | llm::LLM_OPERATION => {}
            llm::LLM_PROVIDER => add_provider(span),
            llm::LLM_INVOCATION_PARAMETERS => request::add(span),
            llm::LLM_FINISH_REASON => {
                if let Some(reason) = span.text(row.name) {
                    let reasons = vec![StringValue::from(reason.to_owned())];
                    span.add(GEN_AI_RESPONSE_FINISH_REASONS, Value::Array(Array::String(reasons)));
                }
            }
            llm::LLM_INPUT_MESSAGES => span.rename(row.name, GEN_AI_INPUT_MESSAGES, None),
            llm::LLM_SYSTEM_INSTRUCTIONS => span.rename(row.name, GEN_AI_SYSTEM_INSTRUCTIONS, None),
            llm::LLM_TOOL_DEFINITIONS => span.rename(row.name, GEN_AI_TOOL_DEFINITIONS, None),
            llm::LLM_OUTPUT_MESSAGES => {
                let text = span.text(row.name).unwrap_or_default();
                let completed = messages::with_finish_reason(text, finish_reason(span));
                span.rename(row.name, GEN_AI_OUTPUT_MESSAGES, completed.map(Value::from));
            }
            user::USER_QUERY => {
                if let Some(text) = span.text(row.name) {
                    span.add(GEN_AI_INPUT_MESSAGES, messages::from_user(text));
                }
            }
            agent::AGENT_RESULT => {
                if let Some(text) = span.text(row.name) {
                    let failed = span.has(error::ERROR_TYPE);
                    let reason = if failed { FinishClass::Error } else { FinishClass::Stop };
                    span.add(GEN_AI_OUTPUT_MESSAGES, messages::from_assistant(text, reason.as_str()));
                }
            }
            // The convention sets it only when it is true.
            llm::LLM_STREAMING if pair.value != Value::Bool(true) => {}
            llm::LLM_SERVICE_TIER if !speaks_openai(span) => {}
            llm::LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_WRITE if span.is_model_call() => {
                span.add(GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS, pair.value.clone());
                if cache_creation {
                    span.add(GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS, pair.value.clone());
                }
            }
            name if name.starts_with("llm.token_count.") && !span.is_model_call() => {}
            _ => {
                for name in row.gen_ai {
                    span.add(*name, pair.value.clone());
                }
            }
        }
    }
}

/// The word of `gen_ai.operation.name`, or `None` where OTel has none.
pub(super) fn operation<'a>(span: &Span<'a>) -> Option<&'a str> {
    Some(match span.kind()? {
        Kind::Run => "invoke_agent",
        Kind::Llm => span.text(llm::LLM_OPERATION).unwrap_or(Operation::Chat.as_str()),
        Kind::Embedding => Operation::Embeddings.as_str(),
        Kind::Tool => "execute_tool",
        Kind::Retrieval => "retrieval",
        Kind::Reasoning => "plan",
        Kind::Validation | Kind::Other => return None,
    })
}

/// Whether `openai.*` names fit: the interface is OpenAI's, or nobody knows whose it is.
pub(super) fn speaks_openai(span: &Span<'_>) -> bool {
    let row = span.text(llm::LLM_PROVIDER).and_then(provider::find);
    row.is_none_or(|row| row.llm_system == "openai")
}

fn add_provider(span: &mut Span<'_>) {
    let Some(word) = span.text(llm::LLM_PROVIDER) else { return };
    let host = span.text(server::SERVER_ADDRESS).unwrap_or_default();
    // Two pairs of OTel's words share one canonical word; the host that was called tells them apart.
    let word = match word {
        "google" if host.ends_with("aiplatform.googleapis.com") => "gcp.vertex_ai",
        "azure" if host.ends_with(".models.ai.azure.com") => "azure.ai.inference",
        word => word,
    };
    span.add(gen_ai::GEN_AI_PROVIDER_NAME, provider::gen_ai_name(word).into_owned());
}

/// Why the model stopped, for the messages of the reply: OTel's word, else the provider's own.
fn finish_reason<'a>(span: &Span<'a>) -> &'a str {
    span.text(llm::LLM_FINISH_CLASS)
        .or_else(|| span.text(llm::LLM_FINISH_REASON))
        .unwrap_or_else(|| if span.has(error::ERROR_TYPE) { FinishClass::Error.as_str() } else { "unknown" })
}
