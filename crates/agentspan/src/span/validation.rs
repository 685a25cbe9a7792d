use crate::span::builder::{Begin, Given, Step, running_span};
use crate::span::node::Label;
use crate::span::record::{Active, Spec};
use agentspan_semconv::{StepType, ValidationKind, validation as names};
use opentelemetry::trace::SpanKind;
use std::future::Future;
use std::mem::take;

/// A check of an input or an output: the span `validation.<name>`. Made by [`validation()`].
#[must_use = "nothing is recorded before `run`, `run_ok`, `in_scope` or `start`"]
#[derive(Debug)]
pub struct ValidationBuilder {
    name: String,
    kind: Option<ValidationKind>,
    given: Given,
}

/// A check called `name`. Its verdict is told by [`SpanHandle::passed`](crate::SpanHandle::passed) and
/// [`SpanHandle::blocked`](crate::SpanHandle::blocked).
///
/// ```
/// let allowed = agentspan::validation("no_pii").in_scope(|| {
///     let passed = !"call me".contains('@');
///     agentspan::current().passed(passed);
///     passed
/// });
/// assert!(allowed);
/// ```
pub fn validation(name: impl Into<String>) -> ValidationBuilder {
    ValidationBuilder { name: name.into(), kind: None, given: Given::default() }
}

impl ValidationBuilder {
    /// What kind of check it is (`validation.kind`).
    pub fn kind(mut self, kind: ValidationKind) -> Self {
        self.kind = Some(kind);
        self
    }
}

running_span!(ValidationBuilder);

impl Begin for ValidationBuilder {
    fn begin(&mut self) -> Step {
        let Self { name, kind, given } = self;
        let spec = Spec::new(StepType::Validation, SpanKind::Internal, Label::Named(take(name)));
        Step(Active::start(spec, &mut |_, initial| {
            initial.set(names::VALIDATION_KIND, kind.map(|kind| kind.as_str()));
            given.put(initial);
        }))
    }
}
