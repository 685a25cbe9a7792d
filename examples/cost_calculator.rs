//! What requests cost per day, month and year for several models, or what each call of a file cost.
//!
//!     cargo run --example cost_calculator
//!     cargo run --example cost_calculator -- --requests-per-day 100000 --calls 3 --input 1500 --output 500 \
//!         --cached-share 0.5 --batch gpt-4o-mini claude-haiku-4-5 gemini-2.5-pro
//!     cargo run --example cost_calculator -- --calls-from calls.jsonl
//!
//! The first prints a line for each model; a model may be written `provider/model`. The second prices a file of JSON
//! lines, such as `{"id": "a", "provider": "openai", "model": "gpt-4o", "usage": {"input": 1000, "output": 500}}`, and
//! prints a JSON line for each, with exact decimals as strings.

use agentspan::Usage;
use agentspan::cost::{PriceQuery, Prices};
use agentspan_examples::bill;
use std::error::Error;

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
