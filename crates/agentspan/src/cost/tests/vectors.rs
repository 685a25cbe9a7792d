//! Prices that were worked out by hand.

use super::{TODAY, at, count, priced, today, usd};
use crate::cost::{CostStatus, PriceQuery, Prices, Usd};
use crate::usage::Usage;

#[test]
fn prices_are_exact_decimals() {
    let sonnet = "claude-3-5-sonnet-20241022";
    let written = || count(12_100, 200).cache_read(10_000).cache_write(2000);
    let split = || written().cache_write_5m(500).cache_write_1h(1500);
    let cases = [
        ("openai", "gpt-4o", count(1000, 500), "0.0075"),
        ("openai", "gpt-4o-mini", count(1000, 500), "0.00045"),
        ("openai", "gpt-4o", count(10_000, 300).cache_read(8192), "0.01776"),
        ("openai", "gpt-4o", count(2000, 0).cache_read(2000), "0.0025"),
        ("openai", "gpt-4o-2024-05-13", count(1000, 500), "0.0125"),
        ("openai", "gpt-4o-2024-08-06", count(1000, 500), "0.0075"),
        ("anthropic", sonnet, count(1000, 500), "0.0105"),
        ("anthropic", sonnet, written(), "0.0138"),
        ("anthropic", sonnet, split(), "0.017175"),
        ("anthropic", "claude-3-5-haiku-20241022", count(10_000, 2000), "0.016"),
        ("anthropic", "claude-haiku-4-5-20251001", count(10_000, 2000), "0.02"),
        ("google", "gemini-2.5-pro", count(200_000, 1000), "0.26"),
        ("google", "gemini-2.5-pro", count(200_001, 1000), "0.5150025"),
        ("google", "gemini-2.5-pro", count(250_000, 1000).cache_read(200_000), "0.19"),
        ("google", "gemini-2.5-pro", count(5000, 2000).reasoning(1700), "0.02625"),
        ("openai", "o3", count(1000, 3000).reasoning(2500), "0.026"),
        ("openai", "gpt-5.4", count(272_000, 100), "0.6815"),
        ("openai", "gpt-5.4", count(272_001, 100).cache_read(72_001), "1.0382505"),
        ("openai", "text-embedding-3-small", Usage::new().input(8000), "0.00016"),
        ("anthropic", "claude-sonnet-4-5", count(1000, 500).web_searches(3), "0.0405"),
        ("openai", "gpt-4o", count(1000, 500).file_searches(3), "0.015"),
        ("google", "gemini-embedding-2", Usage::new().input(10_000).input_video(10_000), "0.12"),
        ("google", "models/gemini-2.5-pro", count(5000, 2000), "0.02625"),
        ("google", "publishers/google/models/gemini-2.5-pro", count(5000, 2000), "0.02625"),
        ("deepseek", "deepseek-flash", count(10_000, 1000).cache_read(6000), "0.001218"),
        ("xai", "grok-4.20", count(199_999, 1000), "0.25249875"),
        ("xai", "grok-4.20", count(200_000, 1000), "0.505"),
        ("azure", "gpt-4o", count(1000, 500), "0.0075"),
        ("https://api.openai.com/v1/chat/completions", "gpt-4o", count(1000, 500), "0.0075"),
        ("api.openai.com", "gpt-4o", count(1000, 500), "0.0075"),
        ("openai", "gpt-4o", count(0, 0), "0"),
    ];
    for (provider, model, usage, expected) in cases {
        let price = today(provider, model, &usage);
        assert_eq!(price.total_usd(), Some(usd(expected)), "{provider} {model} {usage:?}: {price:?}");
        assert_eq!(price.total_usd().unwrap().to_string(), expected);
        assert_eq!(price.status(), CostStatus::Known, "{provider} {model} {usage:?}: {price:?}");
    }
}

#[test]
fn models_named_by_an_arn_have_their_price() {
    let usage = count(1000, 500);
    let plain = "anthropic.claude-haiku-4-5-20251001-v1:0";
    let cases = [
        (plain.to_owned(), "0.00385"),
        (format!("arn:aws:bedrock:us-east-1::foundation-model/{plain}"), "0.00385"),
        (format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.{plain}"), "0.00385"),
    ];
    for (model, expected) in cases {
        for provider in ["aws", "aws.bedrock"] {
            assert_eq!(
                today(provider, &model, &usage).total_usd(),
                Some(usd(expected)),
                "{provider} {model}"
            );
        }
    }
    let own = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
    assert_eq!(today("aws", own, &usage).missing(), ["model"]);
}

#[test]
fn audio_that_is_paid_by_the_second_is_not_paid_as_tokens_as_well() {
    let mut usage = count(386, 15).input_audio(375);
    usage.seconds = Some(30.0);
    let price = today("mistral", "voxtral-small-2507", &usage);
    // 11 tokens of text at 0.1 for a million, 15 at 0.4, and 30 of 3,600 seconds at 0.24.
    assert_eq!(price.total_usd(), Some(usd("0.0020071")), "{price:?}");
    assert_eq!(price.status(), CostStatus::Known);
}

#[test]
fn batch_tier_and_date_choose_the_price() {
    let plain = count(1000, 500);
    let cached = count(1000, 500).cache_read(400);
    let thinking = count(1000, 3000);
    // Model, usage, time, tier, batch, total, status.
    let cases = [
        ("gpt-4o", &plain, TODAY, "", true, "0.00375", CostStatus::Known),
        ("gpt-4o", &cached, TODAY, "", true, "0.00375", CostStatus::Known),
        ("gpt-4o", &plain, TODAY, "priority", false, "0.01275", CostStatus::Known),
        ("gpt-5", &plain, TODAY, "flex", false, "0.003125", CostStatus::Known),
        ("gpt-4o", &plain, TODAY, "flex", false, "0.0075", CostStatus::Known),
        ("gpt-4o", &plain, TODAY, "default", false, "0.0075", CostStatus::Known),
        ("gpt-4o", &plain, TODAY, "ultra", false, "0.0075", CostStatus::Partial),
        // Before the day on which the catalogue begins to know batches.
        ("gpt-4o", &plain, 1_746_057_600, "", true, "0.0075", CostStatus::Partial),
        ("o3", &thinking, 1_746_057_600, "", false, "0.13", CostStatus::Known),
        // 2025-06-10T00:00:00Z, and a second before.
        ("o3", &thinking, 1_749_513_600, "", false, "0.026", CostStatus::Known),
        ("o3", &thinking, 1_749_513_599, "", false, "0.13", CostStatus::Known),
    ];
    let prices = Prices::bundled();
    for (model, usage, time, tier, batch, expected, status) in cases {
        let query = PriceQuery::new("openai", model, usage).at(at(time)).service_tier(tier).batch(batch);
        let price = priced(&prices, &query);
        let figures = (price.total_usd().unwrap().to_string(), price.status());
        assert_eq!(figures, (expected.to_owned(), status), "{model} {tier} {batch} {time}");
    }
    let batch = PriceQuery::new("anthropic", "claude-sonnet-4-5-20250929", &plain).at(at(TODAY)).batch(true);
    assert_eq!(priced(&prices, &batch).total_usd(), Some(usd("0.00525")));
}

#[test]
fn the_hour_chooses_the_price_to_the_second() {
    let usage = count(10_000, 1000).cache_read(6000);
    let hour = 3600;
    let cases = [
        (hour - 1, "0.001218"),
        (hour, "0.002436"),
        (4 * hour - 1, "0.002436"),
        (4 * hour, "0.001218"),
        (6 * hour, "0.002436"),
        (10 * hour, "0.001218"),
    ];
    for (second, expected) in cases {
        let query = PriceQuery::new("deepseek", "deepseek-flash", &usage).at(at(TODAY + second));
        assert_eq!(priced(&Prices::bundled(), &query).total_usd(), Some(usd(expected)), "{second}");
    }
}

#[test]
fn what_has_no_price_is_never_zero_and_says_why() {
    let cases = [
        ("openai", "no-such-model", count(1, 1), "model"),
        ("ollama", "llama3.2", count(26, 298), "provider"),
        ("openai", "gpt-4o", Usage::new(), "usage"),
        ("openai", "gpt-4o", count(100, 1).cache_read(200), "valid_usage"),
        ("openai", "gpt-4o", count(100, 1).cache_read(60).cache_write(60), "valid_usage"),
        ("openai", "o3", count(100, 1).reasoning(2), "valid_usage"),
    ];
    for (provider, model, usage, missing) in cases {
        let price = today(provider, model, &usage);
        assert_eq!((price.total_usd(), price.input_usd()), (None, None), "{provider} {model} {usage:?}");
        assert_eq!((price.status(), price.missing()), (CostStatus::Unknown, &[missing][..]));
    }
    let searched = today("deepseek", "deepseek-flash", &count(1000, 500).web_searches(2));
    assert_eq!((searched.status(), searched.missing()), (CostStatus::Partial, &["web_searches"][..]));
    let half = today("openai", "gpt-4o", &Usage::new().input(1000));
    assert_eq!((half.status(), half.missing()), (CostStatus::Partial, &["output"][..]));
}

#[test]
fn every_part_is_visible_and_audio_has_a_least_time() {
    let price = today("openai", "gpt-4o", &count(10_000, 300).cache_read(8192).reasoning(100));
    let lines: Vec<_> =
        price.lines().iter().map(|line| (line.what(), line.quantity(), line.usd().to_string())).collect();
    let expected =
        [("cache_read", 8192.0, "0.01024"), ("input", 1808.0, "0.00452"), ("output", 300.0, "0.003")];
    assert_eq!(lines, expected.map(|(what, quantity, usd)| (what, quantity, usd.to_owned())));
    assert_eq!(price.reasoning_usd(), Some(usd("0.001")));
    assert_eq!(price.price_model(), Some("gpt-4o"));
    assert_eq!(today("google", "gemini-2.5-pro", &count(200_001, 1)).tier(), Some("long_context"));
    let spoken =
        |seconds| today("groq", "whisper-large-v3", &Usage::new().seconds(seconds)).total_usd().unwrap();
    assert_eq!((spoken(3.0), spoken(0.0)), (spoken(10.0), Usd::ZERO));
    assert!(spoken(20.0) > spoken(10.0));
}
