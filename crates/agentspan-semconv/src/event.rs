//! Names of span events and the attributes that only they carry.

/// An error that ended the span, a panic included. Its attributes are those of [`exception`](crate::exception).
pub const EXCEPTION: &str = "exception";

/// One failed attempt inside a model call. Invented: a retry inside one call is no span of its own.
///
/// Carries [`ATTEMPT`], [`ERROR_TYPE`](crate::error::ERROR_TYPE), [`WAIT_S`] and
/// [`HTTP_RESPONSE_STATUS_CODE`](crate::http::HTTP_RESPONSE_STATUS_CODE).
pub const LLM_ATTEMPT: &str = "llm.attempt";

/// The run began to wait for something outside it. Invented: an open proposal of OTel is not merged.
/// Carries [`REASON`].
pub const AGENT_INTERRUPTED: &str = "agent.interrupted";

/// The run went on after waiting. Invented, as its counterpart. Carries [`REASON`].
pub const AGENT_RESUMED: &str = "agent.resumed";

/// A soft limit of a budget was passed; the run goes on. Invented: no convention has budgets.
/// Carries [`LIMIT`] and [`SPENT`].
pub const BUDGET_SOFT_LIMIT: &str = "budget.soft_limit";

/// Every event that agentspan records.
pub const EVENTS: &[&str] = &[EXCEPTION, LLM_ATTEMPT, AGENT_INTERRUPTED, AGENT_RESUMED, BUDGET_SOFT_LIMIT];

names! {
    /// The number of the attempt, from 1. Invented, as its event.
    ATTEMPT = "attempt": Int on EVENT .invented();
    /// How long the client waited before the next attempt. Invented, as its event.
    WAIT_S = "wait_s": Double ["s"] on EVENT .invented();
    /// Why the run waits or goes on, in few different words. Invented, as its events.
    REASON = "reason": Str on EVENT .invented();
    /// The limit that was passed, in USD, or in tokens for a budget of tokens. Invented, as its event.
    LIMIT = "limit": Double on EVENT .invented();
    /// What had been spent then, in the same unit. Invented, as its event.
    SPENT = "spent": Double on EVENT .invented();
}
