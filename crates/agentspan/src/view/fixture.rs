//! Finished spans for unit tests, which fill in what they are about.

use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use std::borrow::Cow;
use std::time::SystemTime;

/// A sampled context of this process.
pub(crate) fn context(trace: u128, id: u64) -> SpanContext {
    let flags = TraceFlags::SAMPLED;
    SpanContext::new(TraceId::from(trace), SpanId::from(id), flags, false, TraceState::NONE)
}

/// A span of no length at the epoch, without anything; `parent` is 0 for a root.
pub(crate) fn span_in(trace: u128, id: u64, parent: u64, name: impl Into<Cow<'static, str>>) -> SpanData {
    SpanData {
        span_context: context(trace, id),
        parent_span_id: SpanId::from(parent),
        parent_span_is_remote: false,
        span_kind: SpanKind::Internal,
        name: name.into(),
        start_time: SystemTime::UNIX_EPOCH,
        end_time: SystemTime::UNIX_EPOCH,
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::default(),
    }
}

/// As [`span_in`], in no trace.
pub(crate) fn span(name: impl Into<Cow<'static, str>>) -> SpanData {
    SpanData { span_context: SpanContext::NONE, ..span_in(0, 0, 0, name) }
}
