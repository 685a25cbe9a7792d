//! Multiplying the counts of a call by their rates.

use super::catalog::RateSet;
use super::price::{Price, PriceLine, Unpriced};
use super::time::moment;
use super::unit::{Counts, Unit, status};
use super::units::{PerUnit, Units};
use super::{Terms, Usd};
use agentspan_semconv::{CostSource, CostStatus};
use std::sync::Arc;

/// What a price is computed from.
#[derive(Debug)]
pub(super) struct Basis<'a> {
    pub(super) set: &'a RateSet,
    pub(super) counts: &'a Counts,
    pub(super) terms: &'a Terms<'a>,
    pub(super) source: CostSource,
    /// The entry that the rates are from.
    pub(super) model: &'a Arc<str>,
    /// Of the catalogue, if they are from there.
    pub(super) version: Option<&'a Arc<str>>,
}

/// What a call costs by the rates that were found for it.
#[derive(Debug)]
pub(super) struct Sum {
    pub(super) total: Usd,
    pub(super) status: CostStatus,
    missing: Missing,
}

/// The sum; its parts are shown to `part`.
pub(super) fn sum(basis: &Basis<'_>, part: impl FnMut(PriceLine)) -> Result<Sum, Unpriced> {
    let Basis { set, counts, terms, .. } = basis;
    if set.rates.known().is_empty() {
        return Err(Unpriced::NoRate);
    }
    refuse_overlap(set, counts)?;
    let Products { total, is_used, is_free } = multiply(set, counts, part)?;
    let missing = missing(set, counts, terms);
    if !is_used && missing.is_counted() {
        return Err(Unpriced::NoRate);
    }
    let is_free = if is_used { is_free } else { set.rates.iter().all(|(_, rate)| rate.is_zero()) };
    Ok(Sum { total, status: status(!missing.is_empty(), is_free), missing })
}

/// The sum with its parts, and where its rates come from.
pub(super) fn calculate(basis: &Basis<'_>) -> Result<Price, Unpriced> {
    let Basis { set, counts, terms, source, model, version } = *basis;
    let mut lines = Vec::with_capacity(set.rates.known().and(counts.known()).len());
    let sum = sum(basis, |line| lines.push(line))?;
    let mut sides = [Usd::ZERO; 3];
    lines.iter().for_each(|line: &PriceLine| sides[line.unit.side() as usize] += line.amount);
    // Without a rate of its own, reasoning is in the output at the output's rate.
    let reasoning_rate = set.rates.get(Unit::Reasoning).or(set.rates.get(Unit::Output));
    let reasoning = counts.get(Unit::Reasoning).zip(reasoning_rate);
    let reasoning = reasoning.and_then(|(count, rate)| amount(rate, count, Unit::Output));
    let words = [
        terms.tier.filter(|_| set.tier),
        Some("batch").filter(|_| set.batch),
        Some("long_context").filter(|_| lines.iter().any(|line| set.long.has(line.unit))),
    ];
    let words: Vec<_> = words.into_iter().flatten().collect();
    Ok(Price {
        status: sum.status,
        source: Some(source),
        total: Some(sum.total),
        sides: Some(sides),
        reasoning,
        lines,
        price_model: Some(model.clone()),
        version: version.cloned(),
        since: set.since.and_then(moment),
        tier: (!words.is_empty()).then(|| words.join("+").to_ascii_lowercase()),
        batch: set.batch,
        missing: sum.missing.words().collect(),
    })
}

/// Refuses counts in which one token may be of two kinds with different rates.
fn refuse_overlap(set: &RateSet, counts: &Counts) -> Result<(), Unpriced> {
    for (part, whole, other) in [
        (Unit::CacheAudioRead, Unit::CacheRead, Unit::InputAudio),
        (Unit::CacheImageRead, Unit::CacheRead, Unit::InputImage),
    ] {
        let both = || counts.is_positive(whole) && counts.is_positive(other);
        if set.rates.known().has(part) && !counts.known().has(part) && both() {
            return Err(Unpriced::Overlap(part.word()));
        }
    }
    Ok(())
}

/// What the counts cost.
struct Products {
    total: Usd,
    /// Whether anything was used that has a rate.
    is_used: bool,
    /// Whether all of that has a rate of zero.
    is_free: bool,
}

fn multiply(set: &RateSet, counts: &Counts, mut part: impl FnMut(PriceLine)) -> Result<Products, Unpriced> {
    let mut leaves = PerUnit::<u64>::default();
    // Audio that is paid by the second is not paid once more as a part of the input.
    if set.is_timed() && set.rates.get(Unit::InputAudio).is_none() && counts.is_positive(Unit::AudioSeconds) {
        leaves.set(Unit::InputAudio, counts.value(Unit::InputAudio));
    }
    let mut products = Products { total: Usd::ZERO, is_used: false, is_free: true };
    for (unit, rate) in set.rates.iter() {
        let mut parts = unit.parts().and(leaves.known()).iter().map(|part| leaves.value(part));
        let parts = parts.try_fold(0, u64::checked_add);
        let leaf = parts.and_then(|parts| counts.value(unit).checked_sub(parts));
        let leaf = leaf.ok_or(Unpriced::InvalidUsage)?;
        leaves.set(unit, leaf);
        if leaf > 0 {
            let amount = amount(rate, leaf, unit).ok_or(Unpriced::InvalidUsage)?;
            products.total += amount;
            products.is_used = true;
            products.is_free &= rate.is_zero();
            part(PriceLine { unit, quantity: leaf, rate, amount });
        }
    }
    Ok(products)
}

/// What so many of a unit's fractions cost.
fn amount(rate: Usd, quantity: u64, unit: Unit) -> Option<Usd> {
    rate.times(quantity, u64::from(unit.per()) * unit.fractions())
}

/// What was used or asked for and has no rate.
#[derive(Debug, Clone, Copy)]
struct Missing {
    units: Units,
    /// The model is paid by what is not counted here, or more was used than the counts tell.
    uncounted: bool,
    batch: bool,
    tier: bool,
}

impl Missing {
    fn is_empty(self) -> bool {
        !self.is_counted() && !self.batch && !self.tier
    }

    /// Whether something was used that has no rate; of batches and tiers it is said how they were asked for.
    fn is_counted(self) -> bool {
        !self.units.is_empty() || self.uncounted
    }

    fn words(self) -> impl Iterator<Item = &'static str> {
        let asked = [(self.uncounted, "uncounted"), (self.batch, "batch"), (self.tier, "service_tier")];
        let asked = asked.into_iter().filter_map(|(is_missing, word)| is_missing.then_some(word));
        self.units.iter().map(Unit::word).chain(asked)
    }
}

#[inline]
fn missing(set: &RateSet, counts: &Counts, terms: &Terms<'_>) -> Missing {
    let (rated, told) = (set.rates.known(), counts.known());
    // A model that is paid by time or by request has no rates for tokens.
    let by_tokens = rated.has(Unit::Input) || rated.has(Unit::Output);
    // A count that is not known is no 0, unless it would cost nothing.
    let is_untold = |unit| !told.has(unit) && !set.rates.value(unit).is_zero();
    let has_no_rate = |unit| !rated.has(unit) && counts.is_positive(unit);
    let tokens = |unit: Unit| by_tokens && (is_untold(unit) || has_no_rate(unit));
    let by_time = set.is_timed();
    let is_untimed = by_time && !told.has(Unit::AudioSeconds);
    // Flex is a discount: where a model has none, its standard price holds.
    let has_tier = terms.tier.is_some_and(|tier| !tier.eq_ignore_ascii_case("flex"));
    let mut units = Units::NONE;
    let mut add = |is_missing, unit| {
        if is_missing {
            units = units.with(unit);
        }
    };
    add(tokens(Unit::Input), Unit::Input);
    add(tokens(Unit::Output), Unit::Output);
    add(is_untimed, Unit::AudioSeconds);
    add(has_no_rate(Unit::WebSearches), Unit::WebSearches);
    add(has_no_rate(Unit::FileSearches), Unit::FileSearches);
    Missing {
        units,
        uncounted: (set.has_uncounted && !by_tokens && !by_time) || terms.uncounted,
        batch: terms.batch && !set.batch,
        tier: has_tier && !set.tier && !terms.is_standard(),
    }
}
