use crate::span::builder::{Begin, Given, Step, running_span};
use crate::span::node::Label;
use crate::span::record::{Active, Spec};
use agentspan_semconv::{RecoveryAction, StepType, recovery as names};
use opentelemetry::trace::SpanKind;
use std::future::Future;
use std::mem::take;

/// What the agent does about a failure: the span `error.<type>`. Made by [`recovery()`].
#[must_use = "nothing is recorded before `run`, `run_ok`, `in_scope` or `start`"]
#[derive(Debug)]
pub struct RecoveryBuilder {
    error_type: String,
    action: Option<RecoveryAction>,
    given: Given,
}

/// A recovery from a failure of the class `error_type`, linked to the step of the run that failed last.
///
/// A run whose fallback works may return `Ok`, and has then succeeded although a step failed.
pub fn recovery(error_type: impl Into<String>) -> RecoveryBuilder {
    RecoveryBuilder { error_type: error_type.into(), action: None, given: Given::default() }
}

impl RecoveryBuilder {
    /// What is done (`recovery.action`).
    pub fn action(mut self, action: RecoveryAction) -> Self {
        self.action = Some(action);
        self
    }
}

running_span!(RecoveryBuilder);

impl Begin for RecoveryBuilder {
    fn begin(&mut self) -> Step {
        let Self { error_type, action, given } = self;
        let spec = Spec::new(StepType::Recovery, SpanKind::Internal, Label::Named(error_type.clone()));
        let active = Active::start(spec, &mut |node, initial| {
            let failed = node.run().and_then(|run| run.last_failed());
            initial.links.extend(node.link_to(failed));
            initial.set(names::RECOVERY_ACTION, action.map(|action| action.as_str()));
            given.put(initial);
        });
        // Set when the step ends, where an error of the recovery itself takes its place.
        active.node.tell(|told| told.recovers_from = Some(take(error_type).into()));
        Step(active)
    }
}
