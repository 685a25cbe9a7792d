use super::{OwnCost, PriceBook, PriceQuery, Rates, Totals, Unpriced, Usd};
use crate::usage::Usage;
use agentspan_semconv::{CostSource, CostStatus};
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

/// 2026-11-20T00:00:00Z, the day the expected prices are of.
const TODAY: u64 = 1_795_132_800;

fn usd(decimal: &str) -> Usd {
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let digits = format!("{whole}{fraction:0<12}");
    Usd::from_units(digits.parse().unwrap())
}

fn price_at(at: u64, provider: &str, model: &str, usage: &Usage) -> Result<Usd, Unpriced> {
    let query = PriceQuery {
        provider,
        model,
        usage,
        at: SystemTime::UNIX_EPOCH + Duration::from_secs(at),
        service_tier: None,
        batch: false,
    };
    PriceBook::bundled(HashMap::new()).price(&query, model).map(|price| price.total)
}

#[test]
fn prices_are_exact_decimals() {
    let count = |input, output| Usage::new().input(input).output(output);
    let cases = [
        ("openai", "gpt-4o", count(1000, 500), "0.0075"),
        ("openai", "gpt-4o-mini", count(1000, 500), "0.00045"),
        ("openai", "gpt-4o", count(10_000, 300).cache_read(8192), "0.01776"),
        ("openai", "gpt-4o-2024-05-13", count(1000, 500), "0.0125"),
        (
            "anthropic",
            "claude-3-5-sonnet-20241022",
            count(12_100, 200).cache_read(10_000).cache_write(2000),
            "0.0138",
        ),
        (
            "anthropic",
            "claude-3-5-sonnet-20241022",
            count(12_100, 200).cache_read(10_000).cache_write(2000).cache_write_5m(500).cache_write_1h(1500),
            "0.017175",
        ),
        ("google", "gemini-2.5-pro", count(200_000, 1000), "0.26"),
        ("google", "gemini-2.5-pro", count(200_001, 1000), "0.5150025"),
        ("openai", "o3", count(1000, 3000).reasoning(2500), "0.026"),
        ("xai", "grok-4.20", count(200_000, 1000), "0.505"),
        ("azure", "gpt-4o", count(1000, 500), "0.0075"),
        ("openai", "text-embedding-3-small", Usage::new().input(8000), "0.00016"),
        ("openai", "gpt-4o", count(0, 0), "0"),
    ];
    for (provider, model, usage, expected) in cases {
        assert_eq!(
            price_at(TODAY, provider, model, &usage),
            Ok(usd(expected)),
            "{provider} {model} {usage:?}"
        );
    }
}

#[test]
fn the_price_of_the_day_is_taken() {
    let usage = Usage::new().input(1000).output(3000);
    assert_eq!(price_at(1_746_057_600, "openai", "o3", &usage), Ok(usd("0.13")));
}

#[test]
fn batch_and_service_tier_have_prices_of_their_own() {
    let usage = Usage::new().input(1000).output(500);
    let book = PriceBook::bundled(HashMap::new());
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(TODAY);
    let query = PriceQuery {
        provider: "openai",
        model: "gpt-4o",
        usage: &usage,
        at,
        service_tier: None,
        batch: true,
    };
    assert_eq!(book.price(&query, query.model).unwrap().total, usd("0.00375"));
    let query = PriceQuery { batch: false, service_tier: Some("priority"), ..query };
    assert_eq!(book.price(&query, query.model).unwrap().total, usd("0.01275"));
}

#[test]
fn what_has_no_price_is_never_zero() {
    let usage = Usage::new().input(1).output(1);
    assert_eq!(price_at(TODAY, "openai", "no-such-model", &usage), Err(Unpriced::UnknownModel));
    assert_eq!(price_at(TODAY, "ollama", "llama3.2", &usage), Err(Unpriced::UnknownProvider));
    assert_eq!(price_at(TODAY, "openai", "gpt-4o", &Usage::new()), Err(Unpriced::NoUsage));
    let invalid = Usage::new().input(100).cache_read(200).output(1);
    assert_eq!(price_at(TODAY, "openai", "gpt-4o", &invalid), Err(Unpriced::InvalidUsage));
}

#[test]
fn an_override_wins_over_the_catalogue() {
    let rates = HashMap::from([
        ("gpt-4o".to_owned(), Rates::per_million(1.0, 2.0).cached_input(0.1)),
        ("local".to_owned(), Rates::per_million(0.0, 0.0)),
        ("broken".to_owned(), Rates::per_million(f64::NAN, -1.0)),
    ]);
    let book = PriceBook::bundled(rates);
    let usage = Usage::new().input(1000).output(500).cache_read(400);
    let price = |model| {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(TODAY);
        book.price(
            &PriceQuery { provider: "openai", model, usage: &usage, at, service_tier: None, batch: false },
            model,
        )
    };
    let known = price("gpt-4o").unwrap();
    assert_eq!((known.total, known.source), (usd("0.00164"), CostSource::Override));
    assert_eq!(price("local").unwrap().total, Usd::ZERO);
    assert_eq!(price("broken"), Err(Unpriced::InvalidUsage));
}

#[test]
fn the_status_of_a_sum_says_what_is_missing() {
    let status = |parts: &[OwnCost]| {
        let mut totals = Totals::default();
        parts.iter().for_each(|part| totals.post_cost(part));
        totals.status()
    };
    let known = OwnCost::Known(usd("0.01"));
    assert_eq!(status(&[OwnCost::None]), None);
    assert_eq!(status(&[known.clone(), OwnCost::None]), Some(CostStatus::Known));
    assert_eq!(status(&[known, OwnCost::Unknown]), Some(CostStatus::Partial));
    assert_eq!(status(&[OwnCost::Unknown]), Some(CostStatus::Unknown));
    assert_eq!(status(&[OwnCost::Known(Usd::ZERO)]), Some(CostStatus::ZeroRated));
}

#[test]
fn an_amount_reaches_the_wire_as_a_person_would_write_it() {
    let cases = ["0.012750", "0.0001", "0.000223", "1.5", "0.000000000001"];
    for decimal in cases {
        assert_eq!(usd(decimal).as_f64(), decimal.parse::<f64>().unwrap(), "{decimal}");
    }
    for nonsense in [-1.0, f64::NAN, f64::INFINITY, 1e30] {
        assert_eq!(Usd::from_f64(nonsense), None);
    }
}

#[test]
fn the_catalogue_names_the_locked_version() {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock"));
    // A packaged crate is tested without the workspace's lock file.
    if let Ok(lock) = lock {
        let version =
            PriceBook::bundled(HashMap::new()).catalog_version().unwrap().replace(' ', "\"\nversion = \"");
        assert!(lock.contains(&format!("name = \"{version}\"")), "renew the version beside the catalogue");
    }
}
