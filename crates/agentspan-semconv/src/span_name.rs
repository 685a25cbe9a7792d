//! Span names, made harmless: whatever a caller passes, a name is one line of bounded length.
//!
//! In each part control characters become `_`, what exceeds [`MAX_PART`] characters is cut and ends in `…`, and an
//! empty part reads `unknown`. Spaces and slashes stay, since models and tools have them.

use crate::StepType;
use std::borrow::Cow;

/// The name of the span that leaves at the beginning of an approval, so that waiting can be seen.
/// Invented: a span leaves when it ends, and an approval may never end.
pub const APPROVAL_REQUESTED: &str = "approval.requested";

/// The most characters that one part of a name keeps.
pub const MAX_PART: usize = 200;

/// The word that the names of such steps begin with, as `llm` of `llm.<provider>.<model>`.
#[must_use]
pub fn kind(step_type: &StepType) -> &'static str {
    match step_type {
        StepType::Run => "agent",
        StepType::LlmGenerate | StepType::Embedding => "llm",
        StepType::ToolCall => "tool",
        StepType::Retrieval => "retrieval",
        StepType::Validation => "validation",
        StepType::Approval => "approval",
        StepType::Handoff => "handoff",
        StepType::Recovery => "error",
        StepType::Reasoning | StepType::Custom(_) => "step",
    }
}

/// `agent.<workflow>`, for a run.
#[must_use]
pub fn agent(workflow: &str) -> String {
    name(&StepType::Run, &[workflow])
}

/// `llm.<provider>.<model>`, for a model call or an embedding, with the requested model.
///
/// ```
/// use agentspan_semconv::span_name;
///
/// assert_eq!(span_name::llm("openai", "gpt-4o"), "llm.openai.gpt-4o");
/// assert_eq!(span_name::llm("openrouter", "meta/llama 3\n"), "llm.openrouter.meta/llama 3_");
/// assert_eq!(span_name::llm("openai", ""), "llm.openai.unknown");
/// ```
#[must_use]
pub fn llm(provider: &str, model: &str) -> String {
    name(&StepType::LlmGenerate, &[provider, model])
}

/// `tool.<name>`.
#[must_use]
pub fn tool(tool: &str) -> String {
    name(&StepType::ToolCall, &[tool])
}

/// `retrieval.<source>`.
#[must_use]
pub fn retrieval(source: &str) -> String {
    name(&StepType::Retrieval, &[source])
}

/// `step.<name>`, for a step of the agent's own. Invented: the common guides have no steps but calls.
#[must_use]
pub fn step(step: &str) -> String {
    name(&StepType::Reasoning, &[step])
}

/// `validation.<name>`. Invented: the common guides have no checks.
#[must_use]
pub fn validation(validation: &str) -> String {
    name(&StepType::Validation, &[validation])
}

/// `approval.<name>`. Invented: the common guides have no decisions by people.
#[must_use]
pub fn approval(approval: &str) -> String {
    name(&StepType::Approval, &[approval])
}

/// `handoff.<to>`. Invented: the common guides have no handoffs.
#[must_use]
pub fn handoff(to: &str) -> String {
    name(&StepType::Handoff, &[to])
}

/// `error.<type>`, for what the agent does about a failure.
#[must_use]
pub fn error(error_type: &str) -> String {
    name(&StepType::Recovery, &[error_type])
}

/// OTel's form `<operation> <target>`, as in `chat gpt-4o`; the operation alone when there is no target.
#[must_use]
pub fn otel(operation: &str, target: &str) -> String {
    let mut name = String::with_capacity(operation.len() + target.len().min(MAX_PART) + 1);
    name.push_str(&part(operation));
    if !target.trim().is_empty() {
        name.push(' ');
        name.push_str(&part(target));
    }
    name
}

/// One part of a name, as it stands in the name. A plain one, as nearly all are, is not copied.
///
/// ```
/// use agentspan_semconv::span_name;
///
/// assert_eq!(span_name::part("get_weather"), "get_weather");
/// assert_eq!(span_name::part("get\nweather"), "get_weather");
/// ```
#[must_use]
pub fn part(part: &str) -> Cow<'_, str> {
    if (1..=MAX_PART).contains(&part.len()) && part.bytes().all(|byte| matches!(byte, b'!'..=b'~')) {
        return Cow::Borrowed(part);
    }
    if part.trim().is_empty() {
        return Cow::Borrowed("unknown");
    }
    let mut characters = part.chars();
    let harmless = |c| if is_harmful(c) { '_' } else { c };
    let mut kept: String = characters.by_ref().take(MAX_PART).map(harmless).collect();
    if characters.next().is_some() {
        kept.pop();
        kept.push('…');
    }
    Cow::Owned(kept)
}

fn name(step_type: &StepType, parts: &[&str]) -> String {
    let kind = kind(step_type);
    let length: usize = parts.iter().map(|part| part.len().min(MAX_PART) + 1).sum();
    let mut name = String::with_capacity(kind.len() + length);
    name.push_str(kind);
    for each in parts {
        name.push('.');
        name.push_str(&part(each));
    }
    name
}

/// Control characters, line separators, and the marks that turn the direction of the text after them.
fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
