//! Prices that come before the catalogue.

use super::{TODAY, at, count, priced, usd};
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
        priced(&prices, &query)
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
fn batch_and_tier_of_a_longer_input_come_before_those_of_the_shorter_one() {
    let plain = |input| Rates::per_million(input, 0.0);
    let rates = plain(1.0)
        .batch(plain(0.5).above(1000, plain(0.75)))
        .service_tier("fast", plain(3.0))
        .above(1000, plain(2.0))
        .above(2000, plain(4.0).batch(plain(2.5)).service_tier("fast", plain(9.0)));
    let prices = Prices::bundled().with_override("", "m", rates);
    // Input, tier, batch, rate of the input, words.
    let cases = [
        (1000, "", false, "1", None),
        (1000, "", true, "0.5", Some("batch")),
        (1000, "fast", false, "3", Some("fast")),
        (1001, "", false, "2", Some("long_context")),
        (1001, "", true, "0.75", Some("batch+long_context")),
        (1001, "fast", false, "3", Some("fast")),
        (2001, "", false, "4", Some("long_context")),
        (2001, "", true, "2.5", Some("batch+long_context")),
        (2001, "fast", false, "9", Some("fast+long_context")),
        (2001, "FAST", true, "9", Some("fast+batch+long_context")),
    ];
    for (input, tier, batch, expected, words) in cases {
        let usage = count(input, 0);
        let query = PriceQuery::new("acme", "m", &usage).at(at(TODAY)).service_tier(tier).batch(batch);
        let price = priced(&prices, &query);
        let line = (price.lines()[0].rate().to_string(), price.tier(), price.status());
        assert_eq!(line, (expected.to_owned(), words, CostStatus::Known), "{input} {tier} {batch}");
    }
}

#[test]
fn cached_audio_has_a_rate_of_its_own_once_its_count_is_told() {
    let rates = Rates::per_million(1.0, 0.0).cached_input(0.5).input_audio(10.0).cached_audio(2.0);
    let prices = Prices::bundled().with_override("", "m", rates);
    let untold = count(1000, 0).cache_read(400).input_audio(300);
    let told = untold.clone().cache_audio_read(200);
    let price = |usage| priced(&prices, &PriceQuery::new("acme", "m", usage));
    // 500 plain, 200 cached text, 100 audio, 200 cached audio.
    assert_eq!(price(&told).total_usd(), Some(usd("0.002")));
    assert_eq!(price(&told).audio_usd(), Some(usd("0.0014")));
    assert_eq!(price(&untold).missing(), ["cache_audio_read"]);
}

#[test]
fn a_price_says_since_when_it_holds() {
    let usage = count(1000, 500);
    let own = Rates::per_million(1.0, 1.0).since(at(TODAY - 5), Rates::per_million(2.0, 2.0));
    let prices = Prices::bundled().with_override("", "dated", own);
    let since = |model, time, batch| {
        priced(&prices, &PriceQuery::new("openai", model, &usage).at(at(time)).batch(batch)).effective_since()
    };
    assert_eq!(since("o3", TODAY, false), Some(at(1_749_513_600)));
    assert_eq!(since("o3", 1_749_513_599, false), None);
    assert_eq!(since("gpt-4o", TODAY, false), None);
    // 2026-10-14
    assert_eq!(since("gpt-4o", TODAY, true), Some(at(1_791_936_000)));
    assert_eq!((since("dated", TODAY, false), since("dated", TODAY - 6, false)), (Some(at(TODAY - 5)), None));
}

#[test]
fn what_the_provider_states_comes_first() {
    let prices = Prices::bundled().with_override("", "gpt-4o", Rates::per_million(1.0, 2.0));
    let usage = count(1000, 500).provider_cost_usd(0.1);
    let price = priced(&prices, &PriceQuery::new("openai", "gpt-4o", &usage));
    assert_eq!((price.total_usd(), price.source()), (Some(usd("0.1")), Some(CostSource::Provider)));
    assert_eq!(price.input_usd(), None);
}

#[test]
fn what_was_looked_up_is_bounded() {
    let (prices, usage) = (Prices::bundled(), count(1, 1));
    for number in 0..3000 {
        let model = format!("no-such-model-{number}");
        assert_eq!(priced(&prices, &PriceQuery::new("openai", &model, &usage)).missing(), ["model"]);
    }
    assert!(prices.seen_models() <= 1024);
    let name = "x".repeat(1 << 20);
    assert_eq!(priced(&prices, &PriceQuery::new("openai", &name, &usage)).missing(), ["model"]);
}

#[test]
fn every_spelling_of_a_tier_has_the_price_of_that_tier() {
    let flat = |rate| Rates::per_million(rate, 0.0);
    let rates = flat(2.0).service_tier("priority", flat(4.0)).service_tier("ON_DEMAND_FLEX", flat(1.0));
    let prices = Prices::default().with_override("aws.bedrock", "m", rates);
    // As the reply spells it, the rate, the tier that was priced, what is missing.
    let cases: [(&str, &str, Option<&str>, &[&str]); 14] = [
        ("priority", "4", Some("priority"), &[]),
        ("PRIORITY", "4", Some("priority"), &[]),
        ("ON_DEMAND_PRIORITY", "4", Some("priority"), &[]),
        ("SERVICE_TIER_PRIORITY", "4", Some("priority"), &[]),
        ("flex", "1", Some("flex"), &[]),
        ("ON_DEMAND_FLEX", "1", Some("flex"), &[]),
        ("on_demand_flex", "1", Some("flex"), &[]),
        ("ON_DEMAND", "2", None, &[]),
        ("SERVICE_TIER_UNSPECIFIED", "2", None, &[]),
        ("standard", "2", None, &[]),
        ("default", "2", None, &[]),
        // Without a rate here, and no words for the standard.
        ("reserved", "2", None, &["service_tier"]),
        ("ON_DEMAND_OFFPEAK", "2", None, &["service_tier"]),
        ("PROVISIONED_THROUGHPUT", "2", None, &["service_tier"]),
    ];
    for (told, rate, tier, missing) in cases {
        let usage = count(1_000_000, 0);
        let price = priced(&prices, &PriceQuery::new("aws.bedrock", "m", &usage).service_tier(told));
        assert_eq!(price.total_usd(), Some(usd(rate)), "{told}");
        assert_eq!((price.tier(), price.missing()), (tier, missing), "{told}");
    }
}

#[test]
fn the_tiers_of_the_catalogue_are_found_by_the_words_of_vertex() {
    let price = |tier| {
        let usage = count(1_000_000, 0);
        let query = PriceQuery::new("gcp.vertex_ai", "gemini-3.8-flash-tts", &usage).at(at(TODAY));
        let price = priced(&Prices::bundled(), &query.service_tier(tier));
        (price.total_usd(), price.tier().map(str::to_owned), price.status())
    };
    for (vertex, word) in [("ON_DEMAND_PRIORITY", "priority"), ("ON_DEMAND_FLEX", "flex")] {
        assert_eq!(price(vertex), price(word), "{vertex}");
        assert_eq!(price(vertex).1.as_deref(), Some(word));
        assert_ne!(price(vertex).0, price("ON_DEMAND").0, "{vertex}");
    }
}
