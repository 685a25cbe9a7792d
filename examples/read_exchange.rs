//! What would be recorded? Reads recorded exchanges with model providers and prints what the library finds in each: one JSON
//! line with the provider, the models, the tokens, why it stopped and what it cost.
//!
//! An exchange is a JSON file with `url`, `status`, `content_type`, `request`, and `response_text` or `response_base64`.
//! `--cut N` feeds the body in pieces of N bytes, which must change nothing. `--explain` adds where in the body each count
//! was read. Without a file it reads a small exchange of its own.
//!
//! ```text
//! cargo run --example read_exchange -- --explain exchange.json
//! cargo run --example read_exchange
//! {"error_type":null,"file":"(built in)","finish_class":"stop",…,"usage":{"cache_read":4,"input":12,"output":3}}
//! ```

use agentspan::Usage;
use agentspan::usage::{Endpoint, Reply, ReplyReader};
use serde_json::{Map, Value, json};

const BUILT_IN: &str = r#"{
    "url": "https://api.openai.com/v1/chat/completions", "status": 200, "content_type": "text/event-stream",
    "request": {"model": "gpt-4o-mini", "stream": true, "stream_options": {"include_usage": true}},
    "response_text": "data: {\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3,\"total_tokens\":15,\"prompt_tokens_details\":{\"cached_tokens\":4}}}\n\ndata: [DONE]\n\n"
}"#;

fn main() -> Result<(), String> {
    let mut files = Vec::new();
    let (mut cut, mut explain) = (usize::MAX, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--explain" => explain = true,
            "--cut" => {
                let number = arguments.next().and_then(|text| text.parse().ok()).filter(|bytes| *bytes > 0);
                cut = number.ok_or("`--cut` needs a number of bytes from 1 on")?;
            }
            _ => files.push(argument),
        }
    }
    if files.is_empty() {
        println!("{}", line("(built in)", BUILT_IN, cut, explain)?);
    }
    for file in files {
        let text =
            std::fs::read_to_string(&file).map_err(|error| format!("cannot read `{file}`: {error}"))?;
        let name = file.rsplit('/').next().unwrap_or(&file);
        println!("{}", line(name, &text, cut, explain)?);
    }
    Ok(())
}

fn line(file: &str, text: &str, cut: usize, explain: bool) -> Result<Value, String> {
    let exchange: Value =
        serde_json::from_str(text).map_err(|error| format!("`{file}` is no exchange: {error}"))?;
    let url = exchange["url"].as_str().unwrap_or_default();
    let endpoint = Endpoint::recognise(url).unwrap_or_default();
    let request = &exchange["request"];
    let reply = read(&exchange, &endpoint, cut)?;
    let request_model = endpoint.model.as_deref().or_else(|| request["model"].as_str());
    let mut line = json!({
        "file": file,
        "provider": endpoint.provider,
        "operation": endpoint.operation,
        "request_model": request_model,
        "response_model": reply.model,
        "usage": reply.usage.as_ref().map(counts).unwrap_or_default(),
        "finish_reason": reply.finish_reasons.first(),
        "finish_class": reply.finish_class.map(|class| class.as_str()),
        "tool_calls": reply.tool_calls.iter().map(|call| &call.name).collect::<Vec<_>>(),
        "stream_end": reply.stream_end.map(|end| end.as_str()),
        "error_type": reply.error.as_ref().map(|error| &error.error_type),
    });
    if explain {
        line["explain"] = explanation(&reply);
    }
    Ok(line)
}

fn read(exchange: &Value, endpoint: &Endpoint, cut: usize) -> Result<Reply, String> {
    let mut reader = ReplyReader::new("").endpoint(endpoint);
    if let Some(status) = exchange["status"].as_u64().and_then(|status| u16::try_from(status).ok()) {
        reader = reader.status(status);
    }
    let body = match (exchange["response_text"].as_str(), exchange["response_base64"].as_str()) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (None, Some(text)) => base64(text).ok_or_else(|| "`response_base64` is no base64".to_owned())?,
        (None, None) => Vec::new(),
    };
    for piece in body.chunks(cut.min(body.len().max(1))) {
        reader.push(piece);
    }
    Ok(reader.finish())
}

/// The counts under the keys that price files use as well; unknown ones are absent.
fn counts(usage: &Usage) -> Map<String, Value> {
    const OTHERS: [&str; 2] = ["total", "cache_write_5m"];
    let known = usage.counts().into_iter().filter(|(name, _)| !OTHERS.contains(name));
    let mut counts: Map<_, _> = known.map(|(name, count)| (name.to_owned(), json!(count))).collect();
    counts.extend(usage.seconds.map(|seconds| ("seconds".to_owned(), json!(seconds))));
    counts
}

/// Each count with its place in the body, and what more could be known.
fn explanation(reply: &Reply) -> Value {
    let places: Map<_, _> = reply.places().map(|(name, place)| (name.to_owned(), json!(place))).collect();
    json!({"places": places, "chunks": reply.chunk_count, "hint": reply.hint})
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let digit = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
            .iter()
            .position(|known| *known == byte)?;
        bits = bits << 6 | u32::try_from(digit).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}
