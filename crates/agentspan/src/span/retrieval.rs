use crate::span::builder::{Begin, Given, Step, running_span};
use crate::span::node::Label;
use crate::span::record::{Active, Spec};
use crate::span::runtime::count;
use agentspan_semconv::{StepType, retrieval as names};
use opentelemetry::trace::SpanKind;
use std::future::Future;
use std::mem::take;

/// A search in a source of documents: the span `retrieval.<source>`. Made by [`retrieval()`].
#[must_use = "nothing is recorded before `run`, `run_ok`, `in_scope` or `start`"]
#[derive(Debug)]
pub struct RetrievalBuilder {
    source: String,
    query: Option<String>,
    top_k: Option<u64>,
    given: Given,
}

/// A search in `source`. What it found is told by [`SpanHandle::documents`](crate::SpanHandle::documents).
pub fn retrieval(source: impl Into<String>) -> RetrievalBuilder {
    RetrievalBuilder { source: source.into(), query: None, top_k: None, given: Given::default() }
}

impl RetrievalBuilder {
    /// What is searched for; recorded only when retrieval content is asked for.
    pub fn query(mut self, query: impl Into<String>) -> Self {
        self.query = Some(query.into());
        self
    }

    /// How many documents are asked for.
    pub fn top_k(mut self, top_k: u64) -> Self {
        self.top_k = Some(top_k);
        self
    }
}

running_span!(RetrievalBuilder);

impl Begin for RetrievalBuilder {
    fn begin(&mut self) -> Step {
        let Self { source, query, top_k, given } = self;
        let spec = Spec::new(StepType::Retrieval, SpanKind::Client, Label::Named(take(source)));
        Step(Active::start(spec, &mut |node, initial| {
            initial.set(names::RETRIEVAL_QUERY, query.take().filter(|_| node.runtime().content.documents));
            initial.attributes.extend(top_k.map(|top_k| count(names::RETRIEVAL_TOP_K, top_k)));
            given.put(initial);
        }))
    }
}
