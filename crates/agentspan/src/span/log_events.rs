//! Log lines that are written in a step, as events of its span.

use crate::span::current::NodeRef;
use crate::span::node::Node;
use opentelemetry::trace::{Event as SpanEvent, TraceContextExt};
use opentelemetry::{Context, KeyValue, Value};
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{self, Layer};

/// Records the log lines that its filter lets through on the step that they are written in. Those in a span of others are
/// the bridge's.
#[derive(Debug)]
pub(crate) struct LogEvents;

impl<S: Subscriber> Layer<S> for LogEvents {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        let Some(node) = step_of(event) else { return };
        let mut line = Line { name: String::new(), attributes: Vec::new() };
        line.attributes.push(KeyValue::new("level", event.metadata().level().as_str()));
        event.record(&mut line);
        let event = SpanEvent::new(line.name, SystemTime::now(), line.attributes, 0);
        node.record(|recorded, limits| recorded.add_event(event, limits));
    }
}

/// The step that a log line belongs to: recorded here, and nearer than any span of others.
pub(crate) fn step_of(event: &Event<'_>) -> Option<Arc<Node>> {
    if !event.is_contextual() {
        return None;
    }
    Context::map_current(|context| {
        let node = &context.get::<NodeRef>()?.0;
        let is_nearest = node.span_context()? == context.span().span_context();
        (is_nearest && node.is_recording() && !node.is_adopted()).then(|| node.clone())
    })
}

/// An event as the bridge makes it: the message is its name, and fields keep their types where OpenTelemetry has them.
struct Line {
    name: String,
    attributes: Vec<KeyValue>,
}

impl Line {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        let value = value.into();
        match field.name() {
            "message" => self.name = value.as_str().into_owned(),
            // What the `log` crate says of itself.
            name if name.starts_with("log.") => {}
            name => self.attributes.push(KeyValue::new(name, value)),
        }
    }
}

impl Visit for Line {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.put(field, value),
            Err(_) => self.put(field, value.to_string()),
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}
