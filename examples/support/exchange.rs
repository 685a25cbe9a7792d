//! A recorded exchange with a model provider: a JSON file with `url`, `status`, `content_type`, `request`, and
//! `response_text` or `response_base64`.

use agentspan::Usage;
use agentspan::cost::{Price, PriceQuery, Prices};
use agentspan::usage::{Endpoint, Reply, ReplyReader};
use serde_json::{Map, Value, json};

/// A small exchange that was made up.
pub const BUILT_IN: &str = r#"{
    "url": "https://api.openai.com/v1/chat/completions", "status": 200, "content_type": "text/event-stream",
    "request": {"model": "gpt-4o-mini", "stream": true, "stream_options": {"include_usage": true}},
    "response_text": "data: {\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3,\"total_tokens\":15,\"prompt_tokens_details\":{\"cached_tokens\":4}}}\n\ndata: [DONE]\n\n"
}"#;

/// Reads the response in pieces of `cut` bytes.
///
/// # Errors
///
/// A response that is missing, or that is given as base64 and is none.
pub fn read_response(exchange: &Value, endpoint: &Endpoint, cut: usize) -> Result<Reply, String> {
    let mut reader = ReplyReader::new("").endpoint(endpoint).with_places(true);
    if let Some(status) = exchange["status"].as_u64().and_then(|status| u16::try_from(status).ok()) {
        reader = reader.status(status);
    }
    let body = match (exchange["response_text"].as_str(), exchange["response_base64"].as_str()) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (None, Some(text)) => base64(text).ok_or_else(|| "`response_base64` is no base64".to_owned())?,
        (None, None) => return Err("it has neither `response_text` nor `response_base64`".to_owned()),
    };
    for piece in body.chunks(cut.min(body.len().max(1))) {
        reader.push(piece);
    }
    Ok(reader.finish())
}

/// What the call cost by today's prices; `None` when it said nothing that could be priced.
pub fn price(prices: &Prices, endpoint: &Endpoint, requested: Option<&str>, reply: &Reply) -> Option<Price> {
    let usage = reply.usage.as_ref()?;
    let model = reply.model.as_deref().or(requested)?;
    let provider = endpoint.provider.as_deref().unwrap_or_default();
    let mut query = PriceQuery::new(provider, model, usage).batch(reply.batch);
    if let Some(tier) = &reply.service_tier {
        query = query.service_tier(tier);
    }
    Some(prices.price(&query))
}

/// The counts under the keys that price files use as well; unknown ones are absent.
pub fn counts(usage: &Usage) -> Map<String, Value> {
    const OTHERS: [&str; 2] = ["total", "cache_write_5m"];
    let known = usage.counts().into_iter().filter(|(name, _)| !OTHERS.contains(name));
    let mut counts: Map<_, _> = known.map(|(name, count)| (name.to_owned(), json!(count))).collect();
    counts.extend(usage.seconds.map(|seconds| ("seconds".to_owned(), json!(seconds))));
    counts
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
