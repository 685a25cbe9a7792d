//! Well-known values of attributes as enums, each with the word that is recorded.

mod step_type;
mod stop_reason;

use std::fmt;

pub use step_type::StepType;
pub use stop_reason::StopReason;

words! {
    /// How a step ended: `agent.outcome`.
    ///
    /// ```
    /// use agentspan_semconv::Outcome;
    ///
    /// assert_eq!("timeout".parse(), Ok(Outcome::Timeout));
    /// assert!(Outcome::Timeout.is_failure() && !Outcome::Cancelled.is_failure());
    /// ```
    pub enum Outcome {
        /// It did what it should.
        Ok = "ok",
        /// It returned an error.
        Error = "error",
        /// It panicked.
        Panicked = "panicked",
        /// It took longer than allowed.
        Timeout = "timeout",
        /// Its future was dropped before the end.
        Cancelled = "cancelled",
        /// A guardrail or policy kept it from going on.
        Blocked = "blocked",
        /// A person said no.
        Rejected = "rejected",
    }
}

impl Outcome {
    /// Whether the span's status is Error: for an error, a panic and a timeout.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Error | Self::Panicked | Self::Timeout)
    }
}

words! {
    /// How complete a total is: `cost.status`. It is absent where nothing costs.
    pub enum CostStatus {
        /// Every part has a price.
        Known = "known",
        /// Some parts have no price or were still open.
        Partial = "partial",
        /// No part has a price.
        Unknown = "unknown",
        /// The price is known to be zero, as for a local model.
        ZeroRated = "zero_rated",
    }
}

words! {
    /// Where a price came from: `cost.source`.
    pub enum CostSource {
        /// The caller gave the amount.
        Manual = "manual",
        /// The provider's reply gave the amount.
        Provider = "provider",
        /// A price that the caller gave for the model.
        Override = "override",
        /// The price catalogue.
        Catalog = "catalog",
    }
}

words! {
    /// Why a model stopped, in five classes: `llm.finish_class`.
    pub enum FinishClass {
        /// It was done.
        Stop = "stop",
        /// It reached the most tokens allowed.
        Length = "length",
        /// It asks for tools.
        ToolCall = "tool_call",
        /// A filter of the provider, or a refusal.
        ContentFilter = "content_filter",
        /// The provider failed.
        Error = "error",
    }
}

words! {
    /// How a stream ended: `llm.stream_end`.
    pub enum StreamEnd {
        /// Its last chunk was read.
        Complete = "complete",
        /// It broke off before its last chunk.
        Cut = "cut",
        /// The caller stopped reading.
        Abandoned = "abandoned",
    }
}

words! {
    /// What a model is asked to do: `llm.operation`, in the words of OTel's `gen_ai.operation.name`.
    pub enum Operation {
        /// A conversation.
        Chat = "chat",
        /// Content of several kinds, as with Gemini.
        GenerateContent = "generate_content",
        /// The older completion of a text.
        TextCompletion = "text_completion",
        /// Vectors.
        Embeddings = "embeddings",
    }
}

words! {
    /// Who runs a tool: `tool.type`.
    pub enum ToolType {
        /// The client, from arguments that the model made.
        Function = "function",
        /// The agent's side, calling an interface outside.
        Extension = "extension",
        /// A store of data.
        Datastore = "datastore",
    }
}

words! {
    /// What kind of check: `validation.kind`.
    pub enum ValidationKind {
        /// The form of a value.
        Schema = "schema",
        /// A rule of the house.
        Policy = "policy",
        /// Harmful or unwanted content.
        Guardrail = "guardrail",
        /// A judgement of quality, often by a model.
        Evaluator = "evaluator",
    }
}

words! {
    /// What a person decided: `approval.decision`.
    pub enum ApprovalDecision {
        /// Yes.
        Approved = "approved",
        /// No.
        Rejected = "rejected",
        /// Yes, with changes.
        Changed = "changed",
        /// Nobody answered in time.
        Expired = "expired",
    }
}

words! {
    /// What the agent does about a failure: `recovery.action`.
    pub enum RecoveryAction {
        /// Try the same once more.
        Retry = "retry",
        /// Try something else.
        Fallback = "fallback",
        /// Go on without.
        Skip = "skip",
        /// Pass it on to someone else.
        Escalate = "escalate",
    }
}

/// A word that is none of those expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownWord {
    word: String,
    expected: &'static [&'static str],
}

impl UnknownWord {
    pub(crate) fn new(word: &str, expected: &'static [&'static str]) -> Self {
        // A long text must not travel through an error message.
        Self { word: word.chars().take(50).collect(), expected }
    }

    /// The words that would have been accepted.
    #[must_use]
    pub const fn expected(&self) -> &'static [&'static str] {
        self.expected
    }
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "unknown word `{}`: expected one of `{}`",
            self.word.escape_debug(),
            self.expected.join("`, `")
        )
    }
}

impl std::error::Error for UnknownWord {}
