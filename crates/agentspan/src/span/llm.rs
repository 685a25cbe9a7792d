use crate::span::builder::{self, Begin, Given, Step, WithTimeout};
use crate::span::future;
use crate::span::model::RequestRecord;
use crate::span::model_call::{ModelCall, calling_span};
use crate::span::outcome::{Elapsed, Ending, Failure};
use crate::span::record::Active;
use crate::span::runtime::{Runtime, attribute, count};
use crate::span::stream::ReplyStream;
use agentspan_semconv::{Operation, StepType, llm as names};
use futures_core::Stream;
use serde::Serialize;
use std::future::Future;

/// A call of a model: the span `llm.<provider>.<model>`. Made by [`llm()`].
///
/// It has [`call`](Self::call) and [`stream`](Self::stream) in place of `run`, since a call whose reply nobody read
/// has no tokens.
#[must_use = "nothing is recorded before `call`, `stream` or `start`"]
#[derive(Debug)]
pub struct LlmBuilder {
    call: ModelCall,
    operation: Operation,
    given: Given,
}

/// A call of `model` at `provider`, both as the caller knows them.
///
/// The reply's own model is recorded and priced when the reply names one. Any known spelling of a provider is
/// accepted (`gcp.gemini`, `google`, `gemini`).
///
/// ```
/// # use serde_json::json;
/// # async fn send(_: &serde_json::Value) -> Result<serde_json::Value, String> { Ok(json!({})) }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let request = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]});
/// let reply = agentspan::llm("openai", "gpt-4o")
///     .purpose("intent_analysis")
///     .request(&request)
///     .call(send(&request))
///     .await;
/// # reply.unwrap(); }
/// ```
pub fn llm(provider: impl AsRef<str>, model: impl Into<String>) -> LlmBuilder {
    LlmBuilder {
        call: ModelCall::new(provider.as_ref(), model.into()),
        operation: Operation::Chat,
        given: Given::default(),
    }
}

impl LlmBuilder {
    /// The request as it is sent: anything that serialises to the provider's JSON.
    ///
    /// Read at once: model, parameters, sizes, number of messages, hashes of system prompt and tool definitions; the
    /// messages themselves only when they are asked for.
    pub fn request<R: Serialize + ?Sized>(mut self, request: &R) -> Self {
        self.call.request = Some(Box::new(match Runtime::wanted() {
            Some(content) => RequestRecord::read(request, content.messages).of_messages(),
            None => RequestRecord::model_of(request),
        }));
        self
    }

    /// The kind of call (`llm.operation`), `chat` by default.
    pub fn operation(mut self, operation: Operation) -> Self {
        self.operation = operation;
        self
    }

    /// The managed prompt that the request was made from.
    pub fn prompt(mut self, name: impl Into<String>, version: Option<&str>) -> Self {
        self.given.attributes.push(attribute(names::LLM_PROMPT_NAME, name.into()));
        let version = version.map(|version| attribute(names::LLM_PROMPT_VERSION, version.to_owned()));
        self.given.attributes.extend(version);
        self
    }

    /// Tokens that the model can take (`llm.context_window`).
    pub fn context_window(mut self, tokens: u64) -> Self {
        self.given.attributes.push(count(names::LLM_CONTEXT_WINDOW, tokens));
        self
    }

    /// Estimated tokens, recorded under names of their own and never mixed with counts.
    pub fn estimated_tokens(mut self, prompt: Option<u64>, completion: Option<u64>) -> Self {
        let counts = [
            (names::LLM_TOKEN_COUNT_ESTIMATED_PROMPT, prompt),
            (names::LLM_TOKEN_COUNT_ESTIMATED_COMPLETION, completion),
        ];
        self.given
            .attributes
            .extend(counts.into_iter().filter_map(|(name, tokens)| Some(count(name, tokens?))));
        self
    }

    /// Sends the request inside the step, passes each item of the answer on untouched and at once, and reads it.
    ///
    /// An item is a chunk that the client has parsed, or the body as it came: bytes in any cut, or text in pieces of at
    /// least a line. The `Bytes` of reqwest's `bytes_stream()` serialise with the feature `serde` of the crate `bytes`, or as
    /// `.map_ok(|bytes| bytes.to_vec())`, by `futures::TryStreamExt`.
    ///
    /// The step begins with the first poll, before the request, and ends with the last item. A stream that fails, ends
    /// before the provider said so, or is dropped before its end says so in `llm.stream_end`. An `Err` in place of a
    /// stream, a panic (passed on unchanged) and a future dropped before its end are recorded as what they are; errors
    /// are the future's and the stream's own.
    pub fn stream<F, S, C, E, X, K, L>(
        mut self,
        future: F,
    ) -> impl Future<Output = Result<ReplyStream<S, L>, E>>
    where
        F: Future<Output = Result<S, E>>,
        S: Stream<Item = Result<C, X>>,
        C: Serialize,
        E: Failure<K>,
        X: Failure<L>,
    {
        self.call.is_streamed = true;
        future::inside(self, future, open_stream)
    }
}

calling_span!(LlmBuilder);

impl WithTimeout<LlmBuilder> {
    /// As [`LlmBuilder::stream`]; the limit is for the answer to begin, not for the whole of it.
    pub fn stream<F, S, C, E, X, K, L>(
        mut self,
        future: F,
    ) -> impl Future<Output = Result<ReplyStream<S, L>, E>>
    where
        F: Future<Output = Result<S, E>>,
        S: Stream<Item = Result<C, X>>,
        C: Serialize,
        E: Failure<K> + From<Elapsed>,
        X: Failure<L>,
    {
        self.builder.call.is_streamed = true;
        builder::within(self, future, open_stream)
    }
}

fn open_stream<S, C, X, E, K, L>(active: Active, result: Result<S, E>) -> Result<ReplyStream<S, L>, E>
where
    S: Stream<Item = Result<C, X>>,
    C: Serialize,
    E: Failure<K>,
    X: Failure<L>,
{
    match result {
        Ok(stream) => Ok(ReplyStream::new(stream, active)),
        Err(error) => {
            active.finish(Ending::failed(error.record()));
            Err(error)
        }
    }
}

impl Begin for LlmBuilder {
    fn begin(&mut self) -> Step {
        let Self { call, operation, given } = self;
        call.begin(StepType::LlmGenerate, *operation, given)
    }
}
