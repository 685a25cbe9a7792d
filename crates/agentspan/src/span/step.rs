use crate::span::builder::{Begin, Given, Step, running_span};
use crate::span::node::Label;
use crate::span::record::{Active, Spec};
use agentspan_semconv::StepType;
use opentelemetry::trace::SpanKind;
use std::future::Future;
use std::mem::{replace, take};

/// A step of the agent's own kind, such as planning: the span `step.<name>`. Made by [`step()`].
#[must_use = "nothing is recorded before `run`, `run_ok`, `in_scope` or `start`"]
#[derive(Debug)]
pub struct StepBuilder {
    name: String,
    step_type: StepType,
    given: Given,
}

/// A step called `name`; its type is `reasoning` by default.
pub fn step(name: impl Into<String>) -> StepBuilder {
    StepBuilder { name: name.into(), step_type: StepType::Reasoning, given: Given::default() }
}

impl StepBuilder {
    /// The type of the step (`agent.step_type`), in a word of one's own.
    pub fn step_type(mut self, step_type: impl Into<String>) -> Self {
        self.step_type = StepType::from(step_type.into());
        self
    }
}

running_span!(StepBuilder);

impl Begin for StepBuilder {
    fn begin(&mut self) -> Step {
        let Self { name, step_type, given } = self;
        let spec =
            Spec::new(replace(step_type, StepType::Reasoning), SpanKind::Internal, Label::Step(take(name)));
        Step(Active::start(spec, &mut |_, initial| given.put(initial)))
    }
}
