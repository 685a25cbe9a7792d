//! HTTP/2 that breaks off, and servers that answer before they have read the request: the caller sees the same with us and
//! without, and the span says how it ended.
//!
//! The server writes its frames by hand, so that nothing is reordered, and stays until the client has gone.

use super::{REPLY, REQUEST, Sent, by_hyper, by_reqwest, ended};
use agentspan::testing::record;
use bytes::Bytes;
use reqwest_middleware::reqwest;
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Codes of RFC 9113, section 7.
const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;

/// Types of frames.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short frame");
    let mut frame = length.to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The head of a response by the static table of HPACK; a status that stands in it.
fn head(status: u16, flags: u8) -> Vec<u8> {
    let indexed = match status {
        200 => 0x88,
        500 => 0x8e,
        _ => panic!("{status} stands not in the table"),
    };
    frame(HEADERS, END_HEADERS | flags, 1, &[indexed])
}

/// The head of a stream of events.
fn events() -> Vec<u8> {
    const TYPE: &str = "text/event-stream";
    // Status 200, and `content-type`, which is the 31st of the table, with a value of this length.
    let mut fields = vec![0x88, 0x40 | 31, u8::try_from(TYPE.len()).expect("a short word")];
    fields.extend(TYPE.as_bytes());
    frame(HEADERS, END_HEADERS, 1, &fields)
}

fn data(flags: u8, text: &str) -> Vec<u8> {
    frame(DATA, flags, 1, text.as_bytes())
}

fn reset(code: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, 1, &code.to_be_bytes())
}

/// `last` is the last stream that the server says it has looked at.
fn goaway(last: u32, code: u32) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat())
}

/// What a server does.
#[derive(Debug, Clone)]
struct Server {
    is_http2: bool,
    /// Whether it reads the body of the request before it answers. Else it never does.
    reads: bool,
    writes: Vec<u8>,
    /// Whether it then ends its side of the connection.
    leaves: bool,
}

fn http2(writes: &[Vec<u8>]) -> Server {
    Server { is_http2: true, reads: true, writes: writes.concat(), leaves: false }
}

fn early(server: Server) -> Server {
    Server { reads: false, ..server }
}

fn leaves(server: Server) -> Server {
    Server { leaves: true, ..server }
}

fn http1(writes: &str) -> Server {
    Server { is_http2: false, reads: true, writes: writes.as_bytes().to_vec(), leaves: false }
}

async fn serve(server: Server) -> SocketAddr {
    let socket = TcpSocket::new_v4().expect("a socket");
    // So that what nobody reads soon waits at the client.
    socket.set_recv_buffer_size(4_096).expect("a small buffer");
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a port");
    let listener = socket.listen(16).expect("it listens");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(answer(socket, server.clone()));
        }
    });
    address
}

async fn answer(mut socket: TcpStream, server: Server) -> Option<()> {
    if server.is_http2 {
        let mut preface = [0; PREFACE.len()];
        socket.read_exact(&mut preface).await.ok()?;
        assert_eq!(preface, PREFACE);
        socket.write_all(&frame(SETTINGS, 0, 0, &[])).await.ok()?;
        loop {
            let mut start = [0; 9];
            socket.read_exact(&mut start).await.ok()?;
            let [high, middle, low, kind, flags, ..] = start;
            let mut payload = vec![0; u32::from_be_bytes([0, high, middle, low]) as usize];
            socket.read_exact(&mut payload).await.ok()?;
            let is_head = kind == HEADERS && !server.reads;
            if is_head || [HEADERS, DATA].contains(&kind) && flags & END_STREAM != 0 {
                break;
            }
        }
    } else {
        let mut read = Vec::new();
        while !read.windows(4).any(|end| end == b"\r\n\r\n") {
            (socket.read_buf(&mut read).await.ok()? > 0).then_some(())?;
        }
    }
    socket.write_all(&server.writes).await.ok()?;
    if server.leaves {
        socket.shutdown().await.ok()?;
    }
    if !server.reads {
        pending::<()>().await;
    }
    tokio::io::copy(&mut socket, &mut tokio::io::sink()).await.ok()?;
    Some(())
}

fn cases() -> Vec<(&'static str, Server)> {
    let (start, rest) = REPLY.split_at(30);
    let whole = [head(200, 0), data(END_STREAM, REPLY)];
    let failed = [head(500, 0), data(END_STREAM, "no")];
    let begun = |end: Vec<u8>| http2(&[head(200, 0), data(0, start), end]);
    let told = |end: Vec<u8>| http2(&[head(200, 0), data(0, REPLY), end]);
    let length = REPLY.len();
    let stream = format!("data: {REPLY}\n\ndata: [DONE]\n\n");
    vec![
        ("a whole reply", http2(&whole)),
        ("a reply in pieces", http2(&[head(200, 0), data(0, start), data(END_STREAM, rest)])),
        ("only a head", http2(&[head(500, END_STREAM)])),
        ("refused before the head", http2(&[reset(REFUSED_STREAM)])),
        ("reset before the head", http2(&[reset(INTERNAL_ERROR)])),
        ("reset behind the head", http2(&[head(200, 0), reset(INTERNAL_ERROR)])),
        ("reset in the body", begun(reset(INTERNAL_ERROR))),
        ("cancelled in the body", begun(reset(CANCEL))),
        ("left in the body without an error", begun(reset(NO_ERROR))),
        ("reset behind a reply that does not end", told(reset(INTERNAL_ERROR))),
        ("events", http2(&[events(), data(END_STREAM, &stream)])),
        ("events that are reset", http2(&[events(), data(0, &stream[..60]), reset(INTERNAL_ERROR)])),
        (
            "events that are reset behind the last",
            http2(&[events(), data(0, &stream), reset(INTERNAL_ERROR)]),
        ),
        ("reset behind the end", http2(&[whole.concat(), reset(NO_ERROR)])),
        ("goes away before the head", http2(&[goaway(0, NO_ERROR)])),
        ("goes away with an error", http2(&[goaway(0, INTERNAL_ERROR)])),
        ("goes away and answers", http2(&[goaway(1, NO_ERROR), whole.concat()])),
        ("goes away in the body", begun(goaway(0, INTERNAL_ERROR))),
        ("goes away and ends the body", begun([goaway(1, NO_ERROR), data(END_STREAM, rest)].concat())),
        ("leaves before the head", leaves(http2(&[]))),
        ("leaves in the body", leaves(begun(Vec::new()))),
        ("data before the head", http2(&[data(END_STREAM, REPLY)])),
        ("half a frame", leaves(begun(data(0, rest)[..12].to_vec()))),
        ("an early answer", early(http2(&failed))),
        ("an early answer and a reset", early(http2(&[failed.concat(), reset(NO_ERROR)]))),
        ("an early answer and a cancellation", early(http2(&[failed.concat(), reset(CANCEL)]))),
        ("an early reply", early(http2(&whole))),
        ("an early reset", early(http2(&[reset(INTERNAL_ERROR)]))),
        ("an early end", early(leaves(http2(&[goaway(1, NO_ERROR), failed.concat()])))),
        (
            "an early answer of HTTP/1.1",
            early(http1("HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno")),
        ),
        (
            "an early reply of HTTP/1.1",
            early(http1(&format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{REPLY}"))),
        ),
        (
            "an early reply without length of HTTP/1.1",
            early(leaves(http1(&format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{REPLY}")))),
        ),
        (
            "an early reply of HTTP/1.1 that is cut",
            early(leaves(http1(&format!("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{REPLY}")))),
        ),
    ]
}

/// More than a window of HTTP/2 holds, and than a connection does that nobody reads from.
fn sent(server: &Server) -> Sent {
    let body = match server.reads {
        true => Bytes::from_static(REQUEST.as_bytes()),
        false => {
            let text = "x".repeat(if server.is_http2 { 128 * 1024 } else { 2 * 1024 * 1024 });
            Bytes::from(format!(r#"{{"model":"gpt-4o","messages":[{{"role":"user","content":"{text}"}}]}}"#))
        }
    };
    Sent { body, is_http2: server.is_http2 }
}

#[tokio::test]
async fn a_client_of_reqwest_sees_the_same_where_it_is_broken_off() {
    let client = |is_http2: bool| {
        let http = reqwest::Client::builder().no_gzip().pool_max_idle_per_host(0);
        let http = if is_http2 { http.http2_prior_knowledge() } else { http };
        http.build().expect("a client")
    };
    let mut table = String::new();
    for (name, server) in cases() {
        let (http, sent) = (client(server.is_http2), sent(&server));
        let address = serve(server).await;
        let url = format!("http://{address}/v1/chat/completions");
        let recording = record();
        let seen = by_reqwest(&http, &url, &sent.body, true).await;
        table.push_str(&format!("{name}: {}\n", ended(&recording)));
        assert_eq!(seen, by_reqwest(&http, &url, &sent.body, false).await, "{name}");
    }
    insta::assert_snapshot!(table, @r"
    a whole reply: llm.openai.gpt-4o ok - - Some(9)
    a reply in pieces: llm.openai.gpt-4o ok - - Some(9)
    only a head: llm.openai.gpt-4o error 500 - None
    refused before the head: llm.openai.gpt-4o error reqwest::Error - None
    reset before the head: llm.openai.gpt-4o error reqwest::Error - None
    reset behind the head: llm.openai.gpt-4o error reqwest::Error - None
    reset in the body: llm.openai.gpt-4o error reqwest::Error - None
    cancelled in the body: llm.openai.gpt-4o error reqwest::Error - None
    left in the body without an error: llm.openai.gpt-4o ok - - None
    reset behind a reply that does not end: llm.openai.gpt-4o error reqwest::Error - Some(9)
    events: llm.openai.gpt-4o ok - complete Some(9)
    events that are reset: llm.openai.gpt-4o error reqwest::Error cut None
    events that are reset behind the last: llm.openai.gpt-4o ok - complete Some(9)
    reset behind the end: llm.openai.gpt-4o ok - - Some(9)
    goes away before the head: llm.openai.gpt-4o error reqwest::Error - None
    goes away with an error: llm.openai.gpt-4o error reqwest::Error - None
    goes away and answers: llm.openai.gpt-4o ok - - Some(9)
    goes away in the body: llm.openai.gpt-4o error reqwest::Error - None
    goes away and ends the body: llm.openai.gpt-4o ok - - Some(9)
    leaves before the head: llm.openai.gpt-4o error io::BrokenPipe - None
    leaves in the body: llm.openai.gpt-4o error reqwest::Error - None
    data before the head: llm.openai.gpt-4o error reqwest::Error - None
    half a frame: llm.openai.gpt-4o error reqwest::Error - None
    an early answer: llm.openai.gpt-4o error 500 - None
    an early answer and a reset: llm.openai.gpt-4o error 500 - None
    an early answer and a cancellation: llm.openai.gpt-4o error 500 - None
    an early reply: llm.openai.gpt-4o ok - - Some(9)
    an early reset: llm.openai.gpt-4o error reqwest::Error - None
    an early end: llm.openai.gpt-4o error 500 - None
    an early answer of HTTP/1.1: llm.openai.gpt-4o error 413 - None
    an early reply of HTTP/1.1: llm.openai.gpt-4o ok - - Some(9)
    an early reply without length of HTTP/1.1: llm.openai.gpt-4o ok - - Some(9)
    an early reply of HTTP/1.1 that is cut: llm.openai.gpt-4o error io::UnexpectedEof - Some(9)
    ");
}

#[tokio::test]
async fn a_stack_of_tower_sees_the_same_where_it_is_broken_off() {
    for (name, server) in cases() {
        let sent = sent(&server);
        let address = serve(server).await;
        let recording = record();
        let patience = Duration::from_secs(60);
        let seen = by_hyper(address, &sent, patience, true).await.expect("in time");
        let bare = by_hyper(address, &sent, patience, false).await.expect("in time");
        assert_eq!(seen, bare, "{name}");
        // What comes behind the end mark of a stream belongs to no reply.
        let is_told = name == "events that are reset behind the last";
        let has_failed = !is_told && !matches!(seen, (Some(..400), _, None));
        assert_eq!(ended(&recording).contains(" error "), has_failed, "{name}: {seen:?}");
    }
}
