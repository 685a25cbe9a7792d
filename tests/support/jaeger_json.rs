//! What Jaeger answers, in both of its forms, as the spans that the collector gives, so that trees can be compared.

use crate::span::{Attributes, Event, Link, Span, Status, find};
use serde_json::{Value, json};

/// Keys that Jaeger makes out of fields of a span.
const MADE: [&str; 6] = [
    "span.kind",
    "error",
    "otel.scope.name",
    "otel.scope.version",
    "otel.status_code",
    "otel.status_description",
];

/// The answer of `/api/traces…`: Jaeger's old model, in which the status, the kind and the scope are tags.
///
/// A link to the parent hides there that it is the parent, since a reference has one kind only.
pub(crate) fn legacy(answer: &Value) -> Vec<Span> {
    let mut spans = Vec::new();
    for trace in list(answer, "data") {
        for span in list(trace, "spans") {
            let process = &trace["processes"][text(span, "processID")];
            let mut resource = vec![("service.name".to_owned(), process["serviceName"].clone())];
            resource.extend(tags(process, "tags"));
            spans.push(Span { resource, ..legacy_span(span) });
        }
    }
    spans
}

fn legacy_span(span: &Value) -> Span {
    let mut attributes = tags(span, "tags");
    let made = |key: &str| find(&attributes, key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let status = match made("otel.status_code").as_str() {
        "ERROR" => Status::Error(made("otel.status_description")),
        "OK" => Status::Ok,
        _ => Status::Unset,
    };
    let (kind, scope) = (made("span.kind"), (made("otel.scope.name"), made("otel.scope.version")));
    attributes.retain(|(key, _)| !MADE.contains(&key.as_str()));
    let (parents, links): (Vec<&Value>, Vec<_>) =
        list(span, "references").iter().partition(|reference| reference["refType"] == "CHILD_OF");
    let start = span["startTime"].as_u64().unwrap_or_default() * 1_000;
    Span {
        trace_id: format!("{:0>32}", text(span, "traceID")),
        span_id: text(span, "spanID"),
        parent_id: parents.first().map(|parent| text(parent, "spanID")),
        name: text(span, "operationName"),
        kind,
        start,
        end: start + span["duration"].as_u64().unwrap_or_default() * 1_000,
        attributes,
        events: list(span, "logs").iter().map(log).collect(),
        links: links
            .into_iter()
            .map(|link| Link {
                trace_id: format!("{:0>32}", text(link, "traceID")),
                span_id: text(link, "spanID"),
                attributes: Attributes::new(),
            })
            .collect(),
        status,
        scope,
        ..Span::default()
    }
}

fn log(log: &Value) -> Event {
    let mut attributes = tags(log, "fields");
    let name = find(&attributes, "event").and_then(Value::as_str).unwrap_or_default().to_owned();
    attributes.retain(|(key, _)| key != "event");
    Event { time: log["timestamp"].as_u64().unwrap_or_default() * 1_000, name, attributes }
}

fn tags(of: &Value, field: &str) -> Attributes {
    let value = |tag: &Value| match text(tag, "type").as_str() {
        // A whole number of type double is written without a point.
        "float64" => json!(tag["value"].as_f64()),
        _ => tag["value"].clone(),
    };
    list(of, field).iter().map(|tag| (text(tag, "key"), value(tag))).collect()
}

/// The answer of `/api/v3/traces…`: OTLP as JSON.
pub(crate) fn otlp(answer: &Value) -> Vec<Span> {
    let mut spans = Vec::new();
    for group in list(&answer["result"], "resourceSpans") {
        let resource = attributes(&group["resource"]);
        for scoped in list(group, "scopeSpans") {
            let scope = (text(&scoped["scope"], "name"), text(&scoped["scope"], "version"));
            spans.extend(list(scoped, "spans").iter().map(|span| Span {
                resource: resource.clone(),
                scope: scope.clone(),
                ..otlp_span(span)
            }));
        }
    }
    spans
}

fn otlp_span(span: &Value) -> Span {
    let kinds = ["", "internal", "server", "client", "producer", "consumer"];
    Span {
        trace_id: text(span, "traceId"),
        span_id: text(span, "spanId"),
        parent_id: Some(text(span, "parentSpanId")).filter(|parent| !parent.is_empty()),
        name: text(span, "name"),
        kind: kinds[span["kind"].as_u64().map_or(0, |kind| kind as usize % kinds.len())].to_owned(),
        start: nanoseconds(span, "startTimeUnixNano"),
        end: nanoseconds(span, "endTimeUnixNano"),
        attributes: attributes(span),
        events: list(span, "events")
            .iter()
            .map(|event| Event {
                time: nanoseconds(event, "timeUnixNano"),
                name: text(event, "name"),
                attributes: attributes(event),
            })
            .collect(),
        links: list(span, "links")
            .iter()
            .map(|link| Link {
                trace_id: text(link, "traceId"),
                span_id: text(link, "spanId"),
                attributes: attributes(link),
            })
            .collect(),
        status: match span["status"]["code"].as_u64() {
            Some(2) => Status::Error(text(&span["status"], "message")),
            Some(1) => Status::Ok,
            _ => Status::Unset,
        },
        ..Span::default()
    }
}

fn attributes(of: &Value) -> Attributes {
    list(of, "attributes").iter().map(|pair| (text(pair, "key"), any(&pair["value"]))).collect()
}

fn any(value: &Value) -> Value {
    let Some((kind, inner)) = value.as_object().and_then(|object| object.iter().next()) else {
        return Value::Null;
    };
    match kind.as_str() {
        // Numbers of 64 bits are written as text.
        "intValue" => {
            inner.as_str().and_then(|digits| digits.parse::<i64>().ok()).map_or(inner.clone(), Value::from)
        }
        "doubleValue" => json!(inner.as_f64()),
        "arrayValue" => list(inner, "values").iter().map(any).collect(),
        "kvlistValue" => {
            list(inner, "values").iter().map(|pair| (text(pair, "key"), any(&pair["value"]))).collect()
        }
        _ => inner.clone(),
    }
}

fn nanoseconds(of: &Value, field: &str) -> u64 {
    text(of, field).parse().unwrap_or_default()
}

fn text(of: &Value, field: &str) -> String {
    of[field].as_str().unwrap_or_default().to_owned()
}

fn list<'v>(of: &'v Value, field: &str) -> &'v [Value] {
    of[field].as_array().map_or(&[], Vec::as_slice)
}
