//! Whether a span carries only the names of the list, each in its place.

use crate::span::Span;
use agentspan_semconv::table::{ATTRIBUTES, Attribute, SpanType};

/// Attributes of a span that the table of names does not give for its kind, and keys that stand twice.
///
/// Keys of `tags` are let through, as the user gave them.
pub fn strangers(span: &Span, tags: &[&str]) -> Vec<String> {
    let kind = match span.text("agent.step_type").unwrap_or_default() {
        "run" => SpanType::Agent,
        "llm_generate" => SpanType::Llm,
        "embedding" => SpanType::Embedding,
        "tool_call" => SpanType::Tool,
        "retrieval" => SpanType::Retrieval,
        "validation" => SpanType::Validation,
        "approval" => SpanType::Approval,
        "handoff" => SpanType::Handoff,
        "recovery" => SpanType::Recovery,
        _ => SpanType::Step,
    };
    let stands_here =
        |attribute: &&Attribute| attribute.spans.iter().any(|place| [SpanType::Any, kind].contains(place));
    let known = |key: &str| {
        tags.contains(&key)
            || key.starts_with("gen_ai.request.")
            || ATTRIBUTES
                .iter()
                .filter(stands_here)
                .any(|known| known.name == key || known.gen_ai.contains(&key))
    };
    let strange = span.attributes.iter().map(|(key, _)| key.as_str()).filter(|key| !known(key));
    let mut strange: Vec<_> = strange.chain(span.repeated_keys()).map(str::to_owned).collect();
    strange.sort();
    strange
}
