//! The layers of tower: model calls without a wrapper, plain requests, and servers.

use crate::fixtures::tree;
use agentspan::adapters::Observer;
use agentspan::adapters::tower::{ClientLayer, ObservedBody};
use agentspan::testing::record;
use agentspan::usage::Endpoints;
use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full, StreamBody};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::fmt::Display;
use std::pin::Pin;
use tower::{Layer, Service, ServiceExt, service_fn};

type Pieces = Vec<Result<&'static str, std::io::ErrorKind>>;
type StreamedBody =
    StreamBody<Pin<Box<dyn futures_util::Stream<Item = Result<Frame<Bytes>, std::io::Error>> + Send>>>;

/// A body that comes in these pieces, and whose length nobody knows.
fn body_of(pieces: Pieces) -> StreamedBody {
    let frames = pieces.into_iter().map(|piece| match piece {
        Ok(text) => Ok(Frame::data(Bytes::from_static(text.as_bytes()))),
        Err(kind) => Err(std::io::Error::from(kind)),
    });
    StreamBody::new(Box::pin(stream::iter(frames)))
}

const OPENAI: &str = "https://api.openai.com/v1/chat/completions";

fn request(url: &str, body: &Value) -> Request<Full<Bytes>> {
    Request::post(url).body(Full::from(body.to_string())).expect("a request")
}

fn chat() -> Value {
    json!({"model": "gpt-4o", "temperature": 0.5, "messages": [{"role": "user", "content": "Umbrella?"}]})
}

/// A client whose server answers so.
async fn ask(url: &str, status: u16, pieces: Pieces) -> Response<ObservedBody<StreamedBody>> {
    let answer = service_fn(move |_: Request<Full<Bytes>>| {
        let pieces = pieces.clone();
        async move {
            let status = StatusCode::from_u16(status).expect("a status");
            let mut response = Response::new(body_of(pieces));
            *response.status_mut() = status;
            Ok::<_, Infallible>(response)
        }
    });
    let client = ClientLayer::new().layer(answer);
    client.oneshot(request(url, &chat())).await.expect("it answers")
}

/// All that the caller sees of a body, in its frames.
async fn frames(mut body: ObservedBody<StreamedBody>) -> Vec<Result<Bytes, std::io::ErrorKind>> {
    let mut seen = Vec::new();
    while let Some(frame) = body.frame().await {
        seen.push(frame.map(|frame| frame.into_data().expect("data")).map_err(|error| error.kind()));
    }
    seen
}

/// What a client makes of a body.
async fn json_of(body: impl Body<Error: Display>) -> Result<Value, String> {
    let bytes = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    serde_json::from_slice(&bytes).map_err(|error| error.to_string())
}

fn seen(pieces: &Pieces) -> Vec<Result<Bytes, std::io::ErrorKind>> {
    pieces.iter().map(|piece| piece.map(|text| Bytes::from_static(text.as_bytes()))).collect()
}

const WHOLE: [&str; 2] = [
    r#"{"id":"chatcmpl-1","model":"gpt-4o-2024-08-06","choices":[{"finish_reason":"stop","mess"#,
    r#"age":{"content":"Yes."}}],"usage":{"prompt_tokens":412,"completion_tokens":54}}"#,
];

const STREAM: [&str; 4] = [
    "data: {\"model\":\"gpt-4o-2024-08-06\",\"choices\":[{\"delta\":{\"content\":\"Y\"}}]}\n\nda",
    "ta: {\"choices\":[{\"delta\":{\"content\":\"es\"},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":412,\"completion_tokens\":54}}\n\n",
    "data: [DONE]\n\n",
];

#[tokio::test]
async fn a_whole_reply_is_read_as_it_passes_and_not_changed() {
    let recording = record();
    let pieces: Pieces = WHOLE.map(Ok).to_vec();
    let body = ask(OPENAI, 200, pieces.clone()).await.into_body();
    assert_eq!(frames(body).await, seen(&pieces));
    assert_eq!(tree(&recording), "llm.openai.gpt-4o ok 412→54 $0.00157");
    let span = recording.spans().remove(0);
    assert_eq!(span.text("llm.model_name"), Some("gpt-4o-2024-08-06"));
    assert_eq!(span.text("llm.invocation_parameters"), Some(r#"{"model":"gpt-4o","temperature":0.5}"#));
    assert_eq!(span.text("server.address"), Some("api.openai.com"));
    assert_eq!(span.int("llm.message_count"), Some(1));
    assert_eq!(span.bool("llm.streaming"), None);
    assert_eq!(span.text("llm.input_messages"), None, "nobody asked for content");
}

#[tokio::test]
async fn a_streamed_reply_is_read_as_it_passes_and_not_changed() {
    let recording = record();
    let pieces: Pieces = STREAM.map(Ok).to_vec();
    let body = ask(OPENAI, 200, pieces.clone()).await.into_body();
    assert_eq!(frames(body).await, seen(&pieces));
    assert_eq!(tree(&recording), "llm.openai.gpt-4o ok 412→54 $0.00157");
    let span = recording.spans().remove(0);
    assert_eq!(span.text("llm.stream_end"), Some("complete"));
    assert_eq!(span.int("llm.chunk_count"), Some(3));
    assert!(span.double("llm.time_to_first_chunk_s").is_some());
}

#[tokio::test]
async fn a_stream_that_breaks_or_stops_early_was_cut() {
    for end in [Some(Err(std::io::ErrorKind::ConnectionReset)), None] {
        let recording = record();
        let pieces: Pieces = [Ok(STREAM[0]), Ok(STREAM[1])].into_iter().take(1).chain(end).collect();
        let body = ask(OPENAI, 200, pieces.clone()).await.into_body();
        assert_eq!(frames(body).await, seen(&pieces));
        let span = recording.spans().remove(0);
        assert_eq!(span.text("llm.stream_end"), Some("cut"));
        assert_eq!(span.text("agent.outcome"), Some("error"));
        assert_eq!(
            span.text("error.type"),
            Some(if end.is_some() { "io::ConnectionReset" } else { "stream_cut" })
        );
    }
}

#[tokio::test]
async fn a_stream_that_the_caller_drops_was_abandoned_and_one_dropped_after_its_end_was_not() {
    for (read, end, outcome) in [(1, "abandoned", "cancelled"), (4, "complete", "ok")] {
        let recording = record();
        let mut body = ask(OPENAI, 200, STREAM.map(Ok).to_vec()).await.into_body();
        for _ in 0..read {
            body.frame().await.expect("a frame").expect("no error");
        }
        drop(body);
        let span = recording.spans().remove(0);
        assert_eq!(span.text("llm.stream_end"), Some(end));
        assert_eq!(span.text("agent.outcome"), Some(outcome));
    }
}

#[tokio::test]
async fn an_error_of_the_provider_is_told_by_its_code() {
    let recording = record();
    let text =
        r#"{"error":{"code":"context_length_exceeded","type":"invalid_request_error","message":"too long"}}"#;
    let body = ask(OPENAI, 400, vec![Ok(text)]).await.into_body();
    assert_eq!(frames(body).await, seen(&vec![Ok(text)]));
    assert_eq!(tree(&recording), "llm.openai.gpt-4o error context_length_exceeded $0");
}

#[tokio::test]
async fn a_call_whose_future_is_dropped_was_cancelled() {
    let recording = record();
    let never = service_fn(|_: Request<Full<Bytes>>| {
        std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>()
    });
    drop(ClientLayer::new().layer(never).call(request(OPENAI, &chat())));
    assert_eq!(recording.spans().remove(0).text("agent.outcome"), Some("cancelled"));
}

#[tokio::test]
async fn inside_a_step_of_a_model_call_no_second_span_is_opened() {
    let recording = record();
    agentspan::llm("openai", "gpt-4o")
        .call(async { json_of(ask(OPENAI, 200, WHOLE.map(Ok).to_vec()).await.into_body()).await })
        .await
        .expect("a reply");
    assert_eq!(tree(&recording), "llm.openai.gpt-4o ok 412→54 $0.00157");
}

#[tokio::test]
async fn a_second_layer_behind_one_that_changes_the_url_tells_of_the_same_call() {
    let recording = record();
    let answer = service_fn(|_: Request<Full<Bytes>>| async {
        Ok::<_, Infallible>(Response::new(body_of(WHOLE.map(Ok).to_vec())))
    });
    let inner = ClientLayer::new().layer(answer);
    let route = service_fn(move |mut request: Request<Full<Bytes>>| {
        *request.uri_mut() = "https://eu.api.openai.com/v1/chat/completions".parse().expect("a URL");
        inner.clone().oneshot(request)
    });
    let client = ClientLayer::new().layer(route);
    agentspan::llm("openai", "gpt-4o")
        .call(async {
            json_of(client.oneshot(request(OPENAI, &chat())).await.expect("it answers").into_body()).await
        })
        .await
        .expect("a reply");
    assert_eq!(tree(&recording), "llm.openai.gpt-4o ok 412→54 $0.00157");
}

#[tokio::test]
async fn a_host_of_ones_own_is_told_by_a_rule() {
    let recording = record();
    let url = "http://gateway.example/v1/chat/completions";
    let _body = frames(ask(url, 200, WHOLE.map(Ok).to_vec()).await.into_body()).await;
    let observer = Observer::new().with_endpoints(Endpoints::new().rule("gateway.example", "openai"));
    let answer = service_fn(|_: Request<Full<Bytes>>| async {
        Ok::<_, Infallible>(Response::new(body_of(WHOLE.map(Ok).to_vec())))
    });
    let response = ClientLayer::observing(observer).layer(answer).oneshot(request(url, &chat())).await;
    let _body = frames(response.expect("it answers").into_body()).await;
    let names: Vec<_> = recording.spans().iter().map(|span| span.name().to_owned()).collect();
    assert_eq!(names, ["llm.unknown.gpt-4o", "llm.openai.gpt-4o"]);
}

#[tokio::test]
async fn a_request_that_is_no_model_call_is_a_plain_span() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            let url = "http://user:secret@weather.example:8080/v1/rain?key=secret";
            let body = ask(url, 404, vec![Ok("no")]).await.into_body();
            frames(body).await
        })
        .await;
    let span = recording.span("POST").expect("a span of HTTP");
    assert_eq!(span.text("url.full"), Some("http://weather.example:8080/v1/rain"));
    assert_eq!(span.text("server.address"), Some("weather.example"));
    assert_eq!(span.int("server.port"), Some(8080));
    assert_eq!(span.int("http.response.status_code"), Some(404));
    assert_eq!(span.text("error.type"), Some("404"));
    let run = recording.span("agent.a").expect("the run");
    assert_eq!(span.parent_span_id(), Some(run.span_id()));
    assert_eq!(run.int("agent.step_count").unwrap_or(0), 0, "a request is no step of the agent");
}
