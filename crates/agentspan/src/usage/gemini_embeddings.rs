//! Gemini's embedContent and batchEmbedContents, and the text embeddings of Vertex AI's `:predict`.

use super::counts::{Usage, sum};
use super::gemini_counts::read;
use super::json::{Json, Object};
use super::places::Place;
use super::reply::Reply;
use super::{Collector, Family, keys, vectors};

pub(super) const FAMILY: Family =
    Family { providers: &[], recognises, open: |_, _| Box::new(Embeddings::default()) };

pub(super) fn recognises(body: &Object<'_>) -> bool {
    embeddings(body).next().is_some()
}

/// The objects with a vector: one, a list of them, or those of predictions.
fn embeddings<'a, 'b>(body: &'a Object<'b>) -> impl Iterator<Item = &'a Object<'b>> {
    let one = keys::object(body, "embedding").into_iter();
    let many = keys::list(body, "embeddings").iter().filter_map(Json::as_object);
    let predicted = keys::list(body, "predictions").iter();
    let predicted = predicted.filter_map(|prediction| keys::object(prediction.as_object()?, "embeddings"));
    one.chain(many).chain(predicted).filter(|holder| keys::at(holder, "values").is_some_and(Json::is_array))
}

#[derive(Debug, Default)]
struct Embeddings {
    reply: Reply,
}

impl Collector for Embeddings {
    fn push(&mut self, body: &Object<'_>) {
        let metadata = keys::object(body, "usageMetadata").and_then(read);
        let usage = metadata.map(|usage| Usage { output: None, ..usage }).or_else(|| statistics(body));
        self.reply = Reply { model: keys::name(body, "modelVersion"), usage, ..Reply::default() };
        vectors::note(&mut self.reply, embeddings(body).filter_map(|holder| keys::at(holder, "values")));
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

/// The sum of what each vector took, known when each of them tells it.
fn statistics(body: &Object<'_>) -> Option<Usage> {
    let counts =
        embeddings(body).map(|holder| keys::count(keys::object(holder, "statistics")?, "tokenCount"));
    let input = counts.reduce(|all, one| sum([all?, one?]))??;
    Some(Usage { input: Some(input), ..Usage::default() })
}

/// Where the counts stand; those with a plus are sums.
const PLACES: &[Place] = &[
    ("input", "usageMetadata.promptTokenCount"),
    ("input", "predictions[].embeddings.statistics.token_count"),
    ("total", "usageMetadata.totalTokenCount"),
    ("input_image", "usageMetadata.promptTokenDetails[IMAGE].tokenCount"),
    ("input_audio", "usageMetadata.promptTokenDetails[AUDIO].tokenCount"),
    ("input_video", "usageMetadata.promptTokenDetails[VIDEO].tokenCount"),
];
