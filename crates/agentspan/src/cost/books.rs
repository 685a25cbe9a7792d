//! What a program has spent, whether or not its traces are kept.

use super::Usd;
use super::totals::add_known;

/// What a program has spent since its telemetry started: the same whatever was sampled, sent or lost.
///
/// A call enters when it ends. Lists are sorted by cost, the dearest first; each has at most 1,000 lines of its own, and a
/// last one named `other` for everything beyond them.
///
/// ```
/// let recording = agentspan::testing::record(); // in a program: `let telemetry = agentspan::init();`
/// agentspan::tool("search").cost_usd(0.25).in_scope(|| {});
/// let books = recording.books();
/// assert_eq!(books.total.usd.to_string(), "0.25");
/// assert_eq!(books.tools[0].name, "search");
/// for run in &books.dearest_runs {
///     println!("{} {} {:?}", run.usd, run.agent_name, run.trace_id);
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Books {
    /// Everything.
    pub total: Spend,
    /// By `<provider>/<model>`, the model as it was asked for.
    pub models: Vec<BookLine>,
    /// By name of the tool.
    pub tools: Vec<BookLine>,
    /// By the name of the nearest agent; a call outside any run has no line here.
    pub agents: Vec<BookLine>,
    /// By `<key>=<value>` of the tags that stand on a run.
    pub tags: Vec<BookLine>,
    /// Ended runs by stop reason, the commonest first.
    pub stop_reasons: Vec<(String, u64)>,
    /// The twenty outermost runs that cost most, with their trace: the way from an alert to Jaeger. One that goes on is
    /// among them with what its ended calls have cost so far; what a step adds that outlives its run is added here, too.
    pub dearest_runs: Vec<DearRun>,
}

/// One line of the [`Books`].
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct BookLine {
    /// What the line is about.
    pub name: String,
    /// What it has spent.
    pub spend: Spend,
}

/// What calls of models and tools have cost together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spend {
    /// The exact sum of the costs that are known.
    pub usd: Usd,
    /// Tokens of prompts, with cached ones; `None` when no call told any.
    pub prompt_tokens: Option<u64>,
    /// Tokens of completions, with reasoning; `None` when no call told any.
    pub completion_tokens: Option<u64>,
    /// Calls that ended.
    pub calls: u64,
    /// Of these the ones whose cost is not known, or not wholly: the sum is too low by them.
    pub unpriced_calls: u64,
    /// Of these the ones that failed.
    pub failed_calls: u64,
}

/// An outermost run among the dearest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DearRun {
    /// `agent.run_id`.
    pub run_id: String,
    /// `agent.name`.
    pub agent_name: String,
    /// `session.id`, when one was given.
    pub session_id: Option<String>,
    /// The trace, in hexadecimal; also of one that was not kept. `None` when no trace was begun.
    pub trace_id: Option<String>,
    /// What the run and everything below it has cost, as far as it is known.
    pub usd: Usd,
    /// Tokens of prompts of the run and everything below it.
    pub prompt_tokens: Option<u64>,
    /// Tokens of completions of the run and everything below it.
    pub completion_tokens: Option<u64>,
    /// `agent.stop_reason`; empty while the run goes on, unless it was told already.
    pub stop_reason: String,
}

impl Spend {
    pub(super) fn add(&mut self, other: &Self) {
        self.usd += other.usd;
        add_known(&mut self.prompt_tokens, other.prompt_tokens);
        add_known(&mut self.completion_tokens, other.completion_tokens);
        self.calls += other.calls;
        self.unpriced_calls += other.unpriced_calls;
        self.failed_calls += other.failed_calls;
    }
}
