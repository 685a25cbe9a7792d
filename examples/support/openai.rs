//! A scripted server that speaks enough of the OpenAI Chat API for a real client.

use crate::http::{Exchange, Request, Server, lock};
use crate::reply::{Reply, What};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// A server on a free loopback port that answers `POST /v1/chat/completions` as its script says.
///
/// It stops when it is dropped.
///
/// ```
/// use agentspan_examples::{OpenAi, Reply};
///
/// let server = OpenAi::script([Reply::text("It will rain.").usage(1_208, 70)])?;
/// assert!(server.base_url().starts_with("http://127.0.0.1:"));
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct OpenAi {
    server: Server,
    requests: Arc<Mutex<Vec<Value>>>,
}

impl OpenAi {
    /// Uses each reply once, in turn. A request too many gets status 500 and says so.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn script(replies: impl IntoIterator<Item = Reply>) -> io::Result<Self> {
        let replies = Mutex::new(replies.into_iter().collect::<VecDeque<_>>());
        Self::answering(move |_| {
            lock(&replies)
                .pop_front()
                .unwrap_or_else(|| Reply::error(500, "script_ended", "The script has no reply left."))
        })
    }

    /// Lets a function choose the reply from the request's JSON; it is called from many threads.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn answering(choose: impl Fn(&Value) -> Reply + Send + Sync + 'static) -> io::Result<Self> {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let count = AtomicU64::new(0);
        let server = Server::start({
            let requests = requests.clone();
            move |request, exchange| {
                let id = format!("chatcmpl-{}", count.fetch_add(1, Ordering::Relaxed) + 1);
                let (body, reply) = match understood(request) {
                    Ok(body) => {
                        lock(&requests).push(body.clone());
                        let reply = choose(&body);
                        (body, reply)
                    }
                    Err((status, code, message)) => (Value::Null, Reply::error(status, code, &message)),
                };
                answer(&reply, &id, &body, exchange)
            }
        })?;
        Ok(Self { server, requests })
    }

    /// What a client takes as its base address, `/v1` included.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.server.address())
    }

    /// The bodies of all requests so far.
    pub fn requests(&self) -> Vec<Value> {
        lock(&self.requests).clone()
    }
}

/// The body of a request for this server, or the status, the code and the text of its refusal.
fn understood(request: &Request) -> Result<Value, (u16, &'static str, String)> {
    let path = request.target.split('?').next().unwrap_or_default();
    if (request.method.as_str(), path) != ("POST", "/v1/chat/completions") {
        return Err((404, "unknown_url", format!("Unknown request URL: {} {path}.", request.method)));
    }
    serde_json::from_slice(&request.body)
        .map_err(|error| (400, "invalid_json", format!("The body is no JSON: {error}.")))
}

fn answer(reply: &Reply, id: &str, request: &Value, exchange: &mut Exchange<'_>) -> io::Result<()> {
    exchange.pause(reply.delay)?;
    let number = format!("req_{id}");
    if let What::Error { status, body, retry_after } = &reply.what {
        let seconds = retry_after.map(|seconds| seconds.to_string());
        let mut headers = vec![("content-type", "application/json"), ("x-request-id", number.as_str())];
        headers.extend(seconds.as_deref().map(|seconds| ("retry-after", seconds)));
        return exchange.respond(*status, &headers, body.to_string().as_bytes());
    }
    if request["stream"] != true {
        if reply.cut_after.is_some() {
            return exchange.cut();
        }
        let headers = [("content-type", "application/json"), ("x-request-id", number.as_str())];
        return exchange.respond(200, &headers, reply.body(id, request).to_string().as_bytes());
    }
    let headers = [("content-type", "text/event-stream; charset=utf-8"), ("x-request-id", number.as_str())];
    exchange.begin(200, &headers)?;
    for (index, chunk) in reply.chunks(id, request).into_iter().enumerate() {
        if reply.cut_after == Some(index) {
            return exchange.cut();
        }
        if index > 0 {
            exchange.pause(reply.chunk_delay)?;
        }
        exchange.chunk(format!("data: {chunk}\n\n").as_bytes())?;
    }
    exchange.chunk(b"data: [DONE]\n\n")?;
    exchange.end()
}

/// The definition of a tool with one string argument, as a request carries it.
pub fn tool_definition(name: &str, description: &str, argument: &str) -> Value {
    json!({
        "type": "function",
        "function": {
            "name": name, "description": description,
            "parameters": {
                "type": "object", "required": [argument],
                "properties": {argument: {"type": "string"}},
            },
        },
    })
}
