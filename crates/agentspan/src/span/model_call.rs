//! What the calls of models have in common: who is called and for what, the request, and the reply that is read.

use crate::span::builder::{Given, Step};
use crate::span::future;
use crate::span::model::{self, Call, RequestRecord, Server};
use crate::span::node::Label;
use crate::span::outcome::Failure;
use crate::span::record::{Active, Spec};
use agentspan_semconv::{Operation, StepType, llm as names};
use serde::Serialize;
use std::borrow::Cow;
use std::mem::take;
use std::time::Instant;

/// The base of every builder of a model call.
#[derive(Debug)]
pub(crate) struct ModelCall {
    pub(crate) provider: Cow<'static, str>,
    model: String,
    pub(crate) purpose: Option<String>,
    /// Apart, since it is large and a call may have none.
    pub(crate) request: Option<Box<RequestRecord>>,
    pub(crate) server: Option<Server>,
    pub(crate) batch: bool,
    /// Its reply comes piece by piece, whose waiting times are measured.
    pub(crate) is_streamed: bool,
}

impl ModelCall {
    pub(crate) fn new(provider: &str, model: String) -> Self {
        Self {
            provider: model::provider_word(provider),
            model,
            purpose: None,
            request: None,
            server: None,
            batch: false,
            is_streamed: false,
        }
    }

    /// Begins the step; what the user gives to its span stands last.
    pub(crate) fn begin(&mut self, step_type: StepType, operation: Operation, given: &mut Given) -> Step {
        let Self { provider, model, purpose, request, server, batch, is_streamed } = self;
        let sent = request.as_mut().and_then(|request| request.request.model.take());
        let (model, label) = match sent {
            // The span is named after the model that the caller names.
            Some(sent) => (sent, Label::Named(take(model))),
            None => (take(model), Label::Known),
        };
        let (provider, server) = (take(provider), server.take());
        let call = Call { provider, model, operation: Some(operation), batch: *batch, server };
        let mut active = Active::start(Spec::call(step_type, label, call), &mut |node, initial| {
            initial.set(names::LLM_PURPOSE, purpose.take());
            if let Some(request) = request.take() {
                request.attributes(node.runtime(), &mut initial.attributes);
            }
            given.put(initial);
        });
        if *is_streamed && (active.node.is_recording() || active.node.is_measured()) {
            active.began = Some(Instant::now());
        }
        Step(active)
    }
}

/// Reads a reply that has come whole, and ends its call.
pub(crate) fn end_call<R: Serialize, E: Failure<K>, K>(active: Active, result: Result<R, E>) -> Result<R, E> {
    if let Ok(reply) = &result {
        model::record_reply(&active.node, &model::read_reply(&active.node, reply));
    }
    active.finish(future::ending(&result));
    result
}

/// What every call of a model can do. `call` is the builder's [`ModelCall`], `own` what the user gives.
macro_rules! calling_span {
    ($builder:ident) => {
        crate::span::builder::every_span!($builder);

        impl $builder {
            /// What the call is for in the agent (`llm.purpose`).
            pub fn purpose(mut self, purpose: impl Into<String>) -> Self {
                self.call.purpose = Some(purpose.into());
                self
            }

            /// The host that is called (`server.address`, `server.port`).
            pub fn server(mut self, address: impl Into<String>, port: Option<u16>) -> Self {
                self.call.server = Some(crate::span::model::Server::new(address, port));
                self
            }

            /// Marks a call of a batch, which has prices of its own and cannot be told from the reply.
            pub fn batch(mut self) -> Self {
                self.call.batch = true;
                self
            }

            /// Sends the request inside the step and reads the reply: anything that serialises, so that typed replies
            /// of a client work as they are, or raw JSON as a `serde_json::Value` or as text.
            ///
            /// The step begins with the first poll. An `Err`, a panic (passed on unchanged) and a future dropped before
            /// its end are recorded as what they are, and so is an error that stands in the reply. The result is the
            /// future's own.
            ///
            /// A response whose body was not read yet, such as a `reqwest::Response`, is no reply: read it in the same
            /// future, by `….send().await?.text().await` for example.
            ///
            /// For a reply that does not serialise: `let call = ….start()`, then `call.within(request)`,
            /// `call.usage(…)` and `call.finish_with(result)`.
            pub fn call<F, R, E, K>(self, future: F) -> impl Future<Output = Result<R, E>>
            where
                F: Future<Output = Result<R, E>>,
                R: serde::Serialize,
                E: crate::Failure<K>,
            {
                crate::span::future::inside(self, future, crate::span::model_call::end_call)
            }
        }

        impl crate::WithTimeout<$builder> {
            #[doc = concat!("As [`", stringify!($builder), "::call`], at most as long as the limit.")]
            pub fn call<F, R, E, K>(self, future: F) -> impl Future<Output = Result<R, E>>
            where
                F: Future<Output = Result<R, E>>,
                R: serde::Serialize,
                E: crate::Failure<K> + From<crate::Elapsed>,
            {
                crate::span::builder::within(self, future, crate::span::model_call::end_call)
            }
        }
    };
}

pub(crate) use calling_span;
