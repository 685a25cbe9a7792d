//! The server layer in real servers: axum, hyper, and calls of gRPC over HTTP/2, each over a socket.

mod broken_off;
mod grpc;

use crate::fixtures::{the, until};
use agentspan::adapters::tower::ServerLayer;
use agentspan::testing::{RecordedSpan, Recording, record};
use axum::Router;
use axum::extract::{MatchedPath, State};
use axum::routing::any;
use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tower::{Layer, service_fn};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

type Body = UnsyncBoxBody<Bytes, io::Error>;
type Piece = io::Result<&'static str>;
type Pieces = Arc<Mutex<Option<UnboundedReceiver<Piece>>>>;

/// A server that listens, and the other end of its streamed body.
struct Served {
    address: SocketAddr,
    pieces: UnboundedSender<Piece>,
    knows_routes: bool,
}

impl Served {
    /// The name of a span there.
    fn span_name(&self, method: &str, route: &str) -> String {
        if self.knows_routes { format!("{method} {route}") } else { method.to_owned() }
    }

    /// Sends a request, as somebody with a trace, a session and a user.
    async fn open(&self, method: &str, path: &str) -> TcpStream {
        let mut socket = TcpStream::connect(self.address).await.expect("it listens");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\ntraceparent: 00-{TRACE}-{PARENT}-01\r\n\
             baggage: session.id=s-1,user.id=u-1\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).await.expect("it reads");
        socket
    }

    /// All that it answers; nothing, when it closes the connection.
    async fn ask(&self, method: &str, path: &str) -> String {
        let mut answer = String::new();
        let mut socket = self.open(method, path).await;
        socket.read_to_string(&mut answer).await.expect("an answer");
        answer
    }
}

/// What both servers do.
async fn work(path: &str, pieces: &Pieces) -> Response<Body> {
    let (status, text) = match path.split('/').nth(1) {
        Some("runs") => {
            agentspan::agent("a").run_ok(async {}).await;
            (200, "done")
        }
        Some("stream") => return streamed(pieces, None),
        Some("promised") => return streamed(pieces, Some("6")),
        Some("fails") => (503, "not now"),
        Some("panics") => panic!("as it was asked to"),
        Some("waits") => std::future::pending().await,
        _ => (404, "nothing here"),
    };
    let body = Full::from(text).map_err(|never| match never {}).boxed_unsync();
    Response::builder().status(status).body(body).expect("a response")
}

fn streamed(pieces: &Pieces, length: Option<&str>) -> Response<Body> {
    let pieces = pieces.lock().expect("nobody panicked").take().expect("one stream for each server");
    let frames = stream::unfold(pieces, |mut pieces| async {
        let piece = pieces.recv().await?;
        agentspan::step("piece").run_ok(async {}).await;
        Some((piece.map(|text| Frame::data(Bytes::from_static(text.as_bytes()))), pieces))
    });
    let body = StreamBody::new(frames).boxed_unsync();
    let length = length.into_iter().map(|length| ("content-length", length));
    length
        .fold(Response::builder(), |to, (name, value)| to.header(name, value))
        .body(body)
        .expect("a response")
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

async fn axum() -> Served {
    let (pieces, receiver) = unbounded_channel();
    let handler = |State(pieces): State<Pieces>, request: axum::extract::Request| async move {
        work(request.uri().path(), &pieces).await
    };
    let routes = ["/runs/{id}", "/stream", "/promised", "/fails", "/panics", "/waits"];
    let router = routes.into_iter().fold(Router::new(), |router, route| router.route(route, any(handler)));
    let spans = ServerLayer::new().with_route(|known| known.get::<MatchedPath>().map(MatchedPath::as_str));
    let router = router.layer(spans).with_state(Arc::new(Mutex::new(Some(receiver))));
    let (listener, address) = listener().await;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Served { address, pieces, knows_routes: true }
}

async fn hyper() -> Served {
    let (pieces, receiver) = unbounded_channel();
    let receiver = Arc::new(Mutex::new(Some(receiver)));
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let pieces = receiver.clone();
        async move { Ok::<_, Infallible>(work(request.uri().path(), &pieces).await) }
    });
    let service = TowerToHyperService::new(ServerLayer::new().layer(service));
    let (listener, address) = listener().await;
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let http = hyper::server::conn::http1::Builder::new();
            tokio::spawn(http.serve_connection(TokioIo::new(socket), service.clone()));
        }
    });
    Served { address, pieces, knows_routes: false }
}

async fn both() -> [Served; 2] {
    [axum().await, hyper().await]
}

/// The span of this name, when it has ended, which may be after the client has its answer.
async fn ended(recording: &Recording, name: &str) -> RecordedSpan {
    until(|| recording.span(name).is_some()).await;
    the(recording, name)
}

fn outcome(span: &RecordedSpan) -> (Option<&str>, Option<&str>) {
    (span.text("agent.outcome"), span.text("error.type"))
}

#[tokio::test]
async fn a_request_continues_the_senders_trace_and_names_whom_it_serves() {
    for served in both().await {
        let recording = record();
        let answer = served.ask("GET", "/runs/7?key=secret").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
        let span = ended(&recording, &served.span_name("GET", "/runs/{id}")).await;
        assert_eq!((span.trace_id(), span.parent_span_id()), (TRACE.to_owned(), Some(PARENT.to_owned())));
        assert_eq!(span.text("http.request.method"), Some("GET"));
        assert_eq!(span.text("http.route"), served.knows_routes.then_some("/runs/{id}"));
        assert_eq!(span.text("url.path"), Some("/runs/7"));
        assert_eq!(span.int("http.response.status_code"), Some(200));
        assert_eq!(outcome(&span), (Some("ok"), None));
        let run = recording.span("agent.a").expect("the run");
        assert_eq!((run.trace_id(), run.parent_span_id()), (span.trace_id(), Some(span.span_id())));
        for span in [span, run] {
            assert_eq!((span.text("session.id"), span.text("user.id")), (Some("s-1"), Some("u-1")));
        }
    }
}

#[tokio::test]
async fn a_streamed_body_passes_at_once_and_the_span_ends_with_it() {
    for path in ["/stream", "/promised"] {
        for served in both().await {
            let recording = record();
            let name = served.span_name("GET", path);
            let mut socket = served.open("GET", path).await;
            served.pieces.send(Ok("one")).expect("it is read");
            let mut seen = String::new();
            while !seen.contains("one") {
                let mut bytes = [0; 1024];
                let count = socket.read(&mut bytes).await.expect("a piece");
                assert_ne!(count, 0, "the piece comes before the next one is made: {seen}");
                seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
            assert!(recording.span(&name).is_none(), "it is still under way");
            served.pieces.send(Ok("two")).expect("it is read");
            let Served { pieces, .. } = served;
            // The promised length ends the one, and the end of the pieces the other.
            let pieces = (path == "/promised").then_some(pieces);
            socket.read_to_string(&mut seen).await.expect("the rest");
            assert!(seen.contains("two"), "{seen}");
            let span = ended(&recording, &name).await;
            drop(pieces);
            assert_eq!(outcome(&span), (Some("ok"), None), "{name}");
            let steps: Vec<_> =
                recording.spans().into_iter().filter(|span| span.name() == "step.piece").collect();
            assert_eq!(steps.len(), 2);
            for step in steps {
                assert_eq!(step.parent_span_id(), Some(span.span_id()), "what makes the body is inside");
            }
        }
    }
}

#[tokio::test]
async fn what_fails_is_an_error_and_what_is_not_there_is_none() {
    for served in both().await {
        for (path, status, expected) in [
            ("/fails", Some(503), (Some("error"), Some("503"))),
            ("/panics", None, (Some("panicked"), Some("panic"))),
        ] {
            let recording = record();
            let answer = served.ask("POST", path).await;
            assert_eq!(answer.is_empty(), status.is_none(), "{answer}");
            let span = ended(&recording, &served.span_name("POST", path)).await;
            assert_eq!(outcome(&span), expected);
            assert_eq!(span.int("http.response.status_code"), status);
        }
        let recording = record();
        served.ask("GET", "/nothing").await;
        let span = ended(&recording, "GET").await;
        assert_eq!((span.int("http.response.status_code"), outcome(&span)), (Some(404), (Some("ok"), None)));
    }
}

#[tokio::test]
async fn a_body_that_breaks_is_an_error() {
    for served in both().await {
        let recording = record();
        served.pieces.send(Err(io::ErrorKind::ConnectionReset.into())).expect("it is read");
        served.ask("GET", "/stream").await;
        let span = ended(&recording, &served.span_name("GET", "/stream")).await;
        assert_eq!(span.text("agent.outcome"), Some("error"));
        assert!(span.text("error.type").is_some());
    }
}

#[tokio::test]
async fn what_has_no_body_ends_with_its_head() {
    for served in both().await {
        let recording = record();
        let answer = served.ask("HEAD", "/runs/7").await;
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
        let span = ended(&recording, &served.span_name("HEAD", "/runs/{id}")).await;
        assert_eq!(outcome(&span), (Some("ok"), None));
    }
}

#[tokio::test]
async fn a_client_that_goes_away_has_cancelled() {
    for path in ["/waits", "/stream"] {
        for served in both().await {
            let recording = record();
            let name = served.span_name("GET", path);
            let mut socket = served.open("GET", path).await;
            if path == "/stream" {
                served.pieces.send(Ok("one")).expect("it is read");
                socket.read_u8().await.expect("the head");
            } else {
                tokio::task::yield_now().await;
            }
            drop(socket);
            let span = ended(&recording, &name).await;
            assert_eq!((outcome(&span), span.failure()), ((Some("cancelled"), None), None), "{name}");
        }
    }
}
