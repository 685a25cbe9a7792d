//! Prices that come before the catalogue.

use super::{TODAY, at, count, usd};
use crate::cost::{CostSource, CostStatus, PriceQuery, Prices, Rates};
use crate::usage::Usage;

#[test]
fn an_override_wins_over_the_catalogue() {
    let stepwise = Rates::per_million(1.0, 2.0)
        .above(1000, Rates::per_million(2.0, 4.0))
        .batch(Rates::per_million(0.5, 1.0))
        .service_tier("fast", Rates::per_million(3.0, 6.0))
        .since(at(TODAY + 100), Rates::per_million(7.0, 7.0));
    let prices = Prices::bundled()
        .with_override("", "gpt-4o", Rates::per_million(1.0, 2.0).cached_input(0.1))
        .with_override("", "local*", Rates::per_million(0.0, 0.0))
        .with_override("", "broken", Rates::per_million(f64::NAN, -1.0))
        .with_override("openai", "*-mini", Rates::discount(25.0))
        .with_override("", "speech", Rates::per_hour(0.36))
        .with_override("", "searcher", Rates::per_million(1.0, 1.0).per_request(0.5).per_search(0.25))
        .with_override("", "steps", stepwise);
    let plain = count(1000, 500);
    let (cached, long) = (count(1000, 500).cache_read(400), count(1001, 0));
    let (spoken, searched) = (Usage::new().seconds(5.0), count(0, 0).web_searches(2));
    let price = |provider, model, usage, later, tier, batch| {
        let at = at(TODAY + later);
        let query = PriceQuery::new(provider, model, usage).at(at).service_tier(tier).batch(batch);
        prices.price(&query)
    };
    let cases = [
        ("openai", "gpt-4o", &cached, 0, "", false, "0.00164"),
        ("azure", "GPT-4o", &cached, 0, "", false, "0.00164"),
        ("openai", "gpt-4o-mini", &plain, 0, "", false, "0.0003375"),
        ("azure", "gpt-4o-mini", &plain, 0, "", false, "0.00045"),
        ("ollama", "local-7b", &plain, 0, "", false, "0"),
        ("acme", "speech", &spoken, 0, "", false, "0.0005"),
        ("acme", "searcher", &searched, 0, "", false, "1"),
        ("acme", "steps", &plain, 0, "", false, "0.002"),
        ("acme", "steps", &long, 0, "", false, "0.002002"),
        ("acme", "steps", &plain, 0, "", true, "0.001"),
        ("acme", "steps", &plain, 0, "fast", false, "0.006"),
        ("acme", "steps", &plain, 99, "", false, "0.002"),
        ("acme", "steps", &plain, 100, "", false, "0.0105"),
    ];
    for (provider, model, usage, later, tier, batch, expected) in cases {
        let found = price(provider, model, usage, later, tier, batch);
        assert_eq!(found.total_usd(), Some(usd(expected)), "{provider} {model} {later} {tier} {batch}");
    }
    let discounted = price("openai", "gpt-4o-mini", &plain, 0, "", false);
    assert_eq!(discounted.source(), Some(CostSource::Override));
    assert_eq!(price("ollama", "local-7b", &plain, 0, "", false).status(), CostStatus::ZeroRated);
    assert_eq!(price("acme", "broken", &plain, 0, "", false).missing(), ["valid_usage"]);
    assert_eq!(price("openai", "gpt-4o", &plain, 0, "", true).missing(), ["batch"]);
}

#[test]
fn what_the_provider_states_comes_first() {
    let prices = Prices::bundled().with_override("", "gpt-4o", Rates::per_million(1.0, 2.0));
    let usage = count(1000, 500).provider_cost_usd(0.1);
    let price = prices.price(&PriceQuery::new("openai", "gpt-4o", &usage));
    assert_eq!((price.total_usd(), price.source()), (Some(usd("0.1")), Some(CostSource::Provider)));
    assert_eq!(price.input_usd(), None);
}

#[test]
fn what_was_looked_up_is_bounded() {
    let (prices, usage) = (Prices::bundled(), count(1, 1));
    for number in 0..3000 {
        let model = format!("no-such-model-{number}");
        assert_eq!(prices.price(&PriceQuery::new("openai", &model, &usage)).missing(), ["model"]);
    }
    assert!(prices.seen_models() <= 1024);
    let name = "x".repeat(1 << 20);
    assert_eq!(prices.price(&PriceQuery::new("openai", &name, &usage)).missing(), ["model"]);
}
