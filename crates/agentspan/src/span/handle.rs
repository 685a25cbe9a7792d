use crate::cost::Usd;
use crate::span::approval::waited;
use crate::span::current::NodeRef;
use crate::span::model;
use crate::span::node::Node;
use crate::span::outcome::{FailureRecord, is_unconnected};
use crate::span::run_handle::RunHandle;
use crate::span::runtime::{attribute, count};
use crate::span::score::score;
use crate::span::value::AttributeValue;
use crate::usage::Usage;
use agentspan_semconv::{
    ApprovalDecision, CostSource, Outcome, RecoveryAction, StepType, agent, approval, cost, error, event,
    handoff, http, recovery, retrieval, tool, validation,
};
use opentelemetry::KeyValue;
use serde::Serialize;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The step that is under way: tells it what is known only after it began.
///
/// [`current()`] gives the nearest one; a guard from `.start()` is one as well. Every method may be called at any
/// time and from anywhere: outside a step, or after the step has ended, it does nothing.
#[derive(Debug, Clone)]
pub struct SpanHandle {
    pub(crate) node: Option<Arc<Node>>,
}

/// The nearest step around the caller that this library made.
///
/// ```
/// # async fn look_up() -> Result<u32, String> { Ok(3) }
/// # async fn run() -> Result<u32, String> {
/// agentspan::tool("find_flights")
///     .run(async {
///         let flights = look_up().await?;
///         agentspan::current().attribute("flights.count", flights);
///         Ok::<_, String>(flights)
///     })
///     .await
/// # }
/// ```
pub fn current() -> SpanHandle {
    SpanHandle { node: NodeRef::current() }
}

impl SpanHandle {
    /// Sets an attribute on this one span. A key that is set again keeps the last value.
    pub fn attribute(&self, key: impl Into<Cow<'static, str>>, value: impl Into<AttributeValue>) -> &Self {
        self.set(|| KeyValue::new(key.into(), value.into()))
    }

    /// The trace id as 32 lower-case hexadecimal digits, for log lines; `None` where nothing records.
    pub fn trace_id(&self) -> Option<String> {
        Some(self.node.as_ref()?.valid_span_context()?.trace_id().to_string())
    }

    /// The span id as 16 lower-case hexadecimal digits; `None` where nothing records.
    pub fn span_id(&self) -> Option<String> {
        Some(self.node.as_ref()?.valid_span_context()?.span_id().to_string())
    }

    /// The run that this step belongs to.
    pub fn run(&self) -> RunHandle {
        RunHandle::around(self.node.clone())
    }

    /// Reads a model's reply: tokens, cost, model, id, finish reason and tool calls, as `.call(…)` does. For
    /// synchronous clients and guards. A later reply replaces the counts of an earlier one.
    pub fn reply<R: Serialize + ?Sized>(&self, reply: &R) -> &Self {
        if let Some(node) = &self.node {
            model::record_reply(node, &model::read_reply(node, reply));
        }
        self
    }

    /// Tells the tokens of a model call by hand, for local models and clients whose replies cannot be read.
    pub fn usage(&self, usage: Usage) -> &Self {
        if let Some(node) = &self.node {
            model::record_usage(node, &usage, None, None, false);
        }
        self
    }

    /// Tells what this step itself cost, in USD; it comes before every computed price.
    ///
    /// On a tool span it is recorded as `tool.cost_usd` as well. A negative or infinite amount makes the cost unknown.
    pub fn cost_usd(&self, usd: f64) -> &Self {
        let Some(node) = &self.node else { return self };
        let amount = Usd::from_f64(usd);
        node.charge_by_hand(amount);
        node.unset(|name| name == cost::COST_SOURCE || name == tool::TOOL_COST_USD);
        if node.step_type == StepType::ToolCall
            && let Some(amount) = amount
        {
            node.set(attribute(tool::TOOL_COST_USD, amount.as_f64()));
        }
        // Only calls of models have prices from several sources.
        if amount.is_some() && node.call().is_some() {
            node.set(attribute(cost::COST_SOURCE, CostSource::Manual.as_str()));
        }
        self
    }

    /// The result of a tool: its size is always recorded, its text only when tool content is asked for.
    pub fn result<R: Serialize + ?Sized>(&self, result: &R) -> &Self {
        let Some(node) = self.recording() else { return self };
        let content = node.runtime().content.tools;
        let text = crate::span::content::Text::of(result, content);
        node.set(count(tool::TOOL_RESULT_SIZE, text.size));
        node.set_all(text.attributes(tool::TOOL_RESULT));
        self
    }

    /// What a retrieval found: the number of documents, the best score if there are scores, and the documents
    /// themselves when retrieval content is asked for. Each document should have an `id` and a `score`.
    pub fn documents<D: Serialize>(&self, documents: &[D]) -> &Self {
        let Some(node) = self.recording() else { return self };
        node.set(count(retrieval::RETRIEVAL_DOCUMENT_COUNT, documents.len() as u64));
        if let Some(top) = documents.iter().filter_map(score).reduce(f64::max) {
            node.set(attribute(retrieval::RETRIEVAL_TOP_SCORE, top));
        }
        if node.runtime().content.documents {
            let text = crate::span::content::Text::of(documents, true);
            node.set_all(text.attributes(retrieval::RETRIEVAL_DOCUMENTS));
        }
        self
    }

    /// Whether a validation passed.
    pub fn passed(&self, passed: bool) -> &Self {
        self.set(|| attribute(validation::VALIDATION_PASSED, passed))
    }

    /// A validation that stops the agent: its outcome is `blocked`.
    pub fn blocked(&self, blocked: bool) -> &Self {
        if let Some(node) = self.node.as_ref().filter(|_| blocked) {
            node.tell(|told| told.outcome = Some(Outcome::Blocked));
        }
        self.set(|| attribute(validation::VALIDATION_BLOCKED, blocked))
    }

    /// The reason of a validation, an approval or a handoff; recorded only when reasons are asked for.
    pub fn reason(&self, reason: impl Into<String>) -> &Self {
        let Some(node) = self.recording().filter(|node| node.runtime().content.reasons) else { return self };
        let name = match node.step_type {
            StepType::Approval => approval::APPROVAL_REASON,
            StepType::Handoff => handoff::HANDOFF_REASON,
            _ => validation::VALIDATION_REASON,
        };
        node.set(attribute(name, reason.into()));
        self
    }

    /// The decision of an approval. Rejected and expired ones have the outcomes `rejected` and `timeout`.
    pub fn decision(&self, decision: ApprovalDecision) -> &Self {
        if let Some(node) = &self.node {
            let outcome = match decision {
                ApprovalDecision::Rejected => Some(Outcome::Rejected),
                ApprovalDecision::Expired => Some(Outcome::Timeout),
                _ => None,
            };
            node.tell(|told| told.outcome = outcome);
            node.set(waited(node, SystemTime::now()));
        }
        self.set(|| attribute(approval::APPROVAL_DECISION, decision.as_str()))
    }

    /// Who decided on an approval.
    pub fn by(&self, who: impl Into<String>) -> &Self {
        self.set(|| attribute(approval::APPROVAL_BY, who.into()))
    }

    /// What a recovery did, when that was not known at its start.
    pub fn action(&self, action: RecoveryAction) -> &Self {
        self.set(|| attribute(recovery::RECOVERY_ACTION, action.as_str()))
    }

    /// How sure a step is of its result, from 0 to 1; anything else is left out.
    pub fn confidence(&self, confidence: f64) -> &Self {
        if (0.0..=1.0).contains(&confidence) {
            self.set(|| attribute(agent::AGENT_CONFIDENCE, confidence));
        }
        self
    }

    /// A failure that the step survives or that its result does not show: `error.type`, in a word of few values.
    pub fn error_type(&self, error_type: impl Into<Cow<'static, str>>) -> &Self {
        if let Some(node) = &self.node {
            // The caller's own conversion must not run under the step's lock.
            let error_type = error_type.into();
            node.tell(|told| {
                told.outcome = Some(Outcome::Error);
                told.error_type = Some(error_type);
            });
        }
        self
    }

    /// The class of the error that the step ends with, if it does; `timeout` is an outcome of its own.
    #[cfg(feature = "rmcp")]
    pub(crate) fn class_of_error(&self, class: impl Into<Cow<'static, str>>) {
        if let Some(node) = &self.node {
            let class = class.into();
            node.tell(|told| told.error_type = Some(class));
        }
    }

    /// An attempt inside one call that failed and is repeated: an event `llm.attempt` and one more in
    /// `llm.attempt_count`. Tell it from a retry loop inside `.call(…)`, and not of the last one, with which the call itself
    /// ends: where that was refused, [`cost_usd`](Self::cost_usd) of 0 says that it was free.
    ///
    /// `status` is the HTTP status, `wait` the pause before the next attempt. An attempt that was answered with a status
    /// from 400 on, or whose class says that no connection came about (`connect`, `connect_error`, `connect_timeout`,
    /// `connection_refused`, `dns_error`, an unreachable host such as `io::HostUnreachable`), has cost nothing; any other
    /// may have been charged for, so that the call's cost is `partial`.
    pub fn attempt_failed(
        &self,
        error_type: impl Into<Cow<'static, str>>,
        status: Option<u16>,
        wait: Option<Duration>,
    ) -> &Self {
        self.attempt_failed_as(FailureRecord::of_type(error_type), status, wait)
    }

    /// As [`attempt_failed`](Self::attempt_failed), of an error that was seen itself.
    pub(crate) fn attempt_failed_as(
        &self,
        failure: FailureRecord,
        status: Option<u16>,
        wait: Option<Duration>,
    ) -> &Self {
        let Some(node) = &self.node else { return self };
        let FailureRecord { error_type, refused, .. } = failure;
        // Otherwise it was refused before anything could be charged for.
        if !status.map_or_else(|| refused || is_unconnected(&error_type), |status| status >= 400) {
            node.own(|own| own.lost_attempt = true);
        }
        let mut attributes =
            vec![count(event::ATTEMPT, node.attempt_failed()), attribute(error::ERROR_TYPE, error_type)];
        attributes.extend(status.map(|status| count(http::HTTP_RESPONSE_STATUS_CODE, status.into())));
        attributes.extend(wait.map(|wait| attribute(event::WAIT_S, wait.as_secs_f64())));
        node.add_event(event::LLM_ATTEMPT, attributes);
        self
    }

    /// Adds an event of one's own to the span, with the time of now.
    pub fn event<K, V>(
        &self,
        name: impl Into<Cow<'static, str>>,
        attributes: impl IntoIterator<Item = (K, V)>,
    ) -> &Self
    where
        K: Into<Cow<'static, str>>,
        V: Into<AttributeValue>,
    {
        if let Some(node) = self.recording() {
            let attributes =
                attributes.into_iter().map(|(key, value)| KeyValue::new(key.into(), value.into()));
            node.add_event(name, attributes.collect());
        }
        self
    }

    fn set(&self, attribute: impl FnOnce() -> KeyValue) -> &Self {
        if let Some(node) = self.recording() {
            node.set(attribute());
        }
        self
    }

    fn recording(&self) -> Option<&Arc<Node>> {
        self.node.as_ref().filter(|node| node.is_recording())
    }
}
