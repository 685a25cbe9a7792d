//! Lists of objects in the way of OpenInference: one attribute for each field of each element.

use agentspan_semconv::llm::{
    LLM_INPUT_MESSAGES, LLM_OUTPUT_MESSAGES, LLM_SYSTEM_INSTRUCTIONS, LLM_TOOL_DEFINITIONS,
};
use agentspan_semconv::openinference::*;
use agentspan_semconv::retrieval::RETRIEVAL_DOCUMENTS;
use agentspan_semconv::{tool::TOOL_DESCRIPTION, tool::TOOL_NAME};
use opentelemetry::Value as Attribute;
use serde_json::Value;

use super::span::Span;

/// Flattens the messages of the request, with the system prompt before them.
pub(super) fn input_messages(span: &mut Span<'_>) {
    let mut list = MessageList::new(LLM_INPUT_MESSAGES);
    if list.is_there(span) {
        return;
    }
    let system = parse(span, LLM_SYSTEM_INSTRUCTIONS);
    let messages = parse(span, LLM_INPUT_MESSAGES);
    if let Some(parts) = system.as_ref().filter(|parts| !parts.is_empty()) {
        list.add(span, "system", None, parts);
        span.drop(LLM_SYSTEM_INSTRUCTIONS);
    }
    if let Some(messages) = &messages {
        list.add_all(span, messages);
        span.drop(LLM_INPUT_MESSAGES);
    }
}

/// Flattens the messages of the reply.
pub(super) fn output_messages(span: &mut Span<'_>) {
    let mut list = MessageList::new(LLM_OUTPUT_MESSAGES);
    if list.is_there(span) {
        return;
    }
    if let Some(messages) = parse(span, LLM_OUTPUT_MESSAGES) {
        list.add_all(span, &messages);
        span.drop(LLM_OUTPUT_MESSAGES);
    }
}

/// Flattens the tools on offer.
pub(super) fn tool_definitions(span: &mut Span<'_>) {
    let Some(tools) = parse(span, LLM_TOOL_DEFINITIONS) else { return };
    for (at, tool) in tools.iter().enumerate() {
        let prefix = format!("{LLM_TOOLS}.{at}");
        for (name, key) in [(TOOL_NAME, "name"), (TOOL_DESCRIPTION, "description")] {
            // Some providers wrap a definition in `{"type":"function","function":{…}}`.
            let text = tool.get(key).or_else(|| tool.get("function")?.get(key)).and_then(Value::as_str);
            add_text(span, &prefix, name, text);
        }
        span.add(format!("{prefix}.{TOOL_JSON_SCHEMA}"), tool.to_string());
    }
    span.drop(LLM_TOOL_DEFINITIONS);
}

/// Flattens the documents that a retrieval found.
pub(super) fn documents(span: &mut Span<'_>) {
    let Some(documents) = parse(span, RETRIEVAL_DOCUMENTS) else { return };
    for (at, document) in documents.iter().enumerate() {
        let prefix = format!("{RETRIEVAL_DOCUMENTS}.{at}");
        if let Some(text) = document.as_str() {
            add_text(span, &prefix, DOCUMENT_CONTENT, Some(text));
            continue;
        }
        if let Some(id) = document.get("id").filter(|id| !id.is_null()) {
            span.add(format!("{prefix}.{DOCUMENT_ID}"), as_text(id));
        }
        if let Some(score) = document.get("score").and_then(Value::as_f64) {
            span.add(format!("{prefix}.{DOCUMENT_SCORE}"), score);
        }
        if let Some(content) =
            document.get("content").or_else(|| document.get("text")).filter(|text| !text.is_null())
        {
            span.add(format!("{prefix}.{DOCUMENT_CONTENT}"), as_text(content));
        }
        if let Some(metadata) = document.get("metadata").filter(|metadata| metadata.is_object()) {
            span.add(format!("{prefix}.{DOCUMENT_METADATA}"), metadata.to_string());
        }
        for (name, key) in [(DOCUMENT_URL, "url"), (DOCUMENT_MIME_TYPE, "mime_type"), (DOCUMENT_NAME, "name")]
        {
            add_text(span, &prefix, name, document.get(key).and_then(Value::as_str));
        }
    }
}

/// A list of messages that grows while it is written.
struct MessageList {
    name: &'static str,
    next: usize,
}

impl MessageList {
    fn new(name: &'static str) -> Self {
        Self { name, next: 0 }
    }

    /// Whether the list was written before, by this translation or by other instrumentation.
    fn is_there(&self, span: &Span<'_>) -> bool {
        span.has(&format!("{}.0.{MESSAGE_ROLE}", self.name))
    }

    fn add_all(&mut self, span: &mut Span<'_>, messages: &[Value]) {
        for message in messages {
            let role = message.get("role").and_then(Value::as_str).unwrap_or("user");
            let name = message.get("name").and_then(Value::as_str);
            match message.get("parts").or_else(|| message.get("content")) {
                Some(Value::Array(parts)) => self.add(span, role, name, parts),
                Some(Value::String(text)) => {
                    let prefix = self.begin(span, role, name);
                    add_text(span, &prefix, MESSAGE_CONTENT, Some(text));
                }
                _ => drop(self.begin(span, role, name)),
            }
        }
    }

    /// One message of OTel. Each answer of a tool becomes a message of its own, since OpenInference has room for one
    /// call id in each.
    fn add(&mut self, span: &mut Span<'_>, role: &str, name: Option<&str>, parts: &[Value]) {
        let (answers, others): (Vec<&Value>, Vec<&Value>) =
            parts.iter().partition(|part| kind(part) == "tool_call_response");
        if !others.is_empty() || answers.is_empty() {
            let prefix = self.begin(span, role, name);
            add_parts(span, &prefix, &others);
        }
        for answer in answers {
            let prefix = self.begin(span, role, name);
            add_text(span, &prefix, MESSAGE_TOOL_CALL_ID, answer.get("id").and_then(Value::as_str));
            if let Some(response) = answer.get("response").or_else(|| answer.get("result")) {
                span.add(format!("{prefix}.{MESSAGE_CONTENT}"), as_text(response));
            }
        }
    }

    fn begin(&mut self, span: &mut Span<'_>, role: &str, name: Option<&str>) -> String {
        let prefix = format!("{}.{}", self.name, self.next);
        self.next += 1;
        add_text(span, &prefix, MESSAGE_ROLE, Some(role));
        add_text(span, &prefix, MESSAGE_NAME, name);
        prefix
    }
}

fn add_parts(span: &mut Span<'_>, prefix: &str, parts: &[&Value]) {
    let (calls, contents): (Vec<&Value>, Vec<&Value>) =
        parts.iter().partition(|part| kind(part) == "tool_call");
    for (at, call) in calls.into_iter().enumerate() {
        let prefix = format!("{prefix}.{MESSAGE_TOOL_CALLS}.{at}");
        add_text(span, &prefix, TOOL_CALL_ID, call.get("id").and_then(Value::as_str));
        add_text(span, &prefix, TOOL_CALL_FUNCTION_NAME, call.get("name").and_then(Value::as_str));
        if let Some(arguments) = call.get("arguments").filter(|arguments| !arguments.is_null()) {
            span.add(format!("{prefix}.{TOOL_CALL_FUNCTION_ARGUMENTS}"), as_text(arguments));
        }
    }
    // Plain text has a name of its own, and a message uses one of the two.
    if let [only] = contents[..]
        && let Some(text) = text_of(only)
    {
        add_text(span, prefix, MESSAGE_CONTENT, Some(text));
        return;
    }
    for (at, part) in contents.into_iter().enumerate() {
        add_part(span, &format!("{prefix}.{MESSAGE_CONTENTS}.{at}"), part);
    }
}

fn add_part(span: &mut Span<'_>, prefix: &str, part: &Value) {
    let media = match part.get("modality").and_then(Value::as_str) {
        Some("image") => Some(("image", MESSAGE_CONTENT_IMAGE, IMAGE_URL)),
        Some("audio") => Some(("audio", MESSAGE_CONTENT_AUDIO, AUDIO_URL)),
        Some("video") => Some(("video", MESSAGE_CONTENT_VIDEO, VIDEO_URL)),
        _ => None,
    };
    if let (Some((word, element, url_name)), Some(url)) = (media, media_url(part)) {
        add_text(span, prefix, MESSAGE_CONTENT_TYPE, Some(word));
        add_text(span, &format!("{prefix}.{element}"), url_name, Some(&url));
        return;
    }
    add_text(span, prefix, MESSAGE_CONTENT_TYPE, Some(kind(part)));
    let text = part.get("content").and_then(Value::as_str).map(str::to_owned);
    // What OpenInference has no words for stays as it is rather than vanish.
    span.add(format!("{prefix}.{MESSAGE_CONTENT_TEXT}"), text.unwrap_or_else(|| as_text(part)));
}

/// Where an image, sound or film is, or itself in the form of a URL.
fn media_url(part: &Value) -> Option<String> {
    match kind(part) {
        "uri" => part.get("uri").and_then(Value::as_str).map(str::to_owned),
        "blob" => {
            let data = part.get("content").and_then(Value::as_str)?;
            let mime_type =
                part.get("mime_type").and_then(Value::as_str).unwrap_or("application/octet-stream");
            Some(format!("data:{mime_type};base64,{data}"))
        }
        _ => None,
    }
}

fn kind(part: &Value) -> &str {
    match part {
        Value::String(_) => "text",
        _ => part.get("type").and_then(Value::as_str).unwrap_or("text"),
    }
}

fn text_of(part: &Value) -> Option<&str> {
    match part {
        Value::String(text) => Some(text),
        _ if kind(part) == "text" => part.get("content").or_else(|| part.get("text")).and_then(Value::as_str),
        _ => None,
    }
}

/// A string as it is, anything else as JSON.
fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn parse(span: &Span<'_>, name: &str) -> Option<Vec<Value>> {
    serde_json::from_str(span.text(name)?).ok()
}

fn add_text(span: &mut Span<'_>, prefix: &str, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        span.add(format!("{prefix}.{name}"), Attribute::from(text.to_owned()));
    }
}
