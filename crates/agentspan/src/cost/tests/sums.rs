//! Money and sums.

use super::{count, today, usd};
use crate::cost::{CostStatus, OwnCost, Totals, Usd};

#[test]
fn the_status_of_a_sum_says_what_is_missing() {
    let status = |parts: &[OwnCost]| {
        let mut totals = Totals::default();
        parts.iter().for_each(|part| totals.post_cost(*part));
        totals.status()
    };
    let known = OwnCost::Known(usd("0.01"));
    assert_eq!(status(&[OwnCost::None]), None);
    assert_eq!(status(&[known, OwnCost::None]), Some(CostStatus::Known));
    assert_eq!(status(&[known, OwnCost::Unknown]), Some(CostStatus::Partial));
    assert_eq!(status(&[OwnCost::Partial(usd("0.01"))]), Some(CostStatus::Partial));
    assert_eq!(status(&[OwnCost::Unknown]), Some(CostStatus::Unknown));
    assert_eq!(status(&[OwnCost::Free]), Some(CostStatus::ZeroRated));
    assert_eq!(status(&[OwnCost::Free, OwnCost::Unknown]), Some(CostStatus::Partial));
    assert_eq!(status(&[OwnCost::Free, known]), Some(CostStatus::Known));
    // Nothing was used, which says nothing about the price.
    assert_eq!(status(&[OwnCost::Known(Usd::ZERO)]), Some(CostStatus::Known));
    assert_eq!(status(&[OwnCost::Known(Usd::ZERO), OwnCost::Free]), Some(CostStatus::Known));
    let unused = today("openai", "gpt-4o", &count(0, 0));
    assert_eq!(status(&[OwnCost::of(unused.total_usd(), unused.status())]), Some(CostStatus::Known));
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

/// An `f64` names the shortest decimal that is nearest to it, however that is found.
#[test]
fn an_amount_is_the_decimal_that_a_person_reads_in_it() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for digits in 0..60_000_u32 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let dollars = match digits % 3 {
            // Whole units, large ones too.
            0 => (random >> (10 + digits % 50)) as f64 / 1e12,
            // What a division leaves, with more decimals than are kept.
            1 => (random >> (12 + digits % 40)) as f64 / 7e13,
            // Any number that is an amount.
            _ => f64::from_bits((random >> 2) & 0x42ff_ffff_ffff_ffff),
        };
        assert_eq!(Usd::from_f64(dollars), Usd::from_decimal(&dollars.to_string()), "{dollars:e}");
    }
}

#[test]
fn the_parts_add_up_and_more_never_costs_less() {
    let models = [
        ("openai", "gpt-4o"),
        ("google", "gemini-2.5-pro"),
        ("anthropic", "claude-sonnet-4-5"),
        ("xai", "grok-4.20"),
    ];
    for (provider, model) in models {
        let mut before = Usd::ZERO;
        for step in 0..400 {
            let usage = count(step * 997, step * 31)
                .cache_read(step * 311)
                .reasoning(step * 7)
                .web_searches(step % 3);
            let price = today(provider, model, &usage);
            let sides = [price.input_usd(), price.output_usd(), price.other_usd()];
            assert_eq!(
                sides.into_iter().flatten().sum::<Usd>(),
                price.total_usd().unwrap(),
                "{model} {step}"
            );
            let lines = price.lines().iter().map(|line| line.usd()).sum::<Usd>();
            assert_eq!(Some(lines), price.total_usd());
            let tokens = price.input_usd().unwrap() + price.output_usd().unwrap();
            assert!(tokens >= before, "{model} {step}");
            before = tokens;
        }
    }
}

#[test]
fn an_amount_is_shown_as_a_decimal_without_trailing_zeros() {
    for decimal in ["0", "0.01776", "12", "1000000", "0.000000000001", "1.5"] {
        assert_eq!(usd(decimal).to_string(), decimal);
    }
    assert_eq!(usd("7.5e-8").to_string(), "0.000000075");
    assert_eq!(usd("3.3000000000000003").to_string(), "3.3");
    for nonsense in ["", ".", "-1", "1e", "1e99", "0x1", "NaN"] {
        assert_eq!(Usd::from_decimal(nonsense), None, "{nonsense}");
    }
}
