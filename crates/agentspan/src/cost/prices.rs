use super::calculate::{Basis, calculate, sum};
use super::catalog::{Catalog, Found, Missing, RateSet};
use super::price::{Price, PriceQuery, Unpriced};
use super::unit::Counts;
use super::{OwnCost, Rates, Usd, time};
use crate::error::Error;
use crate::usage::resource_id;
use agentspan_semconv::{CostSource, provider};
use foldhash::fast::RandomState as FastHash;
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

/// Every source of prices, asked in order: what the provider states, overrides, the catalogue.
///
/// Make it at the start of a program: decoding the catalogue takes milliseconds.
#[derive(Debug, Clone, Default)]
pub struct Prices {
    overrides: Vec<Override>,
    catalog: Option<Arc<Catalog>>,
    seen: Arc<Seen>,
}

#[derive(Debug, Clone)]
struct Override {
    /// Any, where it is `None`.
    provider: Option<String>,
    /// A name, or one with `*` at its beginning, its end or both.
    pattern: String,
    id: Arc<str>,
    rates: Rates,
    /// What the rates come to, where that is the same for every call.
    set: Option<Box<RateSet>>,
}

/// What the price of one call depends on besides its counts.
#[derive(Debug)]
pub(crate) struct Terms<'a> {
    at: SystemTime,
    /// Input tokens, by which stepwise prices are chosen.
    pub(crate) input: u64,
    pub(crate) tier: Option<&'a str>,
    pub(crate) batch: bool,
    /// More was used than the counts tell.
    pub(crate) uncounted: bool,
}

impl<'a> Terms<'a> {
    #[inline]
    fn of(query: &PriceQuery<'a>) -> Self {
        let told = query.service_tier.map(tier_word).filter(|tier| !tier.is_empty());
        let is_batch = told.is_some_and(|tier| tier.eq_ignore_ascii_case("batch"));
        Self {
            at: query.at,
            input: query.usage.input.unwrap_or(0),
            tier: told.filter(|_| !is_batch),
            batch: query.batch || is_batch,
            uncounted: query.usage.uncounted,
        }
    }

    /// When the call began, in seconds since 1970.
    pub(crate) fn seconds(&self) -> i64 {
        time::seconds(self.at)
    }

    /// Whether the tier is the standard one under some provider's word for it.
    pub(crate) fn is_standard(&self) -> bool {
        const STANDARD: [&str; 6] =
            ["default", "standard", "auto", "on_demand", "standard_only", "unspecified"];
        self.tier.is_none_or(|tier| STANDARD.iter().any(|word| word.eq_ignore_ascii_case(tier)))
    }
}

/// A tier by the catalogue's word, which Vertex writes with what it is a kind of, as in `ON_DEMAND_PRIORITY`, and the
/// enumerations of Gemini with their own name. Letters may be large or small in all of them.
pub(crate) fn tier_word(told: &str) -> &str {
    let told = told.trim();
    let rest = |start: &str| {
        let (head, rest) = told.split_at_checked(start.len())?;
        (head.eq_ignore_ascii_case(start) && !rest.is_empty()).then_some(rest)
    };
    rest("on_demand_").or_else(|| rest("service_tier_")).unwrap_or(told)
}

impl Prices {
    /// The catalogue that comes with this crate.
    #[must_use]
    pub fn bundled() -> Self {
        Self { catalog: Some(Catalog::bundled()), ..Self::default() }
    }

    /// A catalogue of one's own, in the format of the `genai-prices` data; its version is `custom`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) with line and column of the first fault.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        let catalog = Catalog::from_json(json, "custom")?;
        Ok(Self { catalog: Some(Arc::new(catalog)), ..Self::default() })
    }

    /// Rates that come before the catalogue. An empty provider means any; the model is a name, or one with `*` at its
    /// beginning, its end or both, in any case. Of several that fit, an exact name comes first, then the one given last.
    #[must_use]
    pub fn with_override(mut self, provider: &str, model: impl Into<String>, rates: Rates) -> Self {
        let word = provider.trim();
        let provider = (!word.is_empty()).then(|| provider::canonical(word).into_owned());
        let model = model.into();
        let id = model.as_str().into();
        let set = rates.of_every_call().map(Box::new);
        self.overrides.push(Override { provider, pattern: model.to_lowercase(), id, rates, set });
        self
    }

    /// What stands in `cost.catalog_version`; `None` without a catalogue.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.catalog.as_ref().map(|catalog| &*catalog.version)
    }

    /// What a call cost. It has no total, and says why, when nobody knows.
    #[must_use]
    pub fn price(&self, query: &PriceQuery<'_>) -> Price {
        self.price_of(query, query.model)
    }

    /// The price of a call that asked for the model `requested`: an override may have that name. The catalogue is never
    /// asked for it, since another model may have served the call.
    pub(crate) fn price_of(&self, query: &PriceQuery<'_>, requested: &str) -> Price {
        match stated(query) {
            Some(stated) => Price::stated(stated),
            None => self.with_basis(query, requested, calculate).unwrap_or_else(Price::unknown),
        }
    }

    /// What [`price_of`](Self::price_of) comes to, without its parts.
    pub(crate) fn cost_of(&self, query: &PriceQuery<'_>, requested: &str) -> OwnCost {
        if let Some(stated) = stated(query) {
            return OwnCost::stated(stated);
        }
        let sum = self.with_basis(query, requested, |basis| sum(basis, |_| {}));
        sum.map_or(OwnCost::Unknown, |sum| OwnCost::of(Some(sum.total), sum.status))
    }

    fn with_basis<T>(
        &self,
        query: &PriceQuery<'_>,
        requested: &str,
        price: impl FnOnce(&Basis<'_>) -> Result<T, Unpriced>,
    ) -> Result<T, Unpriced> {
        let terms = Terms::of(query);
        let own = self.own(query.provider, query.model);
        let is_other = requested != query.model;
        let by_request = || is_other.then(|| self.own(query.provider, requested)).flatten();
        let Some(own) = own.or_else(by_request) else {
            return self.listed(query, requested, &terms, None, price);
        };
        if let Some(share) = own.rates.share() {
            return self.listed(query, requested, &terms, Some(share.ok_or(Unpriced::InvalidUsage)?), price);
        }
        let mut resolved = None;
        let set = match own.set.as_deref() {
            Some(set) => set,
            None => {
                let set = resolved.insert(RateSet::default());
                own.rates.resolve(&terms, set).ok_or(Unpriced::InvalidUsage)?;
                set
            }
        };
        let mut counts = Counts::none();
        counts.read(query.usage, 0)?;
        price(&Basis {
            set,
            counts: &counts,
            terms: &terms,
            source: CostSource::Override,
            model: &own.id,
            version: None,
        })
    }

    fn own(&self, provider: &str, model: &str) -> Option<&Override> {
        if self.overrides.is_empty() {
            return None;
        }
        let is_provider = |own: &&Override| {
            own.provider
                .as_ref()
                .is_none_or(|word| word == provider || *word == provider::canonical(provider))
        };
        let fitting = || self.overrides.iter().rev().filter(is_provider);
        let exact = |model: &str| fitting().find(|own| own.pattern == model);
        // Nearly every name is in small letters, as patterns are.
        let named = |model: &str| {
            exact(model).or_else(|| {
                let model = lower(model);
                let folded = if let Cow::Owned(model) = &model { exact(model) } else { None };
                folded.or_else(|| fitting().find(|own| fits(&own.pattern, &model)))
            })
        };
        let id = resource_id(model);
        named(model).or_else(|| (id != model).then(|| named(id)).flatten())
    }

    /// By the catalogue's rates, or a share of them in millionths.
    fn listed<T>(
        &self,
        query: &PriceQuery<'_>,
        requested: &str,
        terms: &Terms<'_>,
        share: Option<u64>,
        price: impl FnOnce(&Basis<'_>) -> Result<T, Unpriced>,
    ) -> Result<T, Unpriced> {
        let catalog = self.catalog.as_ref().ok_or(Unpriced::NoCatalog)?;
        let find = |model| self.seen.find(catalog, query.provider, resource_id(model));
        let by_region = is_regional(query, requested).then(|| find(requested).ok()).flatten();
        let found = by_region.map_or_else(|| find(query.model), Ok).map_err(|missing| match missing {
            Missing::Provider => Unpriced::UnknownProvider,
            Missing::Model => Unpriced::UnknownModel,
        });
        let mut counts = Counts::none();
        let read = counts.read(query.usage, found.map_or(0, |found| catalog.least_seconds(found)));
        let found = found?;
        read?;
        let mut set = catalog.rates(found, terms);
        let id = &catalog.model(found).id;
        // It is in the catalogue without any rate, and its name says why.
        if id.ends_with(":free") && set.rates.known().is_empty() {
            Rates::per_million(0.0, 0.0).resolve(terms, &mut set).ok_or(Unpriced::InvalidUsage)?;
        }
        let source = if share.is_some() { CostSource::Override } else { CostSource::Catalog };
        if let Some(share) = share {
            for (unit, rate) in { set.rates }.iter() {
                set.rates.set(unit, rate.times(share, 1_000_000).ok_or(Unpriced::InvalidUsage)?);
            }
        }
        let version = Some(&catalog.version);
        price(&Basis { set: &set, counts: &counts, terms, source, model: id, version })
    }

    #[cfg(test)]
    pub(crate) fn seen_models(&self) -> usize {
        self.seen.found.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Whether the id that was called may say the region, by which the price differs: what Bedrock answers with has none.
fn is_regional(query: &PriceQuery<'_>, requested: &str) -> bool {
    requested != query.model && requested.contains('.') && provider::canonical(query.provider) == "aws"
}

/// What the provider says that the call cost.
fn stated(query: &PriceQuery<'_>) -> Option<Usd> {
    query.usage.provider_cost_usd.and_then(Usd::from_f64)
}

fn lower(name: &str) -> Cow<'_, str> {
    let is_lower = name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_lower { Cow::Borrowed(name) } else { Cow::Owned(name.to_lowercase()) }
}

fn fits(pattern: &str, model: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(_), Some(_)) => model.contains(pattern.trim_matches('*')),
        (Some(end), None) => model.ends_with(end),
        (None, Some(start)) => model.starts_with(start),
        (None, None) => model == pattern,
    }
}

/// What was found before, so that a model is looked up once. Bounded, since names come from outside.
#[derive(Debug, Default)]
struct Seen {
    hasher: FastHash,
    found: RwLock<HashMap<u64, Looked, FastHash>>,
}

#[derive(Debug)]
struct Looked {
    provider: Box<str>,
    model: Box<str>,
    found: Result<Found, Missing>,
}

impl Seen {
    const MOST: usize = 1024;

    fn find(&self, catalog: &Catalog, provider: &str, model: &str) -> Result<Found, Missing> {
        let hash = self.hasher.hash_one((provider, model));
        {
            let found = self.found.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(looked) = found.get(&hash)
                && *looked.provider == *provider
                && *looked.model == *model
            {
                return looked.found;
            }
        }
        let result = catalog.find(provider, model);
        if provider.len() + model.len() <= 1024 {
            let mut found = self.found.write().unwrap_or_else(PoisonError::into_inner);
            // Simpler than forgetting the oldest, and those in use are found again at once.
            if found.len() >= Self::MOST {
                found.clear();
            }
            found.insert(hash, Looked { provider: provider.into(), model: model.into(), found: result });
        }
        result
    }
}

/// The prices in force, which may be replaced while spans are priced by them.
#[derive(Debug, Default)]
pub(crate) struct PriceBook(RwLock<Arc<Prices>>);

impl PriceBook {
    pub(crate) fn new(prices: Prices) -> Self {
        Self(RwLock::new(Arc::new(prices)))
    }

    /// Asks the prices without taking them away, which costs less; nobody may set others meanwhile.
    pub(crate) fn with<T>(&self, ask: impl FnOnce(&Arc<Prices>) -> T) -> T {
        ask(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set(&self, prices: Prices) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(prices);
    }
}
