//! genai, which no layer can be put into: its own spans, its replies inside a step, its streams.

use crate::fixtures::{anthropic_reply, the};
use agentspan::adapters::{Exchange, Observer};
use agentspan::testing::{RecordedSpan, record, record_with};
use agentspan_examples::http::Server;
use agentspan_examples::{OpenAi, Reply};
use futures_util::StreamExt;
use genai::adapter::AdapterKind;
use genai::chat::{
    ChatFrameSink, ChatOptions, ChatRequest, ChatResponse, ChatStream, ChatStreamEvent, FrameCtx,
    RawFrameRef, StreamEnd,
};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, Error, ModelIden, ServiceTarget};
use serde_json::{Value, json};
use std::sync::Mutex;
use tracing::Dispatch;
use tracing::instrument::WithSubscriber;

fn target(kind: AdapterKind, base_url: &str, model: &'static str) -> ServiceTarget {
    ServiceTarget {
        endpoint: Endpoint::from_owned(format!("{base_url}/")),
        auth: AuthData::from_single("none"),
        model: ModelIden::from_static(kind, model),
    }
}

fn options() -> ChatOptions {
    ChatOptions::default().with_capture_raw_body(true).with_capture_usage(true).with_capture_tool_calls(true)
}

fn client() -> Client {
    Client::new().expect("a client")
}

/// A call as a program makes it that keeps the raw body.
async fn ask(server: &OpenAi, options: ChatOptions) -> Result<ChatResponse, Error> {
    let target = target(AdapterKind::OpenAI, &server.base_url(), "gpt-4o");
    client().exec_chat(target, ChatRequest::from_user("Umbrella?"), Some(&options)).await
}

async fn open(server: &OpenAi, options: ChatOptions) -> Result<ChatStream, Error> {
    let target = target(AdapterKind::OpenAI, &server.base_url(), "gpt-4o");
    let request = ChatRequest::from_user("Umbrella?");
    client().exec_chat_stream(target, request, Some(&options)).await.map(|answer| answer.stream)
}

fn rain() -> Reply {
    Reply::text("It will rain.").usage(1_000, 500).cached(400).reasoning(100)
}

/// With genai's own spans, or as where it is built without its feature `otel`.
async fn shown<T>(its_spans: bool, call: impl Future<Output = T>) -> T {
    if its_spans { call.await } else { call.with_subscriber(Dispatch::none()).await }
}

/// 600 × 2.50 + 400 × 1.25 + 500 × 10 USD for a million: 0.007.
fn check_figures(call: &RecordedSpan) {
    assert_eq!(call.int("llm.token_count.prompt"), Some(1_000));
    assert_eq!(call.int("llm.token_count.completion"), Some(500));
    assert_eq!(call.int("llm.token_count.prompt_details.cache_read"), Some(400));
    assert_eq!(call.int("llm.token_count.completion_details.reasoning"), Some(100));
    assert_eq!(call.text("llm.finish_reason"), Some("stop"));
    assert_eq!(call.double("cost.self_usd"), Some(0.007));
}

#[tokio::test]
async fn its_own_span_of_a_whole_call_is_a_step() {
    let server = OpenAi::answering(|_| rain()).expect("a port");
    let recording = record();
    agentspan::agent("a").session("s-1").run(ask(&server, ChatOptions::default())).await.expect("a reply");
    assert_eq!(recording.tree(), "agent.a ok completed $0.007\n  chat gpt-4o ok 1000→500 $0.007\n");
    let call = the(&recording, "chat gpt-4o");
    check_figures(&call);
    assert_eq!(call.text("llm.model_name"), Some("gpt-4o-2024-08-06"));
    assert_eq!(call.text("session.id"), Some("s-1"));
    assert_eq!(call.text("server.address"), Some("127.0.0.1"));
    assert_eq!(recording.books().total.calls, 1);
}

#[tokio::test]
async fn its_own_spans_are_added_up_whatever_is_kept_or_wanted() {
    let server = OpenAi::answering(|_| rain()).expect("a port");
    let settings =
        [agentspan::builder().with_sampling_ratio(0.0), agentspan::builder().with_span_filter("off")];
    for settings in settings {
        let recording = record_with(settings);
        agentspan::agent("a").run(ask(&server, ChatOptions::default())).await.expect("a reply");
        let stream = open(&server, options()).await.expect("a stream");
        assert!(stream.count().await > 2);
        let total = recording.books().total;
        assert_eq!((total.calls, total.unpriced_calls, total.usd.to_string().as_str()), (2, 0, "0.014"));
        assert!(recording.spans().iter().all(|span| span.name() == "agent.a"));
    }
}

#[tokio::test]
async fn its_own_span_of_a_stream_lasts_as_long_as_the_stream() {
    let server = OpenAi::answering(|_| rain()).expect("a port");
    let recording = record();
    let run = agentspan::agent("a").run(async {
        let mut stream = open(&server, options()).await?;
        while let Some(event) = stream.next().await {
            event?;
        }
        Ok::<_, Error>(())
    });
    run.await.expect("a stream");
    assert_eq!(recording.tree(), "agent.a ok completed $0.007\n  chat gpt-4o ok 1000→500 $0.007\n");
    let call = the(&recording, "chat gpt-4o");
    check_figures(&call);
    assert_eq!(call.bool("llm.streaming"), Some(true));
    assert_eq!(call.text("llm.stream_end"), Some("complete"));
    assert!(call.double("llm.time_to_first_chunk_s").is_some_and(|seconds| seconds > 0.0));
}

#[tokio::test]
async fn its_own_span_tells_of_a_refusal() {
    let server =
        OpenAi::answering(|_| Reply::error(429, "rate_limit_exceeded", "Slow down.")).expect("a port");
    let recording = record();
    ask(&server, options()).await.expect_err("refused");
    assert_eq!(recording.tree(), "chat gpt-4o error 429 cost:unknown\n");

    let recording = record();
    let events: Vec<_> = open(&server, options()).await.expect("nothing is sent yet").collect().await;
    assert!(matches!(events[..], [Ok(ChatStreamEvent::Start), Err(_)]));
    assert_eq!(recording.tree(), "chat gpt-4o error web_stream cut cost:unknown\n");
}

#[tokio::test]
async fn its_own_span_tells_of_a_stream_that_nobody_read_to_its_end() {
    let server = OpenAi::script([rain()]).expect("a port");
    let recording = record();
    let mut stream = open(&server, options()).await.expect("a stream");
    for _ in 0..2 {
        stream.next().await.expect("an item").expect("an event");
    }
    drop(stream);
    assert_eq!(recording.tree(), "chat gpt-4o cancelled abandoned cost:unknown\n");
}

#[tokio::test]
async fn its_own_span_tells_of_a_stream_that_was_cut() {
    let server = OpenAi::script([rain().cut_after(2)]).expect("a port");
    let recording = record();
    let mut stream = open(&server, options()).await.expect("a stream");
    while let Some(event) = stream.next().await {
        if event.is_err() {
            break;
        }
    }
    drop(stream);
    assert_eq!(recording.tree(), "chat gpt-4o error web_stream cut cost:unknown\n");
}

#[tokio::test]
async fn a_step_reads_the_raw_body_that_the_reply_carries() {
    let reply = Reply::tool_call("get_weather", &json!({"city": "Ulm"})).usage(1_000, 500).cached(400);
    let server = OpenAi::answering(move |_| reply.clone()).expect("a port");
    for its_spans in [false, true] {
        let recording = record();
        agentspan::llm("openai", "gpt-4o")
            .call(shown(its_spans, ask(&server, options())))
            .await
            .expect("a reply");
        assert_eq!(recording.spans().len(), if its_spans { 2 } else { 1 });
        let call = the(&recording, "llm.openai.gpt-4o");
        assert_eq!(call.int("llm.token_count.prompt_details.cache_read"), Some(400));
        assert_eq!(call.text("llm.model_name"), Some("gpt-4o-2024-08-06"));
        assert!(call.text("llm.response.id").is_some_and(|id| id.starts_with("chatcmpl-")));
        assert_eq!(call.text("llm.finish_reason"), Some("tool_calls"));
        assert_eq!(call.text("llm.service_tier"), Some("default"));
        assert_eq!(call.texts("llm.tool_call_names"), Some(vec!["get_weather"]));
        assert_eq!(call.double("cost.self_usd"), Some(0.007));
        let books = recording.books();
        assert_eq!((books.total.calls, books.total.usd.to_string().as_str()), (1, "0.007"));
    }
}

/// A server that answers everything with one body.
fn serving(body: Value) -> Server {
    let headers = [("content-type", "application/json")];
    Server::start(move |_, exchange| exchange.respond(200, &headers, body.to_string().as_bytes()))
        .expect("a port")
}

#[tokio::test]
async fn a_step_reads_the_raw_body_of_every_provider() {
    let gemini = json!({
        "candidates": [{"content": {"role": "model", "parts": [{"text": "It will rain."}]}, "finishReason": "STOP"}],
        "usageMetadata": {
            "promptTokenCount": 1_000, "candidatesTokenCount": 400, "thoughtsTokenCount": 100, "totalTokenCount": 1_500,
            "cachedContentTokenCount": 400,
        },
        "modelVersion": "gemini-2.5-flash", "responseId": "g-1",
    });
    let cases = [
        (
            "anthropic",
            AdapterKind::Anthropic,
            "claude-3-5-sonnet-20241022",
            anthropic_reply(),
            "tool_use",
            [12_100, 200],
            0.0138,
        ),
        // 600 × 0.30 + 400 × 0.03 + 500 × 2.50 USD for a million.
        ("gemini", AdapterKind::Gemini, "gemini-2.5-flash", gemini, "STOP", [1_000, 500], 0.001442),
    ];
    for (provider, kind, model, body, finish, tokens, usd) in cases {
        let id =
            [&body["id"], &body["responseId"]].into_iter().find_map(Value::as_str).expect("an id").to_owned();
        let server = serving(body);
        for its_spans in [false, true] {
            let recording = record();
            let target = target(kind, &format!("http://{}/v1", server.address()), model);
            let (client, options) = (client(), options());
            let call = client.exec_chat(target, ChatRequest::from_user("Umbrella?"), Some(&options));
            agentspan::llm(provider, model).call(shown(its_spans, call)).await.expect("a reply");
            let span =
                recording.spans().into_iter().find(|span| span.name().starts_with("llm.")).expect("the step");
            assert_eq!(span.text("llm.response.id"), Some(id.as_str()));
            assert_eq!(span.text("llm.finish_reason"), Some(finish));
            let read = ["llm.token_count.prompt", "llm.token_count.completion"].map(|name| span.int(name));
            assert_eq!(read, tokens.map(Some), "{provider}");
            assert_eq!(span.double("cost.self_usd"), Some(usd), "{provider}");
            assert_eq!(recording.books().total.calls, 1);
        }
    }
}

#[tokio::test]
async fn without_the_raw_body_a_step_reads_what_the_types_hold() {
    let server = OpenAi::answering(|_| rain()).expect("a port");
    let recording = record();
    agentspan::llm("openai", "gpt-4o")
        .call(shown(false, ask(&server, ChatOptions::default())))
        .await
        .expect("a reply");
    let call = the(&recording, "llm.openai.gpt-4o");
    check_figures(&call);
    assert_eq!(call.text("llm.model_name"), Some("gpt-4o-2024-08-06"));
    assert_eq!(call.text("llm.response.id"), None, "genai keeps it of OpenAI's Responses alone");
}

#[tokio::test]
async fn a_step_reads_a_stream_that_ends_with_what_was_captured() {
    let reply = Reply::tool_call("get_weather", &json!({"city": "Ulm"})).usage(1_000, 500).cached(400);
    let server = OpenAi::answering(move |_| reply.clone()).expect("a port");
    for its_spans in [false, true] {
        let recording = record();
        let stream = agentspan::llm("openai", "gpt-4o")
            .stream(shown(its_spans, open(&server, options())))
            .await
            .expect("a stream");
        let events: Vec<_> = stream.collect().await;
        assert!(matches!(events.last(), Some(Ok(ChatStreamEvent::End(_)))));
        let call = the(&recording, "llm.openai.gpt-4o");
        assert_eq!(call.text("llm.stream_end"), Some("complete"));
        assert_eq!(call.text("llm.finish_reason"), Some("tool_calls"));
        assert_eq!(call.texts("llm.tool_call_names"), Some(vec!["get_weather"]));
        assert_eq!(call.double("cost.self_usd"), Some(0.007));
        assert_eq!(call.int("llm.token_count.prompt_details.cache_read"), Some(400));
        let books = recording.books();
        assert_eq!((books.total.calls, books.total.usd.to_string().as_str()), (1, "0.007"));
    }
}

#[tokio::test]
async fn a_step_tells_of_refusals_cuts_and_streams_that_were_abandoned() {
    let server =
        OpenAi::answering(|_| Reply::error(429, "rate_limit_exceeded", "Slow down.")).expect("a port");
    let recording = record();
    agentspan::llm("openai", "gpt-4o").call(ask(&server, options())).await.expect_err("refused");
    assert_eq!(recording.tree(), "llm.openai.gpt-4o error 429 cost:unknown\n  chat gpt-4o error 429\n");
    drop(recording);
    let recording = record();
    let call = shown(false, ask(&server, options()));
    agentspan::llm("openai", "gpt-4o").call(call).await.expect_err("refused");
    assert_eq!(recording.tree(), "llm.openai.gpt-4o error genai::Error cost:unknown\n");

    let cases = [
        (Reply::error(429, "rate_limit_exceeded", "Slow down."), usize::MAX, "error web_stream cut"),
        (rain().cut_after(2), usize::MAX, "error web_stream cut"),
        (rain(), 2, "cancelled abandoned"),
    ];
    for (reply, events, ending) in cases {
        let server = OpenAi::script([reply]).expect("a port");
        let recording = record();
        let mut stream =
            agentspan::llm("openai", "gpt-4o").stream(open(&server, options())).await.expect("a stream");
        for _ in 0..events {
            if stream.next().await.is_none_or(|event| event.is_err()) {
                break;
            }
        }
        drop(stream);
        let tree = recording.tree();
        assert!(tree.starts_with(&format!("llm.openai.gpt-4o {ending} cost:unknown\n")), "{tree}");
        assert_eq!(recording.books().total.calls, 1);
    }
}

/// Hands genai's raw frames to an exchange.
struct Frames(Mutex<Option<Exchange>>);

impl ChatFrameSink for Frames {
    fn on_frame(&self, _: &FrameCtx, frame: RawFrameRef<'_>) {
        if let Some(exchange) = self.0.lock().expect("no panic").as_mut() {
            exchange.answered(200);
            exchange.push(format!("data: {}\n\n", frame.data).as_bytes());
        }
    }

    fn on_end(&self, _: &FrameCtx, _: &StreamEnd) {
        self.0.lock().expect("no panic").take().into_iter().for_each(Exchange::finish);
    }

    fn on_error(&self, _: &FrameCtx, error: &Error) {
        self.0.lock().expect("no panic").take().into_iter().for_each(|exchange| exchange.fail(error));
    }
}

#[tokio::test]
async fn an_exchange_reads_everything_from_the_raw_frames_of_a_stream() {
    let server = OpenAi::answering(|_| rain()).expect("a port");
    let url = "https://api.openai.com/v1/chat/completions";
    for events in [usize::MAX, 2] {
        let recording = record();
        let request = br#"{"model": "gpt-4o"}"#;
        let frames = Frames(Mutex::new(Some(Observer::new().begin("POST", url, Some(request)))));
        let opened = shown(false, open(&server, options().with_raw_frame_sink(frames)));
        let stream = opened.await.expect("a stream");
        let read = stream.take(events).count().await;
        assert!(read <= events && read > 1);
        let call = the(&recording, "llm.openai.gpt-4o");
        assert_eq!(call.text("llm.stream_end"), Some(if events == 2 { "abandoned" } else { "complete" }));
        assert_eq!(call.text("llm.model_name"), Some("gpt-4o-2024-08-06"));
        assert!(call.text("llm.response.id").is_some());
        assert_eq!(recording.books().total.calls, 1);
        if events > 2 {
            check_figures(&call);
        }
    }
}

#[tokio::test]
async fn a_step_of_embeddings_reads_what_the_types_hold() {
    let body = json!({
        "object": "list", "model": "text-embedding-3-small",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25, 0.125]}],
        "usage": {"prompt_tokens": 1_000, "total_tokens": 1_000},
    });
    let server = serving(body);
    for its_spans in [false, true] {
        let recording = record();
        let model = "text-embedding-3-small";
        let target = target(AdapterKind::OpenAI, &format!("http://{}/v1", server.address()), model);
        let client = client();
        let call = shown(its_spans, client.embed(target, "rain", None));
        agentspan::embedding("openai", model).call(call).await.expect("a vector");
        let call =
            recording.spans().into_iter().find(|span| span.name().contains("llm.openai")).expect("the step");
        assert_eq!(call.int("llm.token_count.prompt"), Some(1_000));
        assert_eq!(
            (call.int("embedding.input_count"), call.int("embedding.dimension_count")),
            (Some(1), Some(3))
        );
        assert_eq!(call.double("cost.self_usd"), Some(0.00002));
        assert_eq!(recording.books().total.calls, 1);
    }
}
