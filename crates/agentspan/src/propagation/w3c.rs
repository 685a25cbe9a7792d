use crate::propagation::baggage::{self, BaggageReader};
use crate::propagation::complaint::Complaint;
use crate::propagation::trace_context::Traceparent;
use crate::propagation::trace_state::{self, Received, StateReader};
use agentspan_semconv::{session, user};
use opentelemetry::Context;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt};
use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

pub(super) const TRACEPARENT: &str = "traceparent";
pub(super) const TRACESTATE: &str = "tracestate";
pub(super) const BAGGAGE: &str = "baggage";

/// All headers that carry context.
pub(crate) const HEADERS: [&str; 3] = [TRACEPARENT, TRACESTATE, BAGGAGE];

/// W3C trace context of level 2 and W3C baggage, read and written strictly; [`init`](crate::init()) installs it
/// globally.
///
/// It differs from the propagators of the SDK where those leave the specifications:
///
/// - A `traceparent` is read byte by byte; one that is not valid, or given twice, begins a new trace.
/// - The flag of random trace ids is kept.
/// - A `tracestate` in several headers is one list; one that is not valid is discarded whole, and only it. Keys of
///   level 2, such as `a@b@c`, are passed on, although OpenTelemetry's type cannot hold them.
/// - Baggage keeps equals signs inside values and encodes percent signs.
/// - [`extract`](TextMapPropagator::extract) never gives the local context: what stands in no header is not there. Headers
///   that are there and bad begin with an empty context, whatever is given to `extract_with_context`.
/// - Baggage under `session.id` and `user.id` is not written, since nothing is known of who receives it.
///
/// Bad headers are told of on standard error, at once and then at most once a minute.
///
/// ```
/// use agentspan::propagation::W3c;
/// use opentelemetry::propagation::TextMapPropagator;
/// use opentelemetry::trace::TraceContextExt;
/// use std::collections::HashMap;
///
/// let value = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03";
/// let headers = HashMap::from([("traceparent".to_owned(), value.to_owned())]);
/// let remote = W3c::new().extract(&headers);
/// assert!(remote.span().span_context().is_remote());
///
/// let mut sent = HashMap::new();
/// W3c::new().inject_context(&remote, &mut sent);
/// assert_eq!(sent["traceparent"], value);
/// ```
#[derive(Debug, Clone)]
pub struct W3c {
    trace_context: bool,
    baggage: bool,
}

impl Default for W3c {
    fn default() -> Self {
        Self::new()
    }
}

impl W3c {
    /// Both trace context and baggage.
    pub fn new() -> Self {
        Self { trace_context: true, baggage: true }
    }

    /// Whether `traceparent` and `tracestate` are read and written; by default `true`.
    #[must_use]
    pub fn with_trace_context(mut self, on: bool) -> Self {
        self.trace_context = on;
        self
    }

    /// Whether `baggage` is read and written; by default `true`.
    #[must_use]
    pub fn with_baggage(mut self, on: bool) -> Self {
        self.baggage = on;
        self
    }

    /// Reads from wherever headers stand, on top of `context`.
    pub(super) fn read(&self, context: &Context, headers: &dyn Headers) -> Context {
        let mut context = Cow::Borrowed(context);
        if self.trace_context {
            match read_span(headers) {
                Found::Nothing => {}
                // A span can only be taken out of a context with all the rest: one that is not valid would count as
                // a parent that was dropped.
                Found::Bad if context.has_active_span() => context = Cow::Owned(Context::new()),
                Found::Bad => {}
                Found::Span(span, received) => {
                    let mut remote = context.with_remote_span_context(span);
                    if let Some(received) = received {
                        remote = remote.with_value(Arc::new(received));
                    }
                    context = Cow::Owned(remote);
                }
            }
        }
        if self.baggage {
            let mut reader = BaggageReader::default();
            headers.visit(BAGGAGE, &mut |value| reader.push(value));
            let (baggage, is_incomplete) = reader.finish();
            if is_incomplete {
                static BAD: Complaint = Complaint::new();
                BAD.make(
                    "leaving out a part of the header `baggage`: expected at most 64 members such as `key=value` in \
                     8,192 bytes, with everything else percent-encoded; using the other members",
                );
            }
            if !baggage.is_empty() {
                context = Cow::Owned(context.with_baggage(baggage));
            }
        }
        context.into_owned()
    }

    /// Writes what travels to everybody.
    pub(super) fn write_span(&self, context: &Context, write: &mut dyn FnMut(&'static str, Option<String>)) {
        let span = context.span();
        let span = span.span_context();
        if self.trace_context && span.is_valid() {
            let received = context.get::<Arc<Received>>().map(Arc::as_ref);
            write(TRACEPARENT, Some(Traceparent::write(span)));
            write(TRACESTATE, trace_state::write(span, received));
        }
    }
}

/// Where headers are read from: each value of a name, in order.
pub(super) trait Headers {
    fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8]));
}

struct Extracted<'a>(&'a dyn Extractor);

impl Headers for Extracted<'_> {
    fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        let values = self.0.get_all(name).unwrap_or_default();
        values.into_iter().for_each(|value| visit(value.as_bytes()));
    }
}

enum Found {
    Nothing,
    Bad,
    Span(SpanContext, Option<Received>),
}

fn read_span(headers: &dyn Headers) -> Found {
    static BAD: Complaint = Complaint::new();
    let mut count = 0;
    let mut parsed = None;
    headers.visit(TRACEPARENT, &mut |value| {
        count += 1;
        if count == 1 {
            parsed = Traceparent::parse(value);
            if parsed.is_none() {
                BAD.make(format_args!(
                    "ignoring the header `traceparent: {}`: expected `00-`, 32, `-`, 16, `-` and 2 hexadecimal digits \
                     in lower case, with ids that are not zero; starting a new trace",
                    shown(value),
                ));
            }
        }
    });
    let parsed = match (count, parsed) {
        (0, _) => return Found::Nothing,
        (1, Some(parsed)) => parsed,
        (1, None) => return Found::Bad,
        _ => {
            BAD.make("ignoring the header `traceparent`: expected one, found several; starting a new trace");
            return Found::Bad;
        }
    };
    let mut reader = StateReader::default();
    headers.visit(TRACESTATE, &mut |value| reader.push(value));
    let mut state = reader.finish().unwrap_or_else(|| {
        static BAD: Complaint = Complaint::new();
        BAD.make(
            "ignoring the header `tracestate`: expected at most 32 members such as `key=value`; using `traceparent` \
             without it",
        );
        Default::default()
    });
    let received = state.received(parsed.trace_id());
    Found::Span(parsed.into_remote(state.state), received)
}

/// The beginning of a value that anybody may have sent, fit for a terminal.
fn shown(value: &[u8]) -> String {
    const SHOWN: usize = 64;
    let more = if value.len() > SHOWN { "…" } else { "" };
    format!("{}{more}", value[..value.len().min(SHOWN)].escape_ascii())
}

impl TextMapPropagator for W3c {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        self.write_span(context, &mut |name, value| {
            if let Some(value) = value {
                injector.set(name, value);
            }
        });
        if self.baggage {
            let entries = context
                .baggage()
                .iter()
                .filter(|(key, _)| ![session::SESSION_ID, user::USER_ID].contains(&key.as_str()))
                .map(|(key, (value, metadata))| (key.as_str(), Cow::from(value.as_str()), metadata.as_str()));
            if let Some(value) = baggage::write(entries) {
                injector.set(BAGGAGE, value);
            }
        }
    }

    fn extract(&self, extractor: &dyn Extractor) -> Context {
        self.extract_with_context(&Context::new(), extractor)
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        self.read(context, &Extracted(extractor))
    }

    fn fields(&self) -> FieldIter<'_> {
        static FIELDS: LazyLock<[String; 3]> = LazyLock::new(|| HEADERS.map(str::to_owned));
        let from = if self.trace_context { 0 } else { 2 };
        let to = if self.baggage { 3 } else { 2 };
        FieldIter::new(&FIELDS[from..to])
    }
}

#[cfg(test)]
mod tests;
