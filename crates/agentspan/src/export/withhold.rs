//! Keeps back what people, models, tools and documents said, on spans of others too, unless it was asked for.

use crate::config::Content;
use agentspan_semconv::table::is_content;
use opentelemetry::KeyValue;

/// Takes out the values of classes that nobody asked for. What our own steps record has been asked for already; a client
/// with spans of its own may see it otherwise.
pub(super) fn withhold(attributes: &mut Vec<KeyValue>, content: &Content) {
    attributes.retain(|attribute| {
        let name = attribute.key.as_str();
        !is_content(name) || is_asked_for(name, content)
    });
}

/// Of content, by the beginning of its name; what belongs to no other class is a message.
fn is_asked_for(name: &str, content: &Content) -> bool {
    let name = name.strip_prefix("gen_ai.").unwrap_or(name);
    match name.split_once('.') {
        Some(("tool", rest)) if rest != "definitions" => content.tools,
        Some(("user" | "agent", _)) => content.queries,
        Some(("retrieval", _)) => content.documents,
        Some((_, "reason")) => content.reasons,
        Some(("exception", _)) => content.errors,
        _ => content.messages,
    }
}

#[cfg(test)]
mod tests;
