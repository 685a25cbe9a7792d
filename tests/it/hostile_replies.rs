//! Bodies of replies that nobody should send, as the public reader and the observer of HTTP exchanges read them.

use agentspan::adapters::Observer;
use agentspan::testing::{RecordedSpan, record};
use agentspan::usage::{Reply, ReplyReader};

const CHAT: &str = "https://api.openai.com/v1/chat/completions";

fn read(body: &str) -> Reply {
    let mut reader = ReplyReader::new("openai").status(200).with_content(true).with_places(true);
    reader.push(body.as_bytes());
    reader.finish()
}

/// One exchange whose reply is this.
pub(crate) fn observe(url: &str, status: u16, body: &[u8]) {
    let mut exchange = Observer::new().begin("POST", url, None);
    exchange.answered(status);
    body.chunks(1_000).for_each(|piece| exchange.push(piece));
    exchange.finish();
}

/// What holds for the span of any exchange: its figures are sane or absent.
pub(crate) fn check_span(span: &RecordedSpan, shown: &str) {
    for key in ["llm.token_count.prompt", "llm.token_count.completion", "llm.token_count.total"] {
        let count = span.int(key);
        assert!(count.is_none_or(|count| (0..1 << 33).contains(&count)), "{key} is {count:?}: {shown}");
    }
    let cost = span.double("cost.self_usd");
    assert!(cost.is_none_or(|cost| cost.is_finite() && cost >= 0.0), "{cost:?}: {shown}");
    let is_unknown = span.text("cost.status") == Some("unknown");
    assert_eq!(cost.is_none(), is_unknown, "unknown is not zero: {shown}");
}

#[test]
fn counts_that_are_no_counts_are_absent_and_have_no_price() {
    for wrong in ["-1", "1.5", "1e30", "-1e308", "18446744073709551615", "\"NaN\"", "\"many\"", "null", "[9]"]
    {
        let body = format!(
            "{{\"model\":\"gpt-4o\",\"choices\":[],\"usage\":{{\"prompt_tokens\":{wrong},\"completion_tokens\":{wrong}}}}}"
        );
        let reply = read(&body);
        let counts = reply.usage.map(|usage| usage.counts()).unwrap_or_default();
        assert!(counts.is_empty(), "{wrong}: {counts:?}");
        let recording = record();
        observe(CHAT, 200, body.as_bytes());
        assert_eq!(recording.spans()[0].to_string(), "llm.openai.unknown ok cost:unknown", "{wrong}");
    }
    // What some servers write, and what is no JSON at all.
    let model = Some("gpt-4o");
    let cases =
        [("NaN", model), ("Infinity", model), ("1e999", model), ("0x10", None), ("+5", None), (".5", None)];
    for (wrong, model) in cases {
        let body = format!("{{\"model\":\"gpt-4o\",\"choices\":[],\"usage\":{{\"prompt_tokens\":{wrong}}}}}");
        let reply = read(&body);
        assert_eq!((reply.usage, reply.model.as_deref()), (None, model), "{wrong}");
    }
}

#[test]
fn what_is_no_reply_is_a_call_without_figures_or_the_failure_that_its_status_says() {
    let deep_list = format!("{{\"choices\":{}", "[".repeat(100_000));
    let deep_map = "{\"a\":".repeat(100_000);
    let deep_event = format!("data: {}\n\n", "[".repeat(100_000));
    let closed = format!("{{\"usage\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let html = "<!doctype html><html><body>502 Bad Gateway</body></html>";
    let bodies: [&[u8]; 9] = [
        b"",
        html.as_bytes(),
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
        b"\xff\xfe\x00\x01",
        b"null",
        deep_list.as_bytes(),
        deep_map.as_bytes(),
        deep_event.as_bytes(),
        closed.as_bytes(),
    ];
    for (number, body) in bodies.into_iter().enumerate() {
        let recording = record();
        observe(CHAT, 200, body);
        observe(CHAT, 502, body);
        let spans = recording.spans();
        let good = spans[0].to_string();
        let is_stream = body.starts_with(b"data:");
        let expected = if is_stream { "error stream_cut cut" } else { "ok" };
        assert_eq!(good, format!("llm.openai.unknown {expected} cost:unknown"), "body {number}");
        assert_eq!(spans[1].text("error.type"), Some("502"), "body {number}");
        assert_eq!(
            spans[1].double("cost.self_usd"),
            Some(0.0),
            "a refused call costs nothing: body {number}"
        );
    }
}

#[test]
fn a_refusal_that_is_written_as_a_stream_costs_nothing_unless_output_came_first() {
    let refusal = "data: {\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"Slow down.\"}}\n\n";
    let output = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Rain\"}}]}\n\n";
    let recording = record();
    observe(CHAT, 429, refusal.as_bytes());
    observe(CHAT, 200, refusal.as_bytes());
    observe(CHAT, 429, format!("{output}{refusal}").as_bytes());
    let costs: Vec<_> = recording.spans().iter().map(|span| span.double("cost.self_usd")).collect();
    assert_eq!(costs, [Some(0.0), None, None]);
    let has_class = |span: &RecordedSpan| span.text("error.type") == Some("rate_limit_exceeded");
    assert!(recording.spans().iter().all(has_class), "{}", recording.tree());
}

#[cfg(feature = "tower")]
mod through_tower {
    use super::CHAT;
    use crate::families::bodies;
    use agentspan::adapters::tower::ClientLayer;
    use agentspan::testing::record;
    use bytes::Bytes;
    use http::{Request, Response};
    use http_body::Frame;
    use http_body_util::{BodyExt, Full, StreamBody};
    use std::convert::Infallible;
    use tower::{Layer, ServiceExt, service_fn};

    /// Sends a body in these pieces and gives the pieces that the caller has read.
    async fn pass(pieces: Vec<Bytes>) -> Vec<Bytes> {
        let answer = service_fn(move |_: Request<Full<Bytes>>| {
            let frames = pieces.clone().into_iter().map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
            let body = StreamBody::new(futures_util::stream::iter(frames));
            async move { Ok::<_, Infallible>(Response::new(body)) }
        });
        let request = Request::post(CHAT).body(Full::default());
        let client = ClientLayer::new().layer(answer);
        let mut body = client.oneshot(request.expect("a request")).await.expect("it answers").into_body();
        let mut seen = Vec::new();
        while let Some(frame) = body.frame().await {
            seen.push(frame.expect("nothing fails").into_data().expect("data"));
        }
        seen
    }

    #[tokio::test]
    async fn the_caller_sees_the_same_pieces_whatever_they_hold() {
        let _recording = record();
        let hostile = [
            b"<html>busy</html>".to_vec(),
            "[".repeat(100_000).into_bytes(),
            "{\"a\":".repeat(100_000).into_bytes(),
            (0..=255).cycle().take(10_000).collect(),
            vec![b' '; 10_000],
            b"\0\0\0\x10\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(),
            vec![b'x'; 9 << 20],
        ];
        for body in bodies().into_iter().chain(hostile) {
            for length in [1, 7, 1_000, body.len()] {
                // In single bytes only what is short, since each is a frame.
                let cut = body.len().min(length.saturating_mul(20_000));
                let pieces: Vec<Bytes> = body[..cut].chunks(length).map(Bytes::copy_from_slice).collect();
                assert_eq!(pass(pieces.clone()).await, pieces, "in pieces of {length}");
            }
        }
    }
}
