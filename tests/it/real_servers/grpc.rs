//! Calls of gRPC as they stand on the wire: HTTP/2, and the status in trailers.

use super::{Body, PARENT, TRACE, ended, listener, outcome};
use agentspan::adapters::tower::ServerLayer;
use agentspan::testing::record;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tower::{Layer, service_fn};

/// A call has come that is never answered.
static ARRIVED: Notify = Notify::const_new();

/// A message of no bytes, in its frame.
const MESSAGE: &[u8] = &[0; 5];

fn status(code: &str) -> HeaderMap {
    HeaderMap::from_iter([(
        http::HeaderName::from_static("grpc-status"),
        HeaderValue::from_str(code).expect("a number"),
    )])
}

/// Answers with the status that the path ends with, in trailers or, of a call that is refused, in the head.
async fn answer(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let (method, code) = request.uri().path().rsplit_once('/').expect("a path");
    let mut response = Response::new(match method {
        "/weather.Rain" => {
            let trailers = status(code);
            let body = Full::new(Bytes::from_static(MESSAGE)).with_trailers(async { Some(Ok(trailers)) });
            body.map_err(|never: Infallible| match never {}).boxed_unsync()
        }
        "/weather.Refused" => Empty::new().map_err(|never| match never {}).boxed_unsync(),
        _ => {
            ARRIVED.notify_one();
            std::future::pending().await
        }
    });
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    if method == "/weather.Refused" {
        response.headers_mut().extend(status(code));
    }
    Ok(response)
}

async fn serve() -> SocketAddr {
    let service = TowerToHyperService::new(ServerLayer::new().layer(service_fn(answer)));
    let (listener, address) = listener().await;
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let http = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            tokio::spawn(http.serve_connection(TokioIo::new(socket), service.clone()));
        }
    });
    address
}

/// Sends one call over a connection of its own.
async fn call(address: SocketAddr, path: &str) -> Response<Incoming> {
    let socket = TcpStream::connect(address).await.expect("it listens");
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket));
    let (mut sender, connection) = handshake.await.expect("HTTP/2");
    tokio::spawn(connection);
    let request = Request::post(format!("http://{address}{path}"))
        .header("content-type", "application/grpc")
        .header("traceparent", format!("00-{TRACE}-{PARENT}-01"))
        .body(Empty::<Bytes>::new())
        .expect("a request");
    sender.send_request(request).await.expect("an answer")
}

#[tokio::test]
async fn the_status_in_the_trailers_says_how_the_call_ended() {
    let address = serve().await;
    for (path, expected) in [
        ("/weather.Rain/0", (Some("ok"), None)),
        ("/weather.Rain/5", (Some("ok"), None)),
        ("/weather.Rain/13", (Some("error"), Some("INTERNAL"))),
        ("/weather.Refused/14", (Some("error"), Some("UNAVAILABLE"))),
        ("/weather.Refused/3", (Some("ok"), None)),
    ] {
        let recording = record();
        let response = call(address, path).await;
        let code = path.rsplit('/').next().and_then(|code| code.parse().ok());
        let head = response.headers().get("grpc-status").cloned();
        let body = response.into_body().collect().await.expect("a body");
        let told = body.trailers().and_then(|trailers| trailers.get("grpc-status").cloned()).or(head);
        assert_eq!(told, code, "the caller sees it as well");
        let span = ended(&recording, "POST").await;
        assert_eq!(outcome(&span), expected, "{path}");
        assert_eq!(span.int("http.response.status_code"), Some(200));
        assert_eq!((span.trace_id(), span.parent_span_id()), (TRACE.to_owned(), Some(PARENT.to_owned())));
    }
}

#[tokio::test]
async fn a_call_that_the_client_resets_is_cancelled() {
    let address = serve().await;
    let recording = record();
    tokio::select! {
        _ = call(address, "/weather.Waits/0") => panic!("nobody answers"),
        () = ARRIVED.notified() => {}
    }
    assert_eq!(outcome(&ended(&recording, "POST").await), (Some("cancelled"), None));
}
