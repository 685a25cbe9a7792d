use crate::span::builder::{Begin, Given, Step, running_span};
use crate::span::node::{Label, Node};
use crate::span::outcome::Ending;
use crate::span::record::{Active, Initial, Spec};
use crate::span::runtime::attribute;
use agentspan_semconv::{StepType, approval as names, span_name};
use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;
use std::future::Future;
use std::time::SystemTime;

/// A wait for somebody's consent: the span `approval.<name>`. Made by [`approval()`].
#[must_use = "nothing is recorded before `run`, `run_ok`, `in_scope` or `start`"]
#[derive(Debug)]
pub struct ApprovalBuilder {
    name: String,
    asked: Option<String>,
    given: Given,
}

/// An approval called `name`.
///
/// A span `approval.requested` of its own ends at once, so that a trace shows what is being waited for while the
/// wait goes on. The answer is told by [`SpanHandle::decision`](crate::SpanHandle::decision).
pub fn approval(name: impl Into<String>) -> ApprovalBuilder {
    ApprovalBuilder { name: name.into(), asked: None, given: Given::default() }
}

impl ApprovalBuilder {
    /// Who is asked (`approval.asked`).
    pub fn asked(mut self, who: impl Into<String>) -> Self {
        self.asked = Some(who.into());
        self
    }
}

running_span!(ApprovalBuilder);

impl Begin for ApprovalBuilder {
    fn begin(&mut self) -> Step {
        let Self { name, asked, given } = self;
        let known = |initial: &mut Initial| {
            initial.set(names::APPROVAL_NAME, Some(name.clone()));
            initial.set(names::APPROVAL_ASKED, asked.clone());
        };
        let spec = Spec::new(StepType::Approval, SpanKind::Internal, Label::Named(name.clone()));
        let active = Active::start(spec, &mut |_, initial| {
            known(initial);
            given.put(initial);
        });
        active.scope(|| {
            let requested = Label::Whole(span_name::APPROVAL_REQUESTED.into());
            let spec = Spec::new(StepType::Approval, SpanKind::Internal, requested);
            let requested = Active::start(spec, &mut |_, initial| known(initial));
            requested.finish(Ending::ok());
        });
        Step(active)
    }
}

/// How long the answer was waited for, at the moment at which it is given up or has come.
pub(crate) fn waited(node: &Node, now: SystemTime) -> KeyValue {
    let waited = now.duration_since(node.started).unwrap_or_default();
    attribute(names::APPROVAL_WAIT_S, waited.as_secs_f64())
}
