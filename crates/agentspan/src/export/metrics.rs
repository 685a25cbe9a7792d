//! The books as OpenTelemetry metrics: what an ended step is measured by, and how that leaves.

mod instruments;
mod lines;
mod names;
mod sender;

pub(crate) use names::MAX_SERIES;
pub(crate) use sender::MetricsSender;

use self::instruments::Instruments;
use self::names::{Attributes, Names};
use super::Scrubber;
use crate::cost::OwnCost;
use crate::span::{Call, Kind, Measured, Meter, ReplyFigures};
use agentspan_semconv::agent::AGENT_STOP_REASON;
use agentspan_semconv::error::ERROR_TYPE;
use agentspan_semconv::gen_ai::{
    GEN_AI_AGENT_NAME, GEN_AI_OPERATION_NAME, GEN_AI_PROVIDER_NAME, GEN_AI_REQUEST_MODEL,
    GEN_AI_RESPONSE_MODEL, GEN_AI_TOOL_NAME,
};
use agentspan_semconv::metric::{GEN_AI_TOKEN_TYPE, GEN_AI_WORKFLOW_NAME};
use agentspan_semconv::session::SESSION_ID;
use agentspan_semconv::user::USER_ID;
use agentspan_semconv::{Operation, provider};
use opentelemetry::{InstrumentationScope, KeyValue, global, metrics};
use std::fmt;
use std::sync::OnceLock;

/// Measures ended steps.
///
/// Names and sets of them are bounded in number; what comes later is measured as `other`, and counted as such.
pub(crate) struct StepMeter {
    instruments: OnceLock<Instruments>,
    meter: Option<metrics::Meter>,
    scope: InstrumentationScope,
    latest_names: bool,
    names: Names,
    inherited: Vec<&'static str>,
}

/// What a meter measures and by what.
pub(crate) struct MeterSettings {
    pub(crate) scope: InstrumentationScope,
    pub(crate) latest_names: bool,
    pub(crate) sessions: bool,
    pub(crate) users: bool,
    pub(crate) scrubber: Scrubber,
}

impl StepMeter {
    /// Without a meter, that of the process's own provider is taken at the first step that ends.
    pub(crate) fn new(meter: Option<metrics::Meter>, settings: MeterSettings) -> Self {
        let MeterSettings { scope, latest_names, sessions, users, scrubber } = settings;
        let asked = [(SESSION_ID, sessions), (USER_ID, users)];
        Self {
            instruments: OnceLock::new(),
            meter,
            scope,
            latest_names,
            names: Names::new(scrubber),
            inherited: asked.into_iter().filter(|(_, on)| *on).map(|(name, _)| name).collect(),
        }
    }

    fn instruments(&self) -> &Instruments {
        self.instruments.get_or_init(|| {
            let global = || global::meter_with_scope(self.scope.clone());
            Instruments::new(&self.meter.clone().unwrap_or_else(global), self.latest_names)
        })
    }

    fn measure_cost(&self, cost: &OwnCost, attributes: &[KeyValue]) {
        let instruments = self.instruments();
        if let Some(usd) = cost.known() {
            instruments.cost.add(usd.as_f64(), attributes);
        }
        if matches!(cost, OwnCost::Partial(_) | OwnCost::Unknown) {
            instruments.unpriced_calls.add(1, attributes);
        }
    }

    fn measure_call(
        &self,
        call: &Call,
        reply: &ReplyFigures,
        base: &[KeyValue],
        with_error: &[KeyValue],
        seconds: f64,
    ) {
        let instruments = self.instruments();
        let usage = &reply.usage;
        let is_inference = call.operation != Some(Operation::Embeddings);
        match &instruments.latest {
            Some(latest) => {
                let duration =
                    if is_inference { &latest.inference_duration } else { &instruments.operation_duration };
                duration.record(seconds, with_error);
                latest.measure_tokens(usage, base, with_error);
            }
            None => {
                instruments.operation_duration.record(seconds, with_error);
                for (word, count) in [("input", usage.input), ("output", usage.output)] {
                    if let Some(count) = count {
                        instruments
                            .token_usage
                            .record(count, &with(base, KeyValue::new(GEN_AI_TOKEN_TYPE, word)));
                    }
                }
            }
        }
        if let Some(seconds) = reply.first_chunk_s {
            instruments.time_to_first_chunk.record(seconds, base);
        }
        if let Some(gaps) = &reply.gaps {
            gaps.each(|seconds| instruments.time_per_chunk.record(seconds, base));
        }
    }
}

impl Meter for StepMeter {
    fn inherited(&self) -> &[&'static str] {
        &self.inherited
    }

    fn ended(&self, step: &Measured<'_>) {
        let mut attributes = self.names.attributes();
        push(step, &mut attributes);
        let own = attributes.len();
        if let Kind::Model { call, reply } = &step.kind
            && let Some(server) = call.server.as_ref().or(reply.server.as_ref())
        {
            attributes.server(server);
        }
        let class = usize::from(step.error_type.is_some());
        if let Some(class) = step.error_type {
            attributes.name(ERROR_TYPE, class);
        }
        let reason = usize::from(matches!(step.kind, Kind::Run { .. }));
        if let Kind::Run { stop_reason, .. } = &step.kind {
            attributes.name(AGENT_STOP_REASON, stop_reason.as_str());
        }
        let (all, is_crowded) = attributes.finish();
        // From behind, since the port of a crowded set is gone.
        let (with_error, reason) = all.split_at(all.len() - reason);
        let (base, _) = with_error.split_at(with_error.len() - class);
        let (own, _) = base.split_at(own);
        let seconds = step.duration.as_secs_f64();
        let instruments = self.instruments();
        match &step.kind {
            Kind::Model { call, reply } => self.measure_call(call, reply, base, with_error, seconds),
            Kind::Tool(_) => instruments.tool_duration.record(seconds, with_error),
            Kind::Retrieval => instruments.operation_duration.record(seconds, with_error),
            Kind::Run { totals, .. } => {
                // What was done is known by the metric's own name.
                let by_reason = own.iter().filter(|known| known.key.as_str() != GEN_AI_OPERATION_NAME);
                instruments.runs.add(1, &by_reason.chain(reason).cloned().collect::<Vec<_>>());
                instruments.measure_agent(totals, with_error, seconds);
            }
            Kind::Agent { totals, .. } => instruments.measure_agent(totals, with_error, seconds),
            Kind::Workflow { .. } => instruments.workflow_duration.record(seconds, with_error),
            Kind::Other => {}
        }
        // Where a call went is no part of the books.
        self.measure_cost(step.cost, own);
        if is_crowded {
            instruments.crowded.add(1, &[]);
        }
    }
}

/// Written by hand, since instruments have no `Debug`.
impl fmt::Debug for StepMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepMeter").field("latest_names", &self.latest_names).finish_non_exhaustive()
    }
}

/// What stands on every series of a step.
fn push(step: &Measured<'_>, attributes: &mut Attributes<'_>) {
    let mut agent = step.agent;
    match &step.kind {
        Kind::Model { call, reply } => {
            attributes.word(GEN_AI_OPERATION_NAME, call.operation.unwrap_or(Operation::Chat).as_str());
            attributes.name(GEN_AI_PROVIDER_NAME, &provider::gen_ai_name(&call.provider));
            attributes.name(GEN_AI_REQUEST_MODEL, &call.model);
            if let Some(model) = &reply.model {
                attributes.name(GEN_AI_RESPONSE_MODEL, model);
            }
        }
        Kind::Tool(tool) => {
            attributes.word(GEN_AI_OPERATION_NAME, "execute_tool");
            attributes.name(GEN_AI_TOOL_NAME, tool);
        }
        Kind::Run { .. } => attributes.word(GEN_AI_OPERATION_NAME, "invoke_agent"),
        Kind::Agent { name, .. } => {
            attributes.word(GEN_AI_OPERATION_NAME, "invoke_agent");
            agent = name.or(agent);
        }
        Kind::Workflow { name } => {
            attributes.word(GEN_AI_OPERATION_NAME, "invoke_workflow");
            if let Some(name) = name {
                attributes.name(GEN_AI_WORKFLOW_NAME, name);
            }
        }
        Kind::Retrieval => attributes.word(GEN_AI_OPERATION_NAME, "retrieval"),
        Kind::Other => {}
    }
    if let Some(agent) = agent {
        attributes.name(GEN_AI_AGENT_NAME, agent);
    }
    for (key, value) in &step.inherited {
        attributes.name(key, value);
    }
}

fn with(attributes: &[KeyValue], more: KeyValue) -> Vec<KeyValue> {
    attributes.iter().cloned().chain([more]).collect()
}
