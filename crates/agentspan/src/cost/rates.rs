use super::Terms;
use super::Usd;
use super::catalog::RateSet;
use super::prices::tier_word;
use super::unit::Unit;
use super::units::PerUnit;
use std::time::SystemTime;

/// The rates of a model of one's own: fine-tuned, on one's own machines, or under a contract.
///
/// Rates for tokens are USD for a million. What has no rate costs what it is a part of: cached input costs what other
/// input costs, and reasoning what other output costs. A rate that is negative or not a number makes the price unknown.
///
/// ```
/// use agentspan::Rates;
///
/// let fine_tuned = Rates::per_million(0.20, 0.60)
///     .cached_input(0.02)
///     .above(128_000, Rates::per_million(0.40, 1.20).cached_input(0.04))
///     .batch(Rates::per_million(0.10, 0.30));
/// let contract = Rates::discount(15.0);
/// # let _ = (fine_tuned, contract);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Rates {
    /// A rate that is no rate stands as `None`.
    rates: PerUnit<Option<Usd>>,
    /// Above so many input tokens, of all of them.
    steps: Vec<(u64, Rates)>,
    /// From so many seconds since 1970 on.
    dates: Vec<(i64, Rates)>,
    batch: Option<Box<Rates>>,
    tiers: Vec<(String, Rates)>,
    discount: Option<f64>,
}

macro_rules! setters {
    ($($(#[$doc:meta])+ $name:ident: $unit:ident * $factor:literal),+ $(,)?) => {$(
        $(#[$doc])+
        #[must_use]
        pub fn $name(self, rate: f64) -> Self {
            self.set(Unit::$unit, rate * $factor)
        }
    )+};
}

impl Rates {
    /// Rates for input and output tokens, in USD for a million.
    ///
    /// Zero is a known price: a call of a local model at 0 is `zero_rated`. A rate that is negative or not a number
    /// makes the price unknown.
    #[must_use]
    pub fn per_million(input: f64, output: f64) -> Self {
        Self::none().set(Unit::Input, input).set(Unit::Output, output)
    }

    /// A rate for an hour of `Usage::seconds` and none for tokens, as for audio or for a machine of one's own.
    #[must_use]
    pub fn per_hour(usd: f64) -> Self {
        Self::none().set(Unit::AudioSeconds, usd)
    }

    /// The catalogue's price less so many per cent. What the provider states itself is left as it is.
    #[must_use]
    pub fn discount(percent: f64) -> Self {
        Self { discount: Some(percent), ..Self::none() }
    }

    setters! {
        /// The rate for input tokens read from a cache; by default they cost what other input tokens cost.
        cached_input: CacheRead * 1.0,
        /// The rate for input tokens written to a cache, by default that of input; for five minutes, where
        /// [`cache_write_1h`](Self::cache_write_1h) is given too.
        cache_write: CacheWrite * 1.0,
        /// The rate for input tokens written to a cache for an hour; by default that of other writes.
        cache_write_1h: CacheWrite1h * 1.0,
        /// The rate for reasoning tokens; by default that of output.
        reasoning: Reasoning * 1.0,
        /// The rate for audio in the input; by default that of input.
        input_audio: InputAudio * 1.0,
        /// The rate for audio read from a cache; by default none of its own. With it, a call that had both cached input and
        /// audio has to tell [`Usage::cache_audio_read`](crate::Usage::cache_audio_read), or its price is unknown.
        cached_audio: CacheAudioRead * 1.0,
        /// The rate for audio in the output; by default that of output.
        output_audio: OutputAudio * 1.0,
        /// USD for each call, beside its tokens; by default none.
        per_request: Requests * 1000.0,
        /// USD for each web search; without it, a search makes the price `partial`.
        per_search: WebSearches * 1000.0,
        /// USD for each search in files that the provider keeps; without it, such a search makes the price `partial`.
        per_file_search: FileSearches * 1000.0,
    }

    /// Other rates for the whole call when its input, with cached tokens, is more than `tokens`.
    ///
    /// What `rates` leaves out has no rate there, except that the batch and the service tiers of the shorter input hold
    /// where `rates` has none of its own. Steps and dates inside `rates` are not looked at: give each step to the
    /// outermost rates of its date.
    #[must_use]
    pub fn above(mut self, tokens: u64, rates: Rates) -> Self {
        self.steps.push((tokens, rates));
        self.steps.sort_by_key(|(start, _)| *start);
        self
    }

    /// Other rates from a moment on; the latest that has come holds.
    #[must_use]
    pub fn since(mut self, start: SystemTime, rates: Rates) -> Self {
        self.dates.push((super::time::seconds(start), rates));
        self.dates.sort_by_key(|(start, _)| *start);
        self
    }

    /// Rates in place of the standard ones for batches; without them a batch is `partial`.
    #[must_use]
    pub fn batch(mut self, rates: Rates) -> Self {
        self.batch = Some(Box::new(rates));
        self
    }

    /// Rates in place of the standard ones for a service tier, as the reply names it or as the catalogue does:
    /// `priority` is also Vertex's `ON_DEMAND_PRIORITY`.
    #[must_use]
    pub fn service_tier(mut self, tier: impl Into<String>, rates: Rates) -> Self {
        self.tiers.push((tier.into(), rates));
        self
    }

    fn none() -> Self {
        Self {
            rates: PerUnit::default(),
            steps: Vec::new(),
            dates: Vec::new(),
            batch: None,
            tiers: Vec::new(),
            discount: None,
        }
    }

    fn set(mut self, unit: Unit, rate: f64) -> Self {
        self.rates.set(unit, Usd::from_f64(rate));
        self
    }

    /// What share of the catalogue's rates holds, in millionths; `None` where these rates are no discount.
    pub(crate) fn share(&self) -> Option<Option<u64>> {
        let percent = self.discount?;
        let valid = (0.0..=100.0).contains(&percent);
        Some(valid.then(|| 1_000_000 - (percent * 10_000.0).round() as u64))
    }

    /// The rates for every call; `None` where a call decides which ones hold, and when one of them is no rate.
    pub(crate) fn of_every_call(&self) -> Option<RateSet> {
        let Self { rates: _, steps, dates, batch, tiers, discount } = self;
        let is_one =
            steps.is_empty() && dates.is_empty() && batch.is_none() && tiers.is_empty() && discount.is_none();
        let mut set = RateSet::default();
        self.put_plain(false, &mut set).filter(|()| is_one)?;
        Some(set)
    }

    /// Puts the rates for one call into an empty set; `None` when one of them is no rate.
    pub(crate) fn resolve(&self, terms: &Terms<'_>, set: &mut RateSet) -> Option<()> {
        self.put(terms, false, set)
    }

    fn put(&self, terms: &Terms<'_>, is_long: bool, set: &mut RateSet) -> Option<()> {
        if let Some((start, later)) = self.dates.iter().rev().find(|(start, _)| terms.seconds() >= *start) {
            set.begun(*start);
            return later.put(terms, is_long, set);
        }
        let step = self.steps.iter().rev().find(|(start, _)| terms.input > *start).map(|(_, rates)| rates);
        step.unwrap_or(self).put_plain(is_long || step.is_some(), set)?;
        // The step's own come before those of the shorter input.
        let mut layers = step.map(|step| (step, true)).into_iter().chain([(self, is_long)]);
        let batch = layers.clone().find_map(|(rates, long)| Some((rates.batch.as_deref()?, long)));
        if let Some((batch, long)) = batch.filter(|_| terms.batch) {
            batch.put(terms, long, set)?;
            set.batch = true;
        }
        if let Some((tier, long)) = layers.find_map(|(rates, long)| Some((rates.tier(terms.tier?)?, long))) {
            tier.put(terms, long, set)?;
            set.tier = true;
        }
        Some(())
    }

    fn put_plain(&self, is_long: bool, set: &mut RateSet) -> Option<()> {
        for (unit, rate) in self.rates.iter() {
            set.set(unit, rate?, is_long);
        }
        Some(())
    }

    fn tier(&self, told: &str) -> Option<&Rates> {
        self.tiers.iter().find(|(tier, _)| told.eq_ignore_ascii_case(tier_word(tier))).map(|(_, rates)| rates)
    }
}
