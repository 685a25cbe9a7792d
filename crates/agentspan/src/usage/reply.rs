//! What was read from one reply, and its errors.

use serde_json::Value;

use super::counts::Usage;
use super::finish::class_of;
use super::json::{self, Json, Object};
use agentspan_semconv::{FinishClass, StreamEnd};

/// What a reply says, whole or streamed. What it does not say is absent.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Reply {
    /// The reply's own id; for interfaces that have none in the body the id of the request, from the headers.
    pub id: Option<String>,
    /// The model that answered, as the provider names it.
    pub model: Option<String>,
    /// The tokens, in the normal form; `None` when the reply holds no count.
    pub usage: Option<Usage>,
    /// The provider's own words, one per choice that has one, in the order of the choices.
    pub finish_reasons: Vec<String>,
    /// The class of the first finish reason; `None` also for a word that fits no class.
    pub finish_class: Option<FinishClass>,
    /// The tools that the reply asks the caller to run; not those that the provider ran by itself.
    pub tool_calls: Vec<ToolCall>,
    /// The tier that served the call.
    pub service_tier: Option<String>,
    /// Whether the body itself tells that it was answered in a batch (Anthropic's tier `batch`).
    pub batch: bool,
    /// What went wrong, when the provider said that something did.
    pub error: Option<ReplyError>,
    /// A list of messages in the OTel form, only when content was asked for.
    pub output_messages: Option<Value>,
    /// Bytes of what the model produced: text, reasoning, names and arguments of tool calls, as received;
    /// for embeddings 4 bytes for each number, which is how they travel in base64. So a stream has the size
    /// of the same reply whole. For a body of unknown shape: its JSON text without spaces.
    pub size: usize,
    /// The number of vectors of an embedding reply.
    pub embedding_count: Option<usize>,
    /// The length of its first vector.
    pub embedding_dimensions: Option<usize>,
    /// How a stream ended; `None` for a reply that came whole. One in which the provider reported an error is cut.
    pub stream_end: Option<StreamEnd>,
    /// The pieces of a stream that held something, without comments and end marks; 0 for a reply that came whole.
    pub chunk_count: u64,
    /// What the caller could do to have more figures, as a sentence for people.
    pub hint: Option<&'static str>,
    /// One of the choices has not ended.
    pub(crate) has_open_choice: bool,
    /// Where each count was read, when that was asked for.
    pub(super) places: Vec<(&'static str, String)>,
}

impl Reply {
    /// Sets finish reasons and the class of the first.
    pub(super) fn set_finish_reasons(&mut self, reasons: Vec<String>) {
        self.finish_class = reasons.first().and_then(|word| class_of(word));
        self.finish_reasons = reasons;
    }

    /// Where each count that is present stands: the name of the field of [`Usage`], and a path with dots in the body or in
    /// the last chunk that had it, or several with a plus where the count is a sum. Empty unless it was asked for by
    /// [`ReplyReader::with_places`](super::ReplyReader::with_places).
    pub fn places(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let is_known = |name: &str| {
            self.usage.as_ref().is_some_and(|usage| match name {
                "seconds" => usage.seconds.is_some(),
                "provider_cost_usd" => usage.provider_cost_usd.is_some(),
                _ => usage.counts().iter().any(|(known, _)| *known == name),
            })
        };
        self.places
            .iter()
            .filter(move |(name, _)| is_known(name))
            .map(|(name, place)| (*name, place.as_str()))
    }
}

/// A tool that a model's reply asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ToolCall {
    /// The id by which the tool's result is sent back; some local servers give none.
    pub id: Option<String>,
    /// The name of the tool.
    pub name: String,
    /// The arguments, only when content is recorded: the parsed JSON, or a string with the text as it came
    /// when that is no valid JSON or was too long to keep.
    pub arguments: Option<Value>,
}

/// An error that the provider reported in a body or in a chunk of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyError {
    /// The provider's code or type, a low-cardinality word; `_OTHER` when it gave none.
    pub error_type: String,
    /// The provider's text, which is content; cut at 4 KiB.
    pub message: String,
}

/// OpenTelemetry's word for a failure without a class of its own.
pub(crate) const OTHER: &str = "_OTHER";

const MAX_MESSAGE: usize = 4096;
/// Longer ones are sentences and not classes.
const MAX_TYPE: usize = 64;
/// Types that say no more than that there was an error, so that a better word beside them is preferred:
/// DeepSeek sends code `invalid_request_error` with type `authentication_error`.
const VAGUE: [&str; 2] = ["invalid_request_error", "error"];

impl ReplyError {
    /// An error of this name, if it has any, with its text.
    pub(super) fn named(name: Option<String>, text: &str) -> Self {
        let error_type = name.unwrap_or_else(|| OTHER.to_owned());
        Self { error_type, message: json::clip(text, MAX_MESSAGE) }
    }
}

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
        Some(other) => Some(ReplyError { error_type: OTHER.to_owned(), message: clipped_json(other) }),
        // Mistral, and an event of OpenAI's Responses.
        None if is_word(map, "object", "error") || is_word(map, "type", "error") => Some(from_object(map)),
        None => exception(map),
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

/// A failure that the framing of a stream names, with the text in its body.
pub(super) fn failure(name: &str, body: &Json<'_>) -> ReplyError {
    let text = ["message", "Message"].into_iter().find_map(|key| json::get(body, key)?.as_str());
    let error_type = match name {
        "" => OTHER.to_owned(),
        name => json::clip(name, MAX_TYPE),
    };
    ReplyError { error_type, message: json::clip(text.unwrap_or_default(), MAX_MESSAGE) }
}

/// The error of a body whose status says that it is one.
pub(super) fn any_error(body: &Json<'_>) -> Option<ReplyError> {
    // Gemini puts the error of a stream into an array.
    let body = body.as_array().and_then(|list| list.first()).unwrap_or(body);
    let map = body.as_object()?;
    error_body(map).or_else(|| Some(from_object(map)))
}

/// The error of a body that is known to be one by its status, whatever it says: the header's word of AWS, else the
/// body's, else the status.
pub(super) fn of_status(
    status: u16,
    header: Option<&str>,
    told: Option<ReplyError>,
    body: &[u8],
) -> ReplyError {
    let (told_type, message) = match told {
        Some(told) => (Some(told.error_type).filter(|word| word != OTHER), told.message),
        None => (None, String::new()),
    };
    // AWS writes `ThrottlingException:http://…`.
    let header = header.and_then(|text| text.split(':').next()).map(str::trim);
    let header = header.filter(|word| !word.is_empty()).map(|word| json::clip(word, MAX_TYPE));
    let message = if message.is_empty() {
        json::clip(String::from_utf8_lossy(&body[..body.len().min(MAX_MESSAGE)]).trim(), MAX_MESSAGE)
    } else {
        message
    };
    ReplyError { error_type: told_type.or(header).unwrap_or_else(|| status.to_string()), message }
}

/// An error of Bedrock: an event of a stream, whose only key is its type, or a body with AWS's mark of its type.
fn exception(map: &Object<'_>) -> Option<ReplyError> {
    if let Some(kind) = map.get("__type").and_then(|kind| word(Some(kind))) {
        // The namespace of the type stands before it.
        let error_type = kind.rsplit('#').next().unwrap_or(kind).to_owned();
        return Some(ReplyError { error_type, ..from_object(map) });
    }
    let (kind, error) = map.iter().next().filter(|_| map.len() == 1)?;
    let is_exception = kind.ends_with("Exception") && kind.len() <= MAX_TYPE;
    let error = error.as_object().filter(|_| is_exception)?;
    Some(ReplyError { error_type: kind.to_owned(), ..from_object(error) })
}

/// The body of an error that has nothing but a text, as Bedrock and Cohere send it.
pub(super) fn bare_message(provider: &str, map: &Object<'_>) -> Option<ReplyError> {
    let keys = ["message", "Message", "id"];
    let is_bare = BARE.contains(&provider) && map.iter().all(|(key, _)| keys.contains(&key));
    let text = json::text(map, "message").or_else(|| json::text(map, "Message")).filter(|_| is_bare)?;
    Some(ReplyError::named(None, text))
}

const BARE: [&str; 2] = ["aws.bedrock", "cohere"];

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
    let number = || error.get("code").filter(|code| code.is_number()).map(clipped_json);
    let message = match error.get("message") {
        Some(Json::Str(text)) => json::clip(text, MAX_MESSAGE),
        Some(other) if !is_empty(other) => clipped_json(other),
        _ => String::new(),
    };
    ReplyError { error_type: best.or_else(number).unwrap_or_else(|| OTHER.to_owned()), message }
}

fn word<'a>(value: Option<&'a Json<'_>>) -> Option<&'a str> {
    let word = value?.as_str()?.trim();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-. :/#".contains(&byte);
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
