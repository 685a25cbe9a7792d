use super::catalog::RateSet;
use super::unit::{Counts, FRACTIONS, Unit, status};
use super::units::PerUnit;
use super::{Terms, Usd};
use crate::usage::Usage;
use agentspan_semconv::{CostSource, CostStatus};
use std::sync::Arc;
use std::time::SystemTime;

/// One call to be priced.
///
/// ```
/// use agentspan::Usage;
/// use agentspan::cost::{PriceQuery, Prices};
///
/// let usage = Usage::new().input(10_000).cache_read(8_192).output(300);
/// let price = Prices::bundled().price(&PriceQuery::new("openai", "gpt-4o", &usage));
/// assert_eq!(price.total_usd().unwrap().to_string(), "0.01776");
/// assert_eq!(price.cache_read_usd().unwrap().to_string(), "0.01024");
/// ```
#[derive(Debug, Clone)]
#[must_use = "a query is answered by `Prices::price`"]
pub struct PriceQuery<'a> {
    pub(crate) provider: &'a str,
    pub(crate) model: &'a str,
    pub(crate) usage: &'a Usage,
    pub(crate) at: SystemTime,
    pub(crate) service_tier: Option<&'a str>,
    pub(crate) batch: bool,
}

impl<'a> PriceQuery<'a> {
    /// A call to a provider, by any of its words or by the URL or host that was called, of the model that served it, at
    /// this moment.
    pub fn new(provider: &'a str, model: &'a str, usage: &'a Usage) -> Self {
        Self { provider, model, usage, at: SystemTime::now(), service_tier: None, batch: false }
    }

    /// When the request began: prices have start dates and times of day (UTC). By default now.
    pub fn at(mut self, at: SystemTime) -> Self {
        self.at = at;
        self
    }

    /// The service tier as the reply tells it, never as it was asked for; by default the standard one.
    pub fn service_tier(mut self, tier: &'a str) -> Self {
        self.service_tier = Some(tier);
        self
    }

    /// Whether it was part of a batch; by default not.
    pub fn batch(mut self, batch: bool) -> Self {
        self.batch = batch;
        self
    }
}

/// What a call cost, part by part, and where the price came from.
///
/// Input, output and other add up to the total; cache, reasoning and audio are parts of these. A part is `None` where
/// nobody knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Price {
    pub(crate) status: CostStatus,
    pub(crate) source: Option<CostSource>,
    pub(crate) total: Option<Usd>,
    pub(crate) sides: Option<[Usd; 3]>,
    reasoning: Option<Usd>,
    pub(crate) lines: Vec<PriceLine>,
    pub(crate) price_model: Option<Arc<str>>,
    pub(crate) version: Option<Arc<str>>,
    pub(crate) since: Option<SystemTime>,
    pub(crate) tier: Option<String>,
    pub(crate) batch: bool,
    pub(crate) missing: Vec<&'static str>,
}

/// One line of the bill: a count, its rate, and the product.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceLine {
    unit: Unit,
    quantity: i128,
    rate: Usd,
    amount: Usd,
}

impl PriceLine {
    /// What was counted, as the field of [`Usage`] is called; `input` and `output` are what no other line has of them.
    pub fn what(&self) -> &'static str {
        self.unit.word()
    }

    /// How many tokens, seconds, searches or requests.
    pub fn quantity(&self) -> f64 {
        self.quantity as f64 / FRACTIONS as f64
    }

    /// USD for [`per`](Self::per) of them.
    pub fn rate(&self) -> Usd {
        self.rate
    }

    /// How many the rate is for: a million tokens, an hour in seconds, or a thousand searches or requests.
    pub fn per(&self) -> u32 {
        self.unit.per()
    }

    /// What this line costs.
    pub fn usd(&self) -> Usd {
        self.amount
    }
}

impl Price {
    /// Whether every part has a price.
    pub fn status(&self) -> CostStatus {
        self.status
    }

    /// Where the price came from; `None` for an unknown one.
    pub fn source(&self) -> Option<CostSource> {
        self.source
    }

    /// What the call cost, as far as it is known; `None` for an unknown price.
    pub fn total_usd(&self) -> Option<Usd> {
        self.total
    }

    /// The input, with cache and audio.
    pub fn input_usd(&self) -> Option<Usd> {
        self.sides.map(|[input, _, _]| input)
    }

    /// The output, with reasoning and audio.
    pub fn output_usd(&self) -> Option<Usd> {
        self.sides.map(|[_, output, _]| output)
    }

    /// What is charged by the request, the search or the hour and belongs to neither side.
    pub fn other_usd(&self) -> Option<Usd> {
        self.sides.map(|[_, _, other]| other)
    }

    /// Of the input, what was read from a cache; `None` where that has no rate of its own.
    pub fn cache_read_usd(&self) -> Option<Usd> {
        self.sum(|unit| unit == Unit::CacheRead || unit.is_part_of(Unit::CacheRead))
    }

    /// Of the input, what was written to a cache; `None` where that has no rate of its own.
    pub fn cache_write_usd(&self) -> Option<Usd> {
        self.sum(|unit| unit == Unit::CacheWrite || unit.is_part_of(Unit::CacheWrite))
    }

    /// Of the output, what was reasoning, at its own rate or at that of the output.
    pub fn reasoning_usd(&self) -> Option<Usd> {
        self.reasoning
    }

    /// Audio of both sides; `None` where it has no rate of its own.
    pub fn audio_usd(&self) -> Option<Usd> {
        use Unit::{AudioSeconds, CacheAudioRead, InputAudio, InputAudioSeconds, OutputAudio};
        let audio = [AudioSeconds, CacheAudioRead, InputAudio, InputAudioSeconds, OutputAudio];
        self.sum(|unit| audio.contains(&unit))
    }

    /// The model by whose price it was priced.
    pub fn price_model(&self) -> Option<&str> {
        self.price_model.as_deref()
    }

    /// The version of the catalogue; `None` where the price came from elsewhere.
    pub fn catalog_version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Since when the rates hold; `None` where they have no date. Of several dates, as of a batch rate beside a
    /// standard one, the latest.
    pub fn effective_since(&self) -> Option<SystemTime> {
        self.since
    }

    /// What was applied beside the standard price: a service tier by the catalogue's word, in small letters, `batch`,
    /// `long_context`, joined by `+`.
    pub fn tier(&self) -> Option<&str> {
        self.tier.as_deref()
    }

    /// Whether the price is that of a batch.
    pub fn is_batch(&self) -> bool {
        self.batch
    }

    /// The words for what has no price here.
    pub fn missing(&self) -> &[&'static str] {
        &self.missing
    }

    /// Each count with its rate and product.
    pub fn lines(&self) -> &[PriceLine] {
        &self.lines
    }

    fn sum(&self, is: impl Fn(Unit) -> bool) -> Option<Usd> {
        let mut amounts = self.lines.iter().filter(|line| is(line.unit)).map(|line| line.amount).peekable();
        amounts.peek()?;
        Some(amounts.sum())
    }

    pub(crate) fn unknown(missing: Unpriced) -> Self {
        Self {
            status: CostStatus::Unknown,
            source: None,
            total: None,
            sides: None,
            reasoning: None,
            lines: Vec::new(),
            price_model: None,
            version: None,
            since: None,
            tier: None,
            batch: false,
            missing: vec![missing.as_str()],
        }
    }

    /// An amount that the provider states itself: it has no parts.
    pub(crate) fn stated(total: Usd) -> Self {
        let status = status(false, total.is_zero());
        Self {
            status,
            source: Some(CostSource::Provider),
            total: Some(total),
            missing: Vec::new(),
            ..Self::unknown(Unpriced::NoUsage)
        }
    }
}

/// Why a call has no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unpriced {
    NoUsage,
    /// A failed attempt of the call that may have been charged for.
    LostAttempt,
    NoCatalog,
    UnknownProvider,
    UnknownModel,
    /// The model is in the catalogue without any rate, or with rates only for what nobody counted.
    NoRate,
    /// For example more cached tokens than input tokens.
    InvalidUsage,
    /// Cached audio or images: how many of the cached tokens they were was not told, and the rates differ.
    Overlap(&'static str),
}

impl Unpriced {
    /// The word for `cost.missing`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NoUsage => "usage",
            Self::LostAttempt => "attempt",
            Self::NoCatalog => "catalog",
            Self::UnknownProvider => "provider",
            Self::UnknownModel => "model",
            Self::NoRate => "rate",
            Self::InvalidUsage => "valid_usage",
            Self::Overlap(part) => part,
        }
    }
}

/// Multiplies counts and rates.
pub(crate) fn calculate(
    set: &RateSet,
    counts: &Counts,
    terms: &Terms<'_>,
    source: CostSource,
    model: &Arc<str>,
) -> Result<Price, Unpriced> {
    let rate = |unit: Unit| set.rates.get(unit);
    if set.rates.known().is_empty() {
        return Err(Unpriced::NoRate);
    }
    for (part, whole, other) in [
        (Unit::CacheAudioRead, Unit::CacheRead, Unit::InputAudio),
        (Unit::CacheImageRead, Unit::CacheRead, Unit::InputImage),
    ] {
        let both = counts.is_positive(whole) && counts.is_positive(other);
        if both && rate(part).is_some() && counts.get(part).is_none() {
            return Err(Unpriced::Overlap(part.word()));
        }
    }
    let mut leaves = PerUnit::<i128>::default();
    // Audio that is paid by the second is not paid once more as a part of the input.
    if set.is_timed() && rate(Unit::InputAudio).is_none() && counts.is_positive(Unit::AudioSeconds) {
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
    // Without a rate of its own, reasoning is in the output at the output's rate.
    let reasoning_rate = rate(Unit::Reasoning).or(rate(Unit::Output));
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
        since: set.since.and_then(super::time::moment),
        tier: (!words.is_empty()).then(|| words.join("+").to_ascii_lowercase()),
        batch: set.batch,
        missing,
    })
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
