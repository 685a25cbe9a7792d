//! Gemini's contents and parts in the form of OTel's GenAI conventions.
//!
//! Only called when content is recorded.

use serde_json::{Value, json};

use super::json::{Json, Object};
use super::keys;
use super::messages::{blob, function_arguments, message, other, reasoning_part, text_part, tool_call_part};

/// The messages of `contents`: a list of contents, one of them, or a text, as the clients allow.
pub(super) fn contents(contents: &Json<'_>) -> Value {
    let messages = match contents {
        Json::Array(contents) => contents.iter().map(content).collect(),
        one => vec![content(one)],
    };
    Value::Array(messages)
}

fn content(content: &Json<'_>) -> Value {
    let role = match content.as_object().and_then(|map| keys::text(map, "role")).unwrap_or("user") {
        "model" => "assistant",
        "function" => "tool",
        role => role,
    };
    message(role, parts(content), None)
}

/// The parts of a content, which may also be a text.
pub(super) fn parts(content: &Json<'_>) -> Vec<Value> {
    match content {
        Json::Str(text) => vec![text_part(text)],
        Json::Array(parts) => parts.iter().filter_map(Json::as_object).map(part).collect(),
        Json::Object(map) => match keys::at(map, "parts") {
            Some(Json::Object(one)) => vec![part(one)],
            Some(Json::Str(text)) => vec![text_part(text)],
            Some(_) => keys::list(map, "parts").iter().filter_map(Json::as_object).map(part).collect(),
            // A part where a content is expected.
            None => vec![part(map)],
        },
        _ => Vec::new(),
    }
}

/// One part of a request or of a reply.
pub(super) fn part(part: &Object<'_>) -> Value {
    if let Some(text) = keys::at(part, "text").and_then(Json::as_str) {
        let is_thought = keys::at(part, "thought").and_then(Json::as_bool) == Some(true);
        return if is_thought { reasoning_part(text) } else { text_part(text) };
    }
    if let Some(call) = keys::object(part, "functionCall") {
        let arguments = keys::at(call, "args").filter(|arguments| !arguments.is_null());
        let name = keys::text(call, "name").unwrap_or_default();
        return tool_call_part(keys::text(call, "id"), name, arguments.map(function_arguments));
    }
    if let Some(response) = keys::object(part, "functionResponse") {
        // Without ids the name is what tells to which call it belongs.
        let id = keys::text(response, "id").or_else(|| keys::text(response, "name"));
        let response = keys::at(response, "response").map_or(Value::Null, Value::from);
        return json!({ "type": "tool_call_response", "id": id, "response": response });
    }
    if let Some(data) = keys::object(part, "inlineData") {
        let text = |key: &str| keys::text(data, key).unwrap_or_default();
        return blob(modality_of(text("mimeType")), text("mimeType"), text("data"));
    }
    if let Some(file) = keys::object(part, "fileData") {
        let text = |key: &str| keys::text(file, key).unwrap_or_default();
        return json!({ "type": "uri", "modality": modality_of(text("mimeType")), "uri": text("fileUri") });
    }
    if let Some(code) = keys::object(part, "executableCode") {
        return json!({ "type": "server_tool_call", "name": "code_execution", "server_tool_call": other(code) });
    }
    if let Some(result) = keys::object(part, "codeExecutionResult") {
        return json!({ "type": "server_tool_call_response", "server_tool_call_response": other(result) });
    }
    other(part)
}

/// What kind of content a media type stands for, in OTel's words.
pub(super) fn modality_of(mime_type: &str) -> &str {
    match mime_type.split('/').next() {
        Some(kind @ ("image" | "audio" | "video")) => kind,
        _ => "document",
    }
}
