//! The books as OpenTelemetry metrics: what an ended step is measured by, and how that leaves.

mod instruments;
mod lines;
mod names;
mod sender;

pub(crate) use sender::MetricsSender;

use self::instruments::Instruments;
use self::names::Names;
use super::Scrubber;
use crate::cost::OwnCost;
use crate::span::{Call, Kind, Measured, Meter, ReplyFigures};
use agentspan_semconv::agent::AGENT_STOP_REASON;
use agentspan_semconv::error::ERROR_TYPE;
use agentspan_semconv::gen_ai::{
    GEN_AI_AGENT_NAME, GEN_AI_OPERATION_NAME, GEN_AI_PROVIDER_NAME, GEN_AI_REQUEST_MODEL,
    GEN_AI_RESPONSE_MODEL, GEN_AI_TOOL_NAME,
};
use agentspan_semconv::metric::GEN_AI_TOKEN_TYPE;
use agentspan_semconv::session::SESSION_ID;
use agentspan_semconv::user::USER_ID;
use agentspan_semconv::{Operation, provider};
use opentelemetry::{InstrumentationScope, KeyValue, global, metrics};
use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

/// Room for the attributes of most series.
const USUAL_ATTRIBUTES: usize = 8;

/// Measures ended steps.
///
/// Each kind of name has a bounded number of values of its own, and what comes later is measured as `other`. The SDK
/// bounds the series of one instrument once more, and its last one has `otel.metric.overflow`.
pub(crate) struct StepMeter {
    instruments: OnceLock<Instruments>,
    meter: Option<metrics::Meter>,
    scope: InstrumentationScope,
    latest_names: bool,
    names: Names,
    /// The attributes of runs that stand on every series besides the agent.
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

    fn name(&self, key: &'static str, value: &str) -> KeyValue {
        KeyValue::new(key, self.names.name(key, value))
    }

    /// What stands on every series of a step.
    fn attributes(&self, step: &Measured<'_>) -> Vec<KeyValue> {
        let mut attributes = Vec::with_capacity(USUAL_ATTRIBUTES);
        match &step.kind {
            Kind::Model { call, reply } => self.push_model(call, reply, &mut attributes),
            Kind::Tool(tool) => {
                attributes.push(KeyValue::new(GEN_AI_OPERATION_NAME, "execute_tool"));
                attributes.push(self.name(GEN_AI_TOOL_NAME, tool));
            }
            Kind::Run { .. } => attributes.push(KeyValue::new(GEN_AI_OPERATION_NAME, "invoke_agent")),
            Kind::Retrieval => attributes.push(KeyValue::new(GEN_AI_OPERATION_NAME, "retrieval")),
            Kind::Other => {}
        }
        attributes.extend(step.agent.map(|agent| self.name(GEN_AI_AGENT_NAME, agent)));
        for key in &self.inherited {
            let value = step.inherited.iter().find(|known| known.key.as_str() == *key);
            attributes.extend(value.map(|known| self.name(key, &known.value.as_str())));
        }
        attributes
    }

    fn push_model(&self, call: &Call, reply: &ReplyFigures, attributes: &mut Vec<KeyValue>) {
        let operation = call.operation.unwrap_or(Operation::Chat);
        attributes.push(KeyValue::new(GEN_AI_OPERATION_NAME, operation.as_str()));
        attributes.push(self.name(GEN_AI_PROVIDER_NAME, &provider::gen_ai_name(&call.provider)));
        attributes.push(self.name(GEN_AI_REQUEST_MODEL, &call.model));
        let model = reply.model.as_deref();
        attributes.extend(model.map(|model| self.name(GEN_AI_RESPONSE_MODEL, model)));
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
    }
}

impl Meter for StepMeter {
    fn ended(&self, step: &Measured<'_>) {
        let base = self.attributes(step);
        let error = step.error_type.map(|class| self.name(ERROR_TYPE, class));
        let with_error = error.map_or(Cow::Borrowed(&base[..]), |error| Cow::Owned(with(&base, error)));
        let seconds = step.duration.as_secs_f64();
        let instruments = self.instruments();
        match &step.kind {
            Kind::Model { call, reply } => self.measure_call(call, reply, &base, &with_error, seconds),
            Kind::Tool(_) => instruments.tool_duration.record(seconds, &with_error),
            Kind::Retrieval => instruments.operation_duration.record(seconds, &with_error),
            Kind::Run { stop_reason, totals } => {
                let reason = self.name(AGENT_STOP_REASON, stop_reason.as_str());
                // What was done is known by the metric's own name.
                instruments.runs.add(1, &with(&base[1..], reason));
                if let Some(latest) = &instruments.latest {
                    latest.agent_duration.record(seconds, &with_error);
                    latest.inference_calls.record(totals.llm_calls, &with_error);
                    latest.tool_calls.record(totals.tool_calls, &with_error);
                }
            }
            Kind::Other => {}
        }
        self.measure_cost(step.cost, &base);
    }
}

/// Written by hand, since instruments have no `Debug`.
impl fmt::Debug for StepMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepMeter").field("latest_names", &self.latest_names).finish_non_exhaustive()
    }
}

fn with(attributes: &[KeyValue], more: KeyValue) -> Vec<KeyValue> {
    attributes.iter().cloned().chain([more]).collect()
}
