use crate::config::Propagation;
use crate::propagation::baggage;
use crate::propagation::carrier::{ReadCarrier, WriteCarrier};
use crate::propagation::destination::{takes_baggage, takes_trace};
use crate::propagation::w3c::{BAGGAGE, TRACEPARENT, TRACESTATE, W3c};
use crate::span::{Extracted, NodeRef, Runtime};
use agentspan_semconv::{session, user};
use opentelemetry::Context;
use opentelemetry::baggage::BaggageExt;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Writes the current step into a carrier, as the parent of what the receiver does: `traceparent` and `tracestate`.
///
/// Nothing is said of session and user, since nothing is known of the receiver; for that there is [`inject_to`]. Outside any
/// step and any trace nothing is changed.
///
/// ```
/// use std::collections::HashMap;
///
/// # let _recording = agentspan::testing::record();
/// let mut headers = HashMap::<String, String>::new();
/// agentspan::tool("enqueue").in_scope(|| agentspan::inject(&mut headers));
/// assert!(headers.contains_key("traceparent"));
/// ```
pub fn inject<C: WriteCarrier + ?Sized>(carrier: &mut C) {
    inject_with(carrier, None);
}

/// As [`inject()`], for a receiver that is known by its URL or by its host.
///
/// Where [`Propagation`](crate::Propagation) allows it, `session.id`, `user.id`, the tags it names, and OpenTelemetry's
/// baggage travel as `baggage`; to everybody else no baggage travels, also none that stood in the carrier before. Known
/// model providers get nothing.
///
/// ```
/// # let _recording = agentspan::testing::record();
/// let mut headers = Vec::<(String, String)>::new();
/// agentspan::tool("ask").in_scope(|| {
///     agentspan::inject_to("https://agents.corp.example/ask", &mut headers);
/// });
/// assert_eq!(headers.len(), 1);
/// ```
pub fn inject_to<C: WriteCarrier + ?Sized>(destination: &str, carrier: &mut C) {
    inject_with(carrier, Some(destination));
}

/// Reads who sent this, in place of whatever step is current here. Never fails: see [`Extracted`].
pub fn extract<C: ReadCarrier + ?Sized>(carrier: &C) -> Extracted {
    let node = NodeRef::current();
    let runtime = Runtime::here(node.as_deref());
    Extracted::new(w3c(&runtime.propagation).read(&Context::new(), &Carrier(carrier)))
}

/// What the sender said of whom it works for, of all that is allowed to stand on spans here.
#[cfg(any(feature = "rmcp", feature = "tower"))]
pub(crate) fn identity(sender: &Extracted) -> Vec<opentelemetry::KeyValue> {
    let node = NodeRef::current();
    let runtime = Runtime::here(node.as_deref());
    let mut attributes = Vec::new();
    crate::span::identify_by_sender(sender.context(), &runtime.propagation.tags, &mut attributes);
    attributes
}

fn w3c(policy: &Propagation) -> W3c {
    W3c::new().with_trace_context(policy.trace_context).with_baggage(policy.baggage)
}

struct Carrier<'a, C: ?Sized>(&'a C);

impl<C: ReadCarrier + ?Sized> crate::propagation::w3c::Headers for Carrier<'_, C> {
    fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        self.0.visit(name, visit);
    }
}

fn inject_with<C: WriteCarrier + ?Sized>(carrier: &mut C, destination: Option<&str>) {
    let node = NodeRef::current();
    let runtime = Runtime::here(node.as_deref());
    let policy = &runtime.propagation;
    if destination.is_none_or(|destination| takes_trace(policy, destination)) {
        let mut write = |name: &'static str, value| match value {
            Some(value) => carrier.set(name, value),
            None => carrier.unset(name),
        };
        Context::map_current(|context| w3c(policy).write_span(context, &mut write));
    } else {
        [TRACEPARENT, TRACESTATE].into_iter().for_each(|name| carrier.unset(name));
    }
    let trusted = destination.is_some_and(|destination| policy.baggage && takes_baggage(policy, destination));
    let header = if trusted {
        let mut entries = BTreeMap::<String, (String, String)>::new();
        Context::map_current(|context| {
            let baggage = context.baggage().iter();
            entries.extend(baggage.map(|(key, (value, metadata))| {
                (key.to_string(), (value.to_string(), metadata.as_str().to_owned()))
            }));
        });
        // What the run says of itself comes before what was said by whoever asked for it.
        if let Some(run) = node.as_ref().and_then(|node| node.run()) {
            run.with_inherited(|inherited| {
                let known = |key: &str| {
                    [session::SESSION_ID, user::USER_ID].contains(&key)
                        || policy.tags.iter().any(|tag| tag == key)
                };
                let travels = inherited.iter().filter(|attribute| known(attribute.key.as_str()));
                entries.extend(travels.map(|attribute| {
                    (attribute.key.to_string(), (attribute.value.to_string(), String::new()))
                }));
            });
        }
        let entries = entries.iter();
        baggage::write(
            entries
                .map(|(key, (value, metadata))| (key.as_str(), Cow::from(value.as_str()), metadata.as_str())),
        )
    } else {
        None
    };
    match header {
        Some(header) => carrier.set(BAGGAGE, header),
        None if destination.is_some() => carrier.unset(BAGGAGE),
        None => {}
    }
}
