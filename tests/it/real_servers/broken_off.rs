//! Requests that break off on either side, and services that answer before they have read: the client sees the same with the
//! layer and without, and the span says how it ended.

use super::{Body, ended, listener, outcome};
use agentspan::adapters::tower::ServerLayer;
use agentspan::testing::record;
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tower::util::BoxCloneService;
use tower::{Layer, ServiceExt, service_fn};

type Service = BoxCloneService<Request<Incoming>, Response<Body>, io::Error>;

/// What a client sees: the status and the bytes up to the end or the break, or why there is no answer.
type Seen = (Option<u16>, Vec<u8>, Option<String>);

fn text(text: &'static str) -> Body {
    Full::from(text).map_err(|never| match never {}).boxed_unsync()
}

/// One piece, and then what is given.
fn pieces(rest: impl stream::Stream<Item = io::Result<Bytes>> + Send + 'static) -> Body {
    let first = stream::iter([Ok(Bytes::from_static(b"a piece"))]);
    StreamBody::new(first.chain(rest).map(|piece| piece.map(Frame::data))).boxed_unsync()
}

async fn broken() -> io::Result<Bytes> {
    Err(io::Error::other("the disk is gone"))
}

/// The request has come whose body breaks.
static ARRIVED: Notify = Notify::const_new();

/// The first piece has come of a body that breaks.
static SEEN: Notify = Notify::const_new();

async fn work(request: Request<Incoming>) -> io::Result<Response<Body>> {
    Ok(Response::new(match request.uri().path() {
        "/early" => text("that is enough"),
        "/breaks" => pieces(stream::once(SEEN.notified().then(|()| broken()))),
        "/fails" => return Err(io::Error::other("out of order")),
        "/endless" => {
            // Before that, a server of HTTP/1.1 could not notice that the client has gone.
            let _ = request.into_body().collect().await;
            pieces(stream::pending())
        }
        path => {
            if path == "/cut" {
                ARRIVED.notify_one();
            }
            request.into_body().collect().await.map_err(io::Error::other)?;
            text("read")
        }
    }))
}

async fn serve(is_http2: bool, has_layer: bool) -> SocketAddr {
    let service: Service = match has_layer {
        true => {
            let service = ServerLayer::new().layer(service_fn(work));
            service.map_response(|response: Response<_>| response.map(BodyExt::boxed_unsync)).boxed_clone()
        }
        false => service_fn(work).boxed_clone(),
    };
    let service = TowerToHyperService::new(service);
    let (listener, address) = listener().await;
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (socket, service) = (TokioIo::new(socket), service.clone());
            if is_http2 {
                let http = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                tokio::spawn(http.serve_connection(socket, service));
            } else {
                let http = hyper::server::conn::http1::Builder::new();
                tokio::spawn(http.serve_connection(socket, service));
            }
        }
    });
    address
}

/// How a client behaves; the body of its request to `/cut` breaks.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Client {
    Patient,
    /// Goes away behind the first piece of the answer.
    Leaves,
}

async fn ask(address: SocketAddr, is_http2: bool, path: &str, client: Client) -> Seen {
    let body = match path {
        "/cut" => pieces(stream::once(ARRIVED.notified().then(|()| broken()))),
        // More than the window of a stream. A server of HTTP/1.1 would cut the connection in the middle of it.
        "/early" if is_http2 => {
            Full::from(vec![0; 4 * 1024 * 1024]).map_err(|never| match never {}).boxed_unsync()
        }
        _ => text("all of it"),
    };
    let request = Request::post(format!("http://{address}{path}")).header("host", "here");
    let request = request.body(body).expect("a request");
    let socket = TokioIo::new(TcpStream::connect(address).await.expect("it listens"));
    let response = if is_http2 {
        let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), socket)
            .await
            .expect("it speaks HTTP/2");
        tokio::spawn(connection);
        sender.send_request(request).await
    } else {
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(socket).await.expect("it speaks HTTP/1.1");
        tokio::spawn(connection);
        sender.send_request(request).await
    };
    let response = match response {
        Ok(response) => response,
        Err(error) => return (None, Vec::new(), Some(format!("{error:?}"))),
    };
    let (status, mut body, mut bytes) = (Some(response.status().as_u16()), response.into_body(), Vec::new());
    while let Some(frame) = body.frame().await {
        match frame.map(Frame::into_data) {
            Ok(data) => bytes.extend_from_slice(&data.expect("there are no trailers")),
            Err(error) => return (status, bytes, Some(format!("{error:?}"))),
        }
        match client {
            Client::Patient if path == "/breaks" => SEEN.notify_one(),
            Client::Patient => {}
            Client::Leaves => break,
        }
    }
    (status, bytes, None)
}

#[tokio::test]
async fn a_client_sees_the_same_and_the_span_of_the_server_says_how_it_ended() {
    let cases = [
        ("/reads", Client::Patient),
        ("/early", Client::Patient),
        ("/breaks", Client::Patient),
        ("/fails", Client::Patient),
        ("/endless", Client::Leaves),
        ("/cut", Client::Patient),
    ];
    let mut table = String::new();
    for is_http2 in [false, true] {
        for (path, client) in cases {
            let case = format!("{client:?} {path} {}", if is_http2 { "HTTP/2" } else { "HTTP/1.1" });
            let recording = record();
            let seen = ask(serve(is_http2, true).await, is_http2, path, client).await;
            let span = ended(&recording, "POST").await;
            table.push_str(&format!("{case}: {:?} {:?}\n", seen.0, outcome(&span)));
            let bare = ask(serve(is_http2, false).await, is_http2, path, client).await;
            assert_eq!(seen, bare, "{case}");
        }
    }
    insta::assert_snapshot!(table, @r#"
    Patient /reads HTTP/1.1: Some(200) (Some("ok"), None)
    Patient /early HTTP/1.1: Some(200) (Some("ok"), None)
    Patient /breaks HTTP/1.1: Some(200) (Some("error"), Some("io::Other"))
    Patient /fails HTTP/1.1: None (Some("error"), Some("io::Other"))
    Leaves /endless HTTP/1.1: Some(200) (Some("cancelled"), None)
    Patient /cut HTTP/1.1: None (Some("error"), Some("io::Other"))
    Patient /reads HTTP/2: Some(200) (Some("ok"), None)
    Patient /early HTTP/2: Some(200) (Some("ok"), None)
    Patient /breaks HTTP/2: Some(200) (Some("error"), Some("io::Other"))
    Patient /fails HTTP/2: None (Some("error"), Some("io::Other"))
    Leaves /endless HTTP/2: Some(200) (Some("cancelled"), None)
    Patient /cut HTTP/2: None (Some("error"), Some("io::Other"))
    "#);
}
