//! A span as a receiver sees it, whichever way it came: from the wire or read back from a store.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1 as wire;
use serde_json::{Value, json};

/// Keys and values in the order received; a key may stand twice, which a test can then see.
pub type Attributes = Vec<(String, Value)>;

/// One received span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span {
    /// 32 hex digits.
    pub trace_id: String,
    /// 16 hex digits.
    pub span_id: String,
    /// 16 hex digits; `None` for a root.
    pub parent_id: Option<String>,
    /// The name.
    pub name: String,
    /// `internal`, `server`, `client`, `producer`, `consumer` or empty.
    pub kind: String,
    /// Nanoseconds since 1970.
    pub start: u64,
    /// Nanoseconds since 1970.
    pub end: u64,
    /// Its own attributes.
    pub attributes: Attributes,
    /// What happened during it.
    pub events: Vec<Event>,
    /// Other spans it points at.
    pub links: Vec<Link>,
    /// How it ended.
    pub status: Status,
    /// The attributes of its resource.
    pub resource: Attributes,
    /// Name and version of its instrumentation scope.
    pub scope: (String, String),
    /// The schema of its scope.
    pub schema_url: String,
    /// Attributes that did not fit, as the sender says.
    pub dropped_attributes: u32,
    /// Links that did not fit, as the sender says.
    pub dropped_links: u32,
}

/// An event of a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// Nanoseconds since 1970.
    pub time: u64,
    /// The name.
    pub name: String,
    /// Its attributes.
    pub attributes: Attributes,
}

/// A link to another span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    /// 32 hex digits.
    pub trace_id: String,
    /// 16 hex digits.
    pub span_id: String,
    /// Its attributes.
    pub attributes: Attributes,
}

/// The status of a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Status {
    /// Nobody said.
    #[default]
    Unset,
    /// Said to be well.
    Ok,
    /// Failed, with a description.
    Error(String),
}

impl Span {
    /// The value of an attribute.
    pub fn get(&self, key: &str) -> Option<&Value> {
        find(&self.attributes, key)
    }

    /// The text of an attribute; `None` if it is absent or no text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    /// The whole number of an attribute; `None` if it is absent or of another type.
    pub fn int(&self, key: &str) -> Option<i64> {
        self.get(key)?.as_i64()
    }

    /// The number of an attribute of type double; `None` if it is absent or of another type.
    pub fn double(&self, key: &str) -> Option<f64> {
        self.get(key).filter(|value| value.is_f64())?.as_f64()
    }

    /// An attribute of its resource.
    pub fn resource(&self, key: &str) -> Option<&Value> {
        find(&self.resource, key)
    }

    /// The first event of that name.
    pub fn event(&self, name: &str) -> Option<&Event> {
        self.events.iter().find(|event| event.name == name)
    }

    /// Keys that stand more than once among its attributes, which must never happen.
    pub fn repeated_keys(&self) -> Vec<&str> {
        let mut keys: Vec<_> = self.attributes.iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        let mut repeated: Vec<_> = keys.windows(2).filter(|two| two[0] == two[1]).map(|two| two[0]).collect();
        repeated.dedup();
        repeated
    }

    /// All spans of an OTLP request.
    pub fn all(request: &ExportTraceServiceRequest) -> Vec<Self> {
        let mut spans = Vec::new();
        for group in &request.resource_spans {
            let resource = group.resource.as_ref().map(|resource| attributes(&resource.attributes));
            for scoped in &group.scope_spans {
                let scope = scoped.scope.as_ref().map(|scope| (scope.name.clone(), scope.version.clone()));
                spans.extend(scoped.spans.iter().map(|span| Self {
                    resource: resource.clone().unwrap_or_default(),
                    scope: scope.clone().unwrap_or_default(),
                    schema_url: scoped.schema_url.clone(),
                    ..Self::from_wire(span)
                }));
            }
        }
        spans
    }

    fn from_wire(span: &wire::Span) -> Self {
        Self {
            trace_id: hex(&span.trace_id),
            span_id: hex(&span.span_id),
            parent_id: (!span.parent_span_id.is_empty()).then(|| hex(&span.parent_span_id)),
            name: span.name.clone(),
            kind: span.kind().as_str_name().trim_start_matches("SPAN_KIND_").to_ascii_lowercase(),
            start: span.start_time_unix_nano,
            end: span.end_time_unix_nano,
            attributes: attributes(&span.attributes),
            events: span
                .events
                .iter()
                .map(|event| Event {
                    time: event.time_unix_nano,
                    name: event.name.clone(),
                    attributes: attributes(&event.attributes),
                })
                .collect(),
            links: span
                .links
                .iter()
                .map(|link| Link {
                    trace_id: hex(&link.trace_id),
                    span_id: hex(&link.span_id),
                    attributes: attributes(&link.attributes),
                })
                .collect(),
            status: match &span.status {
                Some(status) if status.code() == wire::status::StatusCode::Error => {
                    Status::Error(status.message.clone())
                }
                Some(status) if status.code() == wire::status::StatusCode::Ok => Status::Ok,
                _ => Status::Unset,
            },
            dropped_attributes: span.dropped_attributes_count,
            dropped_links: span.dropped_links_count,
            ..Self::default()
        }
    }
}

/// The value of `key`.
pub fn find<'a>(attributes: &'a Attributes, key: &str) -> Option<&'a Value> {
    attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value)
}

/// Bytes as hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attributes(pairs: &[KeyValue]) -> Attributes {
    pairs.iter().map(|pair| (pair.key.clone(), pair.value.as_ref().map_or(Value::Null, value))).collect()
}

fn value(any: &AnyValue) -> Value {
    match &any.value {
        Some(Any::StringValue(text)) => text.as_str().into(),
        Some(Any::BoolValue(flag)) => (*flag).into(),
        Some(Any::IntValue(number)) => (*number).into(),
        Some(Any::DoubleValue(number)) => json!(number),
        Some(Any::ArrayValue(list)) => list.values.iter().map(value).collect(),
        Some(Any::KvlistValue(map)) => attributes(&map.values).into_iter().collect(),
        Some(Any::BytesValue(bytes)) => hex(bytes).into(),
        _ => Value::Null,
    }
}
