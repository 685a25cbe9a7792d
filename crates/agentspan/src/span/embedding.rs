use crate::span::builder::{self, Begin, Step, WithTimeout, every_span};
use crate::span::future;
use crate::span::llm::end_call;
use crate::span::model::{self, Call, RequestRecord};
use crate::span::outcome::{Elapsed, Failure};
use crate::span::record::{Active, Spec};
use crate::span::runtime::{Runtime, attribute, count};
use agentspan_semconv::{Operation, StepType, embedding as names, llm, span_name};
use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;
use serde::Serialize;
use std::borrow::Cow;
use std::future::Future;

/// A call of an embedding model: the span `llm.<provider>.<model>`. Made by [`embedding()`].
#[must_use = "nothing is recorded before `call` or `start`"]
#[derive(Debug)]
pub struct EmbeddingBuilder {
    provider: Cow<'static, str>,
    model: String,
    request: Option<RequestRecord>,
    input_count: Option<u64>,
    dimension_count: Option<u64>,
    attributes: Vec<KeyValue>,
}

/// A call of the embedding model `model` at `provider`.
pub fn embedding(provider: impl AsRef<str>, model: impl Into<String>) -> EmbeddingBuilder {
    EmbeddingBuilder {
        provider: model::provider_word(provider.as_ref()),
        model: model.into(),
        request: None,
        input_count: None,
        dimension_count: None,
        attributes: Vec::new(),
    }
}

impl EmbeddingBuilder {
    /// The request as it is sent; its model, parameters, number of inputs and dimensions are read at once. The inputs
    /// themselves are never recorded.
    pub fn request<R: Serialize + ?Sized>(mut self, request: &R) -> Self {
        self.request = Some(match Runtime::wanted() {
            Some(_) => RequestRecord::read(request, false),
            None => RequestRecord::model_of(request),
        });
        self
    }

    /// The number of texts to embed, when no request is given.
    pub fn input_count(mut self, count: u64) -> Self {
        self.input_count = Some(count);
        self
    }

    /// The dimensions of each vector, when no request is given.
    pub fn dimension_count(mut self, count: u64) -> Self {
        self.dimension_count = Some(count);
        self
    }

    /// Sends the request inside the step and reads the reply's tokens, as [`LlmBuilder::call`](crate::LlmBuilder::call)
    /// does.
    pub async fn call<F, R, E, K>(self, future: F) -> Result<R, E>
    where
        F: Future<Output = Result<R, E>>,
        R: Serialize,
        E: Failure<K>,
    {
        let (result, active) = future::inside(|| self.begin().0, future).await;
        end_call(active, &result);
        result
    }
}

every_span!(EmbeddingBuilder);

impl WithTimeout<EmbeddingBuilder> {
    /// As [`EmbeddingBuilder::call`], at most as long as the limit.
    pub fn call<F, R, E, K>(self, future: F) -> impl Future<Output = Result<R, E>>
    where
        F: Future<Output = Result<R, E>>,
        R: Serialize,
        E: Failure<K> + From<Elapsed>,
    {
        let Self { builder, limit } = self;
        async move {
            let (result, active) = builder::within(builder, limit, future).await?;
            end_call(active, &result);
            result
        }
    }
}

impl Begin for EmbeddingBuilder {
    fn begin(self) -> Step {
        let Self { provider, model, request, input_count, dimension_count, attributes } = self;
        let spec = Spec {
            step_type: StepType::Embedding,
            kind: SpanKind::Client,
            name: span_name::llm(&provider, &model),
            run: None,
        };
        let sent = request.as_ref().and_then(|request| request.request.model.clone()).unwrap_or(model);
        let call = Call { provider: provider.clone(), model: sent.clone(), batch: false };
        let active = Active::start(spec, |node, initial| {
            let initial = &mut initial.attributes;
            initial.push(attribute(llm::LLM_PROVIDER, provider));
            initial.push(attribute(llm::LLM_REQUEST_MODEL_NAME, sent));
            initial.push(attribute(llm::LLM_OPERATION, Operation::Embeddings.as_str()));
            if let Some(request) = request {
                request.attributes(&node.runtime, initial);
            }
            initial.extend(attributes);
        });
        let counts = [
            (names::EMBEDDING_INPUT_COUNT, input_count),
            (names::EMBEDDING_DIMENSION_COUNT, dimension_count),
        ];
        if active.node.is_recording() {
            active.node.set(attribute(llm::LLM_MODEL_NAME, call.model.clone()));
        }
        active.node.set_all(counts.into_iter().filter_map(|(name, number)| Some(count(name, number?))));
        Step(active.with_call(call))
    }
}
