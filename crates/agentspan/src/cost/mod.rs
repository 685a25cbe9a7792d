//! What a call costs: prices, exact money, each line of the bill, and the books of the program.
//!
//! Spans are priced by themselves; here are the same figures for tools of your own, without a span:
//!
//! ```
//! use agentspan::cost::{PriceQuery, Prices};
//! use agentspan::{Rates, Usage};
//!
//! let prices = Prices::bundled().with_override("openai", "ft:gpt-4o-2024-*", Rates::per_million(3.75, 15.0));
//! let usage = Usage::new().input(1_000).output(500);
//! let price = prices.price(&PriceQuery::new("openai", "ft:gpt-4o-2024-08-06:acme", &usage));
//! assert_eq!(price.total_usd().unwrap().to_string(), "0.01125");
//! assert_eq!(price.source().unwrap().as_str(), "override");
//!
//! let unknown = prices.price(&PriceQuery::new("openai", "no-such-model", &usage));
//! assert_eq!(unknown.total_usd(), None);
//! assert_eq!(unknown.missing(), ["model"]);
//! ```
//!
//! A price is `partial` when something counted has no rate, and when a batch or a service tier has none. Two kinds of
//! tier are priced as standard without that: the providers' words for the standard tier, and `flex`, a discount that most
//! models do not have.

mod books;
mod calculate;
mod catalog;
mod ledger;
mod money;
mod pattern;
mod price;
mod prices;
mod rates;
mod time;
mod totals;
mod unit;
mod units;

pub use agentspan_semconv::{CostSource, CostStatus};
pub use books::{BookLine, Books, DearRun, Spend};
pub(crate) use ledger::{Entry, Ledger, MAX_RUNS, RunAccount, Subject};
pub use money::Usd;
pub(crate) use price::Unpriced;
pub use price::{Price, PriceLine, PriceQuery};
pub use prices::Prices;
pub(crate) use prices::{PriceBook, Terms};
pub use rates::Rates;
pub(crate) use totals::{OwnCost, Totals};

#[cfg(test)]
mod tests;
