//! What the benches share: one run of an agent, recorded by hand and by agentspan, and the ways to set both up.
//!
//! The run has eight spans: the agent, three model calls, two tools, a retrieval and a validation. By hand it carries
//! 86 attributes, as a team would choose them; agentspan sets more by itself.

pub mod by_hand;
pub mod futures;
pub mod ours;
pub mod weather;

/// Spans of one run.
pub const SPANS: usize = 8;

/// Attributes that one run by hand carries.
pub const ATTRIBUTES: usize = 86;

/// The share of traces that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sampling {
    /// All of them.
    All,
    /// None of them.
    None,
}

impl Sampling {
    /// As a number from 0 to 1.
    pub fn ratio(self) -> f64 {
        match self {
            Self::All => 1.0,
            Self::None => 0.0,
        }
    }
}

/// One model call of the run: what for, tokens of prompt and completion, USD.
pub(crate) const MODEL_CALLS: [(&str, u64, u64, f64); 3] =
    [("plan", 412, 54, 0.001_57), ("select", 890, 31, 0.002_535), ("answer", 1_208, 70, 0.003_72)];

/// One tool of the run: its name, the id of the call that asked for it, and its arguments.
pub(crate) const TOOLS: [(&str, &str, &str); 2] = [
    ("search_orders", "call_1", r#"{"customer":"c-7","limit":5}"#),
    ("refund_order", "call_2", r#"{"order":"o-1142"}"#),
];

/// What a tool gives back.
pub(crate) const TOOL_RESULT: &str = r#"{"status":"shipped","carrier":"DHL"}"#;

/// A document that the retrieval finds.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Document {
    pub(crate) id: &'static str,
    pub(crate) score: f64,
}

/// What the retrieval finds.
pub(crate) const DOCUMENTS: [Document; 3] = [
    Document { id: "policy-12", score: 0.83 },
    Document { id: "policy-3", score: 0.71 },
    Document { id: "policy-40", score: 0.64 },
];
