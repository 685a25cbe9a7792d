//! A very small HTTP/1.1 server on a free loopback port: one thread per connection, connections kept alive.
//!
//! It is written by hand, since the tests must do what a well-behaved server cannot be asked for: stay silent,
//! answer late, cut a connection in the middle of a body.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// More header lines or bytes of body than these are refused, so that a wrong length cannot eat the memory.
const MAX_HEADERS: usize = 200;
const MAX_BODY: usize = 256 << 20;

/// Names in lower case with their values, in the order in which they came.
pub type Headers = Vec<(String, String)>;

/// The first value of a header; `name` in lower case.
pub fn header<'h>(headers: &'h Headers, name: &str) -> Option<&'h str> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// A request as it was read from the wire.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `POST`, ….
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// All header lines.
    pub headers: Headers,
    /// The body, with the chunks of a chunked body joined.
    pub body: Vec<u8>,
}

impl Request {
    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// A running server. It stops, and cuts what is still open, when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stopped: AtomicBool,
    open: Mutex<HashMap<u64, TcpStream>>,
}

impl Server {
    /// Listens on a free port of 127.0.0.1 and calls `handler` for every request, each connection in its own thread.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start<H>(handler: H) -> io::Result<Self>
    where
        H: Fn(&Request, &mut Exchange<'_>) -> io::Result<()> + Send + Sync + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let handler = Arc::new(handler);
        let accepting = thread::Builder::new().name("http-accept".into()).spawn({
            let shared = shared.clone();
            move || {
                for (id, stream) in (0_u64..).zip(listener.incoming()) {
                    if shared.stopped.load(Ordering::SeqCst) {
                        return;
                    }
                    let (Ok(stream), shared, handler) = (stream, shared.clone(), handler.clone()) else {
                        continue;
                    };
                    let Ok(copy) = stream.try_clone() else { continue };
                    lock(&shared.open).insert(id, copy);
                    thread::spawn(move || {
                        // An error here is a peer that went away, which every test of trouble provokes.
                        let _gone = converse(&stream, handler.as_ref());
                        let _closed = stream.shutdown(Shutdown::Both);
                        lock(&shared.open).remove(&id);
                    });
                }
            }
        })?;
        Ok(Self { address, shared, accepting: Some(accepting) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts all connections that are open, and stays there for new ones.
    pub fn hang_up(&self) {
        for stream in lock(&self.shared.open).values() {
            let _closed = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // `incoming` blocks until somebody calls.
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(accepting) = self.accepting.take().filter(|_| woken) {
            let _ended = accepting.join();
        }
        self.hang_up();
    }
}

/// The answering side of one request.
#[derive(Debug)]
pub struct Exchange<'s> {
    stream: &'s TcpStream,
    keep: bool,
}

impl Exchange<'_> {
    /// Sends a whole answer.
    ///
    /// # Errors
    /// When the peer is gone, as in all methods here.
    pub fn respond(&mut self, status: u16, headers: &[(&str, &str)], body: &[u8]) -> io::Result<()> {
        let mut answer = self.head(status, headers);
        answer.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        let mut bytes = answer.into_bytes();
        bytes.extend_from_slice(body);
        self.stream.write_all(&bytes)
    }

    /// Begins a chunked answer, to be followed by [`chunk`](Self::chunk) and [`end`](Self::end).
    pub fn begin(&mut self, status: u16, headers: &[(&str, &str)]) -> io::Result<()> {
        let mut answer = self.head(status, headers);
        answer.push_str("transfer-encoding: chunked\r\n\r\n");
        self.stream.write_all(answer.as_bytes())
    }

    /// Sends one chunk of a chunked answer at once.
    pub fn chunk(&mut self, data: &[u8]) -> io::Result<()> {
        let mut bytes = format!("{:x}\r\n", data.len()).into_bytes();
        bytes.extend_from_slice(data);
        bytes.extend_from_slice(b"\r\n");
        self.stream.write_all(&bytes)
    }

    /// Ends a chunked answer.
    pub fn end(&mut self) -> io::Result<()> {
        self.stream.write_all(b"0\r\n\r\n")
    }

    /// Waits, but no longer than the peer or the server stays.
    pub fn pause(&mut self, duration: Duration) -> io::Result<()> {
        if duration.is_zero() {
            return Ok(());
        }
        self.stream.set_read_timeout(Some(duration))?;
        let waited = self.stream.peek(&mut [0]);
        self.stream.set_read_timeout(None)?;
        match waited {
            Ok(0) => Err(io::ErrorKind::ConnectionAborted.into()),
            _ => Ok(()),
        }
    }

    /// Says nothing more and waits until the peer gives up.
    pub fn hold(&mut self) -> io::Result<()> {
        self.keep = false;
        while self.stream.read(&mut [0; 256])? > 0 {}
        Ok(())
    }

    /// Cuts the connection.
    pub fn cut(&mut self) -> io::Result<()> {
        self.keep = false;
        self.stream.shutdown(Shutdown::Both)
    }

    fn head(&self, status: u16, headers: &[(&str, &str)]) -> String {
        let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(status));
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.keep {
            head.push_str("connection: close\r\n");
        }
        head
    }
}

fn converse<H>(stream: &TcpStream, handler: &H) -> io::Result<()>
where
    H: Fn(&Request, &mut Exchange<'_>) -> io::Result<()>,
{
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader, stream)? {
        let close = request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let mut exchange = Exchange { stream, keep: !close };
        handler(&request, &mut exchange)?;
        if !exchange.keep {
            break;
        }
    }
    Ok(())
}

fn read_request(reader: &mut impl BufRead, mut stream: &TcpStream) -> io::Result<Option<Request>> {
    let Some(first) = read_line(reader)? else { return Ok(None) };
    let mut words = first.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(bad("no request line"));
    };
    let headers = read_headers(reader)?;
    if header(&headers, "expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let body = read_body(reader, &headers)?.unwrap_or_default();
    Ok(Some(Request { method: method.into(), target: target.into(), headers, body }))
}

/// Reads header lines up to the empty one, after the first line of a message.
///
/// # Errors
/// When the connection ends before.
pub fn read_headers(reader: &mut impl BufRead) -> io::Result<Headers> {
    let mut headers = Headers::new();
    while headers.len() < MAX_HEADERS {
        let line = read_line(reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if line.is_empty() {
            return Ok(headers);
        }
        let (name, value) = line.split_once(':').ok_or_else(|| bad("a header without a colon"))?;
        headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    Err(bad("too many headers"))
}

/// Reads the body that `headers` announce; `None` when they announce none.
///
/// # Errors
/// When the connection ends before the body does.
pub fn read_body(reader: &mut impl BufRead, headers: &Headers) -> io::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    if header(headers, "transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        loop {
            let line = read_line(reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(|_| bad("no size of a chunk"))?;
            read_exactly(reader, &mut body, size)?;
            read_line(reader)?;
            if size == 0 {
                return Ok(Some(body));
            }
        }
    }
    let Some(length) = header(headers, "content-length") else { return Ok(None) };
    read_exactly(reader, &mut body, length.parse().map_err(|_| bad("no length of the body"))?)?;
    Ok(Some(body))
}

fn read_exactly(reader: &mut impl BufRead, body: &mut Vec<u8>, size: usize) -> io::Result<()> {
    if size.saturating_add(body.len()) > MAX_BODY {
        return Err(bad("a body that is too long"));
    }
    let read = reader.take(size as u64).read_to_end(body)?;
    if read < size { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

/// One line without its end; `None` at the end of the connection.
///
/// # Errors
/// When reading fails.
pub fn read_line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    if reader.take(1 << 16).read_line(&mut line)? == 0 {
        return Ok(None);
    }
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(Some(line))
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// A lock that a panicked thread has let go of still guards sound data here: every change is one insert or push.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Answer",
    }
}
