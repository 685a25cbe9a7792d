//! Replies that went through the types of async-openai.

use agentspan::usage::ReplyReader;
use async_openai::types::chat::{CreateChatCompletionResponse, CreateChatCompletionStreamResponse};
use async_openai::types::embeddings::CreateEmbeddingResponse;
use async_openai::types::responses::{Response, ResponseStreamEvent};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The types of a client into which a family's replies fit.
#[derive(Debug, Clone, Copy)]
pub(super) enum Types {
    /// None, for this reason.
    None(&'static str),
    Chat,
    Responses,
    Embeddings,
    /// Those of Chat Completions, which fail or give other counts, for this reason.
    NotChat(&'static str),
}

/// Types of async-openai for what only others offer do not exist.
pub(super) const NOT_OPENAI: Types =
    Types::None("It is no API of OpenAI's, and those are all that async-openai has types for.");

/// Those that exist are not tried.
pub(super) const NOT_TRIED: Types =
    Types::None("Not tried with the types that async-openai has for it; give the bytes.");

impl Types {
    /// Gives a chunk, or a whole reply, as the client would; false when the type refuses it.
    #[must_use]
    pub(super) fn push(self, chunk: &Value, reader: &mut ReplyReader) -> bool {
        let is_chunk = chunk["object"] == "chat.completion.chunk" || chunk["type"].is_string();
        match (self, is_chunk) {
            (Self::None(_), _) => false,
            (Self::Embeddings, _) => push_as::<CreateEmbeddingResponse>(chunk, reader),
            (Self::Chat | Self::NotChat(_), true) => {
                push_as::<CreateChatCompletionStreamResponse>(chunk, reader)
            }
            (Self::Chat | Self::NotChat(_), false) => push_as::<CreateChatCompletionResponse>(chunk, reader),
            (Self::Responses, true) => push_as::<ResponseStreamEvent>(chunk, reader),
            (Self::Responses, false) => push_as::<Response>(chunk, reader),
        }
    }
}

fn push_as<T: DeserializeOwned + Serialize>(chunk: &Value, reader: &mut ReplyReader) -> bool {
    T::deserialize(chunk).map(|typed| reader.push_chunk(&typed)).is_ok()
}
