use crate::cost::{OwnCost, Usd};
use crate::span::builder::{Begin, Given, Step, running_span};
use crate::span::content::Text;
use crate::span::node::Label;
#[cfg(feature = "rmcp")]
use crate::span::node::Node;
use crate::span::record::{Active, Spec};
use crate::span::runtime::{Runtime, attribute, count};
#[cfg(feature = "rmcp")]
use agentspan_semconv::span_name;
use agentspan_semconv::{StepType, ToolType, tool as names};
use opentelemetry::trace::SpanKind;
use serde::Serialize;
use std::future::Future;
use std::mem::take;

/// A tool that the agent runs: the span `tool.<name>`. Made by [`tool()`].
#[must_use = "nothing is recorded before `run`, `run_ok`, `in_scope` or `start`"]
#[derive(Debug)]
pub struct ToolBuilder {
    name: String,
    description: Option<String>,
    tool_type: Option<ToolType>,
    call_id: Option<String>,
    arguments: Option<Text>,
    cost_usd: Option<f64>,
    kind: SpanKind,
    given: Given,
}

/// A call of the tool `name`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let rain = agentspan::tool("get_weather")
///     .call_id("call_1")
///     .arguments(&serde_json::json!({"city": "Ulm"}))
///     .cost_usd(0.0001)
///     .run(async { Ok::<_, String>(3.5) })
///     .await;
/// assert_eq!(rain, Ok(3.5));
/// # }
/// ```
pub fn tool(name: impl Into<String>) -> ToolBuilder {
    ToolBuilder {
        name: name.into(),
        description: None,
        tool_type: None,
        call_id: None,
        arguments: None,
        cost_usd: None,
        kind: SpanKind::Internal,
        given: Given::default(),
    }
}

impl ToolBuilder {
    /// The id in the model's reply that asked for this call; links the span to that model call.
    pub fn call_id(mut self, id: impl Into<String>) -> Self {
        self.call_id = Some(id.into());
        self
    }

    /// The arguments: anything that serialises, or JSON text. Size and repetition are always recorded, the text only
    /// when tool content is asked for.
    pub fn arguments<A: Serialize + ?Sized>(mut self, arguments: &A) -> Self {
        self.arguments = Runtime::wanted().map(|content| Text::hashed(arguments, content.tools));
        self
    }

    /// What the tool does, in the words that the model is given (`tool.description`).
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// What kind of tool it is (`tool.type`).
    pub fn tool_type(mut self, tool_type: ToolType) -> Self {
        self.tool_type = Some(tool_type);
        self
    }

    /// What the call costs outside the model, in USD (`tool.cost_usd`), when that is known beforehand; else tell it
    /// by [`SpanHandle::cost_usd`](crate::SpanHandle::cost_usd). Negative or infinite makes the cost unknown.
    pub fn cost_usd(mut self, usd: f64) -> Self {
        self.cost_usd = Some(usd);
        self
    }

    /// For a tool that runs elsewhere, the side on which this step is.
    #[cfg(feature = "rmcp")]
    pub(crate) fn of_kind(mut self, kind: SpanKind) -> Self {
        self.kind = kind;
        self
    }
}

running_span!(ToolBuilder);

impl Begin for ToolBuilder {
    fn begin(&mut self) -> Step {
        let Self { name, description, tool_type, call_id, arguments, cost_usd, kind, given } = self;
        let spec = Spec::new(StepType::ToolCall, kind.clone(), Label::Named(take(name)));
        let own_cost = cost_usd.map(|usd| Usd::from_f64(usd).map_or(OwnCost::Unknown, OwnCost::stated));
        let known_cost = own_cost.as_ref().and_then(OwnCost::known);
        let active = Active::start(spec, &mut |node, initial| {
            let arguments = arguments.take();
            if let (Some(run), Some(name)) = (node.run(), node.label.named()) {
                let hash = arguments.as_ref().map(|arguments| arguments.hash);
                let (index, repeated) = run.tool_called(name, hash);
                if let Some(index) = index {
                    initial.attributes.push(count(names::TOOL_CALL_INDEX, index));
                }
                initial.attributes.push(attribute(names::TOOL_REPEATED, repeated));
                let asker = call_id.as_deref().and_then(|id| run.asker(id));
                if let Some(link) = node.link_to(asker) {
                    initial.links.push(link);
                }
            }
            let content = node.runtime().content.tools;
            if let Some(arguments) = arguments {
                initial.attributes.push(count(names::TOOL_ARGUMENTS_SIZE, arguments.size));
                if content {
                    initial.attributes.extend(arguments.attributes(names::TOOL_ARGUMENTS));
                }
            }
            initial.set(names::TOOL_CALL_ID, call_id.take());
            initial.set(names::TOOL_DESCRIPTION, description.take());
            initial.set(names::TOOL_TYPE, tool_type.take().map(|tool_type| tool_type.to_string()));
            if let Some(usd) = known_cost {
                initial.attributes.push(attribute(names::TOOL_COST_USD, usd.as_f64()));
            }
            given.put(initial);
        });
        if let Some(cost) = own_cost {
            active.node.own(|own| own.cost = cost);
        }
        Step(active)
    }
}

#[cfg(feature = "rmcp")]
impl Node {
    /// Whether the step is the call of the tool `name`, of which no call elsewhere was recorded yet; from now on one is.
    pub(crate) fn becomes_remote(&self, name: &str) -> bool {
        if self.is_ended() || self.tool_label() != Some(span_name::tool(name)) {
            return false;
        }
        let mut is_first = false;
        self.tell(|told| is_first = !std::mem::replace(&mut told.is_remote, true));
        is_first
    }
}
