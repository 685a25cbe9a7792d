//! Servers that break the rules of HTTP: whoever calls them gets what it would get without us, and one span that says so.

mod broken_off;
#[cfg(feature = "rig")]
mod by_rig;

use agentspan::adapters::Observer;
use agentspan::adapters::reqwest_middleware::Spans;
use agentspan::adapters::tower::ClientLayer;
use agentspan::testing::{Recording, record};
use agentspan::usage::Endpoints;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use reqwest_middleware::{ClientBuilder, Error, reqwest};
use std::error::Error as StdError;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::{Layer, ServiceExt, service_fn};

/// What a server does once it has read a request.
#[derive(Debug, Clone)]
struct Script {
    writes: Vec<u8>,
    /// Whether it then waits for ever, or else closes the connection.
    hangs: bool,
}

fn closes(writes: impl AsRef<[u8]>) -> Script {
    Script { writes: writes.as_ref().to_vec(), hangs: false }
}

fn hangs(writes: impl AsRef<[u8]>) -> Script {
    Script { hangs: true, ..closes(writes) }
}

async fn serve(script: Script) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(answer(socket, script.clone()));
        }
    });
    address
}

async fn answer(mut socket: TcpStream, script: Script) {
    let mut read = Vec::new();
    while !read.ends_with(REQUEST.as_bytes()) {
        if socket.read_buf(&mut read).await.is_ok_and(|count| count == 0) {
            return;
        }
    }
    // The client may have gone by then.
    let _ = socket.write_all(&script.writes).await;
    if script.hangs {
        std::future::pending::<()>().await;
    }
}

const REQUEST: &str = r#"{"model":"gpt-4o","messages":[]}"#;

const REPLY: &str = r#"{"model":"gpt-4o","choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":4}}"#;

/// All that a caller sees of a response: its head or why there is none, and its bytes up to the end or the break.
type Seen = (Result<(u16, String), String>, Vec<u8>, Option<String>);

/// Its kinds and its causes. A body that was put into a response of reqwest again has some more of these words, and no
/// other difference.
fn chain(error: &reqwest::Error) -> String {
    let kinds =
        [error.is_timeout(), error.is_connect(), error.is_request(), error.is_body(), error.is_decode()];
    let mut said = format!("{kinds:?} {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if next != AGAIN {
            said = format!("{said}: {next}");
        }
        cause = error.source();
    }
    said
}

const AGAIN: &str = "request or response body error";

fn observer() -> Observer {
    Observer::new().with_endpoints(Endpoints::new().rule("127.0.0.1", "openai"))
}

async fn by_reqwest(http: &reqwest::Client, url: &str, body: &Bytes, is_seen: bool) -> Seen {
    let http = http.clone();
    let response = if is_seen {
        let client = ClientBuilder::new(http).with(Spans::observing(observer())).build();
        client.post(url).body(body.clone()).send().await.map_err(|error| match error {
            Error::Reqwest(error) => error,
            Error::Middleware(error) => panic!("nothing else is in between: {error}"),
        })
    } else {
        http.post(url).body(body.clone()).send().await
    };
    let mut response = match response {
        Ok(response) => response,
        Err(error) => return (Err(chain(&error)), Vec::new(), None),
    };
    let mut headers = response.headers().clone();
    headers.remove("date");
    let head = (
        response.status().as_u16(),
        format!("{} {headers:?} {:?}", response.url(), response.content_length()),
    );
    let mut bytes = Vec::new();
    let end = loop {
        match response.chunk().await {
            Ok(Some(piece)) => bytes.extend_from_slice(&piece),
            Ok(None) => break None,
            Err(error) => break Some(chain(&error)),
        }
    };
    (Ok(head), bytes, end)
}

fn cases() -> Vec<(&'static str, Script)> {
    let whole = |head: &str| closes(format!("HTTP/1.1 200 OK\r\n{head}\r\n{REPLY}"));
    let chunk = |size: &str, rest: &str| {
        closes(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{size}\r\n{rest}"))
    };
    let length = REPLY.len();
    let sse = format!("data: {REPLY}\n\ndata: [DONE]\n\n");
    vec![
        ("nothing", closes("")),
        ("no HTTP", closes("SSH-2.0-OpenSSH_9.2\r\n")),
        ("half a head", closes("HTTP/1.1 200 OK\r\ncontent-le")),
        ("a status without end", closes("HTTP/1.1 2")),
        ("no length", whole("")),
        ("the right length", whole(&format!("content-length: {length}\r\n"))),
        ("a length too long", whole("content-length: 4000\r\n")),
        ("a length too short", whole("content-length: 40\r\n")),
        ("two lengths", whole(&format!("content-length: {length}\r\ncontent-length: 7\r\n"))),
        ("a length that is none", whole("content-length: -1\r\n")),
        ("a chunk of no size", chunk("Z", "x")),
        ("a chunk that is cut", chunk("100", REPLY)),
        ("a chunk of 100 MiB that is cut", chunk("6400000", REPLY)),
        ("a chunk of more than there is", chunk("fffffffffffffffff", REPLY)),
        ("chunks without the last", chunk(&format!("{length:x}"), &format!("{REPLY}\r\n"))),
        (
            "chunks with trailers",
            chunk(&format!("{length:x}"), &format!("{REPLY}\r\n0\r\nx: \r\ngrpc-status: 13\r\n\r\n")),
        ),
        ("gzip that is none", whole("content-encoding: gzip\r\n")),
        ("a head that stalls", hangs("HTTP/1.1 200 OK\r\n")),
        ("a body that stalls", hangs("HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\n{\"model\"")),
        (
            "early hints",
            closes(format!("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{REPLY}")),
        ),
        ("only early hints", closes("HTTP/1.1 103 Early Hints\r\n\r\n")),
        (
            "another protocol",
            closes("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nxyz"),
        ),
        (
            "no content with a body",
            closes(format!("HTTP/1.1 204 No Content\r\ncontent-length: {length}\r\n\r\n{REPLY}")),
        ),
        ("a status that nobody knows", closes("HTTP/1.1 999 What\r\ncontent-length: 0\r\n\r\n")),
        (
            "headers that are no text",
            closes(b"HTTP/1.1 200 OK\r\nx-request-id: \xff\xfe\r\ncontent-length: 2\r\n\r\n{}"),
        ),
        (
            "a redirect to nowhere",
            closes("HTTP/1.1 307 Go\r\nlocation: http://[::1/\r\ncontent-length: 0\r\n\r\n"),
        ),
        (
            "a redirect to itself",
            closes("HTTP/1.1 307 Go\r\nlocation: /v1/chat/completions\r\ncontent-length: 0\r\n\r\n"),
        ),
        ("events of no type", closes(format!("HTTP/1.1 200 OK\r\n\r\n{sse}"))),
        (
            "events that are cut",
            closes(format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n{}", &sse[..60])),
        ),
    ]
}

fn ended(recording: &Recording) -> String {
    let spans = recording.spans();
    assert_eq!(spans.len(), 1, "{}", recording.tree());
    let span = &spans[0];
    let of = |key| span.text(key).unwrap_or("-").to_owned();
    let keys = ["agent.outcome", "error.type", "llm.stream_end"].map(of);
    format!("{} {} {:?}", span.name(), keys.join(" "), span.int("llm.token_count.prompt"))
}

#[tokio::test]
async fn a_client_of_reqwest_sees_the_same_and_one_span_says_how_it_ended() {
    let client = |timeout| {
        let http = reqwest::Client::builder().no_gzip().timeout(timeout).pool_max_idle_per_host(0);
        http.build().expect("a client")
    };
    let (patient, hasty) = (client(Duration::from_secs(60)), client(Duration::from_millis(200)));
    let mut table = String::new();
    for (name, script) in cases() {
        let http = if script.hangs { &hasty } else { &patient };
        let address = serve(script).await;
        let (mut ends, body) = (Vec::new(), Bytes::from_static(REQUEST.as_bytes()));
        for path in ["v1/chat/completions", "x"] {
            let url = format!("http://{address}/{path}");
            let recording = record();
            let seen = by_reqwest(http, &url, &body, true).await;
            ends.push(ended(&recording));
            assert_eq!(seen, by_reqwest(http, &url, &body, false).await, "{name}");
        }
        table.push_str(&format!("{name}: {}\n", ends.join(" | ")));
    }
    insta::assert_snapshot!(table, @r"
    nothing: llm.openai.gpt-4o error reqwest::Error - None | POST - reqwest::Error - None
    no HTTP: llm.openai.gpt-4o error reqwest::Error - None | POST - reqwest::Error - None
    half a head: llm.openai.gpt-4o error reqwest::Error - None | POST - reqwest::Error - None
    a status without end: llm.openai.gpt-4o error reqwest::Error - None | POST - reqwest::Error - None
    no length: llm.openai.gpt-4o ok - - Some(9) | POST - - - None
    the right length: llm.openai.gpt-4o ok - - Some(9) | POST - - - None
    a length too long: llm.openai.gpt-4o error io::UnexpectedEof - Some(9) | POST - io::UnexpectedEof - None
    a length too short: llm.openai.gpt-4o ok - - None | POST - - - None
    two lengths: llm.openai.gpt-4o error reqwest::Error - None | POST - reqwest::Error - None
    a length that is none: llm.openai.gpt-4o error reqwest::Error - None | POST - reqwest::Error - None
    a chunk of no size: llm.openai.gpt-4o error io::InvalidInput - None | POST - io::InvalidInput - None
    a chunk that is cut: llm.openai.gpt-4o error io::UnexpectedEof - Some(9) | POST - io::UnexpectedEof - None
    a chunk of 100 MiB that is cut: llm.openai.gpt-4o error io::UnexpectedEof - Some(9) | POST - io::UnexpectedEof - None
    a chunk of more than there is: llm.openai.gpt-4o error io::InvalidData - None | POST - io::InvalidData - None
    chunks without the last: llm.openai.gpt-4o error io::UnexpectedEof - Some(9) | POST - io::UnexpectedEof - None
    chunks with trailers: llm.openai.gpt-4o ok - - Some(9) | POST - INTERNAL - None
    gzip that is none: llm.openai.gpt-4o ok - - Some(9) | POST - - - None
    a head that stalls: llm.openai.gpt-4o timeout timeout - None | POST - timeout - None
    a body that stalls: llm.openai.gpt-4o timeout timeout - None | POST - timeout - None
    early hints: llm.openai.gpt-4o ok - - Some(9) | POST - - - None
    only early hints: llm.openai.gpt-4o error reqwest::Error - None | POST - reqwest::Error - None
    another protocol: llm.openai.gpt-4o ok - - None | POST - - - None
    no content with a body: llm.openai.gpt-4o ok - - None | POST - - - None
    a status that nobody knows: llm.openai.gpt-4o error 999 - None | POST - 999 - None
    headers that are no text: llm.openai.gpt-4o ok - - None | POST - - - None
    a redirect to nowhere: llm.openai.gpt-4o ok - - None | POST - - - None
    a redirect to itself: llm.openai.gpt-4o error reqwest::Error - None | POST - reqwest::Error - None
    events of no type: llm.openai.gpt-4o ok - complete Some(9) | POST - - - None
    events that are cut: llm.openai.gpt-4o error stream_cut cut None | POST - - - None
    ");
}

/// What a client sends.
#[derive(Debug, Clone)]
struct Sent {
    body: Bytes,
    is_http2: bool,
}

/// The same by a client of hyper with the layer of tower around it; `None` where the time ran out.
async fn by_hyper(
    address: SocketAddr,
    sent: &Sent,
    timeout: Duration,
    is_seen: bool,
) -> Option<(Option<u16>, Vec<u8>, Option<String>)> {
    let is_http2 = sent.is_http2;
    let client = service_fn(move |request: Request<Full<Bytes>>| async move {
        let socket = TokioIo::new(TcpStream::connect(address).await.expect("it listens"));
        if is_http2 {
            let (mut sender, connection) =
                hyper::client::conn::http2::handshake(TokioExecutor::new(), socket).await?;
            tokio::spawn(connection);
            return sender.send_request(request).await;
        }
        let (mut sender, connection) = hyper::client::conn::http1::handshake(socket).await?;
        tokio::spawn(connection);
        sender.send_request(request).await
    });
    let url = format!("http://{address}/v1/chat/completions");
    let request = Request::post(url)
        .header("content-length", sent.body.len())
        .body(Full::from(sent.body.clone()))
        .expect("a request");
    let work = async {
        let response = match is_seen {
            true => ClientLayer::observing(observer())
                .layer(client)
                .oneshot(request)
                .await
                .map(|response| response.map(BodyExt::boxed)),
            false => client.oneshot(request).await.map(|response| response.map(BodyExt::boxed)),
        };
        let response = match response {
            Ok(response) => response,
            Err(error) => return (None, Vec::new(), Some(format!("{error:?}"))),
        };
        let (status, mut body, mut bytes) = (response.status().as_u16(), response.into_body(), Vec::new());
        while let Some(frame) = body.frame().await {
            match frame.map(|frame| frame.into_data()) {
                Ok(Ok(data)) => bytes.extend_from_slice(&data),
                Ok(Err(_trailers)) => {}
                Err(error) => return (Some(status), bytes, Some(format!("{error:?}"))),
            }
        }
        (Some(status), bytes, None)
    };
    tokio::time::timeout(timeout, work).await.ok()
}

#[tokio::test]
async fn a_stack_of_tower_sees_the_same_and_its_span_fails_where_the_caller_does() {
    for (name, script) in cases() {
        let timeout = Duration::from_millis(if script.hangs { 50 } else { 60_000 });
        let address = serve(script).await;
        let recording = record();
        let sent = Sent { body: Bytes::from_static(REQUEST.as_bytes()), is_http2: false };
        let seen = by_hyper(address, &sent, timeout, true).await;
        let end = ended(&recording);
        let expected = match &seen {
            None => "cancelled",
            Some((Some(..400), _, None)) if name != "events that are cut" => "ok",
            Some(_) => "error",
        };
        assert_eq!(end.split(' ').nth(1), Some(expected), "{name}: {end}");
        assert_eq!(seen, by_hyper(address, &sent, timeout, false).await, "{name}");
    }
}
