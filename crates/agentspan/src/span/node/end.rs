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
use std::mem::take;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};

/// What an ended step leaves to be recorded.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) recording: Recording,
    pub(crate) attributes: Vec<KeyValue>,
    /// Attributes that there was no room for.
    pub(crate) dropped_attributes: u32,
    /// Whether nothing can be added to the sums any more.
    pub(crate) is_complete: bool,
}

/// The slot of a step that is not among the [`OpenSteps`](crate::span::open::OpenSteps).
pub(super) const NO_SLOT: u64 = u64::MAX;

/// A step that is just ending.
///
/// It is locked until its part is posted, so that a carrier that goes meanwhile does not let the ancestors go without the
/// part, and until what is left for the cold side is complete, which may take it then. Locks are taken upwards only, from a
/// step to its run and its ancestors.
pub(crate) struct AtEnd<'n> {
    node: &'n Node,
    state: MutexGuard<'n, State>,
}

impl AtEnd<'_> {
    /// What the step adds itself.
    pub(crate) fn own(&self) -> &Own {
        &self.state.own
    }

    /// The class of failure that the user told; taken once.
    pub(crate) fn take_error_type(&mut self) -> Option<Cow<'static, str>> {
        self.state.told.error_type.take()
    }

    /// Posts the step's part to every ancestor, and lets the ancestors go unless somebody still carries the step.
    #[inline]
    pub(crate) fn post(&mut self, outcome: Outcome) {
        let Self { node, state } = self;
        state.ended = true;
        node.ended.store(true, Ordering::Release);
        let release = state.ready_to_release();
        for ancestor in node.ancestors() {
            let mut ancestor = lock(&ancestor.state);
            node.post_own(&state.own, &mut ancestor.totals);
            if node.is_step_of_run {
                ancestor.totals.post_step(outcome.is_failure());
            }
            ancestor.over += u64::from(release);
        }
    }

    /// What is to be recorded of the step, if it is recorded by itself; taken once. `describe` is given the attributes of a
    /// recorded step, and the class of the failure that it recovers from.
    #[inline]
    pub(crate) fn take_ended(
        &mut self,
        describe: impl FnOnce(&mut Vec<KeyValue>, Option<Cow<'static, str>>),
    ) -> Option<Ended> {
        let Self { node, state } = self;
        if !node.is_recording() {
            return None;
        }
        let recovers_from = state.told.recovers_from.take();
        describe(&mut state.attributes, recovers_from);
        if matches!(state.recording, Recording::Adopted) {
            return None;
        }
        Some(Ended {
            recording: take(&mut state.recording),
            attributes: take(&mut state.attributes),
            dropped_attributes: state.dropped,
            is_complete: state.carriers == 0 && node.open(state) == 0,
        })
    }
}

impl Node {
    /// Begins to end the step, which is done once. What the user told of the outcome takes the place of success, and what
    /// the provider said that of a client's error.
    #[inline]
    pub(crate) fn at_end(&self, ending: &mut Ending) -> Option<AtEnd<'_>> {
        let mut state = lock(&self.state);
        if state.ended {
            return None;
        }
        if ending.outcome == Outcome::Ok
            && let Some(outcome) = state.told.outcome
        {
            ending.outcome = outcome;
        }
        if let (Some(failure), Some(class)) = (&mut ending.failure, state.refused_as())
            && failure.is_vague
        {
            failure.error_type = class.clone();
        }
        self.settle_cost(&mut state, ending);
        Some(AtEnd { node: self, state })
    }

    /// A step that has ended need not be ended at the shutdown.
    pub(crate) fn forget_open(&self) {
        let slot_of_open_steps = self.slot_of_open_steps.load(Ordering::Relaxed);
        if slot_of_open_steps != NO_SLOT {
            self.runtime().open.remove(slot_of_open_steps);
        }
    }

    /// Whether nothing can be added to the sums any more; with the number of steps still open otherwise.
    pub(crate) fn completeness(&self) -> Result<(), u64> {
        let state = lock(&self.state);
        let open = self.open(&state);
        if state.ended && state.carriers == 0 && open == 0 { Ok(()) } else { Err(open) }
    }

    /// Whether steps below have not ended.
    pub(crate) fn has_open(&self) -> bool {
        self.open(&lock(&self.state)) > 0
    }

    /// Descendants that have not ended or whose work may go on.
    fn open(&self, state: &State) -> u64 {
        self.begun.load(Ordering::Relaxed).saturating_sub(state.over)
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
        self.ancestors().for_each(|ancestor| lock(&ancestor.state).over += 1);
    }

    /// Keeps a step that no `tracing` span carries for the shutdown; only once, since a second slot would never be
    /// free again.
    pub(crate) fn keep_open(self: &Arc<Self>) {
        if self.slot_of_open_steps.load(Ordering::Relaxed) == NO_SLOT {
            self.slot_of_open_steps.store(self.runtime().open.insert(self), Ordering::Relaxed);
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
        let says_refused = ending.failure.as_ref().is_some_and(|failure| failure.refused);
        // An error that says so need not be that of the request that an adapter saw answered.
        let is_refused =
            state.own.charged_exchanges == 0 && (says_refused || state.told.refused_as.is_some());
        let State { own, bill, .. } = state;
        let mut is_missing = |what| {
            if self.is_recording() {
                bill.get_or_insert_default().missing = Some(what);
            }
        };
        if self.is_model_call() && own.cost == OwnCost::None && !own.is_counted_elsewhere() {
            if is_refused {
                own.cost = OwnCost::Known(Usd::ZERO);
            } else {
                // Without a word about the cost, as of a call that was dropped under way, it is unknown: the provider
                // may well have charged for it.
                own.cost = OwnCost::Unknown;
                is_missing(Unpriced::NoUsage);
            }
        }
        // Prices go by the model and by the size of each call, so that the counts of several cannot be one bill. Whoever
        // tells the amount knows of all of them.
        let is_one_of_several = own.charged_exchanges > 1 && !own.cost_by_hand;
        let is_broken = own.is_broken && !own.cost_by_hand;
        if (own.lost_attempt || is_one_of_several || is_broken)
            && let OwnCost::Known(usd) = own.cost
        {
            own.cost = OwnCost::Partial(usd);
            is_missing(if is_broken { Unpriced::Rest } else { Unpriced::LostAttempt });
        }
    }
}
