use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread;

use opentelemetry::KeyValue;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest,
};

use super::*;
use crate::config::FileSettings;
use crate::view::fixture;

#[derive(Debug)]
struct Received {
    head: String,
    body: Vec<u8>,
}

enum Reply {
    Http { status: u16, headers: &'static str, body: Vec<u8> },
    Raw(&'static [u8]),
    Silence,
}

fn status(status: u16) -> Reply {
    Reply::Http { status, headers: "", body: Vec::new() }
}

/// Answers each request as `script` says, which is told how many came before.
struct Collector {
    url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Collector {
    fn start(script: impl Fn(usize, &Received) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let (seen, script) = (received.clone(), Arc::new(script));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, script) = (seen.clone(), script.clone());
                thread::spawn(move || serve(stream, &seen, &*script));
            }
        });
        Self { url, received }
    }

    fn settings(&self) -> OtlpConfig {
        settings(&self.url)
    }

    fn count(&self) -> usize {
        self.received.lock().unwrap().len()
    }
}

fn serve(stream: TcpStream, seen: &Mutex<Vec<Received>>, script: &dyn Fn(usize, &Received) -> Reply) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let length = head.to_ascii_lowercase();
        let length =
            length.split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let request = Received { head, body };
        let reply = {
            let mut seen = seen.lock().unwrap();
            let reply = script(seen.len(), &request);
            seen.push(request);
            reply
        };
        let stream = reader.get_mut();
        match reply {
            Reply::Http { status, headers, body } => {
                let length = body.len();
                write!(stream, "HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n").unwrap();
                stream.write_all(&body).unwrap();
            }
            Reply::Raw(bytes) => {
                stream.write_all(bytes).unwrap();
                return;
            }
            // Until the client gives up.
            Reply::Silence => drop(stream.read(&mut [0])),
        }
    }
}

fn settings(url: &str) -> OtlpConfig {
    OtlpConfig {
        endpoint: url.to_owned(),
        headers: vec![("x-token".to_owned(), "Bearer very-secret-1".to_owned())],
        timeout: Duration::from_secs(10),
        gzip: false,
        certificate: None,
        client_key: None,
        client_certificate: None,
        given_for: FileSettings {
            certificate: "OTEL_EXPORTER_OTLP_CERTIFICATE",
            client_key: "OTEL_EXPORTER_OTLP_CLIENT_KEY",
            client_certificate: "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
        },
    }
}

fn sender(settings: &OtlpConfig) -> OtlpSender {
    OtlpSender::new(settings, &Resource::builder_empty().with_service_name("svc").build()).unwrap()
}

fn spans(count: usize) -> Vec<SpanData> {
    let span = |index| SpanData {
        attributes: vec![KeyValue::new("a", "b")],
        ..fixture::span(format!("span {index}"))
    };
    (0..count).map(span).collect()
}

fn names(body: &[u8]) -> Vec<String> {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    scopes.flat_map(|scope| scope.spans).map(|span| span.name).collect()
}

fn dropped(reason: DropReason, count: usize) -> Vec<(DropReason, usize)> {
    vec![(reason, count)]
}

#[test]
fn a_batch_is_delivered_with_exactly_the_configured_headers() {
    let collector = Collector::start(|_, _| status(200));
    let sender = sender(&collector.settings());
    assert_eq!(sender.send(spans(2)), Verdict { delivered: 2, ..Verdict::default() });
    assert_eq!(sender.send(spans(1)).delivered, 1);
    assert_eq!(sender.send(Vec::new()), Verdict::default());
    let received = collector.received.lock().unwrap();
    assert_eq!(names(&received[0].body), ["span 0", "span 1"]);
    let request = ExportTraceServiceRequest::decode(received[0].body.as_slice()).unwrap();
    assert_eq!(request.resource_spans[0].resource.as_ref().unwrap().attributes[0].key, "service.name");
    let head = received[0].head.to_ascii_lowercase();
    assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/x-protobuf\r\n"), "{head}");
    assert!(head.contains("x-token: bearer very-secret-1\r\n"), "{head}");
    assert!(head.contains("user-agent: otel-otlp-exporter-rust/0.33"), "{head}");
    assert!(head.contains(&format!(" agentspan/{}\r\n", env!("CARGO_PKG_VERSION"))), "{head}");
    assert!(!head.contains("transfer-encoding"), "{head}");
}

#[test]
fn user_and_password_of_the_url_and_gzip_are_sent() {
    let collector = Collector::start(|_, _| status(200));
    let settings = OtlpConfig {
        endpoint: collector.url.replace("http://", "http://user:pass@"),
        gzip: true,
        ..collector.settings()
    };
    let sender = sender(&settings);
    assert!(!sender.shown.contains("pass"));
    assert_eq!(sender.send(spans(1)).delivered, 1);
    let received = collector.received.lock().unwrap();
    let head = received[0].head.to_ascii_lowercase();
    assert!(head.contains("authorization: basic dxnlcjpwyxnz\r\n"), "{head}");
    assert!(head.contains("content-encoding: gzip\r\n"), "{head}");
    assert_eq!(received[0].body[..2], [0x1f, 0x8b]);
}

#[test]
fn partial_success_is_counted() {
    let collector = Collector::start(|_, _| {
        let partial = ExportTracePartialSuccess { rejected_spans: 2, error_message: "too\nold".to_owned() };
        let body = ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec();
        Reply::Http { status: 200, headers: "", body }
    });
    let verdict = sender(&collector.settings()).send(spans(3));
    assert_eq!((verdict.delivered, verdict.unconfirmed), (1, 0));
    assert_eq!(verdict.dropped, dropped(DropReason::Rejected, 2));
    let expected = format!("{}: the collector rejected 2 of 3 spans: too old", collector.url);
    assert_eq!(verdict.problem, Some(expected));
}

#[test]
fn a_refusal_is_not_repeated_and_its_reason_is_told_without_secrets() {
    let collector = Collector::start(|_, _| {
        let message = "bad token very-secret-1, or sk-ant-api03-abcdefghij".to_owned();
        Reply::Http { status: 401, headers: "", body: RpcStatus { message }.encode_to_vec() }
    });
    let verdict = sender(&collector.settings()).send(spans(2));
    assert_eq!(verdict.dropped, dropped(DropReason::Refused(401), 2));
    let expected = "HTTP status 401: bad token [REDACTED:header], or [REDACTED:anthropic_key]";
    assert_eq!(verdict.problem, Some(format!("{}: {expected}", collector.url)));
    assert_eq!(collector.count(), 1);
}

#[test]
fn a_wrong_path_is_told_with_how_the_endpoint_is_set() {
    let collector = Collector::start(|_, _| status(404));
    let verdict = sender(&collector.settings()).send(spans(1));
    assert_eq!(verdict.dropped, dropped(DropReason::Refused(404), 1));
    let problem = verdict.problem.unwrap_or_default();
    assert!(problem.contains("stands without `/v1/traces`"), "{problem}");
}

#[test]
fn redirects_are_not_followed() {
    let headers = "location: /elsewhere\r\n";
    let collector = Collector::start(move |_, _| Reply::Http { status: 307, headers, body: Vec::new() });
    let verdict = sender(&collector.settings()).send(spans(1));
    assert_eq!(verdict.dropped, dropped(DropReason::Refused(307), 1));
    assert_eq!(collector.count(), 1);
}

#[test]
fn a_throttled_batch_is_sent_again_when_the_collector_said() {
    let collector = Collector::start(|index, _| match index {
        0 => Reply::Http { status: 429, headers: "retry-after: 1\r\n", body: Vec::new() },
        _ => status(200),
    });
    let start = Instant::now();
    let verdict = sender(&collector.settings()).send(spans(2));
    assert_eq!(verdict, Verdict { delivered: 2, ..Verdict::default() });
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(collector.count(), 2);
}

#[test]
fn an_unavailable_collector_is_given_up_when_the_time_is_up() {
    let collector = Collector::start(|_, _| status(503));
    let start = Instant::now();
    let verdict =
        sender(&OtlpConfig { timeout: Duration::from_secs(1), ..collector.settings() }).send(spans(2));
    // On a slow machine the end may cut an attempt short, which may have arrived.
    let is_known = verdict.dropped == dropped(DropReason::Unavailable(503), 2);
    assert!(is_known || verdict.unconfirmed == 2, "{verdict:?}");
    assert!(collector.count() >= 2 && start.elapsed() < Duration::from_secs(3));
    // A pause that is longer than the time is not begun.
    let collector = Collector::start(|_, _| Reply::Http {
        status: 503,
        headers: "retry-after: 60\r\n",
        body: Vec::new(),
    });
    let start = Instant::now();
    assert_eq!(
        sender(&collector.settings()).send(spans(1)).dropped,
        dropped(DropReason::Unavailable(503), 1)
    );
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn silence_leaves_a_batch_unconfirmed() {
    let collector = Collector::start(|_, _| Reply::Silence);
    let start = Instant::now();
    let verdict =
        sender(&OtlpConfig { timeout: Duration::from_millis(500), ..collector.settings() }).send(spans(2));
    assert_eq!((verdict.delivered, verdict.unconfirmed, verdict.dropped.len()), (0, 2, 0));
    assert_eq!(verdict.problem, Some(format!("{}: no answer in time", collector.url)));
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_connection_that_is_cut_after_the_request_is_tried_again_and_else_unconfirmed() {
    let collector = Collector::start(|index, _| if index < 2 { Reply::Raw(b"") } else { status(200) });
    assert_eq!(sender(&collector.settings()).send(spans(2)).delivered, 2);
    let collector = Collector::start(|_, _| Reply::Raw(b""));
    let verdict =
        sender(&OtlpConfig { timeout: Duration::from_secs(1), ..collector.settings() }).send(spans(2));
    assert_eq!((verdict.delivered, verdict.unconfirmed, verdict.dropped.len()), (0, 2, 0));
    assert!(collector.count() > 1);
    // The head says yes, but the part that may name rejected spans is missing.
    let collector = Collector::start(|_, _| Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab"));
    assert_eq!(sender(&collector.settings()).send(spans(2)).unconfirmed, 2);
}

#[test]
fn an_answer_that_is_no_http_is_explained() {
    let collector =
        Collector::start(|_, _| Reply::Raw(b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\0\0\0\0\0\0\0"));
    let verdict = sender(&collector.settings()).send(spans(1));
    assert_eq!(verdict.unconfirmed, 1);
    assert!(verdict.problem.unwrap().contains("port 4317 is usually for gRPC"));
}

#[test]
fn an_absent_collector_costs_a_waiting_program_less_than_a_second() {
    let url = "http://127.0.0.1:9/v1/traces";
    let sender = sender(&settings(url));
    sender.deadline().shorten(Instant::now() + Duration::from_secs(5));
    let start = Instant::now();
    let verdict = sender.send(spans(3));
    assert_eq!(verdict.dropped, dropped(DropReason::Unreachable, 3));
    assert_eq!(verdict.problem, Some(format!("{url}: connection refused")));
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_deadline_interrupts_requests_and_pauses_at_once() {
    for silent in [true, false] {
        let collector = Collector::start(move |_, _| if silent { Reply::Silence } else { status(503) });
        let sender = sender(&OtlpConfig { timeout: Duration::from_secs(60), ..collector.settings() });
        let deadline = sender.deadline().clone();
        let start = Instant::now();
        let waiter = thread::spawn(move || {
            thread::sleep(Duration::from_millis(300));
            deadline.shorten(Instant::now());
        });
        let verdict = sender.send(spans(2));
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
        assert_eq!(verdict.unconfirmed, if silent { 2 } else { 0 });
        waiter.join().unwrap();
        assert_eq!(sender.send(spans(1)).dropped, dropped(DropReason::NoTime, 1));
        sender.deadline().lift();
        assert_eq!(sender.deadline().at(), None);
    }
}

#[test]
fn a_batch_that_is_too_large_is_sent_in_halves() {
    let collector = Collector::start(|_, request| {
        let names = names(&request.body);
        status(if names.len() > 2 || names.contains(&"span 4".to_owned()) { 413 } else { 200 })
    });
    let verdict = sender(&collector.settings()).send(spans(7));
    assert_eq!((verdict.delivered, verdict.unconfirmed), (6, 0));
    assert_eq!(verdict.dropped, dropped(DropReason::TooLarge, 1));
}

#[test]
fn what_is_too_large_for_collectors_is_sent_in_several_requests_in_order() {
    let collector = Collector::start(|_, _| status(200));
    let mut batch = spans(70);
    for span in &mut batch {
        span.attributes.push(KeyValue::new("content", "x".repeat(200 * 1024)));
    }
    let expected: Vec<_> = batch.iter().map(|span| span.name.to_string()).collect();
    let verdict = sender(&collector.settings()).send(batch);
    assert_eq!((verdict.delivered, verdict.dropped), (70, vec![]));
    let seen = collector.received.lock().unwrap();
    assert!(seen.iter().all(|request| request.body.len() < 4 << 20), "a collector's limit by gRPC");
    assert_eq!(seen.iter().flat_map(|request| names(&request.body)).collect::<Vec<_>>(), expected);
    assert_eq!(seen.len(), 8, "70 spans, 35, 18 or 17, then 9 or 8");
}

#[test]
fn settings_that_cannot_work_are_named() {
    let check = |settings: OtlpConfig, expected: &str| {
        let error = OtlpSender::new(&settings, &Resource::builder_empty().build()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    let good = || settings("http://localhost:4318/v1/traces");
    check(
        settings("localhost"),
        "the endpoint of the collector is no URL: expected one such as `http://localhost:4318/v1/traces`",
    );
    check(
        OtlpConfig { certificate: Some("/none.pem".into()), ..good() },
        "`/none.pem`, given for `OTEL_EXPORTER_OTLP_CERTIFICATE`, cannot be read",
    );
    check(
        OtlpConfig { client_key: Some("/none.pem".into()), ..good() },
        "a client certificate for the collector needs both files, but the certificate is missing",
    );
    check(
        OtlpConfig { headers: vec![("a b".to_owned(), "secret".to_owned())], ..good() },
        "the header `a b` for the collector cannot be sent: its name has characters that HTTP does not allow",
    );
    assert!(!format!("{:?}", sender(&good())).contains("very-secret"));
}

#[test]
fn a_page_for_people_is_no_collector() {
    let page = "<!doctype html><title>Jaeger UI</title>".as_bytes();
    let collector =
        Collector::start(move |_, _| Reply::Http { status: 200, headers: "", body: page.to_vec() });
    let verdict = sender(&collector.settings()).send(spans(2));
    assert_eq!((verdict.delivered, verdict.unconfirmed), (0, 2));
    assert!(verdict.problem.is_some_and(|problem| problem.ends_with(PAGE)));
}
