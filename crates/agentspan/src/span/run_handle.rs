use crate::cost::Totals;
use crate::span::current::NodeRef;
use crate::span::node::Node;
use crate::span::run::Run;
use crate::span::runtime::attribute;
use crate::span::value::AttributeValue;
use crate::usage::Usage;
use agentspan_semconv::{CostStatus, StopReason, agent, event};
use opentelemetry::KeyValue;
use serde::Serialize;
use std::borrow::Cow;
use std::sync::Arc;

/// A run that is under way. Outside a run every method does nothing.
#[derive(Debug, Clone)]
pub struct RunHandle {
    node: Option<Arc<Node>>,
}

impl RunHandle {
    pub(crate) fn around(node: Option<Arc<Node>>) -> Self {
        Self { node: node.and_then(nearest_run) }
    }

    /// Says why the run stops. A word of one's own follows the run's `Result`, see [`StopReason::custom`].
    pub fn stop_reason(&self, reason: impl Into<StopReason>) -> &Self {
        if let Some(run) = self.state() {
            run.set_stop_reason(reason.into());
        }
        self
    }

    /// The final answer or action; recorded only when queries are asked for.
    pub fn result<R: Serialize + ?Sized>(&self, result: &R) -> &Self {
        let node = self.node.as_ref().filter(|node| node.is_recording() && node.runtime().content.queries);
        if let Some(node) = node {
            let text = crate::span::content::Text::of(result, true);
            node.set_all(text.attributes(agent::AGENT_RESULT));
        }
        self
    }

    /// How sure the agent is of its result, from 0 to 1; anything else is left out.
    pub fn confidence(&self, confidence: f64) -> &Self {
        if (0.0..=1.0).contains(&confidence) {
            self.attribute(agent::AGENT_CONFIDENCE, confidence);
        }
        self
    }

    /// Sets an attribute on the run's span only.
    pub fn attribute(&self, key: impl Into<Cow<'static, str>>, value: impl Into<AttributeValue>) -> &Self {
        if let Some(node) = self.node.as_ref().filter(|node| node.is_recording()) {
            node.set(KeyValue::new(key.into(), value.into()));
        }
        self
    }

    /// Puts a key and a value on the run and on every step that begins after this call; a run has at most 128 of them.
    pub fn tag(&self, key: impl Into<Cow<'static, str>>, value: impl Into<AttributeValue>) -> &Self {
        if let (Some(node), Some(run)) = (&self.node, self.state()) {
            let tag = KeyValue::new(key.into(), value.into());
            node.set(tag.clone());
            run.tag(tag);
        }
        self
    }

    /// The run pauses: an event `agent.interrupted`. The reason is a word of few values.
    pub fn interrupted(&self, reason: impl Into<Cow<'static, str>>) -> &Self {
        self.event(event::AGENT_INTERRUPTED, || vec![attribute(event::REASON, reason.into())])
    }

    /// The run goes on: an event `agent.resumed`. The reason is a word of few values.
    pub fn resumed(&self, reason: impl Into<Cow<'static, str>>) -> &Self {
        self.event(event::AGENT_RESUMED, || vec![attribute(event::REASON, reason.into())])
    }

    /// The run has passed a soft limit of its budget, both in USD: an event `budget.soft_limit`. It stops nothing.
    pub fn soft_limit(&self, limit_usd: f64, spent_usd: f64) -> &Self {
        self.event(event::BUDGET_SOFT_LIMIT, || {
            vec![attribute(event::LIMIT, limit_usd), attribute(event::SPENT, spent_usd)]
        })
    }

    fn event(&self, name: &'static str, attributes: impl FnOnce() -> Vec<KeyValue>) -> &Self {
        if let Some(node) = self.node.as_ref().filter(|node| node.is_recording()) {
            node.add_event(name, attributes());
        }
        self
    }

    /// The id of the run, as in `agent.run_id`.
    pub fn id(&self) -> Option<String> {
        Some(self.state()?.id().to_string())
    }

    /// The trace id of the run as 32 lower-case hexadecimal digits; `None` where nothing records.
    pub fn trace_id(&self) -> Option<String> {
        Some(self.node.as_ref()?.valid_span_context()?.trace_id().to_string())
    }

    /// What the run and everything below it has cost so far, in USD; `None` while no part of it is known.
    ///
    /// Counted whether or not the run is recorded.
    pub fn total_usd(&self) -> Option<f64> {
        Some(self.node.as_ref()?.totals().known_cost()?.as_f64())
    }

    /// Whether all of what the run and everything below it has cost so far is known; `None` while nothing has cost. A call
    /// without a price makes it `unknown`, beside others with a price `partial`, and is in no sum.
    ///
    /// Counted whether or not the run is recorded.
    pub fn cost_status(&self) -> Option<CostStatus> {
        self.totals().status()
    }

    /// Tokens that the run and everything below it has used so far: `input` and `output`, each `None` while no call told
    /// any. The other fields are never set.
    pub fn total_usage(&self) -> Usage {
        let totals = self.totals();
        Usage { input: totals.prompt_tokens, output: totals.completion_tokens, ..Usage::default() }
    }

    /// Model calls of the run and everything below it that have ended.
    pub fn llm_call_count(&self) -> u64 {
        self.totals().llm_calls
    }

    /// Tool calls of the run and everything below it that have ended.
    pub fn tool_call_count(&self) -> u64 {
        self.totals().tool_calls
    }

    fn totals(&self) -> Totals {
        self.node.as_ref().map(|node| node.totals()).unwrap_or_default()
    }

    fn state(&self) -> Option<&Arc<Run>> {
        self.node.as_ref()?.run()
    }
}

/// The nearest run around the caller.
///
/// In a run inside a run that is the inner one. For a budget over several agents, take the handle in the outer run, whose
/// sums contain the inner ones, and pass clones of it on.
///
/// ```
/// # async fn run() -> Result<(), String> {
/// agentspan::agent("triage").run(async {
///     agentspan::current_run().stop_reason("nothing_to_do");
///     Ok::<_, String>(())
/// })
/// # .await }
/// ```
pub fn current_run() -> RunHandle {
    RunHandle::around(NodeRef::current())
}

fn nearest_run(node: Arc<Node>) -> Option<Arc<Node>> {
    if node.is_run {
        return Some(node);
    }
    node.ancestors().find(|ancestor| ancestor.is_run).cloned()
}
