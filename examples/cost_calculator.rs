//! What requests cost per day, month and year for several models, or what each call of a file cost.
//!
//!     cargo run --example cost_calculator
//!     cargo run --example cost_calculator -- --requests-per-day 100000 --calls 3 --input 1500 --output 500 \
//!         --cached-share 0.5 --batch --at 2026-11-20 gpt-4o-mini claude-haiku-4-5 google/gemini-2.5-pro
//!     cargo run --example cost_calculator -- --calls-from calls.jsonl
//!
//! The first two print for each model what it costs and below that by which rates, since when these hold, and at last
//! which catalogue they are from; `AGENTSPAN_PRICES=FILE` takes its place. The third prices a file of JSON lines, such as `{"id": "a", "provider": "openai",
//! "model": "gpt-4o", "usage": {"input": 1000, "output": 500}}`, and prints a JSON line for each, with exact decimals.

use agentspan::Usage;
use agentspan::cost::{PriceQuery, Prices};
use agentspan_examples::{bill, day, moment, prices, rates};
use std::error::Error;
use std::time::SystemTime;

/// A proxy that serves everybody's models, so that a model's name tells whose it is.
const ANY: &str = "litellm";
const MODELS: [&str; 3] = ["gpt-4o-mini", "claude-haiku-4-5", "gemini-2.5-pro"];

const USAGE: &str = "cost_calculator [--requests-per-day N] [--calls N] [--input TOKENS] [--output TOKENS]
    [--cached-share 0..1] [--batch] [--at YYYY-MM-DD] MODEL… (or PROVIDER/MODEL)
cost_calculator --calls-from FILE";

struct Plan {
    requests: f64,
    calls: f64,
    input: u64,
    output: u64,
    cached_share: f64,
    batch: bool,
    at: SystemTime,
    models: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let prices = prices()?;
    let mut plan = Plan {
        requests: 100_000.0,
        calls: 3.0,
        input: 1500,
        output: 500,
        cached_share: 0.0,
        batch: false,
        at: SystemTime::now(),
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
            "--at" => plan.at = moment(&value()?.into()).ok_or("`--at` is no day such as 2026-11-20")?,
            "--help" => {
                println!("{USAGE}");
                return Ok(());
            }
            option if option.starts_with("--") => {
                return Err(format!("unknown option `{option}`; `--help` tells all").into());
            }
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
    let Plan { requests, calls, input, output, .. } = plan;
    println!(
        "{requests} requests a day of {calls} calls, each of {input} tokens of input ({cached} cached) and {output} of output"
    );
    println!("{:<32}{:>14}{:>14}{:>14}{:>16}{:>10}", "USD", "request", "day", "month", "year", "to first");
    let mut first = None;
    for name in &plan.models {
        let (provider, model) = name.split_once('/').unwrap_or((ANY, name));
        let price = prices.price(&PriceQuery::new(provider, model, &usage).batch(plan.batch).at(plan.at));
        let Some(call) = price.total_usd() else {
            println!("{name:<32}  unknown {}", price.missing().join(", "));
            continue;
        };
        let request = call.as_f64() * plan.calls;
        let (day, year) = (request * plan.requests, request * plan.requests * 365.0);
        let difference = 100.0 * (request / *first.get_or_insert(request) - 1.0);
        println!("{name:<32}{request:>14.6}{day:>14.2}{:>14.2}{year:>16.2}{difference:>+9.1}%", year / 12.0);
        println!("    {}", rates(&price));
    }
    println!("Prices of {}, as of {}.", prices.version().unwrap_or("no catalogue"), day(plan.at));
}
