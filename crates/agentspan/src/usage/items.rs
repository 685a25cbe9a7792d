//! The items of OpenAI's Responses, which stand for messages, tool calls, their results and reasoning alike.

use serde_json::{Value, json};

use super::json::{self, Json, Object};
use super::messages::{
    content_part, content_parts, function_arguments, image_blob, message, other, reasoning_part,
    request_message, text_part, tool_call_part, tool_response_part,
};

/// A tool that the caller is to run.
pub(super) struct Call<'a, 'b> {
    pub(super) id: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) arguments: Option<&'a Json<'b>>,
}

/// The call in an item; `None` for items that are no call, and for calls that the provider runs by itself.
pub(super) fn call_of<'a, 'b>(item: &'a Object<'b>) -> Option<Call<'a, 'b>> {
    let named = || json::text(item, "name").unwrap_or_default();
    let (name, arguments) = match json::text(item, "type")? {
        "function_call" => (named(), "arguments"),
        "custom_tool_call" => (named(), "input"),
        "computer_call" => ("computer", "action"),
        "local_shell_call" => ("local_shell", "action"),
        // In a container of the provider it has run already.
        "shell_call" if !is_hosted(item) => ("shell", "action"),
        "apply_patch_call" => ("apply_patch", "operation"),
        _ => return None,
    };
    // `id` is that of the item, by which nothing is sent back.
    // Gemini's steps have nothing else.
    let id = json::text(item, "call_id")
        .or_else(|| json::text(item, "id").filter(|_| !item.contains_key("status")));
    Some(Call { id, name, arguments: item.get(arguments) })
}

fn is_hosted(item: &Object<'_>) -> bool {
    let environment =
        json::object(item, "environment").and_then(|environment| json::text(environment, "type"));
    environment.is_some_and(|kind| kind.starts_with("container"))
}

/// The texts of a reasoning item: its summary, and the reasoning itself where a server gives it.
pub(super) fn reasoning_texts<'a>(item: &'a Object<'_>) -> impl Iterator<Item = &'a str> {
    let parts = ["summary", "content"].into_iter().flat_map(|key| json::list(item, key));
    parts.filter_map(|part| json::get(part, "text")?.as_str()).filter(|text| !text.is_empty())
}

/// The part of a message for an item that is neither a message nor a call.
pub(super) fn item_part(item: &Object<'_>) -> Value {
    match json::text(item, "type").unwrap_or_default() {
        "reasoning" => reasoning_part(&reasoning_texts(item).collect::<Vec<_>>().join("\n\n")),
        "image_generation_call" => image_blob(json::text(item, "result").unwrap_or_default()),
        // Encrypted: nobody but the provider can read it.
        "compaction" => json!({ "type": "compaction" }),
        kind if kind.ends_with("_call") => {
            let name = json::text(item, "name").unwrap_or(kind.trim_end_matches("_call"));
            json!({
                "type": "server_tool_call", "id": item.get("id").map_or(Value::Null, Value::from), "name": name,
                "server_tool_call": other(item),
            })
        }
        _ => content_part(item),
    }
}

/// A message of a request from one of its items.
pub(super) fn item_message(item: &Json<'_>) -> Value {
    let Some(map) = item.as_object() else {
        return message("user", item.as_str().map(text_part).into_iter().collect(), None);
    };
    let kind = json::text(map, "type").unwrap_or("message");
    if kind == "message" || map.contains_key("role") {
        return request_message(item);
    }
    if let Some(call) = call_of(map) {
        let arguments = call.arguments.filter(|value| !value.is_null()).map(function_arguments);
        return message("assistant", vec![tool_call_part(call.id, call.name, arguments)], None);
    }
    // Gemini's Interactions: steps, their results, and parts of what the user says.
    match kind {
        "user_input" => return message("user", step_parts(map), None),
        "model_output" => return message("assistant", step_parts(map), None),
        "thought" => {
            let text = reasoning_texts(map).collect::<Vec<_>>().join("\n\n");
            return message("assistant", vec![reasoning_part(&text)], None);
        }
        "text" | "image" | "audio" | "video" | "document" => {
            return message("user", vec![content_part(map)], None);
        }
        "function_result" => {
            let result = map.get("result").unwrap_or(&Json::Null);
            return message("tool", vec![tool_response_part(json::text(map, "call_id"), result)], None);
        }
        _ => {}
    }
    if kind.ends_with("_output") {
        let output = map.get("output").unwrap_or(&Json::Null);
        let part = match output.as_object() {
            // A screenshot, whose image would fill the attribute.
            Some(output) => json!({ "type": "tool_call_response",
                "id": json::text(map, "call_id"), "response": content_part(output) }),
            None => tool_response_part(json::text(map, "call_id"), output),
        };
        return message("tool", vec![part], None);
    }
    message("assistant", vec![item_part(map)], None)
}

fn step_parts(step: &Object<'_>) -> Vec<Value> {
    content_parts(step.get("content").unwrap_or(&Json::Null))
}

/// The messages of a Responses request, whose `input` is a text or a list of items.
pub(super) fn input_messages(input: &Json<'_>) -> Option<Value> {
    match input {
        Json::Str(_) => Some(Value::Array(vec![message("user", content_parts(input), None)])),
        // Texts alone are to be embedded.
        Json::Array(items) if items.iter().any(Json::is_object) => {
            Some(Value::Array(items.iter().map(item_message).collect()))
        }
        _ => None,
    }
}
