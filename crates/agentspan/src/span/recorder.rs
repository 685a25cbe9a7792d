//! How a step becomes a span without a detour: its ids, whether it is kept, and what of it goes to the cold side.

use crate::span::node::Node;
use crate::span::run::Inherited;
use crate::span::runtime::{Unrecorded, warn_unrecorded};
use opentelemetry::trace::{Event, Link, Span, SpanContext, SpanKind, Status, TraceContextExt, TraceFlags};
use opentelemetry::{Context, InstrumentationScope, KeyValue, SpanId};
use opentelemetry_sdk::trace::{
    IdGenerator, Sampler, SamplingDecision, ShouldSample, SpanData, SpanEvents, SpanLimits, SpanLinks,
};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

/// Makes spans of steps, and hands them to the cold side when they end.
///
/// It does what a tracer of the SDK does, without the copies: a step has collected everything itself, and a span of
/// the SDK would collect it once more.
#[derive(Debug)]
pub(crate) struct Recorder {
    ids: Arc<dyn IdGenerator>,
    sampler: Sampler,
    scope: InstrumentationScope,
    limits: SpanLimits,
    /// Absent when nothing is exported; steps are recorded all the same, since others can look at them.
    outlet: Option<Arc<dyn Outlet>>,
    stopped: AtomicBool,
    /// What the trace of a root says of its id.
    root_flags: TraceFlags,
}

/// The flag of W3C Trace Context, level 2, section 3.2.2.5.2: the last seven bytes of the trace id are random. It is passed
/// on with the trace id, whether or not the trace is kept.
const RANDOM_TRACE_ID: TraceFlags = TraceFlags::new(0b10);

/// The way to the cold side.
pub(crate) trait Outlet: Send + Sync + fmt::Debug {
    /// A sampled span has begun.
    fn began(&self);

    /// A sampled span has ended.
    fn ended(&self, finished: Finished);
}

/// A span on its way to the cold side.
#[derive(Debug)]
pub(crate) struct Finished {
    /// Without what the step knows better: the name, and what says which run it belongs to.
    pub(crate) span: SpanData,
    /// The step whose sums are to be added as soon as they are complete; absent on spans of others.
    pub(crate) node: Option<Arc<Node>>,
    /// Session, user and tags of the run as they were when the step began, unless they are those that the run began with.
    pub(crate) inherited: Option<Arc<Inherited>>,
}

/// Where the span of a step stands in its trace.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lineage {
    pub(crate) parent: SpanId,
    pub(crate) parent_is_remote: bool,
    /// Whether the sampler keeps the trace.
    pub(crate) is_kept: bool,
}

/// What is collected of a recorded step besides its attributes.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) kind: SpanKind,
    pub(crate) lineage: Lineage,
    /// As in [`Finished`].
    pub(crate) inherited: Option<Arc<Inherited>>,
    /// Apart, since most steps have none of it.
    rest: Option<Box<Rest>>,
}

/// What few steps have.
#[derive(Debug, Default)]
struct Rest {
    events: SpanEvents,
    links: SpanLinks,
    status: Status,
    /// A name that the user gave to the span itself.
    name: Option<Cow<'static, str>>,
}

impl Recorder {
    pub(crate) fn new(
        ids: Arc<dyn IdGenerator>,
        sampler: Sampler,
        scope: InstrumentationScope,
        limits: SpanLimits,
        outlet: Option<Arc<dyn Outlet>>,
    ) -> Self {
        let stopped = AtomicBool::new(false);
        Self { ids, sampler, scope, limits, outlet, stopped, root_flags: TraceFlags::default() }
    }

    /// Says of traces that begin here that their ids are random.
    pub(crate) fn with_random_ids(mut self) -> Self {
        self.root_flags = RANDOM_TRACE_ID;
        self
    }

    pub(crate) fn limits(&self) -> &SpanLimits {
        &self.limits
    }

    /// Steps that are made from here on are not recorded.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Gives ids to a step below whatever stands in the context, and asks the sampler. `None` where nothing is recorded.
    pub(crate) fn identify(
        &self,
        parent_context: &Context,
        kind: &SpanKind,
    ) -> Option<(SpanContext, Lineage)> {
        if self.stopped.load(Ordering::Relaxed) {
            warn_unrecorded(Unrecorded::Ended);
            return None;
        }
        if parent_context.is_telemetry_suppressed() {
            return None;
        }
        let id = self.ids.new_span_id();
        let span = parent_context.span();
        let parent = Some(span.span_context()).filter(|parent| parent.is_valid());
        let trace_id = parent.map_or_else(|| self.ids.new_trace_id(), SpanContext::trace_id);
        // None of the samplers that can be set looks at the name, which nobody puts together here.
        let sampled = self.sampler.should_sample(Some(parent_context), trace_id, "", kind, &[], &[]);
        let is_kept = sampled.decision == SamplingDecision::RecordAndSample;
        let flags = match parent {
            Some(parent) if is_kept => parent.trace_flags(),
            Some(parent) => parent.trace_flags() & RANDOM_TRACE_ID,
            None => self.root_flags,
        };
        let lineage = Lineage {
            parent: parent.map_or(SpanId::INVALID, SpanContext::span_id),
            parent_is_remote: parent.is_some_and(SpanContext::is_remote),
            is_kept,
        };
        let context = SpanContext::new(trace_id, id, flags.with_sampled(is_kept), false, sampled.trace_state);
        Some((context, lineage))
    }

    /// Whether spans go anywhere.
    pub(crate) fn exports(&self) -> bool {
        self.outlet.is_some()
    }

    pub(crate) fn began(&self) {
        if let Some(outlet) = &self.outlet {
            outlet.began();
        }
    }

    /// Hands a step that has ended to the cold side.
    pub(crate) fn ended(
        &self,
        node: &Arc<Node>,
        recorded: Recorded,
        attributes: Vec<KeyValue>,
        dropped_attributes: u32,
        end: SystemTime,
    ) {
        let Some(outlet) = &self.outlet else { return };
        let Some(context) = node.span_context() else { return };
        let Rest { events, links, status, name } = recorded.rest.map(|rest| *rest).unwrap_or_default();
        outlet.ended(Finished {
            span: SpanData {
                span_context: context.clone(),
                parent_span_id: recorded.lineage.parent,
                parent_span_is_remote: recorded.lineage.parent_is_remote,
                span_kind: recorded.kind,
                name: name.unwrap_or_default(),
                start_time: node.started,
                end_time: end,
                attributes,
                dropped_attributes_count: dropped_attributes,
                events,
                links,
                status,
                instrumentation_scope: self.scope.clone(),
            },
            node: Some(node.clone()),
            inherited: recorded.inherited,
        });
    }
}

impl Recorded {
    pub(crate) fn new(kind: SpanKind, lineage: Lineage, inherited: Option<Arc<Inherited>>) -> Self {
        Self { kind, lineage, inherited, rest: None }
    }

    fn rest(&mut self) -> &mut Rest {
        self.rest.get_or_insert_default()
    }

    /// Those beyond the limit are counted as dropped.
    pub(crate) fn add_links(&mut self, links: Vec<Link>, limits: &SpanLimits) {
        if links.is_empty() {
            return;
        }
        for link in links {
            let known = &mut self.rest().links;
            if known.links.len() < limits.max_links_per_span as usize {
                known.links.push(link);
            } else {
                known.dropped_count = known.dropped_count.saturating_add(1);
            }
        }
    }

    pub(crate) fn add_event(&mut self, mut event: Event, limits: &SpanLimits) {
        let events = &mut self.rest().events;
        if events.events.len() >= limits.max_events_per_span as usize {
            events.dropped_count = events.dropped_count.saturating_add(1);
            return;
        }
        let room = limits.max_attributes_per_event as usize;
        let surplus = event.attributes.len().saturating_sub(room);
        event.attributes.truncate(room);
        event.dropped_attributes_count = u32::try_from(surplus).unwrap_or(u32::MAX);
        events.events.push(event);
    }

    /// As the specification says: `Ok` stands above `Error`, which stands above no status.
    pub(crate) fn set_status(&mut self, status: Status) {
        let known = &mut self.rest().status;
        if status > *known {
            *known = status;
        }
    }
}

/// The span of a step, as it stands in the OpenTelemetry context: who asks that for the current span tells the step.
#[derive(Debug)]
pub(crate) struct StepSpan(pub(crate) Arc<Node>);

impl Span for StepSpan {
    fn add_event_with_timestamp<T>(&mut self, name: T, timestamp: SystemTime, attributes: Vec<KeyValue>)
    where
        T: Into<Cow<'static, str>>,
    {
        let event = Event::new(name, timestamp, attributes, 0);
        self.0.record(|recorded, limits| recorded.add_event(event, limits));
    }

    fn span_context(&self) -> &SpanContext {
        self.0.span_context().unwrap_or(&SpanContext::NONE)
    }

    fn is_recording(&self) -> bool {
        self.0.is_recording() && !self.0.is_ended()
    }

    fn set_attribute(&mut self, attribute: KeyValue) {
        self.0.set(attribute);
    }

    fn set_status(&mut self, status: Status) {
        self.0.record(|recorded, _| recorded.set_status(status));
    }

    fn update_name<T>(&mut self, new_name: T)
    where
        T: Into<Cow<'static, str>>,
    {
        self.0.record(|recorded, _| recorded.rest().name = Some(new_name.into()));
    }

    fn add_link(&mut self, span_context: SpanContext, attributes: Vec<KeyValue>) {
        let link = Link::new(span_context, attributes, 0);
        self.0.record(|recorded, limits| recorded.add_links(vec![link], limits));
    }

    /// A step ends by itself.
    fn end_with_timestamp(&mut self, _: SystemTime) {}
}
