//! How a step ends: once, with its part posted to every step above.

use super::own::Own;
use super::state::Recording;
use super::{NOT_OPEN, Node};
use crate::cost::{OwnCost, Totals, Unpriced, Usd};
use crate::span::outcome::Ending;
use crate::span::runtime::lock;
use agentspan_semconv::{Outcome, StepType};
use opentelemetry::KeyValue;
use std::borrow::Cow;
use std::sync::atomic::Ordering;

/// What an ended step leaves to be recorded.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) recording: Recording,
    pub(crate) attributes: Vec<KeyValue>,
    /// Attributes that there was no room for.
    pub(crate) dropped_attributes: u32,
    pub(crate) recovers_from: Option<Cow<'static, str>>,
    /// Whether nothing can be added to the sums any more.
    pub(crate) is_complete: bool,
}

impl Node {
    /// Ends the step once: posts its part to itself and every ancestor, lets the ancestors go unless somebody still
    /// carries the step, and gives what is left to be recorded.
    ///
    /// What the user told of the outcome takes the place of success; then `settle` may change it, is given the class of
    /// failure that the user told, and does what must be done before an ancestor can leave.
    pub(crate) fn end<T>(
        &self,
        ending: &mut Ending,
        settle: impl FnOnce(&mut Ending, &Own, Option<Cow<'static, str>>) -> T,
    ) -> Option<(Ended, T)> {
        // Held until the end, so that a carrier that goes meanwhile does not let the ancestors go without the part.
        // Locks are taken upwards only, from a step to its run and its ancestors.
        let mut state = lock(&self.state);
        if state.ended {
            return None;
        }
        if ending.outcome == Outcome::Ok
            && let Some(outcome) = state.told.outcome
        {
            ending.outcome = outcome;
        }
        // A call that ends without a word about its cost, as one that was dropped under way, has an unknown cost: the
        // provider may well have charged for it.
        if self.is_model_call() && state.own.cost == OwnCost::None && !state.own.is_counted_elsewhere() {
            let refused = ending.failure.as_ref().is_some_and(|failure| failure.refused);
            let missing = (!refused).then_some(Unpriced::NoUsage);
            state.own.cost = if refused { OwnCost::Known(Usd::ZERO) } else { OwnCost::Unknown };
            if let Some(missing) = missing.filter(|_| self.is_recording()) {
                state.bill.get_or_insert_default().missing = Some(missing);
            }
        }
        if state.own.lost_attempt
            && let OwnCost::Known(usd) = state.own.cost
        {
            state.own.cost = OwnCost::Partial(usd);
            if self.is_recording() {
                state.bill.get_or_insert_default().missing = Some(Unpriced::LostAttempt);
            }
        }
        let told = state.told.error_type.take();
        let settled = settle(ending, &state.own, told);
        state.ended = true;
        self.ended.store(true, Ordering::Release);
        let mut part = self.part(&state.own, ending.outcome.is_failure());
        let release = state.ready_to_release();
        for ancestor in self.ancestors() {
            let mut ancestor = lock(&ancestor.state);
            ancestor.totals.add(&part);
            if release {
                ancestor.open = ancestor.open.saturating_sub(1);
            }
        }
        // A run that is a step of another one is no step of its own.
        (part.steps, part.failed_steps) = (0, 0);
        state.totals.add(&part);
        let ended = Ended {
            recording: std::mem::take(&mut state.recording),
            attributes: std::mem::take(&mut state.attributes),
            dropped_attributes: state.dropped,
            recovers_from: state.told.recovers_from.take(),
            is_complete: state.carriers == 0 && state.open == 0,
        };
        drop(state);
        let open_key = self.open_key.load(Ordering::Relaxed);
        if open_key != NOT_OPEN {
            self.runtime().open.remove(open_key);
        }
        Some((ended, settled))
    }

    /// Whether nothing can be added to the sums any more; with the number of steps still open otherwise.
    pub(crate) fn completeness(&self) -> Result<(), u64> {
        let state = lock(&self.state);
        if state.ended && state.carriers == 0 && state.open == 0 { Ok(()) } else { Err(state.open) }
    }

    pub(super) fn release(&self) {
        self.ancestors().for_each(|ancestor| {
            let mut state = lock(&ancestor.state);
            state.open = state.open.saturating_sub(1);
        });
    }

    fn part(&self, own: &Own, failed: bool) -> Totals {
        let counts = !own.is_counted_elsewhere();
        let mut part = Totals {
            prompt_tokens: own.prompt_tokens,
            completion_tokens: own.completion_tokens,
            llm_calls: u64::from(counts && self.step_type == StepType::LlmGenerate),
            tool_calls: u64::from(counts && self.step_type == StepType::ToolCall),
            steps: u64::from(self.is_step_of_run),
            failed_steps: u64::from(self.is_step_of_run && failed),
            ..Totals::default()
        };
        part.post_cost(&own.cost);
        part
    }
}
