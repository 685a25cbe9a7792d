//! OTLP requests made by hand, for tests of what receives them.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

/// A span with the ids made of `trace` and `id`, below `parent` unless that is 0, that began `id` milliseconds after
/// `base` (nanoseconds since 1970) and took one.
pub fn span(trace: u128, id: u64, parent: u64, base: u64, name: &str, attributes: &[(&str, Value)]) -> Span {
    let start_time_unix_nano = base + id * 1_000_000;
    Span {
        trace_id: trace.to_be_bytes().to_vec(),
        span_id: id.to_be_bytes().to_vec(),
        parent_span_id: if parent == 0 { Vec::new() } else { parent.to_be_bytes().to_vec() },
        name: name.into(),
        kind: 1,
        start_time_unix_nano,
        end_time_unix_nano: start_time_unix_nano + 1_000_000,
        attributes: attributes.iter().map(|(key, value)| pair(key, value)).collect(),
        ..Span::default()
    }
}

/// The same, failed.
pub fn failed(span: Span, message: &str) -> Span {
    Span { status: Some(Status { message: message.into(), code: 2 }), ..span }
}

/// A request with these spans of one service.
pub fn request(service: &str, spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope = InstrumentationScope { name: "by hand".into(), ..InstrumentationScope::default() };
    let service = pair("service.name", &service.into());
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource { attributes: vec![service], ..Resource::default() }),
            scope_spans: vec![ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() }],
            ..ResourceSpans::default()
        }],
    }
}

/// Now, in nanoseconds since 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock stands after 1970");
    u64::try_from(since.as_nanos()).expect("nanoseconds since 1970 fit into 64 bits until 2554")
}

fn pair(key: &str, value: &Value) -> KeyValue {
    let any = match value {
        Value::Bool(flag) => Any::BoolValue(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Any::IntValue(whole),
            None => Any::DoubleValue(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Any::StringValue(text.clone()),
        other => Any::StringValue(other.to_string()),
    };
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(any) }), ..KeyValue::default() }
}
