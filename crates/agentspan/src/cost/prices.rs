use super::Usd;
use crate::usage::Usage;
use agentspan_semconv::{CostSource, provider};
use genai_prices::{Calculator, ErrorKind, PriceRequest};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::time::SystemTime;

/// One call to be priced.
#[derive(Debug)]
pub(crate) struct PriceQuery<'a> {
    /// OpenInference's word, as in `llm.provider`.
    pub(crate) provider: &'a str,
    /// The model that served the call, else the requested one.
    pub(crate) model: &'a str,
    pub(crate) usage: &'a Usage,
    /// When the request began: prices have start dates and times of day.
    pub(crate) at: SystemTime,
    /// As the reply tells, never as asked for: `auto` and downgrades would be priced wrongly.
    pub(crate) service_tier: Option<&'a str>,
    pub(crate) batch: bool,
}

/// What a call cost, and where the price came from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Price<'a> {
    pub(crate) total: Usd,
    pub(crate) input: Usd,
    pub(crate) output: Usd,
    pub(crate) source: CostSource,
    pub(crate) price_model: Cow<'a, str>,
}

/// Why a call has no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unpriced {
    NoUsage,
    NoCatalog,
    UnknownProvider,
    UnknownModel,
    /// For example more cached tokens than input tokens.
    InvalidUsage,
}

impl Unpriced {
    /// The word for `cost.missing`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NoUsage => "usage",
            Self::NoCatalog => "catalog",
            Self::UnknownProvider => "provider",
            Self::UnknownModel => "model",
            Self::InvalidUsage => "valid_usage",
        }
    }
}

/// A table of prices.
pub(crate) trait Catalog: Send + Sync + fmt::Debug {
    fn price(&self, query: &PriceQuery<'_>) -> Result<Price<'static>, Unpriced>;

    /// What stands in `cost.catalog_version`.
    fn version(&self) -> &'static str;
}

/// The rates of a model of one's own, in USD for a million tokens.
///
/// ```
/// let rates = agentspan::Rates::per_million(0.20, 0.60).cached_input(0.02);
/// # let _ = rates;
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    input: f64,
    output: f64,
    cached_input: Option<f64>,
}

impl Rates {
    /// Rates for input and output tokens, in USD for a million.
    ///
    /// Zero is a known price: a local model at 0 is `zero_rated`. A rate that is negative or not a number makes
    /// the price unknown.
    pub fn per_million(input: f64, output: f64) -> Self {
        Self { input, output, cached_input: None }
    }

    /// The rate for input tokens read from a cache; by default they cost what other input tokens cost.
    pub fn cached_input(mut self, rate: f64) -> Self {
        self.cached_input = Some(rate);
        self
    }

    fn price<'a>(&self, model: &'a str, usage: &Usage) -> Result<Price<'a>, Unpriced> {
        let input = usage.input.ok_or(Unpriced::NoUsage)?;
        let cached = usage.cache_read.unwrap_or(0);
        let plain = input.checked_sub(cached).ok_or(Unpriced::InvalidUsage)?;
        let input =
            per_token(self.input, plain)? + per_token(self.cached_input.unwrap_or(self.input), cached)?;
        let output = per_token(self.output, usage.output.unwrap_or(0))?;
        Ok(Price {
            total: input + output,
            input,
            output,
            source: CostSource::Override,
            price_model: Cow::Borrowed(model),
        })
    }
}

/// A rate with up to six decimals per million tokens is a whole number of 10⁻¹² USD per token.
fn per_token(rate_per_million: f64, tokens: u64) -> Result<Usd, Unpriced> {
    let rate = Usd::from_f64(rate_per_million / 1e6).ok_or(Unpriced::InvalidUsage)?;
    Ok(Usd::from_units((rate.units()).saturating_mul(i128::from(tokens))))
}

/// Every source of prices, asked in order: overrides, then the catalogue.
///
/// An amount told by hand comes before both and never reaches this type.
#[derive(Debug, Default)]
pub(crate) struct PriceBook {
    overrides: HashMap<String, Rates>,
    catalog: Option<Box<dyn Catalog>>,
}

impl PriceBook {
    /// A book over the bundled catalogue.
    ///
    /// Decoding it takes tens of milliseconds once in a process, so this belongs to the start of a program and
    /// never on a caller's path.
    pub(crate) fn bundled(overrides: HashMap<String, Rates>) -> Self {
        Self { overrides, catalog: Some(Box::new(GenaiPrices(Calculator::bundled()))) }
    }

    /// The price of a call that asked for the model `requested`: an override may have that name. The catalogue is never
    /// asked for it, since another model may have served the call.
    pub(crate) fn price(&self, query: &PriceQuery<'_>, requested: &str) -> Result<Price<'_>, Unpriced> {
        let own = [query.model, requested].into_iter().find_map(|name| self.overrides.get_key_value(name));
        if let Some((name, rates)) = own {
            return rates.price(name, query.usage);
        }
        self.catalog.as_ref().ok_or(Unpriced::NoCatalog)?.price(query)
    }

    pub(crate) fn catalog_version(&self) -> Option<&'static str> {
        self.catalog.as_ref().map(|catalog| catalog.version())
    }
}

/// The catalogue of the `genai-prices` crate.
#[derive(Debug)]
struct GenaiPrices(&'static Calculator);

/// The version of the locked `genai-prices`, whose data have no date of their own; a test compares it with
/// `Cargo.lock`.
const GENAI_PRICES_VERSION: &str = "genai-prices 0.2.1";

impl Catalog for GenaiPrices {
    fn price(&self, query: &PriceQuery<'_>) -> Result<Price<'static>, Unpriced> {
        let usage = genai_usage(query.usage).ok_or(Unpriced::NoUsage)?;
        let provider = provider::prices_id(query.provider).ok_or(Unpriced::UnknownProvider)?;
        let mut request =
            PriceRequest::new(query.model, &usage).with_provider_id(&provider).with_timestamp(query.at);
        if let Some(tier) = query.service_tier {
            request = request.with_price_context("service_tier", tier);
        }
        if query.batch {
            request = request.with_price_context("processing", "batch");
        }
        let found = self.0.calculate(&request).map_err(|error| match error.kind() {
            ErrorKind::ProviderNotFound => Unpriced::UnknownProvider,
            ErrorKind::InvalidUsage => Unpriced::InvalidUsage,
            _ => Unpriced::UnknownModel,
        })?;
        let amount = |dollars| Usd::from_f64(dollars).ok_or(Unpriced::InvalidUsage);
        Ok(Price {
            total: amount(found.total_price)?,
            input: amount(found.input_price)?,
            output: amount(found.output_price)?,
            source: CostSource::Catalog,
            price_model: Cow::Owned(found.model_id),
        })
    }

    fn version(&self) -> &'static str {
        GENAI_PRICES_VERSION
    }
}

/// `None` when nothing that could be billed was counted.
fn genai_usage(usage: &Usage) -> Option<genai_prices::Usage> {
    let mut counts = genai_prices::Usage::new();
    let fields = [
        ("input_tokens", usage.input),
        ("output_tokens", usage.output),
        ("cache_read_tokens", usage.cache_read),
        ("cache_write_tokens", usage.cache_write),
        ("cache_write_5m_tokens", usage.cache_write_5m),
        ("cache_write_1h_tokens", usage.cache_write_1h),
        ("output_reasoning_tokens", usage.reasoning),
        ("input_audio_tokens", usage.input_audio),
        ("cache_audio_read_tokens", usage.cache_audio_read),
        ("output_audio_tokens", usage.output_audio),
        ("input_image_tokens", usage.input_image),
        ("output_image_tokens", usage.output_image),
        ("web_searches", usage.web_searches),
    ];
    for (key, count) in fields {
        if let Some(count) = count {
            counts.insert(key, count as f64);
        }
    }
    (!counts.is_empty()).then_some(counts)
}
