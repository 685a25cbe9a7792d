//! Prices, exact money, and what a subtree of steps has cost so far.

mod money;
mod prices;
mod totals;

pub(crate) use money::Usd;
pub use prices::Rates;
pub(crate) use prices::{Price, PriceBook, PriceQuery, Unpriced};
pub(crate) use totals::{OwnCost, Totals};

#[cfg(test)]
mod tests;
