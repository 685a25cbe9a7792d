//! reqwest-middleware: one line where the client is built.

use crate::fixtures::tree;
use agentspan::adapters::Observer;
use agentspan::adapters::reqwest_middleware::Spans;
use agentspan::testing::record;
use agentspan::usage::Endpoints;
use agentspan_examples::{OpenAi, Reply};
use agentspan_tests::CLOSED;
use futures_util::StreamExt;
use reqwest_middleware::reqwest::{Body, Client, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use serde_json::json;

fn client() -> ClientWithMiddleware {
    let observer = Observer::new().with_endpoints(Endpoints::new().rule("127.0.0.1", "openai"));
    ClientBuilder::new(Client::new()).with(Spans::observing(observer)).build()
}

fn chat(stream: bool) -> Body {
    let mut request = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Umbrella?"}]});
    if stream {
        request["stream"] = true.into();
        request["stream_options"] = json!({"include_usage": true});
    }
    request.to_string().into()
}

fn url(server: &OpenAi) -> String {
    format!("{}/chat/completions", server.base_url())
}

/// What a caller sees of a response, but for the number that the server counts.
async fn seen(response: Response) -> (u16, String, Option<u64>, String) {
    let (status, url) = (response.status().as_u16(), response.url().to_string());
    let length = response.content_length();
    let text = response.text().await.expect("a body");
    (status, url, length, text.replace("chatcmpl-2", "chatcmpl-1"))
}

#[tokio::test]
async fn the_caller_sees_the_same_response_with_and_without_spans() {
    for (stream, reply) in [
        (false, Reply::text("It will rain.").usage(412, 54)),
        (true, Reply::text("It will rain.").usage(412, 54)),
        (false, Reply::error(400, "context_length_exceeded", "Too long.")),
    ] {
        let server = OpenAi::answering(move |_| reply.clone()).expect("a port");
        let recording = record();
        let with_us = client().post(url(&server)).body(chat(stream)).send().await.expect("an answer");
        let with_us = seen(with_us).await;
        let without = Client::new().post(url(&server)).body(chat(stream)).send().await.expect("an answer");
        let without = seen(without).await;
        assert_eq!(with_us, without);
        let expected = match with_us.0 {
            200 => "llm.openai.gpt-4o ok 412→54 $0.00157",
            _ => "llm.openai.gpt-4o error context_length_exceeded $0",
        };
        assert_eq!(tree(&recording), expected);
    }
}

#[tokio::test]
async fn an_abandoned_stream_says_so() {
    let pause = std::time::Duration::from_secs(60);
    let server = OpenAi::script([Reply::text("It will rain.").chunk_delay(pause)]).expect("a port");
    let recording = record();
    let response = client().post(url(&server)).body(chat(true)).send().await.expect("an answer");
    let mut stream = Box::pin(http_body_util::BodyDataStream::new(Body::from(response)));
    stream.next().await.expect("a piece").expect("no error");
    drop(stream);
    let span = recording.spans().remove(0);
    assert_eq!(span.text("llm.stream_end"), Some("abandoned"));
    assert_eq!(span.text("agent.outcome"), Some("cancelled"));
}

#[tokio::test]
async fn a_server_that_nobody_reaches_is_an_error() {
    let recording = record();
    let result = client().post(format!("{CLOSED}/v1/chat/completions")).body(chat(false)).send().await;
    result.expect_err("nobody listens");
    let span = recording.spans().remove(0);
    assert_eq!(span.text("agent.outcome"), Some("error"));
    assert!(span.text("error.type").is_some());
}

#[tokio::test]
async fn traceparent_goes_to_servers_and_not_to_model_providers() {
    use agentspan_examples::http::Server;
    use std::sync::{Arc, Mutex};
    let seen: Arc<Mutex<Vec<bool>>> = Arc::default();
    let server = Server::start({
        let seen = seen.clone();
        move |request, exchange| {
            seen.lock().expect("no panic").push(request.header("traceparent").is_some());
            exchange.respond(200, &[], b"{}")
        }
    })
    .expect("a port");
    let recording = record();
    let port = server.address().port();
    for (host, path) in [
        ("api.openai.com", "/v1/chat/completions"),
        ("127.0.0.1", "/v1/chat/completions"),
        ("127.0.0.1", "/rain"),
    ] {
        let http = Client::builder().resolve("api.openai.com", server.address()).build().expect("a client");
        let client = ClientBuilder::new(http).with(Spans::new()).build();
        let url = format!("http://{host}:{port}{path}");
        client.post(url).body(chat(false)).send().await.expect("an answer").bytes().await.expect("a body");
    }
    let seen = seen.lock().expect("no panic").clone();
    assert_eq!(seen, [false, true, true]);
    assert_eq!(recording.spans().len(), 3);
}
