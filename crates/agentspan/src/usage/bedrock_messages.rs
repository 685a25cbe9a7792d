//! The blocks of Bedrock's Converse in the form of OTel's GenAI conventions.
//!
//! Only called when content is recorded.

use serde_json::{Value, json};

use super::json::{Json, Object};
use super::keys;
use super::messages::{blob, function_arguments, other, reasoning_part, text_part, tool_call_part};

/// A block of a request, which has its kind as its only key; `None` for anything that is no such block.
pub(super) fn block_part(block: &Object<'_>) -> Option<Value> {
    if let Some(text) = keys::text(block, "text") {
        return Some(text_part(text));
    }
    if let Some(tool) = keys::object(block, "toolUse") {
        let input = keys::at(tool, "input").filter(|input| !input.is_null());
        let name = keys::text(tool, "name").unwrap_or_default();
        return Some(tool_call_part(keys::text(tool, "toolUseId"), name, input.map(function_arguments)));
    }
    if let Some(result) = keys::object(block, "toolResult") {
        let id = keys::text(result, "toolUseId");
        let response = tool_result(keys::list(result, "content"));
        return Some(json!({ "type": "tool_call_response", "id": id, "response": response }));
    }
    if let Some(reasoning) = keys::object(block, "reasoningContent") {
        let text = keys::object(reasoning, "reasoningText").and_then(|holder| keys::text(holder, "text"));
        return Some(text.map_or_else(|| json!({ "type": "redacted_thinking" }), reasoning_part));
    }
    // What a guardrail is to look at is text or an image like any other.
    if let Some(guarded) = keys::object(block, "guardContent") {
        let text = keys::object(guarded, "text").and_then(|holder| keys::text(holder, "text"));
        return text.map(text_part).or_else(|| block_part(guarded));
    }
    ["image", "audio", "video", "document"].into_iter().find_map(|kind| {
        let media = keys::object(block, kind)?;
        Some(source(kind, media).unwrap_or_else(|| other(block)))
    })
}

/// A result of nothing but one text or one value is that, which is what it is nearly always.
fn tool_result(content: &[Json<'_>]) -> Value {
    let part = |block: &Json<'_>| {
        let map = block.as_object()?;
        let value = keys::at(map, "json").or_else(|| keys::at(map, "text").filter(|text| text.is_string()));
        value.map(Value::from).or_else(|| block_part(map))
    };
    match content {
        [only] => part(only).unwrap_or_else(|| only.into()),
        blocks => blocks.iter().map(|block| part(block).unwrap_or_else(|| block.into())).collect(),
    }
}

fn source(kind: &str, media: &Object<'_>) -> Option<Value> {
    let source = keys::object(media, "source")?;
    let location = keys::object(source, "s3Location").and_then(|location| keys::text(location, "uri"));
    if let Some(uri) = location {
        return Some(json!({ "type": "uri", "modality": kind, "uri": uri }));
    }
    // Typed clients hold bytes and not base64, which are no text to keep.
    let data = keys::text(source, "bytes")?;
    let format = keys::text(media, "format").unwrap_or_default();
    let mime_type =
        if kind == "document" { format!("application/{format}") } else { format!("{kind}/{format}") };
    Some(blob(kind, &mime_type, data))
}
