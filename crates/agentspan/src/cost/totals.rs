use super::Usd;
use agentspan_semconv::CostStatus;

/// What a step itself cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) enum OwnCost {
    /// Nothing that costs happened in the step itself.
    #[default]
    None,
    /// The price is known; it is zero where nothing was used or a call was refused.
    Known(Usd),
    /// The price is zero whatever was used: by its rates, or since the provider or the program says so.
    Free,
    /// A part of the price is known.
    Partial(Usd),
    /// Something that costs happened, and nobody can say how much.
    Unknown,
}

impl OwnCost {
    /// An amount that somebody states; of zero it is said that the step is free.
    pub(crate) fn stated(usd: Usd) -> Self {
        if usd.is_zero() { Self::Free } else { Self::Known(usd) }
    }

    /// What a price comes to.
    pub(crate) fn of(total: Option<Usd>, status: CostStatus) -> Self {
        match (total, status) {
            (Some(usd), CostStatus::Partial) => Self::Partial(usd),
            (Some(_), CostStatus::ZeroRated) => Self::Free,
            (Some(usd), _) => Self::Known(usd),
            (None, _) => Self::Unknown,
        }
    }

    /// The amount, as far as it is known.
    pub(crate) fn known(&self) -> Option<Usd> {
        match self {
            Self::Known(usd) | Self::Partial(usd) => Some(*usd),
            Self::Free => Some(Usd::ZERO),
            Self::None | Self::Unknown => None,
        }
    }
}

/// Sums over a step and everything below it.
///
/// Sums only grow, and each part is posted exactly once to every ancestor and counts for the step itself once that has
/// ended, so the order in which steps end does not matter.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Totals {
    pub(crate) cost: Usd,
    /// Steps whose price is known.
    pub(crate) priced: u64,
    /// Those among them that are free.
    pub(crate) free: u64,
    /// Steps whose price is not known.
    pub(crate) unpriced: u64,
    pub(crate) prompt_tokens: Option<u64>,
    pub(crate) completion_tokens: Option<u64>,
    pub(crate) llm_calls: u64,
    pub(crate) tool_calls: u64,
    /// Steps of runs: direct children of a run.
    pub(crate) steps: u64,
    pub(crate) failed_steps: u64,
}

impl Totals {
    pub(crate) fn post_cost(&mut self, own: OwnCost) {
        match own {
            OwnCost::None => {}
            OwnCost::Known(usd) => {
                self.cost += usd;
                self.priced += 1;
            }
            OwnCost::Free => {
                self.priced += 1;
                self.free += 1;
            }
            OwnCost::Partial(usd) => {
                self.cost += usd;
                self.priced += 1;
                self.unpriced += 1;
            }
            OwnCost::Unknown => self.unpriced += 1,
        }
    }

    pub(crate) fn post_tokens(&mut self, prompt: Option<u64>, completion: Option<u64>) {
        add_known(&mut self.prompt_tokens, prompt);
        add_known(&mut self.completion_tokens, completion);
    }

    /// A direct step of the run has ended.
    pub(crate) fn post_step(&mut self, failed: bool) {
        self.steps += 1;
        self.failed_steps += u64::from(failed);
    }

    /// Whether anything that can be counted twice was counted.
    pub(crate) fn has_calls(&self) -> bool {
        self.llm_calls > 0
            || self.priced + self.unpriced > 0
            || self.prompt_tokens.is_some()
            || self.completion_tokens.is_some()
    }

    /// `None` where nothing costs.
    pub(crate) fn status(&self) -> Option<CostStatus> {
        match (self.priced, self.unpriced) {
            (0, 0) => None,
            (0, _) => Some(CostStatus::Unknown),
            (priced, 0) if priced == self.free => Some(CostStatus::ZeroRated),
            (_, 0) => Some(CostStatus::Known),
            _ => Some(CostStatus::Partial),
        }
    }

    /// The sum of the known parts; `None` when no part is known.
    pub(crate) fn known_cost(&self) -> Option<Usd> {
        (self.priced > 0).then_some(self.cost)
    }
}

/// What nobody told is no 0.
pub(super) fn add_known(sum: &mut Option<u64>, part: Option<u64>) {
    if let Some(part) = part {
        *sum = Some(sum.unwrap_or(0).saturating_add(part));
    }
}
