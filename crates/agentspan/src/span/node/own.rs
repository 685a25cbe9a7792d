//! What a step adds to the sums by itself, and what its user told of it.

use super::Node;
use crate::cost::{OwnCost, Totals, Unpriced, Usd};
use crate::span::bill::{Bill, Pricing};
use crate::span::measure::ReplyFigures;
use crate::span::runtime::lock;
use crate::usage::Usage;
use agentspan_semconv::{Outcome, StepType};
use std::borrow::Cow;

/// What the step itself adds to the sums.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Own {
    pub(crate) cost: OwnCost,
    /// Told by the user, so nothing computed replaces it.
    pub(crate) cost_by_hand: bool,
    pub(crate) prompt_tokens: Option<u64>,
    pub(crate) completion_tokens: Option<u64>,
    /// An attempt before the one that counts may have been charged for, and nobody knows.
    pub(crate) lost_attempt: bool,
    /// The counts are those of a stream that broke off.
    pub(crate) is_broken: bool,
    /// Exchanges of the call that were begun and not refused. Each may have been charged for, and only one is on the bill.
    pub(crate) charged_exchanges: u32,
    /// A step below tells of the same call; then this one adds nothing, unless it has figures all the same.
    pub(crate) told_below: bool,
    /// Another step tells of the same call, so this one adds nothing.
    pub(crate) told_elsewhere: bool,
    /// The span of others repeats the usage of the calls below it.
    pub(crate) repeats_usage: bool,
}

impl Own {
    pub(crate) fn has_figures(&self) -> bool {
        self.cost != OwnCost::None || self.prompt_tokens.is_some() || self.completion_tokens.is_some()
    }

    /// Whether the call is counted with another step.
    pub(crate) fn is_counted_elsewhere(&self) -> bool {
        self.told_elsewhere || (self.told_below && !self.has_figures())
    }
}

/// What the user said of the step while it ran.
#[derive(Debug, Default, Clone)]
pub(crate) struct Told {
    pub(crate) outcome: Option<Outcome>,
    pub(crate) error_type: Option<Cow<'static, str>>,
    /// The class of the last refusal among the exchanges of a call.
    pub(crate) refused_as: Option<Cow<'static, str>>,
    /// The class of the failure that a recovery answers; it is the recovery's `error.type` though it succeeds.
    pub(crate) recovers_from: Option<Cow<'static, str>>,
    /// A call of a tool elsewhere is recorded in the step, which can be said of one call only.
    #[cfg(feature = "rmcp")]
    pub(crate) is_remote: bool,
}

impl Node {
    /// Changes what the step itself adds to the sums; without effect after its end.
    #[inline]
    pub(crate) fn own(&self, change: impl FnOnce(&mut Own)) {
        let mut state = lock(&self.state);
        if !state.ended {
            change(&mut state.own);
        }
    }

    pub(crate) fn tell(&self, tell: impl FnOnce(&mut Told)) {
        tell(&mut lock(&self.state).told);
    }

    /// Whether a meter will ask for the step when it has ended.
    pub(crate) fn is_measured(&self) -> bool {
        self.runtime().meter.is_some()
    }

    /// Keeps what a meter will ask of the reply, if there is one.
    #[inline]
    pub(crate) fn figures(&self, change: impl FnOnce(&mut ReplyFigures)) {
        if self.is_measured() {
            let mut state = lock(&self.state);
            if !state.ended {
                change(state.reply.get_or_insert_default());
            }
        }
    }

    /// What was kept for a meter of the reply.
    pub(crate) fn take_figures(&self) -> Option<Box<ReplyFigures>> {
        lock(&self.state).reply.take()
    }

    /// Puts what a call used and what that costs in place of what was known before; an amount told by hand stays. `pricing`,
    /// or why there is no price, is given when the step is recorded.
    #[inline]
    pub(crate) fn charge(&self, usage: &Usage, cost: OwnCost, pricing: Option<Result<Pricing, Unpriced>>) {
        let mut state = lock(&self.state);
        if state.ended {
            return;
        }
        let own = &mut state.own;
        (own.prompt_tokens, own.completion_tokens) = (usage.input, usage.output);
        let cost_by_hand = own.cost_by_hand;
        if !cost_by_hand {
            own.cost = cost;
        }
        if let Some(pricing) = pricing {
            let (pricing, missing) = match pricing {
                _ if cost_by_hand => (None, None),
                Ok(pricing) => (Some(pricing), None),
                Err(missing) => (None, Some(missing)),
            };
            // Put together where it stays.
            let bill = Box::new_uninit();
            state.bill = Some(Box::write(bill, Bill { usage: usage.clone(), pricing, missing }));
        }
    }

    /// Puts an amount that somebody tells in place of any computed one, whose parts would not add up to it; `None`
    /// makes the cost unknown. Without effect after the step's end.
    pub(crate) fn charge_by_hand(&self, amount: Option<Usd>) {
        let state = &mut *lock(&self.state);
        if state.ended {
            return;
        }
        state.own.cost = amount.map_or(OwnCost::Unknown, OwnCost::stated);
        state.own.cost_by_hand = true;
        if let Some(bill) = &mut state.bill {
            (bill.pricing, bill.missing) = (None, None);
        }
    }

    /// What the call used and costs, for its attributes.
    pub(crate) fn take_bill(&self) -> Option<Box<Bill>> {
        lock(&self.state).bill.take()
    }

    #[inline]
    pub(crate) fn totals(&self) -> Totals {
        self.totals_and_own().0
    }

    #[inline]
    pub(crate) fn totals_and_own(&self) -> (Totals, Own) {
        let state = lock(&self.state);
        let mut totals = state.totals;
        if state.ended {
            self.post_own(&state.own, &mut totals);
        }
        (totals, state.own)
    }

    /// Adds what the step itself used and cost to sums over it. That it is a step of a run is for those above alone: a run
    /// that is a step of another one is no step of its own.
    #[inline]
    pub(super) fn post_own(&self, own: &Own, totals: &mut Totals) {
        if !own.is_counted_elsewhere() {
            match self.step_type {
                StepType::LlmGenerate => totals.llm_calls += 1,
                StepType::ToolCall => totals.tool_calls += 1,
                _ => {}
            }
        }
        // Most steps are no calls.
        if own.has_figures() {
            totals.post_cost(own.cost);
            totals.post_tokens(own.prompt_tokens, own.completion_tokens);
        }
    }
}
