//! Price files: what is refused names its line, and by what is taken every call has a price or says that it has none.

#![no_main]

use agentspan::Usage;
use agentspan::cost::{PriceQuery, Prices};
use agentspan_fuzz::priced;
use std::time::{Duration, SystemTime};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let prices = match Prices::from_json(bytes) {
        Ok(prices) => prices,
        Err(error) => {
            let mut text = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                text.push_str(&error.to_string());
                cause = error.source();
            }
            assert!(text.contains("line "), "it names no line: {text}");
            return;
        }
    };
    let usages = [
        Usage::new().input(1_000).output(10),
        Usage::new().input(300_000).cache_read(200_000).cache_write(9_000).cache_write_1h(5).output(0),
        Usage::new().input(u64::MAX).output(u64::MAX).reasoning(u64::MAX),
        Usage::new().input(9).input_audio(4).cache_audio_read(2).output(9).output_audio(3).web_searches(7),
        Usage::new().seconds(1e300),
        Usage::new().input(1).cache_read(2),
        Usage::new(),
    ];
    let names = [
        ("p", "m"),
        ("openai", "gpt-4o"),
        ("anthropic", "claude-opus-4-1"),
        ("https://api.p.example", "m-1"),
    ];
    for (provider, model) in names {
        for usage in &usages {
            let query = PriceQuery::new(provider, model, usage).at(SystemTime::UNIX_EPOCH);
            priced(&prices, query.clone());
            priced(
                &prices,
                query.clone().batch(true).at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)),
            );
            priced(&prices, query.service_tier("priority"));
        }
    }
});
