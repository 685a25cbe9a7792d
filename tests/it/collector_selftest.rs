//! The collector and the tree of the tests themselves.

use agentspan_tests::client::{Response, post};
use agentspan_tests::span::{Event, Link};
use agentspan_tests::{Answer, Collector, Span, Tree, otlp};
use flate2::{Compression, read::GzEncoder};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use serde_json::json;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

fn three_spans() -> ExportTraceServiceRequest {
    let base = 1_700_000_000_000_000_000;
    otlp::request(
        "weather",
        vec![
            otlp::failed(
                otlp::span(7, 3, 2, base, "tool.get_weather", &[("tool.call_index", json!(1))]),
                "no city",
            ),
            otlp::span(7, 2, 1, base, "llm.openai.gpt-4o", &[("cost.self_usd", json!(0.00157))]),
            otlp::span(
                7,
                1,
                0,
                base,
                "agent.weather",
                &[("agent.outcome", json!("ok")), ("agent.name", json!("w"))],
            ),
        ],
    )
}

fn send(collector: &Collector, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Response> {
    let address: SocketAddr = collector.endpoint()["http://".len()..].parse().expect("an address");
    post(address, "/v1/traces", headers, body)
}

fn send_spans(collector: &Collector) -> io::Result<Response> {
    send(collector, &[PROTOBUF], &three_spans().encode_to_vec())
}

#[test]
fn spans_that_were_accepted_are_drawn_as_a_tree() {
    let collector = Collector::start();
    assert_eq!(send_spans(&collector).expect("an answer").status, 200);
    let spans = collector.wait_for(3, Duration::from_secs(1));
    insta::assert_snapshot!(Tree::of(&spans).show(&["agent.*", "cost.self_usd", "tool.call_index"]), @r#"
    agent.weather {agent.name="w" agent.outcome="ok"}
      llm.openai.gpt-4o {cost.self_usd=0.00157}
        tool.get_weather {tool.call_index=1} error: no city
    "#);
    let root = collector.span("agent.weather");
    assert_eq!(root.trace_id, "00000000000000000000000000000007");
    assert_eq!(root.resource("service.name"), Some(&json!("weather")));
    assert_eq!(root.kind, "internal");
}

#[test]
fn a_child_whose_parent_is_missing_stands_at_the_margin() {
    let collector = Collector::start();
    send_spans(&collector).expect("an answer");
    let mut spans = collector.spans();
    spans.retain(|span| span.name != "llm.openai.gpt-4o");
    assert_eq!(Tree::of(&spans).to_string(), "agent.weather\ntool.get_weather error: no city\n");
}

#[test]
fn events_and_links_have_lines_of_their_own() {
    let span = |id: &str, name: &str| Span { span_id: id.into(), name: name.into(), ..Span::default() };
    let link = |id: &str| Link { span_id: id.into(), ..Link::default() };
    let mut tool = Span { parent_id: Some("1".into()), ..span("2", "tool.a") };
    tool.events = vec![Event { name: "exception".into(), ..Event::default() }];
    tool.links = vec![link("1"), link("9")];
    let tree = Tree::of(&[tool, span("1", "agent.a")]).events().links().to_string();
    assert_eq!(tree, "agent.a\n  tool.a\n    ! exception\n    > agent.a\n    > (elsewhere)\n");
}

#[test]
fn a_key_that_stands_twice_is_found() {
    let pair = |key: &str| (key.to_owned(), json!(1));
    let span = Span { attributes: vec![pair("b"), pair("a"), pair("b"), pair("b")], ..Span::default() };
    assert_eq!(span.repeated_keys(), ["b"]);
}

#[test]
fn a_compressed_request_is_read_like_a_plain_one() {
    let collector = Collector::start();
    let plain = three_spans().encode_to_vec();
    let mut packed = Vec::new();
    GzEncoder::new(plain.as_slice(), Compression::default()).read_to_end(&mut packed).expect("compresses");
    send(&collector, &[PROTOBUF, ("content-encoding", "gzip")], &packed).expect("an answer");
    let request = collector.requests().remove(0);
    assert_eq!((request.wire_size, request.size, request.spans.len()), (packed.len(), plain.len(), 3));
    assert_eq!(request.content_type(), Some("application/x-protobuf"));
}

#[test]
fn what_is_no_otlp_is_refused_and_kept_all_the_same() {
    let collector = Collector::start();
    let check = |headers: &[(&str, &str)], body: &[u8], status: u16| {
        assert_eq!(send(&collector, headers, body).expect("an answer").status, status);
    };
    check(&[("content-type", "application/json")], b"{}", 415);
    check(&[PROTOBUF], b"\xff\xff\xff", 400);
    check(&[PROTOBUF, ("content-encoding", "gzip")], b"no gzip", 400);
    let kept: Vec<_> = collector.requests().iter().map(|request| request.status).collect();
    assert_eq!(kept, [Some(415), Some(400), Some(400)]);
}

#[test]
fn a_script_is_used_up_in_turn_and_then_everything_is_taken() {
    let collector = Collector::script([
        Answer::Status { code: 429, retry_after: Some(3) },
        Answer::status(503),
        Answer::Partial { rejected: 2, message: "too old".into() },
    ]);
    let refused = send_spans(&collector).expect("an answer");
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("3")));
    assert_eq!(send_spans(&collector).expect("an answer").status, 503);
    assert_eq!(collector.spans().len(), 0);

    let partial = send_spans(&collector).expect("an answer");
    let partial = ExportTraceServiceResponse::decode(partial.body.as_slice()).expect("protobuf");
    let partial = partial.partial_success.expect("partial success");
    assert_eq!((partial.rejected_spans, partial.error_message.as_str()), (2, "too old"));
    assert_eq!(collector.names(), ["tool.get_weather"]);

    send_spans(&collector).expect("an answer");
    assert_eq!(collector.spans().len(), 4);
    let statuses: Vec<_> = collector.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(429), Some(503), Some(200), Some(200)]);
}

#[test]
fn a_slow_collector_answers_late() {
    let collector = Collector::always(Answer::Slow(Duration::from_millis(80)));
    let began = Instant::now();
    assert_eq!(send_spans(&collector).expect("an answer").status, 200);
    assert!(began.elapsed() >= Duration::from_millis(80), "{:?}", began.elapsed());
}

#[test]
fn a_cut_or_silent_collector_gives_no_answer_and_keeps_no_span() {
    let collector = Collector::script([Answer::Cut, Answer::Silent]);
    send_spans(&collector).expect_err("the connection was cut");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| send_spans(&collector));
        assert_eq!(collector.wait_for_requests(2, Duration::from_secs(5)).len(), 2);
        assert!(!waiting.is_finished());
        // Sent by another connection, to show that the silence of one does not stop the rest.
        assert_eq!(send_spans(&collector).expect("an answer").status, 200);
        drop(waiting);
        assert_eq!(collector.requests()[1].status, None);
        collector.hang_up();
    });
    assert_eq!(collector.spans().len(), 3);
}

#[test]
fn after_its_end_the_port_refuses() {
    // More than once: a program that another test starts just now holds a copy of the socket until it runs, and the port
    // may be given to another collector.
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let collector = Collector::start();
        let address: SocketAddr = collector.endpoint()["http://".len()..].parse().expect("an address");
        drop(collector);
        match post(address, "/v1/traces", &[PROTOBUF], &[]) {
            Err(refused) if refused.kind() == io::ErrorKind::ConnectionRefused => return,
            other => assert!(Instant::now() < until, "{other:?}"),
        }
    }
}
