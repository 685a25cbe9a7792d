//! OpenInference.

use agentspan_semconv::openinference::*;
use agentspan_semconv::{
    ValidationKind, agent, cost, llm, provider, retrieval, table, tool, user, validation,
};
use serde::de::IgnoredAny;

use super::flatten;
use super::span::{Kind, Span};

/// Adds the names of OpenInference.
pub(super) fn add(span: &mut Span<'_>) {
    if let Some(kind) = span_kind(span) {
        span.add(OPENINFERENCE_SPAN_KIND, kind);
    }
    for pair in span.attributes() {
        let Some(row) = table::find(pair.key.as_str()) else { continue };
        match row.name {
            agent::AGENT_STEP_TYPE => {}
            agent::AGENT_RUN_ID => {
                if let Some(run_id) = span.text(row.name) {
                    span.add(METADATA, serde_json::json!({ agent::AGENT_RUN_ID: run_id }).to_string());
                }
            }
            llm::LLM_PROVIDER => add_system(span),
            llm::LLM_MODEL_NAME => {
                if span.kind() == Some(Kind::Embedding) {
                    span.add(EMBEDDING_MODEL_NAME, pair.value.clone());
                }
            }
            user::USER_QUERY | retrieval::RETRIEVAL_QUERY | tool::TOOL_ARGUMENTS => {
                add_value(span, row.name, INPUT_VALUE, INPUT_MIME_TYPE);
            }
            agent::AGENT_RESULT | tool::TOOL_RESULT => {
                add_value(span, row.name, OUTPUT_VALUE, OUTPUT_MIME_TYPE)
            }
            llm::LLM_INPUT_MESSAGES | llm::LLM_SYSTEM_INSTRUCTIONS => flatten::input_messages(span),
            llm::LLM_OUTPUT_MESSAGES => flatten::output_messages(span),
            llm::LLM_TOOL_DEFINITIONS => flatten::tool_definitions(span),
            retrieval::RETRIEVAL_DOCUMENTS => flatten::documents(span),
            cost::COST_SELF_USD | tool::TOOL_COST_USD => add_total_cost(span),
            cost::COST_AUDIO_USD => add_audio_cost(span),
            name if name.starts_with("cost.") && !span.is_model_call() => {}
            _ => {
                for name in row.openinference {
                    span.add(*name, pair.value.clone());
                }
            }
        }
    }
}

/// The word of `openinference.span.kind`; spans that are neither ours nor of a known convention get none.
fn span_kind(span: &Span<'_>) -> Option<&'static str> {
    Some(match span.kind()? {
        Kind::Run => "AGENT",
        Kind::Llm => "LLM",
        Kind::Embedding => "EMBEDDING",
        Kind::Tool => "TOOL",
        Kind::Retrieval => "RETRIEVER",
        Kind::Validation => {
            let evaluates =
                span.text(validation::VALIDATION_KIND) == Some(ValidationKind::Evaluator.as_str());
            if evaluates { "EVALUATOR" } else { "GUARDRAIL" }
        }
        Kind::Reasoning | Kind::Other => "CHAIN",
    })
}

/// The family of the interface, which OpenInference demands on model calls and forbids on embeddings.
fn add_system(span: &mut Span<'_>) {
    if span.kind() != Some(Kind::Llm) {
        return;
    }
    let model = span.text(llm::LLM_MODEL_NAME).or_else(|| span.text(llm::LLM_REQUEST_MODEL_NAME));
    if let Some(word) = span.text(llm::LLM_PROVIDER) {
        span.add(LLM_SYSTEM, provider::llm_system(word, model.unwrap_or_default()).into_owned());
    }
}

/// A value with its type beside it. A type must not stand beside a value that was there before.
fn add_value(span: &mut Span<'_>, from: &str, value_name: &'static str, type_name: &'static str) {
    let Some(text) = span.text(from).filter(|_| !span.has(value_name)) else { return };
    let is_json = matches!(from, tool::TOOL_ARGUMENTS | tool::TOOL_RESULT) && is_json(text);
    span.add(value_name, text.to_owned());
    span.add(type_name, if is_json { "application/json" } else { "text/plain" });
    if from == tool::TOOL_ARGUMENTS && is_json {
        span.add(TOOL_PARAMETERS, text.to_owned());
    }
}

/// Whether a text is a JSON object or list. A bare number or word is better shown as text.
fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Viewers sum `llm.cost.total` over all spans, so it stands only where the cost arose.
fn add_total_cost(span: &mut Span<'_>) {
    let amount = span.number(cost::COST_SELF_USD).or_else(|| span.number(tool::TOOL_COST_USD));
    // A model call may truly cost nothing; on any other span a zero only says that nothing was charged there.
    if let Some(amount) = amount.filter(|amount| span.is_model_call() || *amount != 0.0) {
        span.add(LLM_COST_TOTAL, amount);
    }
}

/// OpenInference has a name for the audio of each side; an amount for both cannot be divided.
fn add_audio_cost(span: &mut Span<'_>) {
    let counts = |name| span.number(name).is_some_and(|count| count > 0.0);
    let name = match (
        counts(llm::LLM_TOKEN_COUNT_PROMPT_DETAILS_AUDIO),
        counts(llm::LLM_TOKEN_COUNT_COMPLETION_DETAILS_AUDIO),
    ) {
        (true, false) => LLM_COST_PROMPT_DETAILS_AUDIO,
        (false, true) => LLM_COST_COMPLETION_DETAILS_AUDIO,
        _ => return,
    };
    if let Some(amount) = span.number(cost::COST_AUDIO_USD).filter(|_| span.is_model_call()) {
        span.add(name, amount);
    }
}
