//! The kind of a step.

use std::borrow::Cow;
use std::fmt;

/// What kind of step a span is: `agent.step_type`.
///
/// ```
/// use agentspan_semconv::StepType;
///
/// assert_eq!(StepType::from("tool_call"), StepType::ToolCall);
/// assert_eq!(StepType::from("summarising").as_str(), "summarising");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StepType {
    /// A whole agent run, `run`.
    Run,
    /// A model call, `llm_generate`.
    LlmGenerate,
    /// A tool call, `tool_call`.
    ToolCall,
    /// Planning or thinking of the agent's own, `reasoning`.
    Reasoning,
    /// A search for documents, `retrieval`.
    Retrieval,
    /// An embedding call, `embedding`.
    Embedding,
    /// A check, `validation`.
    Validation,
    /// A decision by a person, `approval`.
    Approval,
    /// Passing on, `handoff`.
    Handoff,
    /// Dealing with a failure, `recovery`.
    Recovery,
    /// A word of the caller's own.
    Custom(Cow<'static, str>),
}

impl StepType {
    /// The word that is recorded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Custom(word) => word,
            known => known.known_word(),
        }
    }

    fn known_word(&self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::LlmGenerate => "llm_generate",
            Self::ToolCall => "tool_call",
            Self::Reasoning => "reasoning",
            Self::Retrieval => "retrieval",
            Self::Embedding => "embedding",
            Self::Validation => "validation",
            Self::Approval => "approval",
            Self::Handoff => "handoff",
            Self::Recovery => "recovery",
            Self::Custom(_) => "",
        }
    }

    /// The variant of a known word; `None` for one of the caller's own.
    #[must_use]
    pub fn known(word: &str) -> Option<Self> {
        Some(match word {
            "run" => Self::Run,
            "llm_generate" => Self::LlmGenerate,
            "tool_call" => Self::ToolCall,
            "reasoning" => Self::Reasoning,
            "retrieval" => Self::Retrieval,
            "embedding" => Self::Embedding,
            "validation" => Self::Validation,
            "approval" => Self::Approval,
            "handoff" => Self::Handoff,
            "recovery" => Self::Recovery,
            _ => return None,
        })
    }
}

impl fmt::Display for StepType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The word that is recorded; one that this crate knows is not copied.
impl From<&StepType> for Cow<'static, str> {
    fn from(step_type: &StepType) -> Self {
        match step_type {
            StepType::Custom(word) => word.clone(),
            known => Self::Borrowed(known.known_word()),
        }
    }
}

impl From<&'static str> for StepType {
    fn from(word: &'static str) -> Self {
        Self::known(word).unwrap_or(Self::Custom(Cow::Borrowed(word)))
    }
}

impl From<String> for StepType {
    fn from(word: String) -> Self {
        Self::known(&word).unwrap_or(Self::Custom(Cow::Owned(word)))
    }
}
