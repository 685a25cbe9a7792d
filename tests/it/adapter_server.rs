//! The server layer: a span in the trace that the request's headers name.

use agentspan::adapters::tower::ServerLayer;
use agentspan::testing::record;
use http::{Extensions, Request, Response};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use std::convert::Infallible;
use tower::{Layer, ServiceExt, service_fn};

const REMOTE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn route(_: &Extensions) -> Option<&str> {
    Some("/runs/{id}")
}

/// Serves one request by a run, with this status.
async fn serve(layer: ServerLayer, traceparent: Option<&str>, status: u16) {
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let service = layer.layer(service_fn(move |_: Request<String>| async move {
        agentspan::agent("a").run_ok(async {}).await;
        let response = Response::builder().status(status).body(String::new());
        Ok::<_, Infallible>(response.expect("a response"))
    }));
    let mut request =
        Request::get("http://here.example/runs/7?key=secret").body(String::new()).expect("a request");
    if let Some(text) = traceparent {
        request.headers_mut().insert("traceparent", text.parse().expect("a header"));
    }
    service.oneshot(request).await.expect("an answer");
}

#[tokio::test]
async fn a_server_span_continues_the_trace_of_the_request_and_holds_the_run() {
    let recording = record();
    serve(ServerLayer::new().with_route(route), Some(REMOTE), 200).await;
    let span = recording.span("GET /runs/{id}").expect("the server's span");
    assert_eq!(span.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(span.parent_span_id().as_deref(), Some("00f067aa0ba902b7"));
    assert_eq!(span.text("http.route"), Some("/runs/{id}"));
    assert_eq!(span.text("url.path"), Some("/runs/7"));
    assert_eq!(span.int("http.response.status_code"), Some(200));
    let run = recording.span("agent.a").expect("the run");
    assert_eq!(run.parent_span_id(), Some(span.span_id()));
    assert_eq!(run.trace_id(), span.trace_id());
}

#[tokio::test]
async fn a_request_without_context_begins_a_trace_whatever_is_current_here() {
    let recording = record();
    agentspan::agent("listener").run_ok(serve(ServerLayer::new(), None, 503)).await;
    let span = recording.span("GET").expect("the server's span");
    assert_eq!(span.parent_span_id(), None);
    assert_eq!(span.text("error.type"), Some("503"));
    let listener = recording.span("agent.listener").expect("the run");
    assert_ne!(span.trace_id(), listener.trace_id());
}

#[tokio::test]
async fn an_error_of_the_caller_is_none_of_the_server() {
    let recording = record();
    serve(ServerLayer::new(), Some("00-1-1-1"), 404).await;
    let span = recording.span("GET").expect("the server's span");
    assert_eq!(span.text("error.type"), None);
    assert_eq!(span.int("http.response.status_code"), Some(404));
}
