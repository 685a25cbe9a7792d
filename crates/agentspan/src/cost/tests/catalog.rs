//! The committed catalogue against the crate that it came from.

use super::{TODAY, at, count, priced};
use crate::cost::catalog::Catalog;
use crate::cost::{CostSource, PriceQuery, Prices, Usd};
use crate::usage::Usage;
use agentspan_semconv::provider;
use genai_prices::{Calculator, PriceRequest};

/// What the other engine is told of a usage.
fn theirs(usage: &Usage) -> genai_prices::Usage {
    let mut counts = genai_prices::Usage::new();
    let fields = [
        ("input_tokens", usage.input),
        ("output_tokens", usage.output),
        ("cache_read_tokens", usage.cache_read),
        ("cache_write_tokens", usage.cache_write),
        ("cache_write_1h_tokens", usage.cache_write_1h),
        ("output_reasoning_tokens", usage.reasoning),
        ("input_audio_tokens", usage.input_audio),
        ("cache_audio_read_tokens", usage.cache_audio_read),
        ("output_audio_tokens", usage.output_audio),
        ("input_video_tokens", usage.input_video),
        ("output_video_tokens", usage.output_video),
        ("web_searches", usage.web_searches),
        ("storage_searches", usage.file_searches),
    ];
    for (key, count) in fields {
        if let Some(count) = count {
            counts.insert(key, count as f64);
        }
    }
    counts
}

#[test]
fn every_model_costs_what_the_other_engine_says() {
    let usages = [
        count(1000, 500),
        count(300_000, 40_000).cache_read(120_000).cache_write(3000).cache_write_1h(1000).reasoning(9000),
        count(120_000, 700).input_audio(900).cache_read(500).cache_audio_read(100).output_audio(60),
        count(10, 1).web_searches(7),
        count(60_000, 55_000).input_video(10_000).output_video(50_000).file_searches(3),
    ];
    let times = [1_735_689_600, 1_749_513_600, 1_792_000_000, TODAY, TODAY + 7200];
    let contexts = [("", false), ("", true), ("priority", false), ("flex", false), ("priority", true)];
    let (ours, calculator) = (Prices::bundled(), Calculator::bundled());
    let mut compared = 0;
    for (name, model) in Catalog::bundled().models() {
        // Their word for it may be one of ours for another row.
        if provider::prices_id(name).as_deref() != Some(name) {
            continue;
        }
        for (usage, time) in usages.iter().flat_map(|usage| times.map(|time| (usage, time))) {
            let their_usage = theirs(usage);
            for (tier, batch) in contexts {
                let query = PriceQuery::new(name, model, usage).at(at(time)).service_tier(tier).batch(batch);
                let mut request =
                    PriceRequest::new(model, &their_usage).with_provider_id(name).with_timestamp(at(time));
                if !tier.is_empty() {
                    request = request.with_price_context("service_tier", tier);
                }
                if batch {
                    request = request.with_price_context("processing", "batch");
                }
                let (price, theirs) = (priced(&ours, &query), calculator.calculate(&request));
                let shown =
                    || format!("{name} {model} {usage:?} {time} {tier} {batch}: {price:?} {theirs:?}");
                match (&theirs, price.total_usd()) {
                    (Ok(theirs), Some(total)) => {
                        let near = |ours: Option<Usd>, theirs: f64| {
                            (ours.unwrap_or_default().as_f64() - theirs).abs() <= 1e-9 * theirs.abs() + 1e-12
                        };
                        assert!(near(Some(total), theirs.total_price), "{}", shown());
                        assert!(near(price.input_usd(), theirs.input_price), "{}", shown());
                        assert!(near(price.output_usd(), theirs.output_price), "{}", shown());
                        assert_eq!(price.price_model(), Some(theirs.model_id.as_str()), "{}", shown());
                        assert_eq!(price.source(), Some(CostSource::Catalog));
                        compared += 1;
                    }
                    // What they have no rate for is 0 to them.
                    (Ok(theirs), None) => {
                        let unpriced = theirs.total_price == 0.0 && price.missing() == ["rate"];
                        assert!(unpriced, "{}", shown());
                    }
                    (Err(_), Some(_)) => panic!("{}", shown()),
                    (Err(_), None) => {}
                }
            }
        }
    }
    assert!(compared > 150_000, "only {compared} prices were compared");
}

#[test]
fn the_committed_catalogue_is_that_of_the_locked_crate() {
    let Ok(lock) = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock")) else {
        // A packaged crate is tested without the workspace's lock file.
        return;
    };
    let version = Catalog::bundled().version.replace(' ', "\"\nversion = \"");
    assert!(lock.contains(&format!("name = \"{version}\"")), "renew the version beside the catalogue");
    let home = std::env::var_os("CARGO_HOME").map(std::path::PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).unwrap();
    let folder = Catalog::bundled().version.replace(' ', "-");
    let sources = std::fs::read_dir(home.join("registry/src")).unwrap();
    let files: Vec<_> = sources
        .map(|source| source.unwrap().path().join(&folder).join("data/prices.json"))
        .filter(|file| file.exists())
        .collect();
    assert!(!files.is_empty(), "{folder} is not where cargo unpacks crates");
    for file in files {
        let same = std::fs::read(&file).unwrap() == include_bytes!("../catalog/prices.json");
        assert!(same, "{} differs from the committed catalogue", file.display());
    }
}
