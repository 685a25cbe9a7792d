//! How a step ends: once, with its part posted to every step above.

use super::Node;
use super::own::Own;
use super::recording::Recording;
use super::state::State;
use crate::cost::{OwnCost, Unpriced, Usd};
use crate::span::outcome::Ending;
use crate::span::runtime::lock;
use agentspan_semconv::Outcome;
use opentelemetry::KeyValue;
use std::borrow::Cow;
use std::sync::Arc;
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

/// The place of a step that is not among the [`OpenSteps`](crate::span::open::OpenSteps).
pub(super) const NO_PLACE: u64 = u64::MAX;

impl Node {
    /// Ends the step once: posts its part to every ancestor, lets the ancestors go unless somebody still carries the step,
    /// and gives what it adds itself.
    ///
    /// What the user told of the outcome takes the place of success; then `settle` may change it, is given the class of
    /// failure that the user told, and does what must be done before an ancestor can leave.
    #[inline]
    pub(crate) fn end<T>(
        &self,
        ending: &mut Ending,
        settle: impl FnOnce(&mut Ending, &Own, Option<Cow<'static, str>>) -> T,
    ) -> Option<(Own, T)> {
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
        self.settle_cost(&mut state, ending);
        let told = state.told.error_type.take();
        let settled = settle(ending, &state.own, told);
        state.ended = true;
        self.ended.store(true, Ordering::Release);
        let release = state.ready_to_release();
        for ancestor in self.ancestors() {
            let mut ancestor = lock(&ancestor.state);
            self.post_own(&state.own, &mut ancestor.totals);
            if self.is_step_of_run {
                ancestor.totals.post_step(ending.outcome.is_failure());
            }
            if release {
                ancestor.open = ancestor.open.saturating_sub(1);
            }
        }
        let own = state.own;
        drop(state);
        let open_place = self.open_place.load(Ordering::Relaxed);
        if open_place != NO_PLACE {
            self.runtime().open.remove(open_place);
        }
        Some((own, settled))
    }

    /// What is to be recorded of a step that has ended; taken once.
    #[inline]
    pub(crate) fn take_ended(&self) -> Ended {
        let mut state = lock(&self.state);
        Ended {
            recording: std::mem::take(&mut state.recording),
            attributes: std::mem::take(&mut state.attributes),
            dropped_attributes: state.dropped,
            recovers_from: state.told.recovers_from.take(),
            is_complete: state.carriers == 0 && state.open == 0,
        }
    }

    /// Whether nothing can be added to the sums any more; with the number of steps still open otherwise.
    pub(crate) fn completeness(&self) -> Result<(), u64> {
        let state = lock(&self.state);
        if state.ended && state.carriers == 0 && state.open == 0 { Ok(()) } else { Err(state.open) }
    }

    /// Whether steps below have not ended.
    pub(crate) fn has_open(&self) -> bool {
        lock(&self.state).open > 0
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// A task or a closure may carry the step on.
    pub(crate) fn expect_carrier(&self) {
        lock(&self.state).carriers += 1;
    }

    /// The last handle of the step's `tracing` span was dropped, or a task that carried the step is gone.
    pub(crate) fn on_carrier_gone(&self) {
        let release = {
            let mut state = lock(&self.state);
            state.carriers = state.carriers.saturating_sub(1);
            state.ready_to_release()
        };
        if release {
            self.release();
        }
    }

    fn release(&self) {
        self.ancestors().for_each(|ancestor| {
            let mut state = lock(&ancestor.state);
            state.open = state.open.saturating_sub(1);
        });
    }

    /// Keeps a step that no `tracing` span carries for the shutdown; only once, since a second place would never be
    /// free again.
    pub(crate) fn keep_open(self: &Arc<Self>) {
        if self.open_place.load(Ordering::Relaxed) == NO_PLACE {
            self.open_place.store(self.runtime().open.insert(self), Ordering::Relaxed);
        }
    }

    /// No `tracing` span carries the step that was to have one.
    pub(crate) fn not_carried(self: &Arc<Self>) {
        if self.is_recording() {
            self.keep_open();
        }
        self.on_carrier_gone();
    }

    /// Says of the cost what only the end can say.
    #[inline]
    fn settle_cost(&self, state: &mut State, ending: &Ending) {
        let State { own, bill, .. } = state;
        let mut is_missing = |what| {
            if self.is_recording() {
                bill.get_or_insert_default().missing = Some(what);
            }
        };
        if self.is_model_call() && own.cost == OwnCost::None && !own.is_counted_elsewhere() {
            if ending.failure.as_ref().is_some_and(|failure| failure.refused) {
                own.cost = OwnCost::Known(Usd::ZERO);
            } else {
                // Without a word about the cost, as of a call that was dropped under way, it is unknown: the provider
                // may well have charged for it.
                own.cost = OwnCost::Unknown;
                is_missing(Unpriced::NoUsage);
            }
        }
        if own.lost_attempt
            && let OwnCost::Known(usd) = own.cost
        {
            own.cost = OwnCost::Partial(usd);
            is_missing(Unpriced::LostAttempt);
        }
    }
}
