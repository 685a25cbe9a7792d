use crate::span::builder::{Begin, Given, Step, running_span};
use crate::span::node::Label;
use crate::span::record::{Active, Spec};
use agentspan_semconv::{StepType, handoff as names};
use opentelemetry::trace::SpanKind;
use std::future::Future;
use std::mem::take;

/// Work given to another agent: the span `handoff.<to>`. Made by [`handoff()`].
#[must_use = "nothing is recorded before `run`, `run_ok`, `in_scope` or `start`"]
#[derive(Debug)]
pub struct HandoffBuilder {
    to: String,
    from: Option<String>,
    reason: Option<String>,
    given: Given,
}

/// A handoff to the agent `to`; what that agent does is run inside it.
pub fn handoff(to: impl Into<String>) -> HandoffBuilder {
    HandoffBuilder { to: to.into(), from: None, reason: None, given: Given::default() }
}

impl HandoffBuilder {
    /// Who hands off; by default the agent of the run around.
    pub fn from(mut self, from: impl Into<String>) -> Self {
        self.from = Some(from.into());
        self
    }

    /// Why; recorded only when reasons are asked for.
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

running_span!(HandoffBuilder);

impl Begin for HandoffBuilder {
    fn begin(&mut self) -> Step {
        let Self { to, from, reason, given } = self;
        let spec = Spec::new(StepType::Handoff, SpanKind::Internal, Label::Named(take(to)));
        Step(Active::start(spec, &mut |node, initial| {
            let around = node.run().map(|run| run.agent_name.clone());
            initial.set(names::HANDOFF_FROM, from.take().or(around));
            initial.set(names::HANDOFF_REASON, reason.take().filter(|_| node.runtime().content.reasons));
            given.put(initial);
        }))
    }
}
