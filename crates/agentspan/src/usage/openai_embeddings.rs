//! OpenAI Embeddings, and the many servers that speak it.

use serde_json::{Map, Value};

use super::counts::{Usage, count_at};
use super::reply::Reply;
use super::{Collector, Family, json};

pub(super) const FAMILY: Family =
    Family { providers: &[], recognises, open: |_, _| Box::new(Embeddings::default()) };

fn recognises(body: &Map<String, Value>) -> bool {
    let first = json::list(body, "data").first();
    first.is_some_and(|item| item.get("embedding").is_some())
}

#[derive(Debug, Default)]
struct Embeddings {
    reply: Reply,
}

impl Collector for Embeddings {
    fn push(&mut self, body: &Map<String, Value>) {
        let items = json::list(body, "data");
        let lengths = || items.iter().filter_map(|item| dimensions(item.get("embedding")?));
        let usage = json::object(body, "usage").and_then(usage);
        self.reply = Reply {
            id: json::name(body, "id"),
            model: json::name(body, "model"),
            usage,
            embedding_count: Some(items.len()),
            embedding_dimensions: lengths().next(),
            size: lengths().map(|length| length.saturating_mul(4)).fold(0, usize::saturating_add),
            ..Reply::default()
        };
    }

    fn is_complete(&self) -> bool {
        self.reply.embedding_count.is_some()
    }

    fn finish(self: Box<Self>) -> Reply {
        self.reply
    }
}

/// There are no output tokens. Mistral sends a `completion_tokens` of 0, which is left out so that the same
/// call reads the same everywhere.
fn usage(usage: &Map<String, Value>) -> Option<Usage> {
    let details = json::object(usage, "prompt_tokens_details");
    Usage {
        input: count_at(usage, "prompt_tokens"),
        total: count_at(usage, "total_tokens"),
        cache_read: details.and_then(|details| count_at(details, "cached_tokens")),
        input_image: details.and_then(|details| count_at(details, "image_tokens")),
        ..Usage::default()
    }
    .if_any()
}

/// The length of a vector that came as a list or as base64 of 4-byte floats.
fn dimensions(embedding: &Value) -> Option<usize> {
    match embedding {
        // Some servers wrap a single vector in one more list.
        Value::Array(vector) => match vector.first() {
            Some(Value::Array(inner)) => Some(inner.len()),
            _ => Some(vector.len()),
        },
        Value::String(base64) => Some(base64.trim_end_matches('=').len() * 3 / 4 / 4),
        _ => None,
    }
}
