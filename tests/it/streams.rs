//! Streamed replies: passed on untouched, read on the way, ended truthfully.

use crate::fixtures::{
    anthropic_events, openai_chunk, openai_chunks, stream_gpt_4o, stream_of, the, tree, until,
};
use agentspan::testing::{RecordedSpan, Recording, record, record_with};
use futures_util::{FutureExt, Stream, StreamExt};
use serde_json::{Value, json};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

type Item = Result<Value, String>;

/// Reads a stream to its end through a model call.
async fn read(provider: &str, stream: impl Stream<Item = Item> + Unpin) -> (Recording, Vec<Item>) {
    let recording = record();
    let stream =
        agentspan::llm(provider, "gpt-4o").stream(async { Ok::<_, String>(stream) }).await.expect("it opens");
    let items = Box::pin(stream).collect().await;
    (recording, items)
}

fn span(recording: &Recording) -> RecordedSpan {
    recording.spans().remove(0)
}

#[tokio::test]
async fn a_stream_of_openai_is_passed_on_untouched_and_read() {
    let (recording, items) = read("openai", stream_of(openai_chunks())).await;
    assert_eq!(items, openai_chunks().into_iter().map(Ok).collect::<Vec<_>>());
    assert_eq!(tree(&recording), "llm.openai.gpt-4o ok 9→4 $0.0000625");
    let span = span(&recording);
    assert_eq!(span.bool("llm.streaming"), Some(true));
    assert_eq!(span.int("llm.chunk_count"), Some(5));
    assert_eq!(span.text("llm.stream_end"), Some("complete"));
    assert_eq!(span.text("llm.finish_reason"), Some("stop"));
    assert_eq!(span.text("llm.model_name"), Some("gpt-4o-2024-08-06"));
    assert_eq!(span.text("llm.response.id"), Some("chatcmpl-1"));
    let first = span.double("llm.time_to_first_chunk_s").expect("it is told");
    assert!((0.0..=span.duration().as_secs_f64()).contains(&first), "{first}");
    assert_eq!(span.failure(), None);
}

#[tokio::test]
async fn a_failure_that_the_provider_does_not_explain_is_told_by_its_class() {
    let recording = record_with(agentspan::builder().with_content(true));
    let response = json!({"object": "response", "status": "failed", "error": null});
    let items = stream_of(vec![json!({"type": "response.failed", "response": response})]);
    let call = agentspan::llm("openai", "gpt-4o").stream(async { Ok::<_, String>(items) });
    let _: Vec<Item> = call.await.expect("it opens").collect().await;
    let span = span(&recording);
    assert_eq!(span.failure(), Some("_OTHER"));
    assert_eq!(span.event_text("exception", "exception.message"), None);
}

#[tokio::test]
async fn counts_of_a_stream_that_broke_off_are_what_it_cost_at_least() {
    let candidate = |index: u32, reason: Value| {
        let content = json!({"role": "model", "parts": [{"text": "It"}]});
        json!({"index": index, "content": content, "finishReason": reason})
    };
    let (open, ended) = (json!(null), json!("STOP"));
    for (candidates, expected) in [
        (vec![candidate(0, open.clone())], "partial"),
        (vec![candidate(0, ended.clone())], "known"),
        (vec![candidate(0, ended.clone()), candidate(1, open)], "partial"),
        (vec![candidate(0, ended.clone()), candidate(1, ended)], "known"),
    ] {
        let recording = record();
        let usage = json!({"promptTokenCount": 1000, "candidatesTokenCount": 10});
        let items = stream_of(vec![json!({"candidates": candidates, "usageMetadata": usage})]);
        let call = agentspan::llm("google", "gemini-2.5-flash").stream(async { Ok::<_, String>(items) });
        let _: Vec<Item> = call.await.expect("it opens").collect().await;
        let span = span(&recording);
        assert_eq!(
            (span.text("cost.status"), span.double("cost.self_usd")),
            (Some(expected), Some(0.000_325))
        );
        assert_eq!(span.texts("cost.missing"), (expected == "partial").then(|| vec!["rest"]));
    }
}

#[tokio::test]
async fn trap_the_usage_of_message_delta_replaces_and_is_not_added() {
    let (recording, items) = read("anthropic", stream_of(anthropic_events())).await;
    assert_eq!(items.len(), 7);
    let span = span(&recording);
    assert_eq!(span.int("llm.token_count.prompt"), Some(25));
    assert_eq!(span.int("llm.token_count.completion"), Some(15), "and not 16");
    assert_eq!(span.text("llm.stream_end"), Some("complete"));
    assert_eq!(span.text("llm.finish_reason"), Some("end_turn"));
    assert_eq!(span.text("llm.finish_class"), Some("stop"));
}

#[tokio::test]
async fn trap_a_stream_without_usage_is_unknown_and_not_zero() {
    let mut chunks = openai_chunks();
    chunks.pop();
    let (recording, _) = read("openai", stream_of(chunks)).await;
    assert_eq!(tree(&recording), "llm.openai.gpt-4o ok cost:unknown");
    let span = span(&recording);
    assert_eq!(span.int("llm.token_count.prompt"), None);
    assert_eq!(span.double("cost.self_usd"), None);
    assert_eq!(span.texts("cost.missing"), Some(vec!["usage"]));
}

#[tokio::test]
async fn a_stream_that_ends_before_the_provider_said_so_was_cut() {
    let mut chunks = openai_chunks();
    chunks.truncate(3);
    let (recording, items) = read("openai", stream_of(chunks)).await;
    assert_eq!(items.len(), 3);
    assert_eq!(tree(&recording), "llm.openai.gpt-4o error stream_cut cut cost:unknown");
    assert_eq!(span(&recording).int("llm.chunk_count"), Some(3));
}

#[tokio::test]
async fn a_stream_that_fails_was_cut_by_its_error() {
    let items = openai_chunks().into_iter().take(2).map(Ok).chain([Err("connection reset".to_owned())]);
    let (recording, items) = read("openai", futures_util::stream::iter(items.collect::<Vec<_>>())).await;
    assert_eq!(items[2], Err("connection reset".into()), "the caller sees the error");
    assert_eq!(tree(&recording), "llm.openai.gpt-4o error _OTHER cut cost:unknown");
    assert_eq!(span(&recording).int("llm.chunk_count"), Some(2));
}

#[tokio::test]
async fn a_stream_that_times_out_is_a_timeout() {
    let recording = record();
    let items = [Ok(openai_chunks().remove(0)), Err(std::io::Error::from(std::io::ErrorKind::TimedOut))];
    let stream = agentspan::llm("openai", "gpt-4o")
        .stream(async { Ok::<_, String>(futures_util::stream::iter(items)) })
        .await
        .unwrap();
    stream.collect::<Vec<_>>().await;
    assert_eq!(tree(&recording), "llm.openai.gpt-4o timeout timeout cut cost:unknown");
}

#[tokio::test]
async fn an_error_of_the_provider_inside_a_stream_is_the_calls_failure() {
    let error = json!({"error": {"message": "Overloaded", "type": "server_error", "code": "overloaded"}});
    let chunks = vec![openai_chunks().remove(0), error];
    let (recording, items) = read("openai", stream_of(chunks)).await;
    assert_eq!(items.len(), 2);
    assert_eq!(tree(&recording), "llm.openai.gpt-4o error overloaded cut cost:unknown");
}

#[tokio::test]
async fn trap_an_abandoned_stream_says_so_and_keeps_what_was_read() {
    let recording = record();
    let mut stream = agentspan::llm("anthropic", "claude-3-5-sonnet-20241022")
        .stream(async { Ok::<_, String>(stream_of::<String>(anthropic_events())) })
        .await
        .unwrap();
    for _ in 0..4 {
        stream.next().await.unwrap().unwrap();
    }
    drop(stream);
    let span = span(&recording);
    assert_eq!(span.text("agent.outcome"), Some("cancelled"));
    assert_eq!(span.text("llm.stream_end"), Some("abandoned"));
    assert_eq!(span.failure(), None, "nobody failed");
    assert_eq!(span.int("llm.chunk_count"), Some(4));
    assert_eq!(span.int("llm.token_count.prompt"), Some(25));
    assert_ne!(span.int("llm.token_count.completion"), Some(0));
}

#[tokio::test]
async fn a_stream_dropped_after_its_last_word_is_complete() {
    let recording = record();
    let mut stream = stream_gpt_4o().await;
    for _ in 0..5 {
        stream.next().await.unwrap().unwrap();
    }
    drop(stream);
    assert_eq!(tree(&recording), "llm.openai.gpt-4o ok 9→4 $0.0000625");
}

#[tokio::test]
async fn a_stream_that_was_never_read_was_abandoned() {
    let recording = record();
    let stream = stream_gpt_4o().await;
    drop(stream);
    assert_eq!(tree(&recording), "llm.openai.gpt-4o cancelled abandoned cost:unknown");
}

#[tokio::test]
async fn a_request_that_fails_opens_no_stream() {
    let recording = record();
    let opened = agentspan::llm("openai", "gpt-4o")
        .stream(async { Err::<futures_util::stream::Empty<Item>, _>("refused".to_owned()) })
        .await;
    assert_eq!(opened.err(), Some("refused".to_owned()));
    assert_eq!(tree(&recording), "llm.openai.gpt-4o error _OTHER cost:unknown");
}

#[tokio::test]
async fn a_request_that_is_dropped_before_the_stream_began_was_cancelled() {
    let recording = record();
    let call = agentspan::llm("openai", "gpt-4o")
        .stream(std::future::pending::<Result<futures_util::stream::Empty<Item>, String>>());
    let mut call = Box::pin(call);
    assert!(futures_util::poll!(&mut call).is_pending());
    drop(call);
    assert_eq!(tree(&recording), "llm.openai.gpt-4o cancelled cost:unknown");
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_time_is_for_the_stream_to_begin() {
    let recording = record();
    let never = std::future::pending::<Result<futures_util::stream::Empty<Item>, String>>();
    let opened = agentspan::llm("openai", "gpt-4o").timeout(Duration::from_secs(9)).stream(never).await;
    assert_eq!(opened.err(), Some("not finished after 9s".to_owned()));
    assert_eq!(tree(&recording), "llm.openai.gpt-4o timeout timeout cost:unknown");
}

struct Panics;

impl Stream for Panics {
    type Item = Item;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Item>> {
        std::panic::panic_any(7_u8)
    }
}

#[tokio::test]
async fn a_stream_that_panics_is_recorded_and_the_panic_passed_on() {
    let recording = record();
    let chunks = stream_of(openai_chunks()).take(2).chain(Panics);
    let stream =
        agentspan::llm("openai", "gpt-4o").stream(async { Ok::<_, String>(chunks) }).await.expect("it opens");
    let payload = AssertUnwindSafe(stream.collect::<Vec<_>>()).catch_unwind().await.expect_err("it panicked");
    assert_eq!(payload.downcast_ref::<u8>(), Some(&7));
    assert_eq!(tree(&recording), "llm.openai.gpt-4o panicked panic cut cost:unknown");
}

/// Gives a chunk every 50 ms.
fn slow_chunks() -> impl Stream<Item = Item> + Unpin {
    let slow = |chunk| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Ok(chunk)
    };
    Box::pin(futures_util::stream::iter(openai_chunks()).then(slow))
}

/// The bridge of tracing would end the span when the request had been answered, before the first chunk.
#[tokio::test]
async fn trap_a_stream_is_as_long_as_it_took_to_read() {
    let (recording, _) = read("openai", slow_chunks()).await;
    let span = span(&recording);
    assert!(span.duration() >= Duration::from_millis(250), "{:?}", span.duration());
    let first = span.double("llm.time_to_first_chunk_s").unwrap();
    assert!((0.05..span.duration().as_secs_f64()).contains(&first), "{first}");
}

#[tokio::test]
async fn a_stream_ends_with_its_last_item_and_not_when_it_is_dropped() {
    let recording = record();
    let mut stream = stream_gpt_4o().await;
    while stream.next().await.is_some() {}
    tokio::time::sleep(Duration::from_millis(400)).await;
    drop(stream);
    assert!(span(&recording).duration() < Duration::from_millis(400));
}

/// Gives what is there and then waits for ever.
struct ThenNothing(Option<Value>);

impl Stream for ThenNothing {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Item>> {
        self.0.take().map_or(Poll::Pending, |item| Poll::Ready(Some(Ok(item))))
    }
}

#[tokio::test]
async fn a_chunk_is_passed_on_at_once() {
    let _recording = record();
    let first = openai_chunks().remove(1);
    let source = ThenNothing(Some(first.clone()));
    let mut stream =
        agentspan::llm("openai", "gpt-4o").stream(async { Ok::<_, String>(source) }).await.unwrap();
    assert_eq!(futures_util::poll!(stream.next()), Poll::Ready(Some(Ok(first))));
    assert!(futures_util::poll!(stream.next()).is_pending());
}

#[tokio::test]
async fn what_is_done_between_two_chunks_stands_beside_the_call() {
    let recording = record();
    agentspan::agent("a")
        .run(async {
            let mut stream = stream_gpt_4o().await;
            while let Some(chunk) = stream.next().await {
                chunk?;
                if agentspan::current_run().tool_call_count() == 0 {
                    agentspan::tool("t").run(async { Ok::<_, String>(()) }).await?;
                }
            }
            Ok::<_, String>(())
        })
        .await
        .unwrap();
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed $0.0000625
      llm.openai.gpt-4o ok 9→4 $0.0000625
      tool.t ok
    ");
}

#[tokio::test]
async fn a_stream_that_outlives_its_run_is_part_of_its_sums() {
    let recording = record();
    let stream = agentspan::agent("a").run_ok(stream_gpt_4o()).await;
    assert_eq!(recording.tree(), "", "the run waits for its stream");
    stream.collect::<Vec<_>>().await;
    until(|| recording.spans().len() == 2).await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed $0.0000625
      llm.openai.gpt-4o ok 9→4 $0.0000625
    ");
}

#[tokio::test]
async fn tool_calls_are_put_together_from_chunks_and_linked() {
    let call = |arguments: &str, first: bool| {
        let mut part = json!({"index": 0, "function": {"arguments": arguments}});
        if first {
            part["id"] = "call_1".into();
            part["function"]["name"] = "get_weather".into();
        }
        openai_chunk(json!({"tool_calls": [part]}), None)
    };
    let chunks = vec![
        call("", true),
        call("{\"city\":", false),
        call("\"Ulm\"}", false),
        openai_chunk(json!({}), Some("tool_calls")),
    ];
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            let stream = agentspan::llm("openai", "gpt-4o")
                .stream(async { Ok::<_, String>(stream_of::<String>(chunks)) })
                .await
                .unwrap();
            stream.collect::<Vec<_>>().await;
            agentspan::tool("get_weather").call_id("call_1").run_ok(async {}).await;
        })
        .await;
    let model = the(&recording, "llm.openai.gpt-4o");
    assert_eq!(model.texts("llm.tool_call_names"), Some(vec!["get_weather"]));
    assert_eq!(model.text("llm.finish_class"), Some("tool_call"));
    assert_eq!(the(&recording, "tool.get_weather").links(), [model.span_id()]);
}

#[tokio::test]
async fn chunks_of_plain_text_are_counted() {
    let (recording, _) = read("ollama", stream_of(vec![json!("It will "), json!("rain.")])).await;
    let span = span(&recording);
    assert_eq!(span.int("llm.chunk_count"), Some(2));
    assert_eq!(span.int("llm.output_size"), Some(13));
    assert_eq!(span.text("llm.stream_end"), Some("complete"));
}

#[tokio::test]
async fn an_empty_stream_was_cut() {
    let (recording, _) = read("openai", stream_of(vec![])).await;
    assert_eq!(tree(&recording), "llm.openai.gpt-4o error stream_cut cut cost:unknown");
    let span = span(&recording);
    assert_eq!((span.int("llm.chunk_count"), span.double("llm.time_to_first_chunk_s")), (Some(0), None));
}

#[expect(dead_code, reason = "compiled to hold that a streamed call may be spawned")]
fn a_streamed_call_is_send(request: Value) -> impl Send {
    async move {
        let stream = agentspan::llm("openai", "gpt-4o")
            .request(&request)
            .stream(async { Ok::<_, String>(stream_of::<String>(openai_chunks())) })
            .await
            .unwrap();
        stream.collect::<Vec<_>>().await;
    }
}
