//! async-openai with one line where the client is built.

use crate::fixtures::{tree, until};
use agentspan::adapters::Observer;
use agentspan::adapters::async_openai::observing;
use agentspan::testing::{RecordedSpan, Recording, record};
use agentspan::usage::Endpoints;
use agentspan_examples::{OpenAi, Reply};
use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::CreateChatCompletionRequest;
use futures_util::StreamExt;
use serde_json::{Value, json};

fn bare(server: &OpenAi) -> Client<OpenAIConfig> {
    Client::with_config(OpenAIConfig::new().with_api_base(server.base_url()).with_api_key("none"))
}

fn client(server: &OpenAi) -> Client<OpenAIConfig> {
    let observer = Observer::new().with_endpoints(Endpoints::new().rule("127.0.0.1", "openai"));
    bare(server).with_http_service(observing(observer, Default::default()))
}

fn request(stream: bool) -> CreateChatCompletionRequest {
    let mut request = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Umbrella?"}]});
    if stream {
        request["stream"] = true.into();
        request["stream_options"] = json!({"include_usage": true});
    }
    serde_json::from_value(request).expect("a request")
}

/// The spans end with the body, which the client reads in a task of its own.
async fn until_ended(recording: &Recording) {
    until(|| recording.report().open == 0).await;
}

#[tokio::test]
async fn a_whole_call_is_a_step_of_the_run_around_it() {
    let server = OpenAi::answering(|_| Reply::text("It will rain.").usage(412, 54)).expect("a port");
    let recording = record();
    let with_us = agentspan::agent("a").run(async { client(&server).chat().create(request(false)).await });
    let with_us = with_us.await.expect("a reply");
    assert_eq!(tree(&recording), "agent.a ok completed $0.00157\n  llm.openai.gpt-4o ok 412→54 $0.00157");
    let span = recording.span("llm.openai.gpt-4o").expect("the call");
    assert_eq!(span.int("llm.message_count"), Some(1));
    assert_eq!(span.text("server.address"), Some("127.0.0.1"));
    assert_eq!(span.int("llm.attempt_count"), None);
    let without = bare(&server).chat().create(request(false)).await.expect("a reply");
    let no_id = |mut reply: Value| {
        reply["id"].take();
        reply["created"].take();
        reply
    };
    assert_eq!(no_id(json!(with_us)), no_id(json!(without)), "the caller sees no difference");
}

#[tokio::test]
async fn a_streamed_call_ends_with_the_stream() {
    let server = OpenAi::answering(|_| Reply::text("It will rain.").usage(412, 54)).expect("a port");
    let recording = record();
    let mut stream = client(&server).chat().create_stream(request(true)).await.expect("a stream");
    let mut text = String::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.expect("a chunk");
        text.extend(chunk.choices.first().and_then(|choice| choice.delta.content.clone()));
    }
    assert_eq!(text, "It will rain.");
    until_ended(&recording).await;
    assert_eq!(tree(&recording), "llm.openai.gpt-4o ok 412→54 $0.00157");
    assert_eq!(recording.spans()[0].text("llm.stream_end"), Some("complete"));
}

#[tokio::test]
async fn an_abandoned_stream_says_so() {
    let pause = std::time::Duration::from_secs(60);
    let server = OpenAi::script([Reply::text("It will rain.").chunk_delay(pause)]).expect("a port");
    let recording = record();
    let mut stream = client(&server).chat().create_stream(request(true)).await.expect("a stream");
    stream.next().await.expect("a chunk").expect("no error");
    drop(stream);
    until_ended(&recording).await;
    let span = recording.spans().remove(0);
    assert_eq!(span.text("llm.stream_end"), Some("abandoned"));
    assert_eq!(span.text("agent.outcome"), Some("cancelled"));
}

/// The one span of a call that was tried again and has succeeded in the end.
async fn span_of_a_call(server: &OpenAi) -> RecordedSpan {
    let recording = record();
    client(server).chat().create(request(false)).await.expect("a reply");
    let span = recording.spans().remove(0);
    let attempts = span.int("llm.attempt_count").expect("it was tried again");
    assert_eq!(tree(&recording), format!("llm.openai.gpt-4o ok {attempts} attempts 412→54 $0.00157"));
    span
}

#[tokio::test]
async fn a_retry_after_429_is_an_attempt_of_one_span() {
    let server = OpenAi::script([
        Reply::error(429, "rate_limit_exceeded", "Slow down.").retry_after(0),
        Reply::text("It will rain.").usage(412, 54),
    ])
    .expect("a port");
    let span = span_of_a_call(&server).await;
    assert_eq!(span.int("llm.attempt_count"), Some(2));
    assert_eq!(span.events(), ["llm.attempt"]);
    assert_eq!(span.event_text("llm.attempt", "error.type"), Some("rate_limit_exceeded"));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_retry_after_an_error_of_the_server_is_an_attempt_of_one_span() {
    // The client holds the first response, unread, until the second one has come.
    let server = OpenAi::script([
        Reply::error(503, "overloaded", "Busy.").retry_after(0),
        Reply::error(500, "server_error", "Oh.").retry_after(0),
        Reply::text("It will rain.").usage(412, 54),
    ])
    .expect("a port");
    let span = span_of_a_call(&server).await;
    assert_eq!(span.int("llm.attempt_count"), Some(3));
    assert_eq!(span.events(), ["llm.attempt", "llm.attempt"]);
    assert_eq!(span.event_text("llm.attempt", "error.type"), Some("503"));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn an_error_of_the_provider_is_told_by_its_code() {
    // The client's retry layer eats the body of a 429, and gives up after the fourth.
    for (status, code, attempts) in [
        (400, "context_length_exceeded", None),
        (429, "rate_limit_exceeded", Some(4)),
        (500, "server_error", Some(4)),
    ] {
        let server =
            OpenAi::answering(move |_| Reply::error(status, code, "No.").retry_after(0)).expect("a port");
        let client = client(&server);
        let alone = record();
        client.chat().create(request(false)).await.expect_err("an error");
        let alone = alone.spans().remove(0);
        let wrapped = record();
        let llm = || agentspan::llm("openai", "gpt-4o");
        llm().call(client.chat().create(request(false))).await.expect_err("an error");
        let wrapped = wrapped.spans().remove(0);
        let streamed = record();
        let opened = llm().stream(client.chat().create_stream(request(true))).await;
        assert!(opened.is_err(), "there is no stream");
        let streamed = streamed.spans().remove(0);
        for span in [alone, wrapped, streamed] {
            assert_eq!(span.text("error.type"), Some(code));
            assert_eq!(span.text("agent.outcome"), Some("error"));
            assert_eq!(span.int("llm.attempt_count"), attempts);
            assert_eq!(span.double("cost.self_usd"), Some(0.0), "refused is free");
            assert_eq!(span.text("cost.status"), Some("known"));
        }
    }
}

#[tokio::test]
async fn inside_a_step_of_a_model_call_it_counts_once() {
    let server = OpenAi::script([Reply::text("It will rain.").usage(412, 54)]).expect("a port");
    let recording = record();
    let reply = agentspan::llm("openai", "gpt-4o").call(client(&server).chat().create(request(false))).await;
    reply.expect("a reply");
    assert_eq!(tree(&recording), "llm.openai.gpt-4o ok 412→54 $0.00157");
}

#[tokio::test]
async fn two_calls_inside_of_one_step_are_a_cost_that_is_known_in_part() {
    let server = OpenAi::script([
        Reply::text("{\"umbrella\": tru").usage(412, 54),
        Reply::text("{\"umbrella\": true}").usage(500, 60),
    ])
    .expect("a port");
    let recording = record();
    let client = client(&server);
    let repaired = async {
        client.chat().create(request(false)).await?;
        client.chat().create(request(false)).await
    };
    agentspan::llm("openai", "gpt-4o").call(repaired).await.expect("a reply");
    assert_eq!(tree(&recording), "llm.openai.gpt-4o ok 500→60 cost:partial $0.00185");
    assert_eq!(recording.spans()[0].texts("cost.missing"), Some(vec!["attempt"]));
}
