//! Cohere's embeddings and its reranking.

use super::cohere_counts::read;
use super::json::{self, Json, Object};
use super::places::Place;
use super::reply::Reply;
use super::{Collector, Family, vectors};

pub(super) const FAMILY: Family =
    Family { providers: &[], recognises, open: |_, _| Box::new(Lists::default()) };

fn recognises(body: &Object<'_>) -> bool {
    let is_embedding = json::text(body, "response_type").is_some_and(|kind| kind.starts_with("embeddings"));
    let first = || json::list(body, "results").first();
    is_embedding
        || body.contains_key("embeddings") && json::object(body, "meta").is_some()
        || first().is_some_and(|result| json::get(result, "relevance_score").is_some())
}

#[derive(Debug, Default)]
struct Lists {
    reply: Reply,
    is_complete: bool,
}

impl Collector for Lists {
    fn push(&mut self, body: &Object<'_>) {
        self.is_complete = true;
        let usage = json::object(body, "meta").and_then(read);
        self.reply = Reply { id: json::name(body, "id"), usage, ..Reply::default() };
        // What is billed for vectors is only what went in.
        if let Some(usage) = &mut self.reply.usage {
            usage.output = None;
        }
        match body.get("embeddings") {
            Some(Json::Array(list)) => vectors::note(&mut self.reply, list.iter()),
            // Each type that was asked for holds the same texts.
            Some(Json::Object(types)) => {
                let first = types.iter().find_map(|(_, list)| list.as_array()).unwrap_or_default();
                vectors::note(&mut self.reply, first.iter());
            }
            _ => self.reply.size = json::size(body),
        }
    }

    fn is_complete(&self) -> bool {
        self.is_complete
    }

    fn places(&self) -> &'static [Place] {
        PLACES
    }

    fn finish(self: Box<Self>) -> Reply {
        self.reply
    }
}

/// Where the counts stand; those with a plus are sums.
const PLACES: &[Place] = &[("input", "meta.billed_units.input_tokens")];
