//! What would be recorded? Reads recorded exchanges with model providers and prints what the library finds in each: one JSON
//! line with the provider, the models, the tokens, why it stopped and what it cost.
//!
//! An exchange is a JSON file with `url`, `status`, `content_type`, `request`, and `response_text` or `response_base64`.
//! What a proxy or a test recorded has to be put into that shape; a reply by itself is none, since its provider is not in it.
//! `--cut N` feeds the body in pieces of N bytes, which must change nothing. `--explain` adds where in the body each count
//! was read, each rate and each product. Without a file it reads a small exchange of its own.
//!
//! ```text
//! cargo run --example read_exchange -- --explain exchange.json
//! cargo run --example read_exchange
//! {"file":"(built in)","provider":"openai",…,"usage":{"cache_read":4,"input":12,"output":3},…}
//! ```
//!
//! It prices by the catalogue, or by the file that `AGENTSPAN_PRICES` names.

use agentspan::cost::{Price, Prices};
use agentspan::usage::{Endpoint, Reply};
use agentspan_examples::exchange::{BUILT_IN, counts, price, read_response};
use agentspan_examples::prices;
use serde_json::{Map, Value, json};

const USAGE: &str = "read_exchange [--cut BYTES] [--explain] FILE…
FILE is a JSON object with `url`, `status`, `content_type`, `request`, and `response_text` or `response_base64`; the first and
one of the last two are needed";

fn main() -> Result<(), String> {
    let mut files = Vec::new();
    let (mut cut, mut explain) = (usize::MAX, false);
    let prices = prices()?;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--explain" => explain = true,
            "--cut" => {
                let number = arguments.next().and_then(|text| text.parse().ok()).filter(|bytes| *bytes > 0);
                cut = number.ok_or("`--cut` needs a number of bytes from 1 on")?;
            }
            "--help" => {
                println!("{USAGE}");
                return Ok(());
            }
            option if option.starts_with("--") => {
                return Err(format!("unknown option `{option}`; see `read_exchange --help`"));
            }
            _ => files.push(argument),
        }
    }
    if files.is_empty() {
        println!("{}", line(&prices, "(built in)", BUILT_IN, cut, explain)?);
    }
    for file in files {
        let text =
            std::fs::read_to_string(&file).map_err(|error| format!("cannot read `{file}`: {error}"))?;
        let name = file.rsplit('/').next().unwrap_or(&file);
        println!("{}", line(&prices, name, &text, cut, explain)?);
    }
    Ok(())
}

fn line(prices: &Prices, file: &str, text: &str, cut: usize, explain: bool) -> Result<Value, String> {
    let exchange: Value =
        serde_json::from_str(text).map_err(|error| format!("`{file}` is no exchange: {error}"))?;
    let no_exchange = |what: &str| format!("`{file}` is no exchange: {what}; see `read_exchange --help`");
    let url = exchange["url"].as_str().ok_or_else(|| no_exchange("it has no `url` that is text"))?;
    let endpoint = Endpoint::recognise(url).unwrap_or_default();
    let request = &exchange["request"];
    let reply = read_response(&exchange, &endpoint, cut).map_err(|what| no_exchange(&what))?;
    let request_model = endpoint.model.as_deref().or_else(|| request["model"].as_str());
    let price = price(prices, &endpoint, request_model, &reply);
    let refused = reply.error.is_some() && exchange["status"].as_u64() >= Some(400);
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
        "cost_usd": price.as_ref().and_then(Price::total_usd).map(|usd| usd.to_string()),
        "cost_status": price.as_ref().map_or("unknown", |price| price.status().as_str()),
    });
    if refused && price.is_none() {
        // No provider charges for a request that it refused.
        (line["cost_usd"], line["cost_status"]) = (json!("0"), json!("known"));
    }
    if explain {
        line["explain"] = explanation(&reply, price.as_ref());
    }
    Ok(line)
}

/// Each count with its place in the body, each rate and product, and what more could be known.
fn explanation(reply: &Reply, price: Option<&Price>) -> Value {
    let places: Map<_, _> = reply.places().map(|(name, place)| (name.to_owned(), json!(place))).collect();
    let bill = price.map(|price| {
        let lines = price.lines().iter().map(|line| {
            let rate = format!("{} USD per {}", line.rate(), line.per());
            json!({"what": line.what(), "quantity": line.quantity(), "rate": rate, "usd": line.usd().to_string()})
        });
        json!({"model": price.price_model(), "prices": price.catalog_version(), "tier": price.tier(),
            "lines": lines.collect::<Vec<_>>(), "missing": price.missing()})
    });
    json!({"places": places, "bill": bill, "chunks": reply.chunk_count, "hint": reply.hint})
}
