use super::Usd;
use super::unit::{Unit, status};
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
    pub(super) reasoning: Option<Usd>,
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
    pub(super) unit: Unit,
    /// In the unit's fractions.
    pub(super) quantity: u64,
    pub(super) rate: Usd,
    pub(super) amount: Usd,
}

impl PriceLine {
    /// What was counted, as the field of [`Usage`] is called; `input` and `output` are what no other line has of them.
    pub fn what(&self) -> &'static str {
        self.unit.word()
    }

    /// How many tokens, seconds, searches or requests.
    pub fn quantity(&self) -> f64 {
        self.quantity as f64 / self.unit.fractions() as f64
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
    /// What came after the last count of a stream that broke off.
    Rest,
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
            Self::Rest => "rest",
            Self::NoCatalog => "catalog",
            Self::UnknownProvider => "provider",
            Self::UnknownModel => "model",
            Self::NoRate => "rate",
            Self::InvalidUsage => "valid_usage",
            Self::Overlap(part) => part,
        }
    }
}
