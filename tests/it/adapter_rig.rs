//! rig with one line where the provider's client is built.

use crate::fixtures::until;
use agentspan::adapters::Observer;
use agentspan::adapters::rig::Spans;
use agentspan::testing::{RecordedSpan, Recording, record};
use agentspan::usage::Endpoints;
use agentspan_examples::{OpenAi, Reply};
use agentspan_tests::CLOSED;
use futures_util::StreamExt;
use rig_core::completion::CompletionRequest;
use rig_core::http_client::{Error, HttpClientExt, MultipartForm, Request, Result};
use rig_core::providers::openai::{OpenAI, OpenAIConfig};
use rig_core::streaming::{Item, StreamEvent};
use serde_json::json;
use std::time::Duration;

fn observer() -> Observer {
    Observer::new().with_endpoints(Endpoints::new().rule("127.0.0.1", "openai"))
}

fn bare(server: &OpenAi) -> OpenAI {
    OpenAIConfig::new("none").with_base_url(server.base_url()).connect(rig_reqwest::shared())
}

fn client(server: &OpenAi) -> OpenAI {
    bare(server).with_http(Spans::observing(observer(), rig_reqwest::shared()))
}

fn umbrella() -> CompletionRequest {
    CompletionRequest::new("Umbrella?")
}

fn rain() -> Reply {
    Reply::text("It will rain.").usage(412, 54)
}

/// The first step that is a call: rig's own span, which the adapter writes into.
fn the_call(recording: &Recording) -> RecordedSpan {
    let mut calls = recording.spans().into_iter().filter(|span| span.text("llm.provider").is_some());
    calls.next().expect("the call")
}

#[tokio::test]
async fn a_whole_call_is_a_step_of_the_run_around_it() {
    let server = OpenAi::answering(|_| rain()).expect("a port");
    let recording = record();
    let model = client(&server).chat("gpt-4o");
    let with_us = agentspan::agent("a").run(model.call(umbrella())).await.expect("a reply");
    assert_eq!(recording.tree(), "agent.a ok completed $0.00157\n  chat ok 412→54 $0.00157\n");
    let span = the_call(&recording);
    assert_eq!(span.int("llm.message_count"), Some(1));
    assert_eq!(span.text("server.address"), Some("127.0.0.1"));
    assert_eq!(span.text("llm.finish_reason"), Some("stop"));
    let without = bare(&server).chat("gpt-4o").call(umbrella()).await.expect("a reply");
    assert_eq!(with_us.text(), without.text(), "the caller sees no difference");
}

#[tokio::test]
async fn a_streamed_call_ends_with_the_stream() {
    let server = OpenAi::answering(|_| rain()).expect("a port");
    let recording = record();
    let mut stream = client(&server).chat("gpt-4o").stream(umbrella()).expect("a stream");
    let mut text = String::new();
    while let Some(item) = stream.next().await {
        if let Item::Event(StreamEvent::Text { text: words, .. }) = item.expect("an item") {
            text.push_str(&words);
        }
    }
    drop(stream);
    assert_eq!(text, "It will rain.");
    assert_eq!(recording.tree(), "chat ok 412→54 $0.00157\n");
    let span = the_call(&recording);
    assert_eq!(span.text("llm.stream_end"), Some("complete"));
}

#[tokio::test]
async fn an_abandoned_stream_says_so() {
    let server = OpenAi::script([rain().chunk_delay(Duration::from_secs(60))]).expect("a port");
    let recording = record();
    let http = Spans::observing(observer(), rig_reqwest::shared());
    let response = http.send_streaming(chat(&server, true)).await.expect("an answer");
    // The first piece holds no words yet, so rig's own stream would wait for the second.
    let mut pieces = response.into_body();
    pieces.next().await.expect("a piece").expect("no error");
    drop(pieces);
    let span = the_call(&recording);
    assert_eq!(span.text("llm.stream_end"), Some("abandoned"));
    assert_eq!(span.text("agent.outcome"), Some("cancelled"));
}

#[tokio::test]
async fn a_call_dropped_before_its_answer_is_cancelled() {
    let server = OpenAi::script([rain().delay(Duration::from_secs(60))]).expect("a port");
    let recording = record();
    let call = client(&server).chat("gpt-4o").call(umbrella());
    tokio::select! {
        _ = call => panic!("the server waits"),
        () = until(|| !server.requests().is_empty()) => {}
    }
    let span = the_call(&recording);
    assert_eq!(span.text("agent.outcome"), Some("cancelled"));
}

#[tokio::test]
async fn an_error_of_the_provider_is_told_by_its_code() {
    for (status, code) in [(400, "context_length_exceeded"), (429, "rate_limit_exceeded")] {
        for streamed in [false, true] {
            let server = OpenAi::answering(move |_| Reply::error(status, code, "No.")).expect("a port");
            let recording = record();
            let model = client(&server).chat("gpt-4o");
            let error = match streamed {
                false => model.call(umbrella()).await.expect_err("an error"),
                true => {
                    let mut stream = model.stream(umbrella()).expect("a stream");
                    stream.next().await.expect("an item").expect_err("an error")
                }
            };
            let without = bare(&server).chat("gpt-4o").call(umbrella()).await.expect_err("an error");
            assert_eq!(error.to_string().replace("chatcmpl-1", "chatcmpl-2"), without.to_string());
            let span = the_call(&recording);
            assert_eq!(span.text("error.type"), Some(code));
            assert_eq!(span.text("agent.outcome"), Some("error"));
            assert_eq!(span.double("cost.self_usd"), Some(0.0), "refused is free");
            assert_eq!(server.requests().len(), 2, "nothing is tried again");
        }
    }
}

#[tokio::test]
async fn a_server_that_nobody_reaches_is_an_error() {
    let recording = record();
    let config = OpenAIConfig::new("none").with_base_url(format!("{CLOSED}/v1"));
    let client = config.connect(Spans::new(rig_reqwest::shared()));
    client.chat("gpt-4o").call(umbrella()).await.expect_err("nobody listens");
    let span = the_call(&recording);
    assert_eq!(span.text("agent.outcome"), Some("error"));
    assert!(span.text("error.type").is_some());
}

#[tokio::test]
async fn inside_a_step_of_a_model_call_it_counts_once() {
    let server = OpenAi::script([rain()]).expect("a port");
    let recording = record();
    let model = client(&server).chat("gpt-4o");
    agentspan::llm("openai", "gpt-4o")
        .call(async { model.call(umbrella()).await.map(|reply| reply.text()) })
        .await
        .expect("a reply");
    assert_eq!(recording.tree(), "llm.openai.gpt-4o ok 412→54 $0.00157\n  chat ok\n");
}

fn chat(server: &OpenAi, streamed: bool) -> Request<String> {
    let mut body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Umbrella?"}]});
    if streamed {
        body["stream"] = true.into();
        body["stream_options"] = json!({"include_usage": true});
    }
    let url = format!("{}/chat/completions", server.base_url());
    Request::post(url).body(body.to_string()).expect("a request")
}

/// What a caller of rig's transport sees: status, headers and bytes, or the error; streamed in the pieces of the server.
async fn seen(http: &impl HttpClientExt, server: &OpenAi, streamed: bool) -> Result<(u16, usize, String)> {
    let request = chat(server, streamed);
    let (status, headers, bytes) = if streamed {
        let response = http.send_streaming(request).await?;
        let (status, headers) = (response.status(), response.headers().len());
        let mut bytes = Vec::new();
        let mut pieces = response.into_body();
        while let Some(piece) = pieces.next().await {
            bytes.extend_from_slice(&piece?);
        }
        (status, headers, bytes)
    } else {
        let response = http.send::<_, Vec<u8>>(request).await?;
        (response.status(), response.headers().len(), response.into_body().await?)
    };
    let text = String::from_utf8(bytes).expect("text");
    Ok((status.as_u16(), headers, text.replace("chatcmpl-2", "chatcmpl-1")))
}

#[tokio::test]
async fn the_caller_sees_the_same_bytes_with_and_without_spans() {
    for streamed in [false, true] {
        for reply in [rain(), Reply::error(400, "context_length_exceeded", "Too long."), rain().cut_after(1)]
        {
            let server = OpenAi::answering(move |_| reply.clone()).expect("a port");
            let recording = record();
            let with_us = seen(&Spans::observing(observer(), rig_reqwest::shared()), &server, streamed).await;
            let without = seen(&rig_reqwest::shared(), &server, streamed).await;
            match (with_us, without) {
                (Ok(with_us), Ok(without)) => assert_eq!(with_us, without),
                (Err(with_us), Err(without)) => {
                    assert_eq!(with_us.to_string(), without.to_string());
                    assert_eq!(with_us.non_success_body(), without.non_success_body());
                }
                other => panic!("{other:?}"),
            }
            assert_eq!(recording.spans().len(), 1);
            assert_eq!(recording.report().open, 0);
        }
    }
}

#[tokio::test]
async fn a_form_of_many_parts_has_a_span_too() {
    let server = OpenAi::answering(|_| rain()).expect("a port");
    let recording = record();
    let form = MultipartForm::new().text("model", "whisper-1");
    let url = format!("{}/audio/transcriptions", server.base_url());
    let request = Request::post(url).body(form).expect("a request");
    let http = Spans::observing(observer(), rig_reqwest::shared());
    let refused = http.send_multipart::<Vec<u8>>(request).await.err();
    assert_eq!(
        refused.and_then(|error: Error| error.non_success_status()).map(|status| status.as_u16()),
        Some(404)
    );
    let span = recording.spans().remove(0);
    assert_eq!(span.text("error.type"), Some("unknown_url"));
}
