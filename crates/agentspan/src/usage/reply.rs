//! What was read from one reply, and its errors.

use serde_json::Value;

use super::counts::Usage;
use super::finish::class_of;
use super::json::{self, Json, Object};
use agentspan_semconv::FinishClass;

/// What a reply says, whole or streamed. What it does not say is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Reply {
    pub(crate) id: Option<String>,
    /// The model that answered, as the provider names it.
    pub(crate) model: Option<String>,
    pub(crate) usage: Option<Usage>,
    /// The provider's own words, one per choice that has one, in the order of the choices.
    pub(crate) finish_reasons: Vec<String>,
    /// The class of the first finish reason; `None` also for a word that fits no class.
    pub(crate) finish_class: Option<FinishClass>,
    /// The tools that the reply asks the caller to run; not those that the provider ran by itself.
    pub(crate) tool_calls: Vec<ToolCall>,
    /// The tier that served the call.
    pub(crate) service_tier: Option<String>,
    /// Whether the body itself tells that it was answered in a batch (Anthropic's tier `batch`).
    pub(crate) batch: bool,
    pub(crate) error: Option<ReplyError>,
    /// A list of messages in the OTel form, only when content was asked for.
    pub(crate) output_messages: Option<Value>,
    /// Bytes of what the model produced: text, reasoning, names and arguments of tool calls, as received;
    /// for embeddings 4 bytes for each number, which is how they travel in base64. So a stream has the size
    /// of the same reply whole. For a body of unknown shape: its JSON text without spaces.
    pub(crate) size: usize,
    /// The number of vectors of an embedding reply.
    pub(crate) embedding_count: Option<usize>,
    /// The length of its first vector.
    pub(crate) embedding_dimensions: Option<usize>,
}

impl Reply {
    /// Sets finish reasons and the class of the first.
    pub(super) fn set_finish_reasons(&mut self, reasons: Vec<String>) {
        self.finish_class = reasons.first().and_then(|word| class_of(word));
        self.finish_reasons = reasons;
    }
}

/// A tool that a model's reply asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ToolCall {
    /// The id by which the tool's result is sent back; some local servers give none.
    pub(crate) id: Option<String>,
    /// The name of the tool.
    pub(crate) name: String,
    /// The arguments, only when content is recorded: the parsed JSON, or a string with the text as it came
    /// when that is no valid JSON or was too long to keep.
    pub(crate) arguments: Option<Value>,
}

/// An error that the provider reported in a body or in a chunk of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReplyError {
    /// The provider's code or type, a low-cardinality word; `_OTHER` when it gave none.
    pub(crate) error_type: String,
    /// The provider's text, which is content; cut at 4 KiB.
    pub(crate) message: String,
}

const MAX_MESSAGE: usize = 4096;
/// Longer ones are sentences and not classes.
const MAX_TYPE: usize = 64;
/// Types that say no more than that there was an error, so that a better word beside them is preferred:
/// DeepSeek sends code `invalid_request_error` with type `authentication_error`.
const VAGUE: [&str; 2] = ["invalid_request_error", "error"];

/// The error of a body or a chunk that says so with a key `error` or the type `error`; cheap when there is none.
pub(super) fn error_in(map: &Object<'_>) -> Option<ReplyError> {
    // Groq's chunks, and the event by which OpenAI's Responses tell that they failed.
    let nested = ["x_groq", "response"].into_iter().find_map(|key| {
        let error = json::get(map.get(key)?, "error")?;
        (!is_empty(error)).then_some(error)
    });
    match map.get("error").filter(|error| !is_empty(error)).or(nested) {
        Some(Json::Object(error)) => Some(from_object(error)),
        // xAI, Venice and others give the text there and a code, if any, beside it.
        Some(Json::Str(text)) => {
            Some(ReplyError { message: json::clip(text, MAX_MESSAGE), ..from_object(map) })
        }
        Some(other) => Some(ReplyError { error_type: "_OTHER".to_owned(), message: clipped_json(other) }),
        // Mistral, and an event of OpenAI's Responses.
        None => (is_word(map, "object", "error") || is_word(map, "type", "error")).then(|| from_object(map)),
    }
}

/// The error of a body that no family recognised, in forms that a reply or a chunk could also have by chance.
pub(super) fn error_body(map: &Object<'_>) -> Option<ReplyError> {
    error_in(map).or_else(|| {
        let detail = map.get("detail").filter(|detail| !is_empty(detail))?;
        let message =
            detail.as_str().map_or_else(|| clipped_json(detail), |text| json::clip(text, MAX_MESSAGE));
        Some(ReplyError { message, ..from_object(map) })
    })
}

fn from_object(error: &Object<'_>) -> ReplyError {
    let metadata = error.get("metadata").and_then(Json::as_object);
    let words = [
        word(error.get("code")),
        word(error.get("type")),
        word(error.get("status")),
        word(metadata.and_then(|metadata| metadata.get("error_type"))),
    ];
    let words = words.into_iter().flatten();
    // A bare number (llama.cpp, OpenRouter, Azure) is an HTTP status, which any word beside it explains.
    let is_telling = |word: &&str| !VAGUE.contains(word) && !is_number(word);
    let best = words.clone().find(is_telling).or_else(|| words.clone().find(|word| !is_number(word)));
    let best = best.or_else(|| words.clone().next()).map(str::to_owned);
    let number = || error.get("code").filter(|code| code.is_number()).map(Json::to_string);
    let message = match error.get("message") {
        Some(Json::Str(text)) => json::clip(text, MAX_MESSAGE),
        Some(other) if !is_empty(other) => clipped_json(other),
        _ => String::new(),
    };
    ReplyError { error_type: best.or_else(number).unwrap_or_else(|| "_OTHER".to_owned()), message }
}

fn word<'a>(value: Option<&'a Json<'_>>) -> Option<&'a str> {
    let word = value?.as_str()?.trim();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-. :/".contains(&byte);
    (!word.is_empty() && word.len() <= MAX_TYPE && word.bytes().all(plain)).then_some(word)
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_word(map: &Object<'_>, key: &str, word: &str) -> bool {
    map.get(key).and_then(Json::as_str) == Some(word)
}

fn is_empty(value: &Json<'_>) -> bool {
    match value {
        Json::Null | Json::Bool(false) => true,
        Json::Str(text) => text.is_empty(),
        Json::Object(map) => map.is_empty(),
        Json::Array(list) => list.is_empty(),
        _ => false,
    }
}

fn clipped_json(value: &Json<'_>) -> String {
    let mut text = Vec::new();
    json::write_up_to(value, &mut text, MAX_MESSAGE);
    String::from_utf8_lossy(&text).into_owned()
}
