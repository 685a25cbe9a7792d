//! What a step adds to the sums by itself, and what its user told of it.

use crate::cost::OwnCost;
use crate::span::measure::ReplyFigures;
use agentspan_semconv::Outcome;
use std::borrow::Cow;

/// What the step itself adds to the sums.
#[derive(Debug, Default, Clone)]
pub(crate) struct Own {
    pub(crate) cost: OwnCost,
    /// Told by the user, so nothing computed replaces it.
    pub(crate) cost_by_hand: bool,
    pub(crate) prompt_tokens: Option<u64>,
    pub(crate) completion_tokens: Option<u64>,
    /// An attempt before the one that counts may have been charged for, and nobody knows.
    pub(crate) lost_attempt: bool,
    /// Kept for a meter only.
    pub(crate) reply: Option<Box<ReplyFigures>>,
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
    /// The class of the failure that a recovery answers; it is the recovery's `error.type` though it succeeds.
    pub(crate) recovers_from: Option<Cow<'static, str>>,
    /// A call of a tool elsewhere is recorded in the step, which can be said of one call only.
    #[cfg(feature = "rmcp")]
    pub(crate) is_remote: bool,
}
