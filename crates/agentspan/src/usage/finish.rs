//! Finish reasons of all providers in five words.

use agentspan_semconv::FinishClass;

use super::json::Object;

/// The class of a provider's own word; `None` for words that say something else, such as `pause_turn`.
pub(crate) fn class_of(word: &str) -> Option<FinishClass> {
    let found = WORDS.iter().find(|(_, words)| words.iter().any(|known| known.eq_ignore_ascii_case(word)));
    found.map(|(class, _)| *class)
}

/// Upper and lower case mean the same: Gemini and Cohere shout what the others say.
const WORDS: [(FinishClass, &[&str]); 5] = [
    // `eos` is what Together and text-generation servers say at the end-of-sequence token, `endoftext` what AI21
    // does; `finish` and `stop_criteria_met` are words of Titan.
    (
        FinishClass::Stop,
        &[
            "stop",
            "end_turn",
            "stop_sequence",
            "complete",
            "completed",
            "eos",
            "eos_token",
            "endoftext",
            "finish",
            "stop_criteria_met",
        ],
    ),
    (
        FinishClass::Length,
        &["length", "max_tokens", "model_length", "model_context_window_exceeded", "max_output_tokens"],
    ),
    (FinishClass::ToolCall, &["tool_calls", "tool_call", "function_call", "tool_use"]),
    (
        FinishClass::ContentFilter,
        &[
            "content_filter",
            "refusal",
            "safety",
            "recitation",
            "blocklist",
            "prohibited_content",
            "spii",
            "guardrail_intervened",
            "content_filtered",
        ],
    ),
    (FinishClass::Error, &["error", "malformed_function_call", "insufficient_system_resource", "failed"]),
];

/// A choice's finish reason in the provider's word, cut to a bounded length.
pub(super) fn reason(map: &Object<'_>, key: &str) -> Option<String> {
    super::json::name(map, key)
}

/// The word for an output message: the class, else the provider's own word.
///
/// It is never absent, since Phoenix discards every output message when one lacks it; a reply that ended
/// without a reason was cut, which OTel calls `error`.
pub(super) fn message_word(reason: Option<&str>) -> &str {
    let Some(word) = reason else { return FinishClass::Error.as_str() };
    class_of(word).map_or(word, |class| class.as_str())
}
