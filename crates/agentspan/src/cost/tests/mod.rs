mod books;
mod catalog;
mod files;
mod overrides;
mod sums;
mod vectors;

use super::{OwnCost, Price, PriceQuery, Prices, Usd};
use crate::usage::Usage;
use std::time::{Duration, SystemTime};

/// 2026-11-20T00:00:00Z, the day the expected prices are of.
const TODAY: u64 = 1_795_132_800;

fn usd(decimal: &str) -> Usd {
    Usd::from_decimal(decimal).unwrap()
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn today(provider: &str, model: &str, usage: &Usage) -> Price {
    priced(&Prices::bundled(), &PriceQuery::new(provider, model, usage).at(at(TODAY)))
}

/// The price with its parts, which comes to what is charged without them.
fn priced(prices: &Prices, query: &PriceQuery<'_>) -> Price {
    let price = prices.price(query);
    let whole = OwnCost::of(price.total_usd(), price.status());
    assert_eq!(prices.cost_of(query, query.model), whole, "{query:?}");
    price
}

fn count(input: u64, output: u64) -> Usage {
    Usage::new().input(input).output(output)
}
