use crate::span::builder::{Begin, Own, Step, running_span};
use crate::span::outcome::Ending;
use crate::span::record::{Active, Spec};
use crate::span::runtime::attribute;
use agentspan_semconv::{StepType, approval as names, span_name};
use opentelemetry::trace::SpanKind;
use std::future::Future;

/// A wait for somebody's consent: the span `approval.<name>`. Made by [`approval()`].
#[must_use = "nothing is recorded before `run`, `run_ok`, `in_scope` or `start`"]
#[derive(Debug)]
pub struct ApprovalBuilder {
    name: String,
    asked: Option<String>,
    own: Own,
}

/// An approval called `name`.
///
/// A span `approval.requested` of its own ends at once, so that a trace shows what is being waited for while the
/// wait goes on. The answer is told by [`SpanHandle::decision`](crate::SpanHandle::decision).
pub fn approval(name: impl Into<String>) -> ApprovalBuilder {
    ApprovalBuilder { name: name.into(), asked: None, own: Own::default() }
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
    fn begin(self) -> Step {
        let Self { name, asked, own } = self;
        let known = |name: String, asked: Option<String>| {
            let asked = asked.map(|asked| attribute(names::APPROVAL_ASKED, asked));
            std::iter::once(attribute(names::APPROVAL_NAME, name)).chain(asked)
        };
        let spec = Spec::new(StepType::Approval, SpanKind::Internal, || span_name::approval(&name));
        let active = Active::start(spec, |_, initial| {
            initial.attributes.extend(known(name.clone(), asked.clone()));
            own.put(initial);
        });
        active.scope(|| {
            let requested = || span_name::APPROVAL_REQUESTED.to_owned();
            let spec = Spec::new(StepType::Approval, SpanKind::Internal, requested);
            let requested = Active::start(spec, |_, initial| {
                initial.attributes.extend(known(name, asked));
            });
            requested.finish(Ending::ok());
        });
        Step(active)
    }
}
