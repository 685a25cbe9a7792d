//! The price catalogue: which model costs what, since when, and under which name.

mod decode;

use super::pattern::{Expression, Pattern, with_long_date};
use super::time::Window;
use super::unit::Unit;
use super::units::{PerUnit, Units};
use super::{Terms, Usd};
use crate::error::{Error, ErrorKind};
use agentspan_semconv::provider;
use std::sync::{Arc, OnceLock};

/// The version of the locked `genai-prices`, whose data have no date of their own; a test compares it with
/// `Cargo.lock`.
const VERSION: &str = "genai-prices 0.2.1";

/// Longer names are not looked up: no model has one, and they would cost time.
const MAX_NAME: usize = 512;

/// A decoded price file.
#[derive(Debug)]
pub(crate) struct Catalog {
    providers: Vec<Provider>,
    pub(crate) version: Arc<str>,
}

#[derive(Debug)]
struct Provider {
    id: String,
    url: Expression,
    model_match: Option<Pattern>,
    provider_match: Option<Pattern>,
    /// Whose models it serves under their own names.
    fallbacks: Vec<String>,
    models: Vec<Model>,
}

#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) id: Arc<str>,
    pattern: Pattern,
    /// The last one whose window holds is the price.
    prices: Vec<(Option<Window>, PriceSet)>,
    variants: Vec<Variant>,
}

/// Rates in place of some of the standard ones.
#[derive(Debug)]
struct Variant {
    batch: bool,
    tier: Option<String>,
    /// It wants something that this crate does not know of a call.
    is_foreign: bool,
    window: Option<Window>,
    prices: PriceSet,
}

#[derive(Debug, Default)]
struct PriceSet {
    rates: Vec<(Unit, Rate)>,
    /// It has rates for what this crate does not count, such as pages.
    has_uncounted: bool,
}

#[derive(Debug, Clone)]
struct Rate {
    base: Usd,
    /// Rising; above `start` input tokens the rate of all of them is the second.
    tiers: Vec<(u64, Usd)>,
}

impl Rate {
    fn at(&self, input: u64) -> (Usd, bool) {
        let tier = self.tiers.iter().rev().find(|(start, _)| input > *start);
        tier.map_or((self.base, false), |(_, rate)| (*rate, true))
    }
}

/// A model as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    /// Where it was asked for.
    provider: usize,
    /// Whose model it is.
    owner: usize,
    model: usize,
}

/// Why a model was not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Provider,
    Model,
}

/// The rates that hold for one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct RateSet {
    pub(crate) rates: PerUnit<Usd>,
    pub(crate) has_uncounted: bool,
    pub(crate) batch: bool,
    pub(crate) tier: bool,
    /// Which of the rates are those of a longer input.
    pub(crate) long: Units,
    /// Since when they hold, in seconds since 1970, where a date is told.
    pub(crate) since: Option<i64>,
}

impl RateSet {
    /// Gives a unit a rate, that of a longer input or not.
    pub(crate) fn set(&mut self, unit: Unit, rate: Usd, is_long: bool) {
        self.rates.set(unit, rate);
        self.long = if is_long { self.long.with(unit) } else { self.long.without(unit) };
    }

    /// Whether audio is paid by the second.
    pub(crate) fn is_timed(&self) -> bool {
        [Unit::AudioSeconds, Unit::InputAudioSeconds].into_iter().any(|unit| self.rates.known().has(unit))
    }

    /// One of the rates holds from a moment on; the latest counts.
    pub(crate) fn begun(&mut self, start: i64) {
        self.since = self.since.max(Some(start));
    }

    fn begun_by(&mut self, window: Option<Window>) {
        if let Some(Window::Since(start)) = window {
            self.begun(start);
        }
    }
}

impl Catalog {
    /// The committed catalogue, decoded once in a process.
    pub(crate) fn bundled() -> Arc<Self> {
        static BUNDLED: OnceLock<Arc<Catalog>> = OnceLock::new();
        let bundled = BUNDLED.get_or_init(|| {
            let catalog = Self::from_json(include_bytes!("catalog/prices.json"), VERSION);
            Arc::new(catalog.expect("the committed catalogue can be read, as a test shows"))
        });
        bundled.clone()
    }

    pub(crate) fn from_json(json: &[u8], version: &str) -> Result<Self, Error> {
        let providers = decode::providers(json).map_err(|error| {
            let text =
                format!("the price file cannot be used: {error}; expected the format of `genai-prices`");
            Error::new(ErrorKind::Configuration, text)
        })?;
        Ok(Self { providers, version: version.into() })
    }

    pub(crate) fn find(&self, word: &str, model: &str) -> Result<Found, Missing> {
        if model.len() > MAX_NAME || word.len() > 4 * MAX_NAME {
            return Err(Missing::Model);
        }
        let model = model.to_lowercase();
        let (provider, model) = self.find_provider(word, &model)?;
        let found = self.find_model(provider, model);
        let found = found.or_else(|| self.find_model(provider, &with_long_date(model)?));
        found.ok_or(Missing::Model)
    }

    fn find_provider<'a>(&self, word: &str, model: &'a str) -> Result<(usize, &'a str), Missing> {
        if word.contains("://") {
            return self.of_url(word).map(|provider| (provider, model)).ok_or(Missing::Provider);
        }
        let id = provider::prices_id(word).ok_or(Missing::Provider)?;
        if let Some(provider) = self.of_word(&id) {
            return Ok((provider, model));
        }
        if id == "litellm" {
            // A proxy, which names the provider before the model.
            let named = model.split_once('/').and_then(|(word, model)| Some((self.of_word(word)?, model)));
            let by_model = || {
                self.position(|provider| {
                    provider.model_match.as_ref().is_some_and(|rule| rule.matches(model))
                })
            };
            return named.or_else(|| Some((by_model()?, model))).ok_or(Missing::Provider);
        }
        let host = id.contains('.').then(|| format!("https://{id}"));
        host.and_then(|url| self.of_url(&url)).map(|provider| (provider, model)).ok_or(Missing::Provider)
    }

    fn position(&self, is: impl FnMut(&Provider) -> bool) -> Option<usize> {
        self.providers.iter().position(is)
    }

    fn of_url(&self, url: &str) -> Option<usize> {
        self.position(|provider| provider.url.matches(url))
    }

    fn of_word(&self, word: &str) -> Option<usize> {
        self.position(|provider| provider.id == word).or_else(|| {
            self.position(|provider| provider.provider_match.as_ref().is_some_and(|rule| rule.matches(word)))
        })
    }

    fn find_model(&self, provider: usize, name: &str) -> Option<Found> {
        let among = |owner: usize| {
            let model = self.providers[owner].models.iter().position(|model| model.pattern.matches(name))?;
            Some(Found { provider, owner, model })
        };
        let fallbacks = self.providers[provider].fallbacks.iter();
        among(provider).or_else(|| {
            fallbacks.filter_map(|id| self.position(|provider| provider.id == *id)).find_map(among)
        })
    }

    pub(crate) fn model(&self, found: Found) -> &Model {
        &self.providers[found.owner].models[found.model]
    }

    /// The least seconds that a call is charged for: Groq rounds short recordings up to ten.
    pub(crate) fn least_seconds(&self, found: Found) -> u32 {
        let is_whisper = matches!(&*self.model(found).id, "whisper-large-v3" | "whisper-large-v3-turbo");
        if is_whisper && self.providers[found.provider].id == "groq" { 10 } else { 0 }
    }

    /// The rates for one call. What another provider's model is served for has no variants.
    pub(crate) fn rates(&self, found: Found, terms: &Terms<'_>) -> RateSet {
        let model = self.model(found);
        let holds = |window: &Option<Window>| window.is_none_or(|window| window.holds(terms.seconds()));
        let standard = model.prices.iter().rev().find(|(window, _)| holds(window));
        let mut set = RateSet::default();
        if let Some((window, prices)) = standard {
            set.begun_by(*window);
            set.has_uncounted = prices.has_uncounted;
            set.put(prices, terms.input, &mut { Units::NONE });
        }
        if found.owner != found.provider {
            return set;
        }
        let mut taken = Units::NONE;
        for variant in &model.variants {
            let tier = variant
                .tier
                .as_deref()
                .is_none_or(|tier| terms.tier.is_some_and(|told| told.eq_ignore_ascii_case(tier)));
            if variant.is_foreign || !tier || (variant.batch && !terms.batch) || !holds(&variant.window) {
                continue;
            }
            set.begun_by(variant.window);
            set.batch |= variant.batch;
            set.tier |= variant.tier.is_some();
            set.put(&variant.prices, terms.input, &mut taken);
        }
        set
    }

    #[cfg(test)]
    pub(crate) fn models(&self) -> impl Iterator<Item = (&str, &str)> {
        self.providers
            .iter()
            .flat_map(|provider| provider.models.iter().map(|model| (provider.id.as_str(), &*model.id)))
    }
}

impl RateSet {
    /// Of several prices for one unit the first is taken.
    fn put(&mut self, prices: &PriceSet, input: u64, taken: &mut Units) {
        for (unit, rate) in &prices.rates {
            if !taken.has(*unit) {
                *taken = taken.with(*unit);
                let (rate, is_long) = rate.at(input);
                self.set(*unit, rate, is_long);
            }
        }
    }
}
