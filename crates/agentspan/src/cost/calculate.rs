//! Multiplying the counts of a call by their rates.

use super::catalog::RateSet;
use super::price::{Price, PriceLine, Unpriced};
use super::time::moment;
use super::unit::{Counts, FRACTIONS, Unit, status};
use super::units::PerUnit;
use super::{Terms, Usd};
use agentspan_semconv::CostSource;
use std::sync::Arc;

/// What a call costs by the rates that were found for it.
pub(super) fn calculate(
    set: &RateSet,
    counts: &Counts,
    terms: &Terms<'_>,
    source: CostSource,
    model: &Arc<str>,
) -> Result<Price, Unpriced> {
    if set.rates.known().is_empty() {
        return Err(Unpriced::NoRate);
    }
    refuse_overlap(set, counts)?;
    let Products { lines, sides, is_long } = multiply(set, counts)?;
    // Without a rate of its own, reasoning is in the output at the output's rate.
    let reasoning_rate = set.rates.get(Unit::Reasoning).or(set.rates.get(Unit::Output));
    let reasoning = counts.get(Unit::Reasoning).zip(reasoning_rate);
    let reasoning = reasoning.and_then(|(count, rate)| amount(rate, count, Unit::Output));
    let missing = missing(set, counts, terms);
    let is_zero = if lines.is_empty() {
        set.rates.iter().all(|(_, rate)| rate.is_zero())
    } else {
        lines.iter().all(|line| line.rate.is_zero())
    };
    let uncounted = missing.iter().any(|word| !matches!(*word, "batch" | "service_tier"));
    if lines.is_empty() && uncounted {
        return Err(Unpriced::NoRate);
    }
    let words = [
        terms.tier.filter(|_| set.tier),
        Some("batch").filter(|_| set.batch),
        Some("long_context").filter(|_| is_long),
    ];
    let words: Vec<_> = words.into_iter().flatten().collect();
    Ok(Price {
        status: status(!missing.is_empty(), is_zero),
        source: Some(source),
        total: Some(sides.into_iter().sum()),
        sides: Some(sides),
        reasoning,
        lines,
        price_model: Some(model.clone()),
        version: None,
        since: set.since.and_then(moment),
        tier: (!words.is_empty()).then(|| words.join("+").to_ascii_lowercase()),
        batch: set.batch,
        missing,
    })
}

/// Refuses counts in which one token may be of two kinds with different rates.
fn refuse_overlap(set: &RateSet, counts: &Counts) -> Result<(), Unpriced> {
    for (part, whole, other) in [
        (Unit::CacheAudioRead, Unit::CacheRead, Unit::InputAudio),
        (Unit::CacheImageRead, Unit::CacheRead, Unit::InputImage),
    ] {
        let both = counts.is_positive(whole) && counts.is_positive(other);
        if both && set.rates.get(part).is_some() && counts.get(part).is_none() {
            return Err(Unpriced::Overlap(part.word()));
        }
    }
    Ok(())
}

/// Each count with its rate, and their sums by side.
struct Products {
    lines: Vec<PriceLine>,
    sides: [Usd; 3],
    /// Whether a rate is one for long contexts.
    is_long: bool,
}

fn multiply(set: &RateSet, counts: &Counts) -> Result<Products, Unpriced> {
    let mut leaves = PerUnit::<i128>::default();
    // Audio that is paid by the second is not paid once more as a part of the input.
    if set.is_timed() && set.rates.get(Unit::InputAudio).is_none() && counts.is_positive(Unit::AudioSeconds) {
        leaves.set(Unit::InputAudio, counts.get(Unit::InputAudio).unwrap_or(0));
    }
    let mut lines = Vec::with_capacity(set.rates.known().and(counts.known()).len());
    let (mut sides, mut is_long) = ([Usd::ZERO; 3], false);
    for (unit, rate) in set.rates.iter() {
        let parts = unit.parts().and(leaves.known()).iter().filter_map(|part| leaves.get(part));
        let leaf = counts.get(unit).unwrap_or(0) - parts.sum::<i128>();
        if leaf < 0 {
            return Err(Unpriced::InvalidUsage);
        }
        leaves.set(unit, leaf);
        if leaf > 0 {
            is_long |= set.long.has(unit);
            let amount = amount(rate, leaf, unit).ok_or(Unpriced::InvalidUsage)?;
            sides[unit.side() as usize] += amount;
            lines.push(PriceLine { unit, quantity: leaf, rate, amount });
        }
    }
    Ok(Products { lines, sides, is_long })
}

/// What so many millionths of a unit cost. All but seconds are whole, and smaller numbers are divided faster.
fn amount(rate: Usd, quantity: i128, unit: Unit) -> Option<Usd> {
    let per = i128::from(unit.per());
    match u64::try_from(quantity) {
        Ok(quantity) if quantity % FRACTIONS == 0 => rate.times(i128::from(quantity / FRACTIONS), per),
        _ => rate.times(quantity, per * i128::from(FRACTIONS)),
    }
}

/// What was used or asked for and has no rate.
fn missing(set: &RateSet, counts: &Counts, terms: &Terms<'_>) -> Vec<&'static str> {
    let rate = |unit: Unit| set.rates.get(unit);
    let mut missing = Vec::new();
    // A model that is paid by time or by request has no rates for tokens.
    let by_tokens = rate(Unit::Input).is_some() || rate(Unit::Output).is_some();
    let wanted = [Unit::Input, Unit::Output].map(|unit| (unit, by_tokens));
    for (unit, wanted) in wanted.into_iter().chain([(Unit::WebSearches, true)]) {
        // A count that is not known is no 0, unless it would cost nothing.
        let untold = unit != Unit::WebSearches
            && counts.get(unit).is_none()
            && rate(unit).is_some_and(|rate| !rate.is_zero());
        if wanted && (untold || (rate(unit).is_none() && counts.is_positive(unit))) {
            missing.push(unit.word());
        }
    }
    let by_time = set.is_timed();
    if by_time && counts.get(Unit::AudioSeconds).is_none() {
        missing.push(Unit::AudioSeconds.word());
    }
    if set.has_uncounted && !by_tokens && !by_time {
        missing.push("uncounted");
    }
    if terms.batch && !set.batch {
        missing.push("batch");
    }
    // Flex is a discount: where a model has none, its standard price holds.
    if terms.tier.is_some_and(|tier| !tier.eq_ignore_ascii_case("flex")) && !set.tier && !terms.is_standard()
    {
        missing.push("service_tier");
    }
    missing
}
