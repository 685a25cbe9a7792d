//! What a model's reply says: token counts in one normal form, finish reasons, ids, tool calls, errors.
//!
//! A streamed reply reads like the same reply sent whole. The shape of the body decides how it is read, since content
//! types and gateways mislead; the provider's name only breaks ties.
//!
//! Nothing here fails: what cannot be read is absent, and what is kept of one reply is bounded.
//!
//! # What is read from whom
//!
//! A cell is "yes" where a reply in the provider's form gives that figure in a test, exactly, whole and streamed in every cut.
//! *Written* is written to a cache, *audio* is tokens or seconds of it, *stream* means that the stream gives the same as the
//! reply sent whole, *provider cost* is what the provider itself says a call cost. Where a cell is a dash, the provider has no
//! such thing.
//!
//! The last column is for clients that parse replies before they are read here: what is left when a reply went through the
//! types of async-openai 0.43. A stream of typed chunks is complete when every choice has its finish reason, since its end mark
//! is not given on. Chunks that are parsed as plain JSON lose nothing.
//!
#![doc = include_str!("families.md")]

mod anthropic;
mod anthropic_counts;
mod bedrock_converse;
mod bedrock_invoke;
mod bedrock_messages;
mod blocks;
mod cohere;
mod cohere_counts;
mod cohere_lists;
mod collect;
mod counts;
mod endpoint;
mod finish;
mod framing;
mod gemini;
mod gemini_counts;
mod gemini_embeddings;
mod gemini_interactions;
mod gemini_messages;
mod genai;
mod items;
mod json;
mod keys;
mod messages;
mod ollama;
mod openai_chat;
mod openai_counts;
mod openai_embeddings;
mod openai_media;
mod openai_responses;
mod openai_runs;
mod places;
mod reader;
mod reply;
mod request;
mod stream;
mod tools;
mod vectors;

use json::{Json, Object};

pub use counts::Usage;
pub(crate) use endpoint::resource_id;
pub use endpoint::{Endpoint, Endpoints, price_model};
pub(crate) use finish::class_of as finish_class;
pub(crate) use json::{Nothing, Pick, Refused, get, pick, prefix, short_name, with_json, with_text};
pub use reader::ReplyReader;
pub(crate) use reply::OTHER;
pub use reply::{Reply, ReplyError, ToolCall};
pub(crate) use request::{
    DIMENSIONS, Request, SETTINGS, read_request, requested_model, write_system, write_tools,
};
use stream::StreamReader;

/// One API family: how to know its bodies and how to read them.
struct Family {
    /// Providers whose bodies are read by this family when no shape is recognised.
    providers: &'static [&'static str],
    /// Whether a whole reply or a chunk of a stream has this family's shape.
    recognises: fn(&Object<'_>) -> bool,
    open: fn(provider: &str, content: bool) -> Box<dyn Collector>,
}

/// Puts a reply together from one whole body or from the chunks of a stream, in bounded memory.
trait Collector: Send + Sync + std::fmt::Debug {
    fn push(&mut self, body: &Object<'_>);
    /// Whether the provider has said that the reply is whole.
    fn is_complete(&self) -> bool;
    /// Whether the reply itself says that it failed, in a place that only this family has.
    fn has_failed(&self) -> bool {
        false
    }
    /// Where the counts stand in the body, by the fields of [`Usage`].
    fn places(&self) -> &'static [places::Place];
    /// What the caller could do when a whole stream has given no usage.
    fn hint_without_usage(&self) -> Option<&'static str> {
        None
    }
    fn finish(self: Box<Self>) -> Reply;
}

/// The order matters only where shapes overlap: the more specific one stands first.
static FAMILIES: [Family; 15] = [
    genai::FAMILY,
    gemini::FAMILY,
    anthropic::FAMILY,
    openai_responses::FAMILY,
    openai_runs::FAMILY,
    openai_embeddings::FAMILY,
    openai_media::FAMILY,
    openai_chat::FAMILY,
    gemini_embeddings::FAMILY,
    gemini_interactions::FAMILY,
    bedrock_converse::FAMILY,
    cohere::FAMILY,
    cohere_lists::FAMILY,
    bedrock_invoke::FAMILY,
    ollama::FAMILY,
];

fn family_of(provider: &str, body: &Object<'_>) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| (family.recognises)(body)).or_else(|| {
        let told = || FAMILIES.iter().find(|family| family.providers.contains(&provider));
        body.get("usage").is_some_and(Json::is_object).then(told).flatten()
    })
}

/// Reads a whole reply; `content` asks for the text of its messages and for tool arguments.
///
/// A body of unknown shape gives its id, its model and its size; a plain text is a message with that text.
pub(crate) fn read_reply(provider: &str, body: &Json<'_>, content: bool) -> Reply {
    let map = match body {
        Json::Object(map) => {
            let known =
                |raw: &&Json<'_>| raw.as_object().is_some_and(|raw| family_of(provider, raw).is_some());
            match genai::raw_body(map).filter(known) {
                Some(raw) => return read_reply(provider, raw, content),
                None => map,
            }
        }
        Json::Str(text) => return stream::plain_text(text, content),
        Json::Array(chunks) if is_stream(provider, chunks) => {
            let mut reader = StreamReader::new(provider, content);
            chunks.iter().for_each(|chunk| reader.push(chunk));
            return reader.into_reply();
        }
        other => return Reply { size: json::size(other), ..Reply::default() },
    };
    let mut reply = match family_of(provider, map) {
        Some(family) => {
            let mut collector = (family.open)(provider, content);
            collector.push(map);
            collector.finish()
        }
        None => Reply {
            id: json::name(map, "id"),
            model: json::name(map, "model"),
            size: json::size(body),
            error: reply::error_body(map).or_else(|| reply::bare_message(provider, map)),
            ..Reply::default()
        },
    };
    reply.error = reply.error.or_else(|| reply::error_in(map));
    reply
}

/// Where the counts of a whole reply may stand.
fn places_of(provider: &str, body: &Object<'_>) -> &'static [places::Place] {
    family_of(provider, body).map(|family| (family.open)(provider, false).places()).unwrap_or_default()
}

/// Whether a list is a stream that came whole, as Gemini sends it when no events are asked for; also when all
/// that it holds is an error.
fn is_stream(provider: &str, chunks: &[Json<'_>]) -> bool {
    let first = chunks.first().and_then(Json::as_object);
    first.is_some_and(|map| family_of(provider, map).is_some() || reply::error_in(map).is_some())
}

#[cfg(test)]
mod tests;
