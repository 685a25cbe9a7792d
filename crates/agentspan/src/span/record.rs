//! How a step is recorded: the one place that makes, fills and ends OpenTelemetry spans.

use crate::span::layer;
use crate::span::model::Call;
use crate::span::node::{Ended, Light, NewNode, Node, NodeRef, Own, Recording};
use crate::span::outcome::{Ending, FailureRecord, OTHER};
use crate::span::recorder::{Recorded, Recorder, StepSpan};
use crate::span::run::{Line, Run, RunIdentity};
use crate::span::runtime::{Runtime, Unrecorded, attribute, count, warn_unrecorded};
use agentspan_semconv::{Outcome, StepType, StopReason, agent, error, event, exception, llm};
use opentelemetry::trace::{Event, Link, SpanContext, SpanKind, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// What a step is made of.
pub(crate) struct Spec {
    pub(crate) step_type: StepType,
    pub(crate) kind: SpanKind,
    /// The span's name; empty when nobody will ever see it.
    name: String,
    /// Agent name and identity, when the step is a run.
    run: Option<(Arc<str>, RunIdentity)>,
    /// The step around.
    parent: Option<Arc<Node>>,
}

impl Spec {
    /// A step that is no run, below the current step.
    pub(crate) fn new(step_type: StepType, kind: SpanKind, name: impl FnOnce() -> String) -> Self {
        let parent = NodeRef::current();
        let passes_by = parent.as_ref().is_some_and(|parent| parent.is_sampled_out());
        let name = if passes_by { String::new() } else { name() };
        Self { step_type, kind, name, run: None, parent }
    }

    /// A run below the current step.
    pub(crate) fn run(name: String, agent_name: Arc<str>, identity: RunIdentity) -> Self {
        let run = Some((agent_name, identity));
        Self { step_type: StepType::Run, kind: SpanKind::Internal, name, run, parent: NodeRef::current() }
    }
}

/// What a step's span is given when it is made.
#[derive(Default)]
pub(crate) struct Initial {
    pub(crate) attributes: Vec<KeyValue>,
    pub(crate) links: Vec<Link>,
}

impl Initial {
    /// With room for the attributes that are added when the step ends as well; few steps have more.
    fn with_room(node: &Node) -> Self {
        let room = match node.step_type {
            StepType::LlmGenerate | StepType::Embedding | StepType::Run => 32,
            // As many as an allocator gives without searching, about 1,024 bytes.
            _ => 18,
        };
        Self { attributes: Vec::with_capacity(room), links: Vec::new() }
    }
}

/// A step under way: it ends when it is finished or, as cancelled, when it is dropped.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) node: Arc<Node>,
    /// With the step's span, if there is one, and the step itself.
    pub(crate) context: Context,
    pub(crate) span: tracing::Span,
    /// When a call of a model began, for waiting times; the wall clock may jump.
    pub(crate) began: Option<Instant>,
}

impl Active {
    /// Makes a step below the current one. `fill` is asked only when a span is made.
    pub(crate) fn start(spec: Spec, fill: impl FnOnce(&Node, &mut Initial)) -> Self {
        let (runtime, has_layer) = Runtime::current(spec.parent.as_ref());
        // A step that was carried to a thread without our subscriber is recorded where its parent is.
        let carried = if has_layer || spec.parent.is_none() { None } else { runtime.dispatch() };
        match carried {
            Some(dispatch) => {
                tracing::dispatcher::with_default(&dispatch, || Self::start_in(runtime, true, spec, fill))
            }
            None => Self::start_in(runtime, has_layer, spec, fill),
        }
    }

    fn start_in(
        runtime: Arc<Runtime>,
        has_layer: bool,
        spec: Spec,
        fill: impl FnOnce(&Node, &mut Initial),
    ) -> Self {
        let parent_context = Context::current();
        let Spec { step_type, kind, name, run, parent } = spec;
        let is_run = run.is_some();
        let around = parent.as_ref().and_then(|parent| parent.run.as_ref());
        let run = match run {
            Some((agent_name, identity)) => {
                Some(Run::new(agent_name, identity, around, || new_run_id(&runtime)))
            }
            None => around.cloned(),
        };
        let sampled_out = !is_run && parent.as_ref().is_some_and(|parent| parent.is_sampled_out());
        let has_span = has_layer && !sampled_out;
        let node = Node::new(NewNode {
            runtime: runtime.clone(),
            step_type,
            name,
            parent,
            run,
            is_run,
            is_light: has_layer && sampled_out,
            carriers: u32::from(has_span),
            started: SystemTime::now(),
        });
        if !has_layer {
            warn_unrecorded(Unrecorded::NoLayer);
        }
        if sampled_out {
            node.pass_by();
        }
        if node.is_light {
            // The context of the nearest step that has one of its own carries this one, too.
            return Self::new(node, parent_context, tracing::Span::none());
        }
        if !has_span {
            return Self::carried_by_context(node, &parent_context);
        }
        let initial = |node: &Node| {
            let mut initial = Initial::with_room(node);
            node.identify(&mut initial.attributes);
            fill(node, &mut initial);
            initial
        };
        match runtime.recorder() {
            Some(recorder) => Self::direct(node, kind, &parent_context, recorder, initial),
            None => Self::through_bridge(node, kind, &parent_context, initial),
        }
    }

    fn new(node: Arc<Node>, context: Context, span: tracing::Span) -> Self {
        Self { node, context, span, began: None }
    }

    fn carried_by_context(node: Arc<Node>, parent_context: &Context) -> Self {
        let context = parent_context.with_value(NodeRef(node.clone()));
        Self::new(node, context, tracing::Span::none())
    }

    /// Notes what a model call calls; prices need it later.
    pub(crate) fn with_call(mut self, call: Call) -> Self {
        self.began = Some(Instant::now());
        let _ = self.node.call.set(call);
        self
    }

    /// The step is its own span; the `tracing` span only carries it.
    fn direct(
        node: Arc<Node>,
        kind: SpanKind,
        parent_context: &Context,
        recorder: &Recorder,
        initial: impl FnOnce(&Node) -> Initial,
    ) -> Self {
        let identified = recorder.identify(parent_context, &node.name, &kind);
        let spanned = match identified {
            Some((identity, true)) => {
                let Initial { attributes, links } = initial(&node);
                let recorded = Recorded::new(kind, &identity, links);
                let _ = node.span_context.set(identity.context);
                recorder.began();
                node.set_recorded(recorded, attributes);
                parent_context.with_span(StepSpan(node.clone()))
            }
            // Nothing is put together for a step that is not kept.
            Some((identity, false)) => {
                let _ = node.span_context.set(identity.context.clone());
                node.pass_by();
                parent_context.with_remote_span_context(identity.context)
            }
            None => parent_context.with_remote_span_context(SpanContext::NONE),
        };
        let context = spanned.with_value(NodeRef(node.clone()));
        let span = layer::tracing_span(&node.name, context.clone(), &node);
        if span.is_disabled() {
            node.on_carrier_gone();
            warn_unrecorded(Unrecorded::NotCarried);
        }
        Self::new(node, context, span)
    }

    /// Another bridge in the subscriber makes the span out of the `tracing` span.
    fn through_bridge(
        node: Arc<Node>,
        kind: SpanKind,
        parent_context: &Context,
        initial: impl FnOnce(&Node) -> Initial,
    ) -> Self {
        let context = parent_context.with_value(NodeRef(node.clone()));
        let span = layer::bridged_span(&node.name, kind_word(&kind), context.clone(), &node);
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
            let Initial { attributes, links } = initial(&node);
            let recorded = context.span();
            recorded.set_attributes(attributes);
            for link in links {
                recorded.add_link(link.span_context, link.attributes);
            }
        }
        layer::attach(&span, context.clone(), &node);
        Self::new(node, context, span)
    }

    pub(crate) fn finish(mut self, ending: Ending) {
        self.end(ending);
    }

    fn end(&mut self, ending: Ending) {
        self.context = Context::new();
        let span = std::mem::replace(&mut self.span, tracing::Span::none());
        let let_go = |span: tracing::Span| {
            if !span.is_none() {
                self.node.runtime.with_dispatch(|| drop(span));
            }
        };
        if self.node.runtime.recorder().is_some() {
            // The handle goes first: whoever still holds the span afterwards carries the step on.
            let_go(span);
            finish(&self.node, ending);
        } else {
            // Another bridge ends its span with the last handle, and takes nothing more afterwards.
            finish(&self.node, ending);
            let_go(span);
        }
    }

    /// Runs `work` inside the step.
    pub(crate) fn scope<T>(&self, work: impl FnOnce() -> T) -> T {
        let _attached = self.context.clone().attach();
        let _light = Light::enter(&self.node);
        if self.span.is_disabled() {
            return work();
        }
        let _entered = layer::enter_attached(&self.span);
        work()
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        if !self.node.is_ended() {
            self.end(Ending::cancelled());
        }
    }
}

/// Ends a step: posts its part, and writes to the span what is known only now.
pub(crate) fn finish(node: &Arc<Node>, mut ending: Ending) {
    // Nobody sees when a step ended that is not recorded.
    let now = if node.is_sampled_out() { node.started } else { SystemTime::now().max(node.started) };
    let settle = |ending: &mut Ending, own: &Own, told: Option<Cow<'static, str>>| {
        let run = node.run.as_ref().filter(|_| node.is_run);
        let stop_reason = run.map(|run| settle_reason(run, ending));
        let error_type = error_type(node, ending, told, stop_reason.as_ref());
        let duration = now.duration_since(node.started).unwrap_or_default();
        tell_runs(node, own, ending, error_type.as_ref(), duration);
        (stop_reason, error_type)
    };
    let Some((ended, (stop_reason, error_type))) = node.end(&mut ending, settle) else { return };
    let Ended { recording, mut attributes, recovers_from, is_complete } = ended;
    if matches!(recording, Recording::None) {
        return;
    }
    attributes.push(attribute(agent::AGENT_OUTCOME, ending.outcome.as_str()));
    if let Some(reason) = stop_reason {
        attributes.push(attribute(agent::AGENT_STOP_REASON, reason.as_str().to_owned()));
    }
    let class = error_type.clone().or(recovers_from);
    attributes.extend(class.map(|class| attribute(error::ERROR_TYPE, class)));
    attributes.extend(node.attempts().map(|attempts| count(llm::LLM_ATTEMPT_COUNT, attempts)));
    let failure = error_type.map(|error_type| recorded_failure(node, &ending, error_type, now));
    match recording {
        Recording::None => {}
        Recording::Own(mut recorded) => {
            let Some(recorder) = &node.runtime.recorder else { return };
            if let Some((status, event)) = failure {
                recorded.set_status(status);
                event.into_iter().for_each(|event| recorded.add_event(event, recorder.limits()));
            }
            recorder.ended(node, recorded, attributes, now);
        }
        Recording::Bridged(context) => {
            push_final_sums(node, is_complete, &mut attributes);
            let span = context.span();
            span.set_attributes(attributes);
            if let Some((status, event)) = failure {
                span.set_status(status);
                if let Some(event) = event {
                    span.add_event_with_timestamp(event.name, event.timestamp, event.attributes);
                }
            }
            span.end_with_timestamp(now);
        }
    }
}

/// Sums that are not complete are left to the cold side, which waits for them.
fn push_final_sums(node: &Arc<Node>, complete: bool, attributes: &mut Vec<KeyValue>) {
    if complete {
        return node.push_sums(None, attributes);
    }
    let id = node.span_context.get().map(|span| span.span_id());
    let waits = node.runtime.waits() && id.is_some_and(|id| node.runtime.pending.insert(id, node));
    if !waits {
        node.push_sums(node.completeness().err(), attributes);
    }
}

/// Why the run stopped; a reason that tells of failure makes a run failed whose `Result` was `Ok`.
fn settle_reason(run: &Run, ending: &mut Ending) -> StopReason {
    let told = run.stop_reason();
    match (ending.outcome, told) {
        (Outcome::Panicked, _) => StopReason::Panicked,
        (Outcome::Cancelled, told) => told.unwrap_or(StopReason::Cancelled),
        (Outcome::Timeout, None) => StopReason::Timeout,
        (Outcome::Error, None) => run.reason_of_error(),
        (_, None) => StopReason::Completed,
        (_, Some(reason)) => {
            match reason.is_success() {
                Some(true) => *ending = Ending::ok(),
                Some(false) if !ending.outcome.is_failure() => ending.outcome = outcome_of(&reason),
                _ => {}
            }
            reason
        }
    }
}

fn outcome_of(reason: &StopReason) -> Outcome {
    match reason {
        StopReason::Timeout => Outcome::Timeout,
        StopReason::Blocked => Outcome::Blocked,
        StopReason::Rejected => Outcome::Rejected,
        StopReason::Cancelled | StopReason::Shutdown => Outcome::Cancelled,
        StopReason::Panicked => Outcome::Panicked,
        _ => Outcome::Error,
    }
}

/// Runs around the step learn how it ended, and every run above gets a line for its breakdown if that is recorded.
fn tell_runs(
    node: &Node,
    own: &Own,
    ending: &Ending,
    error_type: Option<&Cow<'static, str>>,
    duration: Duration,
) {
    let around = node.parent.as_ref().and_then(|parent| parent.run.as_ref());
    if let Some(around) = around {
        if ending.outcome.is_failure() {
            around.step_failed(node.valid_span_context());
        }
        if node.is_step_of_run {
            around.step_ended(&node.step_type, &ending.outcome, error_type);
        }
    }
    if node.is_sampled_out() {
        return;
    }
    let tokens = own.prompt_tokens.into_iter().chain(own.completion_tokens).reduce(u64::saturating_add);
    let line = Line {
        name: &node.name,
        tokens,
        usd: own.cost.known(),
        duration,
        failed: ending.outcome.is_failure(),
    };
    std::iter::successors(around, |run| run.parent.as_ref()).for_each(|run| run.add_line(&line));
}

/// The class of a failure. A run whose own error has none takes that of the step that made it fail.
fn error_type(
    node: &Node,
    ending: &Ending,
    told: Option<Cow<'static, str>>,
    stop_reason: Option<&StopReason>,
) -> Option<Cow<'static, str>> {
    let unsuccessful = stop_reason.filter(|reason| reason.is_success() == Some(false));
    if !ending.outcome.is_failure() && unsuccessful.is_none() {
        return None;
    }
    let of_error = ending.failure.as_ref().map(|failure| failure.error_type.clone());
    let of_reason = || unsuccessful.map(|reason| Cow::Owned(reason.as_str().to_owned()));
    let of_outcome = if ending.outcome == Outcome::Timeout { "timeout" } else { OTHER };
    let class = told.or(of_error).or_else(of_reason).unwrap_or(Cow::Borrowed(of_outcome));
    let of_step = matches!(stop_reason, Some(StopReason::ToolError | StopReason::LlmError))
        .then(|| node.run.as_ref()?.failure_class())
        .flatten();
    Some(of_step.filter(|_| class == OTHER).unwrap_or(class))
}

/// What a failed step has besides attributes.
fn recorded_failure(
    node: &Node,
    ending: &Ending,
    error_type: Cow<'static, str>,
    now: SystemTime,
) -> (Status, Option<Event>) {
    let failure = ending.failure.as_ref();
    let texts = node.runtime.content.errors;
    let message = failure.and_then(|failure| failure.message.clone()).filter(|_| texts);
    let status = Status::error(message.clone().map_or_else(|| error_type.clone(), Cow::Owned));
    let event = failure.map(|failure| exception_event(failure, error_type, message));
    (status, event.map(|attributes| Event::new(event::EXCEPTION, now, attributes, 0)))
}

fn exception_event(
    failure: &FailureRecord,
    error_type: Cow<'static, str>,
    message: Option<String>,
) -> Vec<KeyValue> {
    let mut event = vec![attribute(exception::EXCEPTION_TYPE, error_type)];
    if let Some(message) = message {
        event.push(attribute(exception::EXCEPTION_MESSAGE, message));
        if !failure.chain.is_empty() {
            let causes: Vec<_> = failure.chain.iter().map(|cause| format!("caused by: {cause}")).collect();
            event.push(attribute(exception::EXCEPTION_STACKTRACE, causes.join("\n")));
        }
    }
    event
}

/// 32 hexadecimal digits.
fn new_run_id(runtime: &Runtime) -> Arc<str> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let bytes = runtime.ids.new_trace_id().to_bytes();
    let mut id = [0; 32];
    for (pair, byte) in id.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[byte >> 4, byte & 0xf].map(|digit| DIGITS[usize::from(digit)]));
    }
    String::from_utf8_lossy(&id).into()
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

impl Node {
    /// The attributes that stand on every span of a run.
    fn identify(&self, attributes: &mut Vec<KeyValue>) {
        if let Some(run) = &self.run {
            run.identify(attributes);
        }
        attributes.push(attribute(agent::AGENT_STEP_TYPE, Cow::from(&self.step_type)));
        let around = self.parent.as_ref().and_then(|parent| parent.run.as_ref());
        let index = around.filter(|_| self.is_step_of_run).map(|around| around.next_step());
        attributes.extend(index.map(|index| count(agent::AGENT_STEP_INDEX, index)));
    }

    /// A link to another step. Its parent needs none.
    pub(crate) fn link_to(&self, other: Option<SpanContext>) -> Option<Link> {
        let parent = self.parent.as_ref().and_then(|parent| parent.valid_span_context());
        other.filter(|other| Some(other) != parent).map(Link::with_context)
    }

    /// The trace and span of the step, when it has some that are valid.
    pub(crate) fn valid_span_context(&self) -> Option<&SpanContext> {
        self.span_context.get().filter(|context| context.is_valid())
    }
}
