//! What was called in a step, and which of several that tell of one call has it.

use super::Node;
use crate::span::model::Call;
use agentspan_semconv::StepType;
use std::borrow::Cow;
use std::sync::atomic::Ordering;

impl Node {
    /// What was called, on model calls and embeddings.
    pub(crate) fn call(&self) -> Option<&Call> {
        self.call.as_ref().or_else(|| self.told_call.get().map(|call| &**call))
    }

    /// What was called; of a step that is no call nothing is known.
    pub(crate) fn called(&self) -> &Call {
        self.call().unwrap_or_else(|| Call::unknown())
    }

    /// The tool of a span of others, where it says so.
    pub(super) fn told_tool(&self) -> Option<&str> {
        self.told_tool.get().map(|tool| &**tool)
    }

    /// Takes what a span of others says of its call; what it says later is not heard.
    pub(crate) fn tell_call(&self, call: Call) {
        let _ = self.told_call.set(Box::new(call));
    }

    /// Takes which tool a span of others calls; it may tell of a model as well, whose tokens it then says.
    pub(crate) fn tell_tool(&self, tool: &str) {
        let _ = self.told_tool.set(tool.into());
    }

    pub(crate) fn is_model_call(&self) -> bool {
        is_model_call(&self.step_type)
    }

    /// The step stands beside a span of other people.
    pub(crate) fn adopt(&self) {
        self.adopted.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_adopted(&self) -> bool {
        self.adopted.load(Ordering::Relaxed)
    }

    /// Whether this step and the one around it tell of one call, when one of them is of others: calls of models stand in
    /// each other only then, tools when they have one name.
    pub(crate) fn is_same_call(&self, around: &Self) -> bool {
        let tool = self.tool_label();
        (self.is_model_call() && around.is_model_call()) || (tool.is_some() && tool == around.tool_label())
    }

    /// Says to a span of others around this step that the same call is told of here.
    pub(crate) fn tell_around(&self) {
        let around = self.parent.as_ref().filter(|around| around.is_adopted() && self.is_same_call(around));
        if let Some(around) = around.filter(|around| !around.claimed.load(Ordering::Relaxed)) {
            around.own(|own| own.told_below = true);
        }
    }

    /// Whether an exchange may write its reply into the step. Of a step of ours its caller knows that it is one call; of
    /// a span of others, only the first exchange is believed to be that call.
    pub(crate) fn claim(&self) -> bool {
        !self.is_adopted() || !self.claimed.swap(true, Ordering::Relaxed)
    }

    /// The exchange has read nothing, so that another one may.
    pub(crate) fn unclaim(&self) {
        self.claimed.store(false, Ordering::Relaxed);
    }

    /// An exchange of the call begins, and may be charged for whatever becomes of it.
    pub(crate) fn exchange_begun(&self) {
        self.own(|own| own.charged_exchanges = own.charged_exchanges.saturating_add(1));
    }

    /// An exchange of the call is not charged for: it was refused, with the class that this gives, or sent elsewhere.
    pub(crate) fn exchange_uncharged(&self, refused_as: Option<Cow<'static, str>>) {
        self.own(|own| own.charged_exchanges = own.charged_exchanges.saturating_sub(1));
        if let Some(class) = refused_as {
            self.tell(|told| told.refused_as = Some(class));
        }
    }

    /// Counts a failed attempt; gives its number, from 1.
    pub(crate) fn attempt_failed(&self) -> u64 {
        self.failed_attempts.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// All attempts of the call; `None` where nobody told of any.
    pub(crate) fn attempts(&self) -> Option<u64> {
        let failed = self.failed_attempts.load(Ordering::Relaxed);
        (failed > 0).then_some(failed + 1)
    }
}

/// Whether a step of this type is priced by tokens.
pub(crate) fn is_model_call(step_type: &StepType) -> bool {
    matches!(step_type, StepType::LlmGenerate | StepType::Embedding)
}
