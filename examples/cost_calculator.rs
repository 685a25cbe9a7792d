//! What requests cost per day, month and year for several models, or what each call of a file cost.
//!
//!     cargo run --example cost_calculator -- --requests-per-day 100000 --calls 3 --input 1500 --output 500 \
//!         --cached-share 0.5 --batch gpt-4o-mini claude-haiku-4-5 gemini-2.5-pro
//!     cargo run --example cost_calculator -- --calls-from calls.jsonl
//!
//! The first prints a line for each model; a model may be written `provider/model`. The second prices a file of JSON
//! lines, such as `{"id": "a", "provider": "openai", "model": "gpt-4o", "usage": {"input": 1000, "output": 500}}`, and
//! prints a JSON line for each, with exact decimals as strings.

use agentspan::Usage;
use agentspan::cost::{Price, PriceQuery, Prices};
use serde_json::{Value, json};
use std::error::Error;
use std::time::{Duration, SystemTime};

const MODELS: [&str; 3] = ["gpt-4o-mini", "claude-haiku-4-5", "gemini-2.5-pro"];

struct Plan {
    requests: f64,
    calls: f64,
    input: u64,
    output: u64,
    cached_share: f64,
    batch: bool,
    models: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let prices = Prices::bundled();
    let mut plan = Plan {
        requests: 100_000.0,
        calls: 3.0,
        input: 1500,
        output: 500,
        cached_share: 0.0,
        batch: false,
        models: Vec::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("`{argument}` needs a value"));
        match argument.as_str() {
            "--calls-from" => {
                let file = std::fs::read_to_string(value()?)?;
                file.lines()
                    .filter(|line| !line.trim().is_empty())
                    .for_each(|line| println!("{}", bill(&prices, line)));
                return Ok(());
            }
            "--requests-per-day" => plan.requests = value()?.parse()?,
            "--calls" => plan.calls = value()?.parse()?,
            "--input" => plan.input = value()?.parse()?,
            "--output" => plan.output = value()?.parse()?,
            "--cached-share" => plan.cached_share = value()?.parse()?,
            "--batch" => plan.batch = true,
            option if option.starts_with("--") => return Err(format!("unknown option `{option}`").into()),
            model => plan.models.push(model.to_owned()),
        }
    }
    if !(0.0..=1.0).contains(&plan.cached_share) {
        return Err("`--cached-share` is a number from 0 to 1".into());
    }
    if plan.models.is_empty() {
        plan.models = MODELS.map(str::to_owned).to_vec();
    }
    compare(&prices, &plan);
    Ok(())
}

fn compare(prices: &Prices, plan: &Plan) {
    let cached = (plan.input as f64 * plan.cached_share).round() as u64;
    let usage = Usage::new().input(plan.input).output(plan.output).cache_read(cached);
    println!("{:<24}{:>14}{:>14}{:>14}{:>16}{:>10}", "model", "request", "day", "month", "year", "");
    let mut first = None;
    for name in &plan.models {
        let (provider, model) = name.split_once('/').unwrap_or((provider_of(name), name));
        let price = prices.price(&PriceQuery::new(provider, model, &usage).batch(plan.batch));
        let Some(call) = price.total_usd() else {
            println!("{name:<24}  unknown: {}", price.missing().join(", "));
            continue;
        };
        let request = call.as_f64() * plan.calls;
        let day = request * plan.requests;
        let difference = 100.0 * (request / *first.get_or_insert(request) - 1.0);
        println!(
            "{name:<24}{request:>14.6}{day:>14.2}{:>14.2}{:>16.2}{difference:>+9.1}%",
            day * 365.0 / 12.0,
            day * 365.0
        );
        let lines =
            price.lines().iter().map(|line| format!("{} {} per {}", line.what(), line.rate(), line.per()));
        println!("    {}: {}", price.price_model().unwrap_or(model), lines.collect::<Vec<_>>().join(", "));
        if !price.missing().is_empty() {
            println!("    {}, without: {}", price.status().as_str(), price.missing().join(", "));
        }
    }
    println!("USD by the prices of {}, as of now", prices.version().unwrap_or("no catalogue"));
}

fn provider_of(model: &str) -> &'static str {
    let known = [("claude", "anthropic"), ("gemini", "google"), ("grok", "xai"), ("deepseek", "deepseek")];
    known.iter().find(|(start, _)| model.starts_with(start)).map_or("openai", |(_, provider)| provider)
}

fn bill(prices: &Prices, line: &str) -> Value {
    let call: Value = match serde_json::from_str(line) {
        Ok(call) => call,
        Err(error) => return json!({"id": null, "status": "unknown", "error": error.to_string()}),
    };
    match price(prices, &call) {
        Ok(price) => json!({
            "id": call["id"],
            "total_usd": price.total_usd().map(|usd| usd.to_string()),
            "input_usd": price.input_usd().map(|usd| usd.to_string()),
            "output_usd": price.output_usd().map(|usd| usd.to_string()),
            "status": price.status().as_str(),
            "source": price.source().map(|source| source.as_str()),
            "price_model": price.price_model(),
            "missing": price.missing(),
        }),
        Err(error) => json!({"id": call["id"], "status": "unknown", "error": error.to_string()}),
    }
}

fn price(prices: &Prices, call: &Value) -> Result<Price, Box<dyn Error>> {
    let text = |key: &str| call[key].as_str();
    let provider = text("provider").or(text("url")).ok_or("`provider` or `url` is wanting")?;
    let mut usage = Usage::new();
    for (key, value) in call["usage"].as_object().ok_or("`usage` is no object")? {
        if value.is_null() {
            continue;
        }
        if key == "seconds" {
            usage.seconds = Some(value.as_f64().ok_or("`seconds` is no number")?);
            continue;
        }
        let count = value.as_u64().ok_or_else(|| format!("`{key}` is no count"))?;
        let field = match key.as_str() {
            "input" => &mut usage.input,
            "output" => &mut usage.output,
            "cache_read" => &mut usage.cache_read,
            "cache_write" => &mut usage.cache_write,
            "cache_write_1h" => &mut usage.cache_write_1h,
            "reasoning" => &mut usage.reasoning,
            "input_audio" => &mut usage.input_audio,
            "cache_audio_read" => &mut usage.cache_audio_read,
            "output_audio" => &mut usage.output_audio,
            "input_image" => &mut usage.input_image,
            "output_image" => &mut usage.output_image,
            "web_searches" => &mut usage.web_searches,
            _ => return Err(format!("`{key}` is no part of a usage").into()),
        };
        *field = Some(count);
    }
    let mut query = PriceQuery::new(provider, text("model").ok_or("`model` is wanting")?, &usage);
    query = query.batch(call["batch"].as_bool().unwrap_or(false));
    if let Some(tier) = text("service_tier") {
        query = query.service_tier(tier);
    }
    if !call["at"].is_null() {
        query = query.at(moment(&call["at"]).ok_or("`at` is no time such as 2026-11-20T00:00:00Z")?);
    }
    Ok(prices.price(&query))
}

/// Seconds since 1970, or a date with or without a time of day, in UTC.
fn moment(at: &Value) -> Option<SystemTime> {
    if let Some(seconds) = at.as_f64() {
        return SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?);
    }
    let text = at.as_str()?;
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00Z"));
    let time = time.trim_end_matches('Z').trim_end_matches("+00:00");
    let numbers =
        |text: &str, by| text.split(by).map(|part| part.parse::<f64>().ok()).collect::<Option<Vec<_>>>();
    let (date, time) = (numbers(date, '-')?, numbers(time, ':')?);
    let [year, month, day] = date[..] else { return None };
    let [hour, minute, second] = [0, 1, 2].map(|at| time.get(at).copied().unwrap_or(0.0));
    let valid = year >= 1970.0 && (1.0..=12.0).contains(&month) && (1.0..=31.0).contains(&day);
    let valid = valid && hour < 24.0 && minute < 60.0 && second < 61.0;
    // Years begin in March, so that the leap day is the last.
    let (year, month) = if month > 2.0 { (year, month - 3.0) } else { (year - 1.0, month + 9.0) };
    let leaps = (year / 4.0).floor() - (year / 100.0).floor() + (year / 400.0).floor();
    let days = 365.0 * year + leaps + ((153.0 * month + 2.0) / 5.0).floor() + day - 719_469.0;
    let seconds = days * 86_400.0 + hour * 3600.0 + minute * 60.0 + second;
    valid.then(|| Duration::try_from_secs_f64(seconds).ok().map(|since| SystemTime::UNIX_EPOCH + since))?
}
