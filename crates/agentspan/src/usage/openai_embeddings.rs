//! OpenAI Embeddings, and the many servers that speak it.

use super::counts::Usage;
use super::json::{self, Json, Object};
use super::openai_counts::{CHAT, Dialect, read};
use super::places::Place;
use super::reply::Reply;
use super::{Collector, Family};

pub(super) const FAMILY: Family = Family {
    providers: &[],
    recognises,
    open: |provider, _| Box::new(Embeddings::new(Dialect::of(provider))),
};

fn recognises(body: &Object<'_>) -> bool {
    let first = json::list(body, "data").first();
    first.is_some_and(|item| json::get(item, "embedding").is_some())
}

#[derive(Debug)]
struct Embeddings {
    dialect: Dialect,
    reply: Reply,
}

impl Embeddings {
    fn new(dialect: Dialect) -> Self {
        Self { dialect, reply: Reply::default() }
    }
}

impl Collector for Embeddings {
    fn push(&mut self, body: &Object<'_>) {
        let items = json::list(body, "data");
        let lengths = || items.iter().filter_map(|item| dimensions(json::get(item, "embedding")?));
        let usage = json::object(body, "usage").and_then(|counts| usage(counts, self.dialect));
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

    fn places(&self) -> &'static [Place] {
        PLACES
    }

    fn finish(self: Box<Self>) -> Reply {
        self.reply
    }
}

/// Where the counts stand; those with a plus are sums.
const PLACES: &[Place] = &[
    ("input", "usage.prompt_tokens"),
    ("input", "usage.total_tokens"),
    ("total", "usage.total_tokens"),
    ("cache_read", "usage.prompt_tokens_details.cached_tokens"),
    ("input_image", "usage.prompt_tokens_details.image_tokens"),
    ("provider_cost_usd", "usage.cost"),
];

/// There are no output tokens. Mistral sends a `completion_tokens` of 0, which is left out so that the same
/// call reads the same everywhere.
fn usage(usage: &Object<'_>, dialect: Dialect) -> Option<Usage> {
    let mut read = read(usage, &CHAT, dialect)?;
    // Voyage and Jina give nothing but a total.
    read.input = read.input.or(read.total);
    read.output = None;
    read.if_any()
}

/// The length of a vector that came as a list or as base64 of 4-byte floats.
fn dimensions(embedding: &Json<'_>) -> Option<usize> {
    match embedding {
        // Some servers wrap a single vector in one more list.
        Json::Array(vector) => match vector.first() {
            Some(Json::Array(inner)) => Some(inner.len()),
            _ => Some(vector.len()),
        },
        Json::Str(base64) => Some(base64.trim_end_matches('=').len() * 3 / 4 / 4),
        _ => None,
    }
}
