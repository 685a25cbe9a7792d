//! From JSON to prices. An error names its line and column, since each fault is found where it is read.

use super::{Expression, Model, Pattern, PriceSet, Provider, Rate, Variant};
use crate::cost::Usd;
use crate::cost::time::{Window, parse_date, parse_time};
use crate::cost::unit::Unit;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::{BTreeMap, HashSet};
use std::fmt;

pub(super) fn providers(json: &[u8]) -> serde_json::Result<Vec<Provider>> {
    let Providers(providers) = serde_json::from_slice(json)?;
    Ok(providers)
}

struct Providers(Vec<Provider>);

impl<'de> Deserialize<'de> for Providers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Providers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of providers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Providers, A::Error> {
                let (mut providers, mut ids) = (Vec::<Provider>::new(), HashSet::new());
                while let Some(provider) = list.next_element::<Provider>()? {
                    if !ids.insert(provider.id.clone()) {
                        return Err(A::Error::custom(format!("provider `{}` stands twice", provider.id)));
                    }
                    providers.push(provider);
                }
                Ok(Providers(providers))
            }
        }
        deserializer.deserialize_seq(List)
    }
}

impl<'de> Deserialize<'de> for Provider {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            id: String,
            api_pattern: String,
            model_match: Option<Pattern>,
            provider_match: Option<Pattern>,
            fallback_model_providers: Option<Vec<String>>,
            #[serde(default)]
            models: Vec<Model>,
        }
        let raw = Raw::deserialize(deserializer)?;
        Ok(Self {
            url: Expression::new(&format!("^(?:{})", raw.api_pattern)).map_err(D::Error::custom)?,
            id: raw.id,
            model_match: raw.model_match,
            provider_match: raw.provider_match,
            fallbacks: raw.fallback_model_providers.unwrap_or_default(),
            models: raw.models,
        })
    }
}

impl<'de> Deserialize<'de> for Model {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            id: String,
            #[serde(rename = "match")]
            pattern: Pattern,
            #[serde(default)]
            prices: Prices,
            price_variants: Option<Vec<Variant>>,
        }
        let raw = Raw::deserialize(deserializer)?;
        Ok(Self {
            id: raw.id.into(),
            pattern: raw.pattern,
            prices: raw.prices.0,
            variants: raw.price_variants.unwrap_or_default(),
        })
    }
}

/// One set of prices, or a list of them with windows.
#[derive(Default)]
struct Prices(Vec<(Option<Window>, PriceSet)>);

impl<'de> Deserialize<'de> for Prices {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Entry {
            prices: PriceSet,
            constraint: Option<Window>,
        }
        struct OneOrMore;
        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Prices;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("prices, or a list of them")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Prices, A::Error> {
                let prices = PriceSet::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Prices(vec![(None, prices)]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Prices, A::Error> {
                let entries = Vec::<Entry>::deserialize(SeqAccessDeserializer::new(list))?;
                if entries.iter().filter(|entry| entry.constraint.is_none()).count() != 1 {
                    return Err(A::Error::custom("exactly one of several prices has no `constraint`"));
                }
                Ok(Prices(entries.into_iter().map(|entry| (entry.constraint, entry.prices)).collect()))
            }
        }
        deserializer.deserialize_any(OneOrMore)
    }
}

impl<'de> Deserialize<'de> for Variant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            when: BTreeMap<String, String>,
            prices: PriceSet,
            constraint: Option<Window>,
        }
        let mut raw = Raw::deserialize(deserializer)?;
        let batch = raw.when.get("processing").is_some_and(|word| word == "batch");
        if batch {
            raw.when.remove("processing");
        }
        let tier = raw.when.remove("service_tier");
        let is_foreign = !raw.when.is_empty();
        Ok(Self { batch, tier, is_foreign, window: raw.constraint, prices: raw.prices })
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Raw {
            start_date: Option<String>,
            start_time: Option<String>,
            end_time: Option<String>,
            #[serde(rename = "type")]
            _kind: Option<IgnoredAny>,
        }
        let raw = Raw::deserialize(deserializer)?;
        let window = match (&raw.start_date, &raw.start_time, &raw.end_time) {
            (Some(date), None, None) => parse_date(date).map(Self::Since),
            (None, Some(start), Some(end)) => {
                parse_time(start).zip(parse_time(end)).map(|(start, end)| Self::Daily { start, end })
            }
            _ => None,
        };
        window.ok_or_else(|| {
            D::Error::custom("a constraint is a `start_date` such as 2026-10-14, or a `start_time` and an `end_time` such as 01:00:00Z")
        })
    }
}

impl<'de> Deserialize<'de> for PriceSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = PriceSet;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("prices such as {\"input_mtok\": 2.5}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PriceSet, A::Error> {
                let mut set = PriceSet::default();
                while let Some(key) = map.next_key::<String>()? {
                    let rate = map.next_value::<Rate>()?;
                    match Unit::of_price_key(&key) {
                        Some(unit) => set.rates.push((unit, rate)),
                        None => set.has_uncounted = true,
                    }
                }
                Ok(set)
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Tier {
            start: u64,
            price: Amount,
        }
        #[derive(Deserialize)]
        struct Tiered {
            base: Amount,
            tiers: Vec<Tier>,
        }
        struct FlatOrTiered;
        impl<'de> Visitor<'de> for FlatOrTiered {
            type Value = Rate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of USD that is not negative, or {\"base\": 1, \"tiers\": []}")
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Rate, E> {
                let base = Usd::from_f64(number);
                let base =
                    base.ok_or_else(|| E::invalid_value(serde::de::Unexpected::Float(number), &self))?;
                Ok(Rate { base, tiers: Vec::new() })
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Rate, E> {
                self.visit_f64(number as f64)
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Rate, E> {
                self.visit_f64(number as f64)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Rate, A::Error> {
                let tiered = Tiered::deserialize(MapAccessDeserializer::new(map))?;
                let mut tiers: Vec<_> = tiered.tiers.iter().map(|tier| (tier.start, tier.price.0)).collect();
                tiers.sort_by_key(|(start, _)| *start);
                Ok(Rate { base: tiered.base.0, tiers })
            }
        }
        deserializer.deserialize_any(FlatOrTiered)
    }
}

/// USD in a price file, by the decimal that was written.
struct Amount(Usd);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        let amount = Usd::from_f64(number).map(Self);
        amount.ok_or_else(|| {
            D::Error::custom(format!("{number} is no rate: expected USD that are not negative"))
        })
    }
}
