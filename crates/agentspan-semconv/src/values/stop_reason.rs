//! Why a run ended.

use std::borrow::Cow;
use std::fmt;

/// Why a run ended: `agent.stop_reason`.
///
/// A reason says whether the run succeeded ([`is_success`](Self::is_success)), and with it whether the status of its
/// span is Error. A word of the caller's own follows the run's `Result` unless it is told otherwise.
///
/// ```
/// use agentspan_semconv::StopReason;
///
/// assert_eq!(StopReason::from("max_steps"), StopReason::MaxSteps);
/// assert_eq!(StopReason::MaxSteps.is_success(), Some(false));
/// assert_eq!(StopReason::from("no_location").is_success(), None);
/// assert_eq!(StopReason::custom("no_location", Some(true)).is_success(), Some(true));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// The task is done, `completed`.
    Completed,
    /// The most steps allowed were taken, `max_steps`.
    MaxSteps,
    /// A tool failed for good, `tool_error`.
    ToolError,
    /// A model call failed for good, `llm_error`.
    LlmError,
    /// Something else failed, `error`.
    Error,
    /// The time allowed was over, `timeout`.
    Timeout,
    /// The money or tokens allowed were spent, `budget`.
    Budget,
    /// A guardrail or policy kept the run from going on, `blocked`.
    Blocked,
    /// A person said no, `rejected`.
    Rejected,
    /// Another agent goes on, `handed_off`.
    HandedOff,
    /// People go on, `escalated`.
    Escalated,
    /// The run waits for a decision and will be resumed, `awaiting_approval`.
    AwaitingApproval,
    /// The run's future was dropped, `cancelled`.
    Cancelled,
    /// The run panicked, `panicked`.
    Panicked,
    /// The program ended, `shutdown`.
    Shutdown,
    /// A word of the caller's own.
    #[non_exhaustive]
    Custom {
        /// The word that is recorded.
        word: Cow<'static, str>,
        /// Whether the run succeeded; `None` follows its `Result`.
        success: Option<bool>,
    },
}

impl StopReason {
    /// A word of the caller's own. With `None` success follows the run's `Result`.
    ///
    /// The word is kept even when it equals a known one, so that a caller may judge otherwise than this list.
    #[must_use]
    pub fn custom(word: impl Into<Cow<'static, str>>, success: Option<bool>) -> Self {
        Self::Custom { word: word.into(), success }
    }

    /// The word that is recorded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Completed => "completed",
            Self::MaxSteps => "max_steps",
            Self::ToolError => "tool_error",
            Self::LlmError => "llm_error",
            Self::Error => "error",
            Self::Timeout => "timeout",
            Self::Budget => "budget",
            Self::Blocked => "blocked",
            Self::Rejected => "rejected",
            Self::HandedOff => "handed_off",
            Self::Escalated => "escalated",
            Self::AwaitingApproval => "awaiting_approval",
            Self::Cancelled => "cancelled",
            Self::Panicked => "panicked",
            Self::Shutdown => "shutdown",
            Self::Custom { word, .. } => word,
        }
    }

    /// Whether the run succeeded, or `None` when the reason does not say.
    ///
    /// `cancelled` and `shutdown` are neither success nor failure, and an own word follows the run's `Result`
    /// unless it was given with its judgement.
    #[must_use]
    pub const fn is_success(&self) -> Option<bool> {
        match self {
            Self::Completed | Self::HandedOff | Self::Escalated | Self::AwaitingApproval => Some(true),
            Self::Cancelled | Self::Shutdown => None,
            Self::Custom { success, .. } => *success,
            _ => Some(false),
        }
    }

    /// The variant of a known word; `None` for one of the caller's own.
    #[must_use]
    pub fn known(word: &str) -> Option<Self> {
        Some(match word {
            "completed" => Self::Completed,
            "max_steps" => Self::MaxSteps,
            "tool_error" => Self::ToolError,
            "llm_error" => Self::LlmError,
            "error" => Self::Error,
            "timeout" => Self::Timeout,
            "budget" => Self::Budget,
            "blocked" => Self::Blocked,
            "rejected" => Self::Rejected,
            "handed_off" => Self::HandedOff,
            "escalated" => Self::Escalated,
            "awaiting_approval" => Self::AwaitingApproval,
            "cancelled" => Self::Cancelled,
            "panicked" => Self::Panicked,
            "shutdown" => Self::Shutdown,
            _ => return None,
        })
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<&'static str> for StopReason {
    fn from(word: &'static str) -> Self {
        Self::known(word).unwrap_or(Self::Custom { word: Cow::Borrowed(word), success: None })
    }
}

impl From<String> for StopReason {
    fn from(word: String) -> Self {
        Self::known(&word).unwrap_or(Self::Custom { word: Cow::Owned(word), success: None })
    }
}
