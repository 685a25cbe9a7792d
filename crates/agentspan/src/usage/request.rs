//! What a request says: model, parameters, sizes, and messages when they are asked for.
//!
//! The keys differ little between the families, so that one reader serves all bodies.

use std::io::Write;

use serde_json::{Map, Value};

use super::counts::count;
use super::json::{self, Json, Object};
use super::messages::{content_parts, message, request_message, text_part};
use super::tools::tool_definitions;
use super::{gemini_messages, items};

/// What was read from a request. What it does not say is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Request {
    /// The model that is asked for.
    pub(crate) model: Option<String>,
    /// Numbers, switches and words that are neither content nor identity nor secret, at most 16 KiB of JSON.
    pub(crate) parameters: Map<String, Value>,
    pub(crate) stream: bool,
    pub(crate) message_count: Option<usize>,
    /// Bytes of the request as JSON text without spaces.
    pub(crate) size: usize,
    /// How many texts are to be embedded, when `input` has that form; a single text may be a message as well.
    pub(crate) embedding_input_count: Option<usize>,
    /// The length of vector that is asked for.
    pub(crate) dimensions: Option<u64>,
    /// In the OTel form, only when content was asked for; so the next two.
    pub(crate) input_messages: Option<Value>,
    /// Instructions given apart from the messages; system messages stay among these, as OTel says.
    pub(crate) system_instructions: Option<Value>,
    pub(crate) tool_definitions: Option<Value>,
}

/// Keys that hold content or the definitions of tools, in any family.
const CONTENT: &[&str] = &[
    "messages",
    "input",
    "inputs",
    "prompt",
    "suffix",
    "prediction",
    "system",
    "instructions",
    "preamble",
    "contents",
    "content",
    "systemInstruction",
    "system_instruction",
    "message",
    "chat_history",
    "documents",
    "query",
    "texts",
    "images",
    "tools",
    "functions",
    "toolConfig",
    "requests",
    "context",
    "instances",
    "inputText",
    "tool_config",
    "tool_results",
    "labels",
    "text",
    "question",
    "q",
    "negative_prompt",
];

/// Keys that name the end user or carry credentials, also as `userId`: identity is recorded only by `.user(…)`.
const PRIVATE: &[&str] = &[
    "user",
    "user_id",
    "user_name",
    "end_user",
    "end_user_id",
    "email",
    "email_address",
    "customer",
    "customer_id",
    "safety_identifier",
    "metadata",
    "request_metadata",
    "api_key",
    "authorization",
    "headers",
    "extra_headers",
    "extra_query",
    "extra_body",
    "mcp_servers",
    "data_sources",
    "prompt_cache_key",
    "logit_bias",
    "web_search_options",
];

const MAX_PARAMETERS: usize = 16 << 10;
/// In bytes; longer than any setting's word.
const MAX_WORD: usize = 64;
const MAX_LIST: usize = 64;

/// Reads a request; `content` asks for messages, instructions and tool definitions.
pub(crate) fn read_request(body: &Json<'_>, content: bool) -> Request {
    let Some(map) = body.as_object() else {
        return Request { size: json::size(body), ..Request::default() };
    };
    let flag = |map: &Object<'_>, key: &str| map.get(key).and_then(Json::as_bool);
    Request {
        model: json::name(map, "model"),
        parameters: parameters(map),
        stream: flag(map, "stream").unwrap_or(false),
        message_count: message_count(map),
        size: json::size(body),
        embedding_input_count: embedding_inputs(map),
        dimensions: dimensions(map),
        input_messages: if content { input_messages(map) } else { None },
        system_instructions: if content { system_instructions(map) } else { None },
        tool_definitions: if content { tool_definitions(map) } else { None },
    }
}

/// The model that a request asks for.
pub(crate) fn requested_model(body: &Json<'_>) -> Option<String> {
    json::name(body.as_object()?, "model")
}

/// Writes the system prompt for a hash: the texts of instructions and of system messages, each followed by a
/// zero byte. False when there is none. Nothing is copied, so a caller may stream it into a hasher.
///
/// Only text is written: moving a cache mark or writing a text as a list of one part is the same prompt.
pub(crate) fn write_system(body: &Json<'_>, out: &mut dyn Write) -> bool {
    let Some(map) = body.as_object() else { return false };
    let apart = SYSTEM.into_iter().filter_map(|key| map.get(key));
    // Gemini has its parts one level deeper.
    let apart = apart.map(|content| json::get(content, "parts").unwrap_or(content));
    let is_system = |message: &&Json<'_>| {
        matches!(json::get(message, "role").and_then(Json::as_str), Some("system" | "developer"))
    };
    let among = ["messages", "input"]
        .into_iter()
        .flat_map(|key| json::list(map, key))
        .filter(is_system)
        .filter_map(|message| json::get(message, "content"));
    let mut any = false;
    let mut write =
        |text: &str| any |= out.write_all(text.as_bytes()).and_then(|()| out.write_all(&[0])).is_ok();
    for content in apart.chain(among) {
        match content {
            Json::Str(text) => write(text),
            Json::Array(parts) => {
                parts.iter().filter_map(|part| json::get(part, "text")?.as_str()).for_each(&mut write)
            }
            _ => {}
        }
    }
    any
}

/// Writes the JSON text of the tool definitions for a hash; false when there are none.
pub(crate) fn write_tools(body: &Json<'_>, out: &mut dyn Write) -> bool {
    let tools = ["tools", "functions"].into_iter().filter_map(|key| json::get(body, key));
    let tools = tools.chain(CONFIGS.into_iter().filter_map(|key| json::get(json::get(body, key)?, "tools")));
    let mut any = false;
    for tools in tools.filter(|tools| tools.as_array().is_some_and(|tools| !tools.is_empty())) {
        any |= json::write(tools, out);
    }
    any
}

/// Where the families put instructions that stand apart from the messages.
const SYSTEM: [&str; 5] = ["system", "instructions", "systemInstruction", "system_instruction", "preamble"];
/// Where Bedrock's Converse puts its tools.
const CONFIGS: [&str; 2] = ["toolConfig", "tool_config"];

fn parameters(map: &Object<'_>) -> Map<String, Value> {
    let mut kept = Map::new();
    let mut left = MAX_PARAMETERS;
    for (key, value) in map.iter() {
        if is_hidden(key, value) {
            continue;
        }
        let Some(value) = parameter(key, value) else { continue };
        let Some(rest) = left.checked_sub(json::size(&value) + key.len() + 4) else { break };
        left = rest;
        kept.insert(key.to_owned(), value);
    }
    kept
}

/// Whether a key tells of content, of a person or of a secret. OpenAI's `text` is an object of settings.
fn is_hidden(key: &str, value: &Json<'_>) -> bool {
    let is_content = CONTENT.contains(&key) && !(key == "text" && value.is_object());
    key.len() > MAX_WORD || is_content || PRIVATE.iter().any(|word| letters(word).eq(letters(key)))
}

/// A name without what different styles do to it.
fn letters(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase())
}

/// What a parameter may show: numbers, switches and words. Text of any length, as in a schema or a location, is content
/// in a place where nobody looks for it.
fn parameter(key: &str, value: &Json<'_>) -> Option<Value> {
    match value {
        Json::Number(_) | Json::Bool(_) => Some(value.into()),
        Json::Str(text) => is_word(text).then(|| value.into()),
        Json::Array(items) if LISTS.contains(&key) => {
            let short = |item: &&Json<'_>| item.as_str().is_some_and(|text| text.len() <= MAX_WORD);
            Some(items.iter().take(MAX_LIST).filter(short).map(Value::from).collect())
        }
        Json::Object(map) if SETTINGS.contains(&key) => {
            let inside = map.iter().take(MAX_LIST).filter(|(key, value)| !is_hidden(key, value));
            let inside = inside.filter_map(|(key, value)| Some((key.to_owned(), parameter(key, value)?)));
            let inside: Map<_, _> = inside.collect();
            (!inside.is_empty()).then_some(Value::Object(inside))
        }
        Json::Object(map) => {
            let inside = map.iter().take(MAX_LIST).filter(|(key, value)| {
                let is_setting = value.is_number() || value.is_bool();
                !is_hidden(key, value) && (is_setting || (KINDS.contains(key) && is_short_word(value)))
            });
            let inside: Map<_, _> = inside.map(|(key, value)| ((*key).to_owned(), value.into())).collect();
            (!inside.is_empty()).then_some(Value::Object(inside))
        }
        _ => None,
    }
}

/// Where Gemini, Bedrock and Ollama put what others have at the top.
pub(crate) const SETTINGS: [&str; 6] = [
    "generationConfig",
    "generation_config",
    "inferenceConfig",
    "inference_config",
    "textGenerationConfig",
    "options",
];

/// The length of a vector.
pub(crate) const DIMENSIONS: [&str; 4] =
    ["dimensions", "outputDimensionality", "output_dimensionality", "output_dimension"];

/// Lists of words that are settings.
const LISTS: [&str; 9] = [
    "stop",
    "stop_sequences",
    "stopSequences",
    "modalities",
    "responseModalities",
    "response_modalities",
    "include",
    "embedding_types",
    "embeddingTypes",
];

/// Words inside an object that say which kind of setting it is.
const KINDS: [&str; 8] =
    ["type", "effort", "mode", "level", "summary", "verbosity", "thinkingLevel", "thinking_level"];

fn is_short_word(value: &Json<'_>) -> bool {
    value.as_str().is_some_and(is_word)
}

fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:/@".contains(&byte);
    (1..=MAX_WORD).contains(&text.len()) && text.bytes().all(plain)
}

fn message_count(map: &Object<'_>) -> Option<usize> {
    let items = |key: &str| map.get(key).and_then(Json::as_array).map(<[_]>::len);
    let prompts = || match map.get("prompt")? {
        Json::Str(_) => Some(1),
        Json::Array(prompts) => Some(if is_tokens(prompts) { 1 } else { prompts.len() }),
        _ => None,
    };
    // Responses; texts to embed, which stand under the same key, are no messages.
    let input = || match map.get("input")? {
        Json::Str(_) => Some(1),
        Json::Array(items) => items.iter().any(Json::is_object).then_some(items.len()),
        _ => None,
    };
    // Gemini's clients take a text for a list of one.
    let contents = || map.get("contents").map(|contents| contents.as_array().map_or(1, <[_]>::len));
    // Version 1 of Cohere, and Titan.
    let message = || Some(items("chat_history").unwrap_or(0) + usize::from(single(map).is_some()));
    let message = || message().filter(|count| *count > 0);
    items("messages").or_else(contents).or_else(prompts).or_else(input).or_else(message)
}

/// A list of numbers is one text, given as its tokens.
fn is_tokens(items: &[Json<'_>]) -> bool {
    items.first().is_some_and(Json::is_number)
}

fn embedding_inputs(map: &Object<'_>) -> Option<usize> {
    let texts = |key: &str| match map.get(key)? {
        Json::Str(_) => Some(1),
        Json::Array(items) if is_tokens(items) => Some(1),
        Json::Array(items) if items.iter().all(|item| item.is_string() || item.is_array()) => {
            Some(items.len())
        }
        _ => None,
    };
    // Cohere's images and mixed inputs, the batches of Gemini, the instances of Vertex.
    let items = |key: &str| map.get(key).and_then(Json::as_array).map(<[_]>::len);
    let lists = || ["inputs", "requests", "instances", "images"].into_iter().find_map(items);
    // One content of Gemini, one text of Titan.
    let one =
        || (map.get("content").is_some_and(Json::is_object) || map.contains_key("inputText")).then_some(1);
    texts("input").or_else(|| texts("texts")).or_else(lists).or_else(one)
}

/// The length of vector that is asked for; in a batch it stands in each request.
fn dimensions(map: &Object<'_>) -> Option<u64> {
    let nested = || json::object(map, "parameters");
    let first = || json::list(map, "requests").first().and_then(Json::as_object);
    let holders = [Some(map), nested(), first()].into_iter().flatten();
    holders.flat_map(|holder| DIMENSIONS.map(|key| holder.get(key))).flatten().find_map(count)
}

/// The only text of a request that has no list of messages: Cohere's version 1, and Titan.
fn single<'a>(map: &'a Object<'_>) -> Option<&'a str> {
    json::text(map, "message").or_else(|| json::text(map, "inputText"))
}

fn input_messages(map: &Object<'_>) -> Option<Value> {
    if let Some(messages) = map.get("messages").and_then(Json::as_array) {
        return Some(Value::Array(messages.iter().map(request_message).collect()));
    }
    if let Some(contents) = map.get("contents") {
        return Some(gemini_messages::contents(contents));
    }
    let user = |text: &str| message("user", vec![text_part(text)], None);
    if let Some(text) = single(map) {
        let before = json::list(map, "chat_history").iter().map(request_message);
        return Some(before.chain([user(text)]).collect());
    }
    match map.get("prompt") {
        Some(Json::Str(text)) => Some(Value::Array(vec![user(text)])),
        Some(Json::Array(texts)) => {
            Some(Value::Array(texts.iter().filter_map(Json::as_str).map(user).collect()))
        }
        // In Responses it may name a prompt that OpenAI keeps, beside the input.
        _ => items::input_messages(map.get("input")?),
    }
}

fn system_instructions(map: &Object<'_>) -> Option<Value> {
    let content = SYSTEM.into_iter().find_map(|key| map.get(key))?;
    let is_gemini = content.is_object();
    let parts = if is_gemini { gemini_messages::parts(content) } else { content_parts(content) };
    (!parts.is_empty()).then_some(Value::Array(parts))
}
