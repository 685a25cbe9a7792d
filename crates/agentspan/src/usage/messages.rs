//! Messages in the form of OTel's GenAI conventions, from those of OpenAI, Anthropic and others.
//!
//! Only called when content is recorded.

use serde_json::{Value, json};

use super::bedrock_messages::block_part;
use super::json::{self, Json, Object};

/// Longer binary content is left out, with its size beside it: it would fill the attribute with base64 and
/// push the text out of it.
const MAX_BLOB: usize = 8 << 10;

pub(super) fn message(role: &str, parts: Vec<Value>, finish_reason: Option<&str>) -> Value {
    let mut message = json!({ "role": role, "parts": parts });
    if let Some(reason) = finish_reason {
        message["finish_reason"] = reason.into();
    }
    message
}

pub(super) fn text_part(text: &str) -> Value {
    json!({ "type": "text", "content": text })
}

pub(super) fn reasoning_part(text: &str) -> Value {
    json!({ "type": "reasoning", "content": text })
}

pub(super) fn tool_call_part(id: Option<&str>, name: &str, arguments: Option<Value>) -> Value {
    let mut part = json!({ "type": "tool_call", "name": name });
    set(&mut part, "id", id.map(Value::from));
    set(&mut part, "arguments", arguments);
    part
}

/// A message of a request: OpenAI's or Anthropic's.
pub(super) fn request_message(value: &Json<'_>) -> Value {
    let Some(map) = value.as_object() else { return message("user", content_parts(value), None) };
    let role = match json::text(map, "role").unwrap_or("user") {
        // Version 1 of Cohere shouts.
        "developer" | "SYSTEM" => "system",
        "function" | "TOOL" => "tool",
        "USER" => "user",
        "CHATBOT" => "assistant",
        role => role,
    };
    let content = map.get("content").or_else(|| map.get("message")).unwrap_or(&Json::Null);
    let mut parts = Vec::new();
    if role == "tool" {
        let id = json::text(map, "tool_call_id").or_else(|| json::text(map, "name"));
        // Ollama's word.
        let id = id.or_else(|| json::text(map, "tool_name"));
        parts.push(tool_response_part(id, content));
    } else {
        let reasoning = json::text(map, "reasoning_content").or_else(|| json::text(map, "reasoning"));
        // Ollama, and what Cohere says before it calls tools.
        let reasoning = reasoning.or_else(|| json::text(map, "thinking"));
        parts.extend(reasoning.or_else(|| json::text(map, "tool_plan")).map(reasoning_part));
        parts.extend(content_parts(content));
        parts.extend(json::list(map, "images").iter().filter_map(Json::as_str).map(image_blob));
        parts.extend(json::text(map, "refusal").map(text_part));
    }
    for call in json::list(map, "tool_calls").iter().filter_map(Json::as_object) {
        parts.extend(call_of(call));
    }
    if let Some(function) = json::object(map, "function_call") {
        parts.push(function_part(None, function, "arguments"));
    }
    let mut message = message(role, parts, None);
    set(&mut message, "name", json::text(map, "name").map(Value::from));
    message
}

fn call_of(call: &Object<'_>) -> Option<Value> {
    let id = json::text(call, "id");
    let custom = || json::object(call, "custom").or_else(|| json::object(call, "custom_tool"));
    match json::object(call, "function") {
        Some(function) => Some(function_part(id, function, "arguments")),
        None => Some(function_part(id, custom()?, "input")),
    }
}

fn function_part(id: Option<&str>, function: &Object<'_>, arguments: &str) -> Value {
    let arguments = function.get(arguments).filter(|arguments| !arguments.is_null());
    tool_call_part(id, json::text(function, "name").unwrap_or_default(), arguments.map(function_arguments))
}

/// Arguments as the JSON that they are, whether they came as text or not.
pub(super) fn function_arguments(value: &Json<'_>) -> Value {
    value.as_str().and_then(json::parse_any).unwrap_or_else(|| value.into())
}

pub(super) fn tool_response_part(id: Option<&str>, content: &Json<'_>) -> Value {
    // A list of nothing but one text is that text, which is what it is nearly always.
    let response = match content {
        Json::Array(parts) => match parts.as_slice() {
            [only] => match json::get(only, "text") {
                Some(text @ Json::Str(_)) => text.into(),
                _ => Value::Array(content_parts(content)),
            },
            _ => Value::Array(content_parts(content)),
        },
        other => other.into(),
    };
    let mut part = json!({ "type": "tool_call_response", "response": response });
    set(&mut part, "id", id.map(Value::from));
    part
}

/// The parts of a message's content, which is a text or a list.
pub(super) fn content_parts(content: &Json<'_>) -> Vec<Value> {
    match content {
        Json::Str(text) => vec![text_part(text)],
        Json::Array(parts) => parts
            .iter()
            .filter_map(|part| match part {
                Json::Str(text) => Some(text_part(text)),
                Json::Object(part) => Some(content_part(part)),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// One part of OpenAI's or Anthropic's lists; a type that OTel has no word for leaves under its own.
pub(super) fn content_part(part: &Object<'_>) -> Value {
    let text = |key: &str| json::text(part, key).unwrap_or_default();
    let value = |key: &str| part.get(key).map_or(Value::Null, Value::from);
    match text("type") {
        "text" | "input_text" | "output_text" => text_part(text("text")),
        "refusal" => text_part(text("refusal")),
        "thinking" => match part.get("thinking") {
            Some(Json::Str(text)) => reasoning_part(text),
            Some(Json::Array(parts)) => {
                let texts = parts.iter().filter_map(|part| json::get(part, "text")?.as_str());
                reasoning_part(&texts.collect::<String>())
            }
            _ => reasoning_part(""),
        },
        // Encrypted: nobody but the provider can read it.
        "redacted_thinking" => json!({ "type": "redacted_thinking" }),
        "tool_use" => function_part(json::text(part, "id"), part, "input"),
        "tool_result" => {
            tool_response_part(json::text(part, "tool_use_id"), part.get("content").unwrap_or(&Json::Null))
        }
        "server_tool_use" | "mcp_tool_use" => json!({
            "type": "server_tool_call", "id": value("id"), "name": text("name"),
            "server_tool_call": { "type": text("name"), "input": value("input") },
        }),
        kind if kind.ends_with("_tool_result") => json!({
            "type": "server_tool_call_response", "id": value("tool_use_id"),
            "server_tool_call_response": { "type": kind, "content": value("content") },
        }),
        "image_url" | "input_image" | "computer_screenshot" => {
            image_url(part.get("image_url")).unwrap_or_else(|| other(part))
        }
        "input_audio" => {
            let audio = json::object(part, "input_audio");
            let get = |key: &str| audio.and_then(|audio| json::text(audio, key)).unwrap_or_default();
            blob("audio", &format!("audio/{}", json::clip(get("format"), 32)), get("data"))
        }
        "image" => source("image", part).unwrap_or_else(|| other(part)),
        "document" => source("document", part).unwrap_or_else(|| other(part)),
        "file" | "input_file" => {
            let file = json::object(part, "file").unwrap_or(part);
            let at = |key: &str| json::text(file, key);
            match (at("file_id"), at("file_data"), at("file_url")) {
                (Some(id), ..) => json!({ "type": "file", "modality": "document", "file_id": id }),
                (None, Some(data), _) => {
                    data_url("document", data).unwrap_or_else(|| blob("document", "", data))
                }
                (None, None, Some(url)) => json!({ "type": "uri", "modality": "document", "uri": url }),
                (None, None, None) => other(part),
            }
        }
        // Bedrock's Converse tells the kind by the key.
        "" => block_part(part).unwrap_or_else(|| other(part)),
        _ => other(part),
    }
}

pub(super) fn other(part: &Object<'_>) -> Value {
    part.into()
}

/// OpenAI's image, `{"url": …}` or the URL itself.
fn image_url(image: Option<&Json<'_>>) -> Option<Value> {
    let url = image?.as_str().or_else(|| json::get(image?, "url")?.as_str())?;
    Some(data_url("image", url).unwrap_or_else(|| json!({ "type": "uri", "modality": "image", "uri": url })))
}

/// Anthropic's `source` of an image or document.
fn source(modality: &str, part: &Object<'_>) -> Option<Value> {
    let source = json::object(part, "source")?;
    let text = |key: &str| json::text(source, key).unwrap_or_default();
    Some(match text("type") {
        "base64" => blob(modality, text("media_type"), text("data")),
        "url" => json!({ "type": "uri", "modality": modality, "uri": text("url") }),
        "file" => json!({ "type": "file", "modality": modality, "file_id": text("file_id") }),
        "text" => text_part(text("data")),
        _ => return None,
    })
}

fn data_url(modality: &str, url: &str) -> Option<Value> {
    let (kind, data) = url.strip_prefix("data:")?.split_once(',')?;
    Some(blob(modality, kind.trim_end_matches(";base64"), data))
}

/// An image that a model made, as base64.
pub(super) fn image_blob(data: &str) -> Value {
    blob("image", "", data)
}

pub(super) fn blob(modality: &str, mime_type: &str, data: &str) -> Value {
    let mut part = json!({ "type": "blob", "modality": modality, "content": "" });
    set(&mut part, "mime_type", (!mime_type.is_empty()).then(|| Value::from(mime_type)));
    if data.len() <= MAX_BLOB {
        part["content"] = data.into();
    } else {
        part["size"] = data.len().into();
    }
    part
}

fn set(object: &mut Value, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        object[key] = value;
    }
}
