//! What a step tells a meter when it has ended, sampled or not.

use crate::cost::{OwnCost, Totals};
use crate::span::model::{Call, Server};
use crate::span::node::{Node, Own};
use crate::span::pace::{Gaps, Pace};
use crate::usage::Usage;
use agentspan_semconv::{StepType, StopReason};
use std::fmt::Debug;
use std::time::{Duration, SystemTime};

/// Takes the figures of ended steps; it must be quick, since the caller waits.
pub(crate) trait Meter: Debug + Send + Sync {
    /// The attributes of runs that it asks for besides the agent.
    fn inherited(&self) -> &[&'static str];

    fn ended(&self, step: &Measured<'_>);
}

/// One step that has ended.
#[derive(Debug)]
#[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "read by the meter of that feature"))]
pub(crate) struct Measured<'a> {
    pub(crate) kind: Kind<'a>,
    /// The nearest agent, which a run is itself.
    pub(crate) agent: Option<&'a str>,
    pub(crate) cost: &'a OwnCost,
    /// Of a failed step.
    pub(crate) error_type: Option<&'a str>,
    pub(crate) duration: Duration,
    /// What the meter asks for of session, user and tags of the run.
    pub(crate) inherited: Vec<(&'static str, String)>,
}

#[derive(Debug)]
#[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "read by the meter of that feature"))]
pub(crate) enum Kind<'a> {
    Model {
        call: &'a Call,
        reply: &'a ReplyFigures,
    },
    Tool(&'a str),
    Run {
        stop_reason: &'a StopReason,
        totals: Totals,
    },
    /// A span of others around what one agent does.
    Agent {
        name: Option<&'a str>,
        totals: Totals,
    },
    /// A span of others around several agents.
    Workflow {
        name: Option<&'a str>,
    },
    Retrieval,
    Other,
}

/// What only a meter keeps of a step, which is mostly of a call's reply.
#[derive(Debug, Default, Clone)]
pub(crate) struct ReplyFigures {
    pub(crate) usage: Usage,
    pub(crate) model: Option<String>,
    pub(crate) first_chunk_s: Option<f64>,
    pub(crate) gaps: Option<Box<Gaps>>,
    /// Where the request went, as its transport saw it.
    pub(crate) server: Option<Server>,
    /// Of the agent or the workflow that a span of others stands for.
    pub(crate) name: Option<String>,
}

impl ReplyFigures {
    /// Keeps the times of a stream; whoever saw no chunk knows nothing of them.
    pub(crate) fn keep(&mut self, pace: Pace) {
        if let Some(first) = pace.first_s() {
            self.first_chunk_s = Some(first);
            self.gaps = pace.into_gaps();
        }
    }
}

/// Tells the meter, if there is one, of a step that has ended.
pub(crate) fn post(
    node: &Node,
    own: &Own,
    error_type: Option<&str>,
    stop_reason: Option<&StopReason>,
    now: SystemTime,
) {
    let Some(meter) = node.runtime().meter.as_ref().filter(|_| !own.is_counted_elsewhere()) else { return };
    let (reply, nothing) = (node.take_figures(), ReplyFigures::default());
    let reply = reply.as_deref().unwrap_or(&nothing);
    let name = reply.name.as_deref();
    let tool = node.tool_name();
    let kind = match (node.call(), &tool, stop_reason) {
        (Some(call), ..) => Kind::Model { call, reply },
        (None, Some(tool), _) => Kind::Tool(tool),
        (None, None, Some(stop_reason)) => Kind::Run { stop_reason, totals: node.totals() },
        (None, None, None) => match &node.step_type {
            StepType::Retrieval => Kind::Retrieval,
            StepType::Custom(word) if node.is_adopted() && word == "invoke_agent" => {
                Kind::Agent { name, totals: node.totals() }
            }
            StepType::Custom(word) if node.is_adopted() && word == "invoke_workflow" => {
                Kind::Workflow { name }
            }
            _ if own.cost == OwnCost::None => return,
            _ => Kind::Other,
        },
    };
    meter.ended(&Measured {
        kind,
        agent: node.run().map(|run| run.agent_name.as_str()),
        cost: &own.cost,
        error_type,
        duration: now.duration_since(node.started).unwrap_or_default(),
        inherited: inherited(node, meter.inherited()),
    });
}

/// A copy, since a tag may be added to the run while the meter has it.
fn inherited(node: &Node, keys: &[&'static str]) -> Vec<(&'static str, String)> {
    let Some(run) = node.run().filter(|_| !keys.is_empty()) else { return Vec::new() };
    run.with_inherited(|all| {
        let find = |key| all.iter().find(|known| known.key.as_str() == key);
        keys.iter().filter_map(|key| Some((*key, find(*key)?.value.as_str().into_owned()))).collect()
    })
}
