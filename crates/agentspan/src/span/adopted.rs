//! Spans of other people that are steps: of `#[tracing::instrument]`, of rig and genai, of whoever writes
//! `gen_ai.*` or our own names on a span of plain `tracing`.
//!
//! Somebody else's bridge, or ours, makes the span. Beside it stands a step, which adds up like every other: it takes
//! part in the sums and the books whether or not the span is kept or wanted, and on the cold side the span gets the
//! figures of its step. What two spans tell of the same call counts once, where it is told nearest to the call.

mod callsite;
mod fields;
mod said;

use crate::cost::Usd;
use crate::span::current::NodeRef;
use crate::span::finish::finish;
use crate::span::model::{self, Call, Server};
use crate::span::node::{Label, NewNode, Node};
use crate::span::outcome::{Ending, FailureRecord};
use crate::span::runtime::{Runtime, attribute, count, lock};
use crate::usage::OTHER;
use agentspan_semconv::{Operation, StepType, StreamEnd, agent, llm, span_name};
pub(crate) use callsite::{is_telling, tells_failure};
use fields::Fields;
use opentelemetry::Context;
use said::Said;
pub(crate) use said::{OLDER_NAMES, is_usage};
use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;
use tracing::Metadata;
use tracing::span::{Attributes, Id, Record};

/// What the targets of genai's spans begin with. Its streams tell usage or a finish reason at their end, and errors.
const GENAI: &str = "genai::";

/// A span of others and the step beside it.
#[derive(Debug)]
pub(crate) struct Adopted {
    pub(crate) node: Arc<Node>,
    fields: Mutex<Fields>,
    /// Whether its client tells of every stream how it ended, so that silence is a stream that nobody read on.
    tells_ends: bool,
    /// Whether the span that a bridge makes was looked for.
    identified: AtomicBool,
}

impl Adopted {
    /// Makes the step of a new span below `parent`.
    pub(crate) fn new(
        runtime: &Arc<Runtime>,
        attributes: &Attributes<'_>,
        parent: Option<Arc<Node>>,
    ) -> Self {
        let metadata = attributes.metadata();
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let step_type = step_type(metadata, &fields);
        let passes_by = parent.as_ref().is_some_and(|parent| parent.is_sampled_out());
        let node = Node::new(NewNode {
            span_context: None,
            runtime: Some(runtime.clone()),
            label: Label::Whole(if passes_by {
                "".into()
            } else {
                name(metadata, &step_type, &fields).into()
            }),
            step_type,
            run: None,
            call: None,
            parent,
            is_light: false,
            carriers: 1,
            started: SystemTime::now(),
        });
        node.adopt();
        if passes_by {
            node.pass_by();
        }
        let tells_ends = metadata.target().starts_with(GENAI);
        let adopted =
            Self { node, fields: Mutex::new(fields), tells_ends, identified: AtomicBool::new(false) };
        adopted.note_call(&lock(&adopted.fields));
        adopted
    }

    /// Takes over what is recorded later.
    pub(crate) fn record(&self, values: &Record<'_>) {
        let mut fields = lock(&self.fields);
        values.record(&mut *fields);
        self.note_call(&fields);
        self.note_failure(&fields);
    }

    /// Whether nothing follows that a bridge must know before it starts its span, such as another parent: the span tells
    /// what its call came to, or belongs to a client that keeps it to itself.
    pub(crate) fn is_nearly_over(&self) -> bool {
        let fields = lock(&self.fields);
        self.tells_ends || fields.tells_end || fields.failed
    }

    /// Finds the span that a bridge makes of this one, once, and gives the context that is current inside of it.
    ///
    /// The bridge starts the span by this, so it must not be asked before the span is entered or nearly over.
    pub(crate) fn identify(&self, id: &Id) -> Option<Context> {
        if self.identified.swap(true, Ordering::Relaxed) {
            return None;
        }
        let dispatch = self.node.runtime().dispatch()?;
        let context = tracing_opentelemetry::get_otel_context(id, &dispatch)?;
        self.node.set_adopted(&context);
        let around = self.node.parent.as_ref().and_then(|parent| parent.run());
        if let Some(run) = around.filter(|_| self.node.is_step_of_run && self.node.is_recording()) {
            self.node.set(count(agent::AGENT_STEP_INDEX, run.next_step()));
        }
        Some(context.with_value(NodeRef(self.node.clone())))
    }

    /// Tells the step what is called as soon as that is known: prices and books need it.
    fn note_call(&self, fields: &Fields) {
        let node = &self.node;
        match (&node.step_type, &fields.provider, &fields.requested, &fields.tool) {
            (StepType::LlmGenerate | StepType::Embedding, Some(_), Some(_), _) => self.set_call(fields),
            (StepType::ToolCall, _, _, Some(tool)) => {
                node.tell_tool(tool);
            }
            _ => {}
        }
    }

    /// Tells a step of ours around the same call the class of a failure, which a client's error does not always know. It
    /// counts only if the step ends with an error.
    fn note_failure(&self, fields: &Fields) {
        let around = self.node.parent.as_ref().filter(|_| fields.failed);
        let around = around.filter(|around| !around.is_adopted() && self.node.is_same_call(around));
        if let (Some(around), Some(class)) = (around, &fields.error_type) {
            around.tell(|told| {
                if told.outcome.is_none() {
                    told.error_type = Some(Cow::Owned(class.clone()));
                }
            });
        }
    }

    /// How a stream ended, of a client that tells it.
    fn stream_end(&self, fields: &Fields) -> Option<StreamEnd> {
        let is_known = self.tells_ends && fields.is_streamed && self.node.is_model_call();
        is_known.then_some(match (fields.tells_end, fields.failed) {
            (true, _) => StreamEnd::Complete,
            (false, true) => StreamEnd::Cut,
            (false, false) => StreamEnd::Abandoned,
        })
    }

    fn set_call(&self, fields: &Fields) {
        const UNKNOWN: &str = "unknown";
        let model = fields.requested.as_deref().or(fields.served.as_deref()).unwrap_or(UNKNOWN);
        let provider = fields.provider.as_deref().unwrap_or(UNKNOWN);
        let told = fields.operation.as_deref().and_then(|word| word.parse().ok());
        let operation = match self.node.step_type {
            StepType::Embedding => Some(Operation::Embeddings),
            _ => told.or(Some(Operation::Chat)),
        };
        let (provider, model) = (model::provider_word(provider), model.to_owned());
        let server = fields.address.as_ref().map(|address| Server::new(address, fields.port));
        self.node.tell_call(Call { provider, model, operation, batch: false, server });
    }

    /// The function that the span is made for gave an `Err`, whose class is not known.
    pub(crate) fn gave_error(&self) {
        let mut fields = lock(&self.fields);
        fields.failed = true;
        self.note_failure(&fields);
    }

    /// The span was left by a panic. Its handle may live on in a future that nobody polls any more.
    pub(crate) fn panicked(&self) {
        lock(&self.fields).panicked = true;
    }

    /// Ends the step, when the last handle of the span is gone.
    pub(crate) fn close(&self) {
        let (node, fields) = (&self.node, lock(&self.fields));
        if node.is_model_call() {
            self.set_call(&fields);
        }
        self.settle(&fields);
        let stream_end = self.stream_end(&fields);
        self.describe(&fields, stream_end);
        let name = fields.workflow.as_ref().or(fields.agent.as_ref());
        if let (StepType::Custom(_), Some(name)) = (&node.step_type, name) {
            node.figures(|figures| figures.name = Some(name.clone()));
        }
        let ending = if fields.panicked || std::thread::panicking() {
            Ending::unwinding()
        } else if fields.failed {
            let class = fields.error_type.clone().map_or(Cow::Borrowed(OTHER), Cow::Owned);
            Ending::failed(FailureRecord::of_type(class))
        } else if stream_end == Some(StreamEnd::Abandoned) {
            Ending::cancelled()
        } else {
            Ending::ok()
        };
        drop(fields);
        node.on_carrier_gone();
        finish(node, ending);
    }

    /// Decides whose figures count.
    fn settle(&self, fields: &Fields) {
        let node = &self.node;
        let (totals, own) = node.totals_and_own();
        if own.has_figures() || own.told_below {
            // An adapter has read the reply itself, which says more, or a step inside this one has.
            return;
        }
        let is_call = node.is_model_call();
        // What an agent or a tool says of tokens is the sum of the calls below it, whoever has counted these.
        let repeats = !is_call && fields.has_usage() && (totals.has_calls() || node.has_open());
        let has_usage = fields.has_usage() && !repeats;
        let has_figures = has_usage || fields.usd.is_some();
        node.own(|own| own.repeats_usage = repeats);
        if let Some(around) = node.parent.as_ref().filter(|around| node.is_same_call(around)) {
            if !around.is_adopted() || !has_figures {
                node.own(|own| own.told_elsewhere = true);
                if !around.is_adopted() && !around.totals_and_own().1.has_figures() {
                    post(around, fields, has_usage);
                }
                return;
            }
            around.own(|own| own.told_below = true);
        }
        if has_usage && (fields.requested.is_some() || fields.served.is_some()) {
            self.set_call(fields);
        }
        post(node, fields, has_usage);
    }

    /// Says under our names what the bridge cannot know.
    fn describe(&self, fields: &Fields, stream_end: Option<StreamEnd>) {
        if fields.first_chunk_s.is_some() {
            self.node.figures(|figures| figures.first_chunk_s = fields.first_chunk_s);
        }
        if !self.node.is_recording() {
            return;
        }
        // An adapter that has read the stream itself knows better.
        let end = stream_end.map(|end| attribute(llm::LLM_STREAM_END, end.as_str()));
        self.node.set_missing(end);
        if self.node.is_model_call()
            && let Some(call) = self.node.call()
        {
            // The operation, which may be a guess here, and the server stand on the span itself.
            self.node.set_missing(call.names(fields.served.as_deref()));
        }
    }
}

/// Records what a span tells of its call on the step that it counts for.
fn post(node: &Arc<Node>, fields: &Fields, has_usage: bool) {
    if has_usage {
        let model = fields.served.as_deref().or(fields.requested.as_deref());
        model::record_usage(node, &fields.normal_usage(), model, fields.tier.as_deref(), false);
    }
    if let Some(usd) = fields.usd {
        node.charge_by_hand(Usd::from_f64(usd));
    }
}

/// What kind of step a span is: by its operation, else by the names that it declares.
fn step_type(metadata: &Metadata<'_>, fields: &Fields) -> StepType {
    if let Some(operation) = fields.operation.as_deref() {
        match operation {
            "embeddings" => return StepType::Embedding,
            "execute_tool" => return StepType::ToolCall,
            "retrieval" => return StepType::Retrieval,
            "plan" => return StepType::Reasoning,
            "invoke_agent" | "create_agent" | "invoke_workflow" => {
                return StepType::Custom(Cow::Owned(operation.to_owned()));
            }
            _ => {}
        }
    }
    let says =
        |of: fn(Said) -> bool| metadata.fields().iter().any(|field| Said::of(field.name()).is_some_and(of));
    if says(Said::names_tool) {
        StepType::ToolCall
    } else if says(|said| said.names_model() || said.is_count()) {
        StepType::LlmGenerate
    } else if says(|said| said == Said::Source) {
        StepType::Retrieval
    } else {
        StepType::Custom(Cow::Borrowed("step"))
    }
}

/// The name under which a run adds the step up: as our own steps are called, where that is known.
fn name(metadata: &Metadata<'_>, step_type: &StepType, fields: &Fields) -> String {
    match (step_type, &fields.provider, &fields.requested, &fields.tool, &fields.source) {
        (StepType::LlmGenerate | StepType::Embedding, Some(provider), Some(model), ..) => {
            span_name::llm(&model::provider_word(provider), model)
        }
        (StepType::ToolCall, _, _, Some(tool), _) => span_name::tool(tool),
        (StepType::Retrieval, .., Some(source)) => span_name::retrieval(source),
        _ => metadata.name().to_owned(),
    }
}
