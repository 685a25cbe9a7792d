//! The span of a step and what is set on it, until the step ends.

use super::Node;
use crate::span::recorder::Recorded;
use crate::span::run::Inherited;
use crate::span::runtime::{attribute, lock};
use agentspan_semconv::agent;
use opentelemetry::trace::{Event, Link, SpanContext, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SpanLimits;
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

/// Where the span of a step is, until the step ends.
#[derive(Debug, Default)]
pub(crate) enum Recording {
    /// The step has none.
    #[default]
    None,
    /// In the step itself, all but the attributes.
    Own(Recorded),
    /// In this context, where another bridge has made it. The context may hold the step as well, so it must not stay.
    Bridged(Context),
    /// With a bridge, in a span of other people. What the step adds to it waits here for the cold side.
    Adopted,
}

/// Room for what is added up when a step is complete.
const USUAL_SUMS: usize = 12;

impl Node {
    /// The trace and span of the step; `None` while it has no span.
    pub(crate) fn span_context(&self) -> Option<&SpanContext> {
        self.own_span_context.as_ref().or_else(|| self.bridged_span_context.get().map(|context| &**context))
    }

    /// The trace and span of the step, when it has some that are valid.
    pub(crate) fn valid_span_context(&self) -> Option<&SpanContext> {
        self.span_context().filter(|context| context.is_valid())
    }

    /// A link to another step. Its parent needs none.
    pub(crate) fn link_to(&self, other: Option<SpanContext>) -> Option<Link> {
        let parent = self.parent.as_ref().and_then(|parent| parent.valid_span_context());
        other.filter(|other| Some(other) != parent).map(Link::with_context)
    }

    /// Takes the span that a bridge makes of a span of other people.
    pub(crate) fn set_adopted(self: &Arc<Self>, context: &Context) {
        let span = context.span();
        let span_context = span.span_context();
        let _ = self.bridged_span_context.set(Box::new(span_context.clone()));
        if !span_context.is_sampled() && span_context.is_valid() {
            self.pass_by();
        } else if span.is_recording() && self.runtime().joins() {
            self.runtime().pending.insert(span_context.span_id(), self);
            self.set_recording(Recording::Adopted, Vec::new());
        }
    }

    /// Takes the span that another bridge has made for the step.
    pub(crate) fn set_bridged(self: &Arc<Self>, context: &Context) {
        let span = context.span();
        let _ = self.bridged_span_context.set(Box::new(span.span_context().clone()));
        if span.is_recording() {
            self.set_recording(Recording::Bridged(context.clone()), Vec::new());
        } else if span.span_context().is_valid() {
            self.pass_by();
        }
    }

    /// Records the step in itself from now on.
    pub(crate) fn set_recorded(self: &Arc<Self>, recorded: Recorded, attributes: Vec<KeyValue>) {
        self.set_recording(Recording::Own(recorded), attributes);
    }

    fn set_recording(self: &Arc<Self>, recording: Recording, attributes: Vec<KeyValue>) {
        {
            let mut state = lock(&self.state);
            state.recording = recording;
            state.initial = attributes.len();
            state.attributes = attributes;
        }
        self.recording.store(true, Ordering::Relaxed);
    }

    /// Whether values of this step leave the process; nothing needs to be formatted otherwise.
    pub(crate) fn is_recording(&self) -> bool {
        self.recording.load(Ordering::Relaxed)
    }

    /// Changes what is recorded in the step itself, while the step is open.
    pub(crate) fn record(&self, change: impl FnOnce(&mut Recorded, &SpanLimits)) {
        let Some(recorder) = &self.runtime().recorder else { return };
        self.with_recording(|recording| {
            if let Recording::Own(recorded) = recording {
                change(recorded, recorder.limits());
            }
        });
    }

    /// Adds an event to the span while the step is open.
    pub(crate) fn add_event(&self, name: impl Into<Cow<'static, str>>, attributes: Vec<KeyValue>) {
        let event = Event::new(name, SystemTime::now(), attributes, 0);
        let bridged = self.with_recording(|recording| match recording {
            // The bridge has the events of a span of others.
            Recording::None | Recording::Adopted => None,
            Recording::Own(recorded) => {
                if let Some(recorder) = &self.runtime().recorder {
                    recorded.add_event(event, recorder.limits());
                }
                None
            }
            Recording::Bridged(context) => Some((context.clone(), event)),
        });
        if let Some((context, Event { name, timestamp, attributes, .. })) = bridged {
            context.span().add_event_with_timestamp(name, timestamp, attributes);
        }
    }

    fn with_recording<T>(&self, work: impl FnOnce(&mut Recording) -> T) -> T {
        let mut state = lock(&self.state);
        if state.ended { work(&mut Recording::None) } else { work(&mut state.recording) }
    }

    /// Sets an attribute while the step is open; a value set twice counts once, with the last value.
    pub(crate) fn set(&self, attribute: KeyValue) {
        if !self.is_recording() {
            return;
        }
        let mut state = lock(&self.state);
        if !state.ended {
            state.set(attribute);
        }
    }

    pub(crate) fn set_all(&self, attributes: impl IntoIterator<Item = KeyValue>) {
        if !self.is_recording() {
            return;
        }
        let mut state = lock(&self.state);
        if !state.ended {
            attributes.into_iter().for_each(|attribute| state.set(attribute));
        }
    }

    /// Sets what has not been set yet.
    pub(crate) fn set_missing(&self, attributes: impl IntoIterator<Item = KeyValue>) {
        let mut state = lock(&self.state);
        for attribute in attributes {
            if !state.ended && state.attributes.iter().all(|known| known.key != attribute.key) {
                state.push(attribute);
            }
        }
    }

    /// Takes back what was set, while the step is open.
    pub(crate) fn unset(&self, is_stale: impl Fn(&str) -> bool) {
        let mut state = lock(&self.state);
        if !state.ended {
            state.unset(is_stale);
        }
    }

    /// Keeps for the cold side, or for the end of the step, what the span is to be given.
    pub(crate) fn leave(&self, attributes: Vec<KeyValue>) {
        lock(&self.state).attributes = attributes;
    }

    /// What was kept for the cold side.
    pub(crate) fn take_left(&self) -> Vec<KeyValue> {
        std::mem::take(&mut lock(&self.state).attributes)
    }

    /// Puts what stands on every span of the run, of a step that began when that was inherited, and kind and name of the
    /// step before all other attributes.
    pub(crate) fn identified(
        &self,
        inherited: Option<&Inherited>,
        attributes: Vec<KeyValue>,
    ) -> Vec<KeyValue> {
        let run = self.run().map(|run| run.identity(inherited)).unwrap_or_default();
        let step_type = attribute(agent::AGENT_STEP_TYPE, Cow::from(&self.step_type));
        let mut all = Vec::with_capacity(run.len() + 2 + attributes.len() + USUAL_SUMS);
        all.extend(run.iter().cloned());
        all.push(step_type);
        all.extend(self.named());
        all.extend(attributes);
        all
    }

    /// What a step beside a span of others adds to that, but for the sums.
    pub(crate) fn known_of_adopted(&self) -> Vec<KeyValue> {
        let inherited = self.run().and_then(|run| run.inherited());
        self.identified(inherited.as_deref(), self.take_left())
    }
}
