//! The server layer: a span in the trace that the request's headers name.

use agentspan::adapters::tower::ServerLayer;
use agentspan::testing::{record, record_with};
use agentspan::{Propagation, builder};
use http::{Extensions, Request, Response};
use std::convert::Infallible;
use tower::{Layer, ServiceExt, service_fn};

const REMOTE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn route(_: &Extensions) -> Option<&str> {
    Some("/runs/{id}")
}

/// Serves one request by a run, with this status.
async fn serve(layer: ServerLayer, traceparent: Option<&str>, status: u16) {
    let headers: Vec<_> = traceparent.iter().map(|value| ("traceparent", *value)).collect();
    serve_with(layer, &headers, status).await;
}

async fn serve_with(layer: ServerLayer, headers: &[(&'static str, &str)], status: u16) {
    let service = layer.layer(service_fn(move |_: Request<String>| async move {
        agentspan::agent("a").run_ok(async {}).await;
        let response = Response::builder().status(status).body(String::new());
        Ok::<_, Infallible>(response.expect("a response"))
    }));
    let mut request =
        Request::get("http://here.example/runs/7?key=secret").body(String::new()).expect("a request");
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().expect("a header"));
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

#[tokio::test]
async fn bad_and_doubled_parents_begin_a_trace() {
    let zeros = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
    let other = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-00f067aa0ba902b7-01";
    for parents in [&[zeros][..], &["00-1-1-1"], &[REMOTE, other], &[REMOTE, REMOTE]] {
        let recording = record();
        let headers: Vec<_> = parents.iter().map(|value| ("traceparent", *value)).collect();
        serve_with(ServerLayer::new(), &headers, 200).await;
        let span = recording.span("GET").expect("the server's span");
        assert_eq!(span.parent_span_id(), None, "{parents:?}");
        assert!(![&REMOTE[3..35], &other[3..35]].contains(&span.trace_id().as_str()), "{parents:?}");
    }
}

#[tokio::test]
async fn what_the_sender_said_of_session_and_user_stands_on_the_span_of_the_server_and_on_its_run() {
    let settings = builder().with_propagation(Propagation::new().with_baggage_tag("tenant"));
    let recording = record_with(settings);
    let headers = [
        ("traceparent", REMOTE),
        ("baggage", "session.id=s%201,tenant=acme"),
        ("baggage", "user.id=u-1,other=x"),
    ];
    serve_with(ServerLayer::new(), &headers, 200).await;
    for name in ["GET", "agent.a"] {
        let span = recording.span(name).expect("it was recorded");
        let known = ["session.id", "user.id", "tenant", "other"].map(|key| span.text(key));
        assert_eq!(known, [Some("s 1"), Some("u-1"), Some("acme"), None], "{name}");
    }
}
