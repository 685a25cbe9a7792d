use crate::span::builder::{self, Begin, Step, WithTimeout, every_span};
use crate::span::future;
use crate::span::model::{self, Call, ReplyRecord, RequestRecord};
use crate::span::outcome::{Elapsed, Ending, Failure};
use crate::span::record::{Active, Spec};
use crate::span::runtime::{Runtime, attribute, count};
use crate::span::stream::ReplyStream;
use agentspan_semconv::{Operation, StepType, llm as names, server, span_name};
use futures_core::Stream;
use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;
use serde::Serialize;
use std::borrow::Cow;
use std::future::Future;

/// A call of a model: the span `llm.<provider>.<model>`. Made by [`llm()`].
///
/// It has [`call`](Self::call) and [`stream`](Self::stream) in place of `run`, since a call whose reply nobody read
/// has no tokens.
#[must_use = "nothing is recorded before `call`, `stream` or `start`"]
#[derive(Debug)]
pub struct LlmBuilder {
    provider: Cow<'static, str>,
    model: String,
    operation: Operation,
    purpose: Option<String>,
    prompt: Option<(String, Option<String>)>,
    request: Option<RequestRecord>,
    server: Option<(String, Option<u16>)>,
    batch: bool,
    context_window: Option<u64>,
    estimate: (Option<u64>, Option<u64>),
    attributes: Vec<KeyValue>,
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
        provider: model::provider_word(provider.as_ref()),
        model: model.into(),
        operation: Operation::Chat,
        purpose: None,
        prompt: None,
        request: None,
        server: None,
        batch: false,
        context_window: None,
        estimate: (None, None),
        attributes: Vec::new(),
    }
}

impl LlmBuilder {
    /// What the call is for in the agent (`llm.purpose`).
    pub fn purpose(mut self, purpose: impl Into<String>) -> Self {
        self.purpose = Some(purpose.into());
        self
    }

    /// The request as it is sent: anything that serialises to the provider's JSON.
    ///
    /// Read at once: model, parameters, sizes, number of messages, hashes of system prompt and tool definitions; the
    /// messages themselves only when they are asked for.
    pub fn request<R: Serialize + ?Sized>(mut self, request: &R) -> Self {
        self.request = Some(match Runtime::wanted() {
            Some(content) => RequestRecord::read(request, content.messages),
            None => RequestRecord::model_of(request),
        });
        self
    }

    /// The kind of call (`llm.operation`), `chat` by default.
    pub fn operation(mut self, operation: Operation) -> Self {
        self.operation = operation;
        self
    }

    /// The managed prompt that the request was made from.
    pub fn prompt(mut self, name: impl Into<String>, version: Option<&str>) -> Self {
        self.prompt = Some((name.into(), version.map(str::to_owned)));
        self
    }

    /// The host that is called (`server.address`, `server.port`).
    pub fn server(mut self, address: impl Into<String>, port: Option<u16>) -> Self {
        self.server = Some((address.into(), port));
        self
    }

    /// Marks a call of a batch, which has prices of its own and cannot be told from the reply.
    pub fn batch(mut self) -> Self {
        self.batch = true;
        self
    }

    /// Tokens that the model can take (`llm.context_window`).
    pub fn context_window(mut self, tokens: u64) -> Self {
        self.context_window = Some(tokens);
        self
    }

    /// Estimated tokens, recorded under names of their own and never mixed with counts.
    pub fn estimated_tokens(mut self, prompt: Option<u64>, completion: Option<u64>) -> Self {
        self.estimate = (prompt, completion);
        self
    }

    /// Sends the request inside the step and reads the reply: anything that serialises, so that typed replies of a
    /// client work as they are, or raw JSON as a `serde_json::Value` or as text.
    ///
    /// For a reply that does not serialise: `let call = llm(…).start()`, then `call.within(request)`, `call.usage(…)` and
    /// `call.finish_with(result)`.
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

    /// Sends the request inside the step, passes each item of the answer on untouched and at once, and reads it.
    ///
    /// The step begins before the request and ends with the last item. A stream that fails, ends before the provider
    /// said so, or is dropped before its end says so in `llm.stream_end`.
    pub async fn stream<F, S, C, E, X, K, L>(self, future: F) -> Result<ReplyStream<S, L>, E>
    where
        F: Future<Output = Result<S, E>>,
        S: Stream<Item = Result<C, X>>,
        C: Serialize,
        E: Failure<K>,
        X: Failure<L>,
    {
        let provider = self.provider.clone();
        let (result, active) = future::inside(|| self.begin().0, future).await;
        open_stream(provider, result, active)
    }
}

every_span!(LlmBuilder);

impl WithTimeout<LlmBuilder> {
    /// As [`LlmBuilder::call`], at most as long as the limit.
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

    /// As [`LlmBuilder::stream`]; the limit is for the answer to begin, not for the whole of it.
    pub fn stream<F, S, C, E, X, K, L>(self, future: F) -> impl Future<Output = Result<ReplyStream<S, L>, E>>
    where
        F: Future<Output = Result<S, E>>,
        S: Stream<Item = Result<C, X>>,
        C: Serialize,
        E: Failure<K> + From<Elapsed>,
        X: Failure<L>,
    {
        let Self { builder, limit } = self;
        async move {
            let provider = builder.provider.clone();
            let (result, active) = builder::within(builder, limit, future).await?;
            open_stream(provider, result, active)
        }
    }
}

pub(crate) fn end_call<R: Serialize, E: Failure<K>, K>(active: Active, result: &Result<R, E>) {
    if let Ok(reply) = result {
        model::record_reply(&active.node, &ReplyRecord::read(&active.node, reply));
    }
    active.finish(future::ending(result));
}

fn open_stream<S, C, X, E, K, L>(
    provider: Cow<'static, str>,
    result: Result<S, E>,
    active: Active,
) -> Result<ReplyStream<S, L>, E>
where
    S: Stream<Item = Result<C, X>>,
    C: Serialize,
    E: Failure<K>,
    X: Failure<L>,
{
    match result {
        Ok(stream) => Ok(ReplyStream::new(stream, &provider, active)),
        Err(error) => {
            active.finish(Ending::failed(error.record()));
            Err(error)
        }
    }
}

impl Begin for LlmBuilder {
    fn begin(self) -> Step {
        let Self {
            provider,
            model,
            operation,
            purpose,
            prompt,
            request,
            server,
            batch,
            context_window,
            estimate,
            attributes,
        } = self;
        let spec = Spec {
            step_type: StepType::LlmGenerate,
            kind: SpanKind::Client,
            name: span_name::llm(&provider, &model),
            run: None,
        };
        let sent = request.as_ref().and_then(|request| request.request.model.clone()).unwrap_or(model);
        let call = Call { provider: provider.clone(), model: sent.clone(), batch };
        let active = Active::start(spec, |node, initial| {
            let initial = &mut initial.attributes;
            initial.push(attribute(names::LLM_PROVIDER, provider));
            initial.push(attribute(names::LLM_REQUEST_MODEL_NAME, sent));
            initial.push(attribute(names::LLM_OPERATION, operation.as_str()));
            let (prompt_name, prompt_version) = prompt.unzip();
            let texts = [
                (names::LLM_PURPOSE, purpose),
                (names::LLM_PROMPT_NAME, prompt_name),
                (names::LLM_PROMPT_VERSION, prompt_version.flatten()),
            ];
            initial.extend(texts.into_iter().filter_map(|(name, text)| Some(attribute(name, text?))));
            if let Some((address, port)) = server {
                initial.push(attribute(server::SERVER_ADDRESS, address));
                initial.extend(port.map(|port| count(server::SERVER_PORT, port.into())));
            }
            let counts = [
                (names::LLM_CONTEXT_WINDOW, context_window),
                (names::LLM_TOKEN_COUNT_ESTIMATED_PROMPT, estimate.0),
                (names::LLM_TOKEN_COUNT_ESTIMATED_COMPLETION, estimate.1),
            ];
            initial.extend(counts.into_iter().filter_map(|(name, number)| Some(count(name, number?))));
            if let Some(request) = request {
                request.attributes(&node.runtime, initial);
            }
            initial.extend(attributes);
        });
        // A reply that names its model replaces this; whoever reads only this one still sees a model.
        if active.node.is_recording() {
            active.node.set(attribute(names::LLM_MODEL_NAME, call.model.clone()));
            active.node.set_all(batch.then(|| attribute(names::LLM_BATCH, true)));
        }
        Step(active.with_call(call))
    }
}
