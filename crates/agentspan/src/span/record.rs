//! How a step begins, and what span it gets.

mod active;

pub(crate) use active::Active;

use crate::span::current::NodeRef;
use crate::span::layer;
use crate::span::model::Call;
use crate::span::node::{Home, Label, NewNode, Node, is_model_call};
use crate::span::recorder::{Lineage, Recorded, StepSpan};
use crate::span::run::{Inherited, Run, RunIdentity, identify_by_sender};
use crate::span::runtime::{Runtime, Unrecorded, attribute, count, warn_unrecorded};
use agentspan_semconv::{StepType, agent};
use opentelemetry::trace::{Link, SpanContext, SpanKind, TraceContextExt};
use opentelemetry::{Context, KeyValue, TraceId, Value};
use std::mem::take;
use std::sync::Arc;
use std::time::SystemTime;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// What a step is made of.
pub(crate) struct Spec<'a> {
    step_type: StepType,
    kind: SpanKind,
    label: Label,
    /// What is called, when the step is a call of a model.
    call: Option<Call>,
    /// Agent name and identity, when the step is a run.
    run: Option<(&'a mut String, &'a mut RunIdentity)>,
    /// The step around.
    parent: Option<Arc<Node>>,
}

impl<'a> Spec<'a> {
    /// A step that is neither run nor call, below the current step.
    pub(crate) fn new(step_type: StepType, kind: SpanKind, label: Label) -> Self {
        Self { step_type, kind, label, call: None, run: None, parent: NodeRef::current() }
    }

    /// A run below the current step, which takes name and identity.
    pub(crate) fn run(agent_name: &'a mut String, identity: &'a mut RunIdentity) -> Self {
        let run = Some((agent_name, identity));
        Self { run, ..Self::new(StepType::Run, SpanKind::Internal, Label::Known) }
    }

    /// A call of a model below the current step.
    pub(crate) fn call(step_type: StepType, label: Label, call: Call) -> Self {
        Self { call: Some(call), ..Self::new(step_type, SpanKind::Client, label) }
    }

    /// Whether the sampler let the step around pass by, and this one with it; it is asked again for runs.
    fn passes_by(&self) -> bool {
        self.run.is_none() && self.parent.as_ref().is_some_and(|parent| parent.is_sampled_out())
    }
}

/// What a step's span is given when it is made.
pub(crate) struct Initial {
    pub(crate) attributes: Vec<KeyValue>,
    pub(crate) links: Vec<Link>,
    /// Session, user and tags of the run as they are when the step begins, unless they are those that the run began with.
    inherited: Option<Arc<Inherited>>,
}

impl Initial {
    fn new(node: &Node, parent_context: &Context, fill: Fill<'_>) -> Self {
        // With room for the attributes that are added when the step ends as well; few steps have more.
        let mut attributes = Vec::with_capacity(12);
        let Home { runtime, run } = node.home();
        if let Some(index) = run.as_ref().and_then(|run| node.next_index(run)) {
            attributes.push(count(agent::AGENT_STEP_INDEX, index));
        }
        if run.is_none() {
            identify_by_sender(parent_context, &runtime.propagation.tags, &mut attributes);
        }
        let inherited = run.as_ref().and_then(|run| run.inherited());
        let mut initial = Self { attributes, links: Vec::new(), inherited };
        fill(node, &mut initial);
        initial
    }

    /// Sets what the caller has given.
    pub(crate) fn set(&mut self, name: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.attributes.push(attribute(name, value));
        }
    }
}

/// Where a step is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The current subscriber has a layer of ours.
    Layer,
    /// On a thread without our subscriber, or while that tells another layer of something and must not be asked for a span:
    /// the step is recorded with the one around, and no `tracing` span carries it.
    Elsewhere,
    /// Nothing records.
    Nowhere,
}

/// What a type of span gives to its span.
type Fill<'a> = &'a mut dyn FnMut(&Node, &mut Initial);

impl Active {
    /// Makes a step below the current one. `fill` is asked at most once, and only when a span is made.
    ///
    /// The same code for every type of span: a copy for each would be read into the processor's cache again and again.
    pub(crate) fn start(spec: Spec<'_>, fill: Fill<'_>) -> Self {
        if spec.passes_by() {
            return Self::light(spec);
        }
        let (runtime, has_layer) = Runtime::current(spec.parent.as_deref());
        if has_layer {
            return Self::start_in(runtime, Place::Layer, spec, fill);
        }
        // A step that was carried to a thread without our subscriber is recorded where its parent is.
        let around = spec.parent.as_ref().map(|parent| parent.runtime());
        match around.and_then(|around| Some((around.dispatch()?, around.recorder_in_force().is_some()))) {
            Some((_, true)) => Self::start_in(runtime, Place::Elsewhere, spec, fill),
            Some((dispatch, false)) => {
                let _carried = tracing::dispatcher::set_default(&dispatch);
                Self::start_in(runtime, Place::Layer, spec, fill)
            }
            None => Self::start_in(runtime, Place::Nowhere, spec, fill),
        }
    }

    /// A step that passes by with the one around. It makes no span, so it does not matter which subscriber is the current
    /// one, and the context of the nearest step that has one of its own carries it, too.
    fn light(Spec { step_type, label, call, parent, .. }: Spec<'_>) -> Self {
        // Only prices and meters ask when such a step began, and to read the clock is a good part of what it costs.
        let around = parent.as_ref().filter(|parent| !is_model_call(&step_type) && !parent.is_measured());
        let node = Node::new(NewNode {
            started: around.map_or_else(SystemTime::now, |around| around.started),
            runtime: None,
            step_type,
            label,
            parent,
            run: None,
            call,
            is_light: true,
            carriers: 0,
            span_context: None,
        });
        node.tell_around();
        node.pass_by();
        Self::new(node, Context::current(), tracing::Span::none())
    }

    /// `runtime` is absent where it is that of the step around.
    fn start_in(runtime: Option<Arc<Runtime>>, place: Place, spec: Spec<'_>, fill: Fill<'_>) -> Self {
        let parent_context = Context::current();
        let Spec { step_type, kind, label, call, run, parent } = spec;
        let here = runtime.as_deref().or(parent.as_ref().map(|parent| &**parent.runtime()));
        let here = here.unwrap_or_else(|| Runtime::global());
        let run = run.map(|(agent_name, identity)| {
            new_run(take(agent_name), identity, parent.as_deref(), &parent_context, here)
        });
        let recorder = here.recorder_in_force().filter(|_| place != Place::Nowhere);
        let identified = recorder.and_then(|recorder| recorder.identify(&parent_context, &kind));
        let (span_context, lineage) = identified.unzip();
        let node = Node::new(NewNode {
            runtime,
            step_type,
            label,
            parent,
            run,
            call,
            is_light: false,
            carriers: u32::from(place == Place::Layer),
            started: SystemTime::now(),
            span_context,
        });
        node.tell_around();
        if node.is_run
            && let Some(run) = node.run()
        {
            run.opened(&node);
        }
        if place == Place::Nowhere {
            warn_unrecorded(Unrecorded::NoLayer);
            return Self::carried_by_context(node, &parent_context);
        }
        if node.runtime().recorder_in_force().is_some() {
            Self::direct(node, place, kind, &parent_context, lineage, fill)
        } else {
            Self::through_bridge(node, kind, &parent_context, fill)
        }
    }

    fn carried_by_context(node: Arc<Node>, parent_context: &Context) -> Self {
        let context = parent_context.with_value(NodeRef(node.clone()));
        Self::new(node, context, tracing::Span::none())
    }

    /// The step is its own span; the `tracing` span only carries it.
    fn direct(
        node: Arc<Node>,
        place: Place,
        kind: SpanKind,
        parent_context: &Context,
        lineage: Option<Lineage>,
        fill: Fill<'_>,
    ) -> Self {
        let spanned = match lineage {
            Some(lineage) if lineage.is_kept => {
                let Initial { attributes, links, inherited } = Initial::new(&node, parent_context, fill);
                let mut recorded = Recorded::new(kind, lineage, inherited);
                if let Some(recorder) = node.runtime().recorder_in_force() {
                    recorded.add_links(links, recorder.limits());
                }
                node.set_recorded(recorded, attributes);
                parent_context.with_span(StepSpan(node.clone()))
            }
            passed_by => {
                // Nothing is put together for a step that is not kept.
                if passed_by.is_some() {
                    node.pass_by();
                }
                let span_context = node.span_context().cloned().unwrap_or(SpanContext::NONE);
                parent_context.with_remote_span_context(span_context)
            }
        };
        let context = spanned.with_value(NodeRef(node.clone()));
        if place == Place::Elsewhere {
            if node.is_recording() {
                node.keep_open();
                count_begun(&node);
            }
            return Self::new(node, context, tracing::Span::none());
        }
        let (span, is_carried) = layer::tracing_span(context.clone(), &node);
        // Not before: where a layer of others panics, there is no step that could end.
        if node.is_recording() {
            count_begun(&node);
        }
        if !is_carried {
            node.not_carried();
            warn_unrecorded(Unrecorded::NotCarried);
        }
        Self::new(node, context, span)
    }

    /// Another bridge in the subscriber makes the span out of the `tracing` span.
    fn through_bridge(node: Arc<Node>, kind: SpanKind, parent_context: &Context, fill: Fill<'_>) -> Self {
        let context = parent_context.with_value(NodeRef(node.clone()));
        let (span, is_carried) = layer::bridged_span(kind_word(&kind), context.clone(), &node);
        if span.is_disabled() {
            node.on_carrier_gone();
            warn_unrecorded(Unrecorded::Filtered);
            return Self::new(node, context, span);
        }
        // The context must be there before the span starts: it cannot be given a parent afterwards.
        if span.set_parent(context.clone()).is_err() {
            return Self::new(node, context, span);
        }
        let context = span.context();
        node.set_bridged(&context);
        if node.is_recording() {
            let Initial { attributes, links, inherited } = Initial::new(&node, parent_context, fill);
            // The span of a bridge does not unite what is set twice, so everything waits for the end.
            node.leave(node.identified(inherited.as_deref(), attributes));
            let recorded = context.span();
            for link in links {
                recorded.add_link(link.span_context, link.attributes);
            }
        }
        if is_carried {
            layer::attach(&span, context.clone(), &node);
        } else {
            node.not_carried();
        }
        Self::new(node, context, span)
    }
}

fn count_begun(node: &Node) {
    if let Some(recorder) = node.runtime().recorder_in_force() {
        recorder.began();
    }
}

fn new_run(
    agent_name: String,
    identity: &mut RunIdentity,
    parent: Option<&Node>,
    parent_context: &Context,
    runtime: &Runtime,
) -> Arc<Run> {
    let around = parent.and_then(Node::run);
    if around.is_none() {
        identity.inherit(parent_context, &runtime.propagation.tags);
    }
    let random = if identity.id.is_none() { runtime.ids.new_trace_id() } else { TraceId::INVALID };
    Run::new(agent_name, identity, around, random)
}

fn kind_word(kind: &SpanKind) -> &'static str {
    match kind {
        SpanKind::Client => "client",
        SpanKind::Server => "server",
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
        SpanKind::Internal => "internal",
    }
}
