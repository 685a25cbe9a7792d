use crate::span::builder::{Begin, Given, Step};
use crate::span::model::RequestRecord;
use crate::span::model_call::{ModelCall, calling_span};
use crate::span::runtime::{Runtime, count};
use agentspan_semconv::{Operation, StepType, embedding as names, llm};
use serde::Serialize;
use std::future::Future;

/// A call of an embedding model: the span `llm.<provider>.<model>`. Made by [`embedding()`].
#[must_use = "nothing is recorded before `call` or `start`"]
#[derive(Debug)]
pub struct EmbeddingBuilder {
    call: ModelCall,
    input_count: Option<u64>,
    dimension_count: Option<u64>,
    given: Given,
}

/// A call of the embedding model `model` at `provider`.
pub fn embedding(provider: impl AsRef<str>, model: impl Into<String>) -> EmbeddingBuilder {
    EmbeddingBuilder {
        call: ModelCall::new(provider.as_ref(), model.into()),
        input_count: None,
        dimension_count: None,
        given: Given::default(),
    }
}

impl EmbeddingBuilder {
    /// The request as it is sent; its model, parameters, number of inputs and dimensions are read at once. The inputs
    /// themselves are never recorded.
    pub fn request<R: Serialize + ?Sized>(mut self, request: &R) -> Self {
        self.call.request = Some(Box::new(match Runtime::wanted() {
            Some(_) => RequestRecord::read(request, false).of_texts(),
            None => RequestRecord::model_of(request),
        }));
        self
    }

    /// The number of texts to embed, when no request is given. A reply that is read says it itself, by its vectors.
    pub fn input_count(mut self, count: u64) -> Self {
        self.input_count = Some(count);
        self
    }

    /// The dimensions of each vector, when no request is given. A reply that is read says it itself.
    pub fn dimension_count(mut self, count: u64) -> Self {
        self.dimension_count = Some(count);
        self
    }

    /// Estimated tokens of the inputs, recorded under a name of its own and never mixed with counts. An embedding has no
    /// output tokens.
    pub fn estimated_tokens(mut self, prompt: u64) -> Self {
        self.given.attributes.push(count(llm::LLM_TOKEN_COUNT_ESTIMATED_PROMPT, prompt));
        self
    }
}

calling_span!(EmbeddingBuilder);

impl Begin for EmbeddingBuilder {
    fn begin(&mut self) -> Step {
        let Self { call, input_count, dimension_count, given } = self;
        let step = call.begin(StepType::Embedding, Operation::Embeddings, given);
        // What the caller says stands over what the request says.
        let counts = [
            (names::EMBEDDING_INPUT_COUNT, input_count),
            (names::EMBEDDING_DIMENSION_COUNT, dimension_count),
        ];
        step.0.node.set_all(counts.into_iter().filter_map(|(name, number)| Some(count(name, (*number)?))));
        step
    }
}
