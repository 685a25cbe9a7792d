//! Which price a call has, and what its span says of it.

use crate::fixtures::{openai_reply, the};
use crate::program::{Program, Ran};
use agentspan::cost::{PriceQuery, Prices};
use agentspan::testing::{RecordedSpan, record, record_with};
use agentspan::{Rates, Usage};
use agentspan_tests::{Collector, Span};
use serde_json::json;
use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tracing_subscriber::layer::SubscriberExt;

/// A price file in which each token of gpt-4o costs so many USD a million.
fn price_file(rate: &str) -> String {
    format!(
        "[{{\"id\": \"openai\", \"api_pattern\": \"https://api\\\\.openai\\\\.com\", \"models\": [\n\
         {{\"id\": \"own-4o\", \"match\": {{\"starts_with\": \"gpt-4o\"}},\n\
         \"prices\": {{\"input_mtok\": {rate}, \"output_mtok\": {rate}}}}}]}}]"
    )
}

/// The weather agent with `AGENTSPAN_PRICES` naming a file with this text: its model call, and the path.
fn with_price_file(name: &str, text: &str) -> (Ran, Span, String) {
    let path = std::env::temp_dir().join(format!("agentspan-{name}-{}.json", std::process::id()));
    fs::write(&path, text).expect("the temporary folder can be written to");
    let shown = path.to_string_lossy().into_owned();
    let collector = Collector::start();
    let program = Program::new("init none weather shutdown").to(&collector);
    let ran = program.env("AGENTSPAN_PRICES", &shown).run();
    fs::remove_file(&path).expect("it was there");
    let call = collector.spans().into_iter().find(|span| span.name.starts_with("llm."));
    (ran, call.expect("the model was called"), shown)
}

const PRICED_BY: [&str; 3] = ["cost.source", "cost.catalog_version", "cost.price_model"];

#[test]
fn a_price_file_of_the_environment_takes_the_place_of_the_catalogue() {
    let (ran, call, _) = with_price_file("good", &price_file("10"));
    assert_eq!(call.double("cost.total_usd"), Some(0.00466), "466 tokens");
    assert_eq!(PRICED_BY.map(|key| call.text(key)), [Some("catalog"), Some("custom"), Some("own-4o")]);
    assert_eq!(ran.err, "");
}

#[test]
fn a_broken_price_file_is_named_with_its_line_once_and_the_catalogue_stays() {
    let (ran, call, path) = with_price_file("broken", &price_file("-10"));
    assert_eq!(call.double("cost.total_usd"), Some(0.00157));
    let version = Prices::bundled().version().map(str::to_owned);
    assert_eq!(PRICED_BY.map(|key| call.text(key)), [Some("catalog"), version.as_deref(), Some("gpt-4o")]);
    let [line] = ran.lines()[..] else { panic!("one warning: {ran:?}") };
    for part in [
        format!("agentspan: ignoring `AGENTSPAN_PRICES={path}`: the price file cannot be used: "),
        "line 3 column".to_owned(),
        "; using the bundled catalogue".to_owned(),
    ] {
        assert!(line.contains(&part), "{part}: {line}");
    }
}

#[test]
fn prices_given_in_code_take_the_place_of_the_catalogue() {
    let prices = Prices::from_json(price_file("2").as_bytes()).expect("a good file");
    let recording = record_with(agentspan::builder().with_prices(prices));
    let call = agentspan::llm("openai", "gpt-4o").start();
    call.reply(&openai_reply(500_000, 500_000));
    call.finish();
    let call = the(&recording, "llm.openai.gpt-4o");
    assert_eq!(call.double("cost.total_usd"), Some(2.0));
    assert_eq!(PRICED_BY.map(|key| call.text(key)), [Some("catalog"), Some("custom"), Some("own-4o")]);
}

#[test]
fn prices_are_replaced_while_the_program_runs_and_broken_ones_change_nothing() {
    let collector = Collector::start();
    let own = Rates::per_million(1.0, 1.0);
    let builder = agentspan::builder().service_name("test").with_endpoint(collector.endpoint());
    let (layer, telemetry) = builder.with_price("gpt-4o", own).layer();
    let subscriber = tracing_subscriber::registry().with(layer);
    let call = || {
        let call = agentspan::llm("openai", "gpt-4o").start();
        call.reply(&openai_reply(500_000, 500_000));
        call.finish();
    };
    tracing::subscriber::with_default(subscriber, || {
        call();
        // Overrides of the start go with the old prices.
        telemetry.set_prices(Prices::from_json(price_file("2").as_bytes()).expect("a good file"));
        call();
        let broken = Prices::from_json(price_file("{").as_bytes()).map(|prices| telemetry.set_prices(prices));
        assert!(broken.unwrap_err().to_string().contains("line 3 column"));
        call();
        telemetry.set_prices(Prices::bundled());
        call();
    });
    let _report = telemetry.shutdown();
    let mut spans = collector.spans();
    spans.sort_by_key(|span| span.start);
    let priced: Vec<_> = spans
        .iter()
        .map(|span| (span.double("cost.total_usd"), span.text("cost.source"), span.text("cost.price_model")))
        .collect();
    let custom = (Some(2.0), Some("catalog"), Some("own-4o"));
    let bundled = (Some(6.25), Some("catalog"), Some("gpt-4o"));
    assert_eq!(priced, [(Some(1.0), Some("override"), Some("gpt-4o")), custom, custom, bundled]);
}

#[test]
fn told_by_hand_comes_before_the_provider_before_an_override_before_the_catalogue() {
    let order = [(5.0, "manual"), (0.25, "provider"), (0.0015, "override"), (0.0075, "catalog")];
    for known in 0..16_u8 {
        let [by_hand, by_provider, by_override, by_catalog] = [0, 1, 2, 3].map(|bit| known & (1 << bit) != 0);
        for by_hand_first in [false, true] {
            let model = if by_catalog { "gpt-4o" } else { "no-such-model" };
            let mut builder = agentspan::builder();
            if by_override {
                builder = builder.with_provider_price("openai", "*", Rates::per_million(1.0, 1.0));
            }
            let recording = record_with(builder);
            let call = agentspan::llm("openai", model).start();
            let mut usage = Usage::new().input(1_000).output(500);
            usage.provider_cost_usd = by_provider.then_some(0.25);
            if by_hand && by_hand_first {
                call.cost_usd(5.0);
            }
            call.usage(usage);
            if by_hand && !by_hand_first {
                call.cost_usd(5.0);
            }
            call.finish();
            let span = recording.spans().remove(0);
            let expected = (0..4).find(|bit| known & (1 << bit) != 0).map(|bit| order[bit]);
            let found = span.double("cost.self_usd").zip(span.text("cost.source"));
            assert_eq!(found, expected, "{known:04b} {by_hand_first}");
            let missing = expected.is_none().then(|| vec!["model"]);
            assert_eq!(span.texts("cost.missing"), missing, "{known:04b}");
        }
    }
}

/// The span of a call with these settings, which told this usage.
fn told(builder: agentspan::TelemetryBuilder, model: &str, usage: Usage) -> RecordedSpan {
    let recording = record_with(builder);
    let call = agentspan::llm("openai", model).start();
    call.usage(usage);
    call.finish();
    recording.spans().remove(0)
}

#[test]
fn every_part_of_a_price_stands_on_the_span() {
    let rates = Rates::per_million(1.0, 2.0).cached_input(0.1).cache_write(1.25).cache_write_1h(2.0);
    let rates = rates.reasoning(4.0).input_audio(8.0).output_audio(16.0).per_request(0.5).per_search(0.01);
    let mut usage = Usage::new().input(1_000_000).cache_read(100_000).cache_write(200_000);
    usage = usage.output(1_000_000).reasoning(200_000).web_searches(3);
    usage.cache_write_1h = Some(50_000);
    (usage.input_audio, usage.output_audio) = (Some(100_000), Some(100_000));
    let span = told(agentspan::builder().with_price("own", rates), "own", usage);
    for (name, usd) in [
        // 600,000 plain ones, those of the cache, and audio.
        ("input", 0.6 + 0.01 + 0.2875 + 0.8),
        ("cache_read", 0.01),
        // 150,000 for five minutes and 50,000 for an hour.
        ("cache_write", 0.1875 + 0.1),
        // 700,000 plain ones, reasoning, and audio.
        ("output", 1.4 + 0.8 + 1.6),
        ("reasoning", 0.8),
        ("audio", 0.8 + 1.6),
        ("other", 0.5 + 0.03),
        ("self", 1.6975 + 3.8 + 0.53),
        ("total", 6.0275),
    ] {
        let found = span.double(&format!("cost.{name}_usd")).unwrap_or_else(|| panic!("{name}"));
        assert!((found - usd).abs() < 1e-12, "{name}: {found}");
    }
    assert_eq!(span.text("cost.status"), Some("known"));
    assert_eq!(PRICED_BY.map(|key| span.text(key)), [Some("override"), None, Some("own")]);

    let plain = told(agentspan::builder(), "gpt-4o", Usage::new().input(10).output(10));
    let parts = ["cache_read", "cache_write", "reasoning", "audio", "other"];
    assert_eq!(parts.map(|part| plain.double(&format!("cost.{part}_usd"))), [None; 5], "nothing is made up");
}

#[tokio::test]
async fn tier_and_batch_stand_on_the_span_by_the_words_of_the_price() {
    let flat = |rate| Rates::per_million(rate, 0.0);
    let rates = || {
        flat(8.0)
            .batch(flat(1.0))
            .service_tier("priority", flat(4.0))
            .service_tier("flex", flat(2.0))
            .above(2_000_000, flat(16.0))
    };
    let openai = |tier: &str, prompt| {
        let mut reply = openai_reply(prompt, 0);
        reply["service_tier"] = tier.into();
        reply
    };
    let vertex = |kind: &str| {
        json!({"modelVersion": "gemini-2.5-pro", "candidates": [{"finishReason": "STOP", "content": {"role": "model",
                "parts": [{"text": "Rain."}]}}],
            "usageMetadata": {"promptTokenCount": 1_000_000, "candidatesTokenCount": 0, "trafficType": kind}})
    };
    let bedrock = |kind: &str| {
        json!({"output": {"message": {"role": "assistant", "content": [{"text": "Rain."}]}}, "stopReason": "end_turn",
            "usage": {"inputTokens": 1_000_000, "outputTokens": 0, "totalTokens": 1_000_000},
            "serviceTier": {"type": kind}})
    };
    // Provider, reply, whether it is of a batch, USD, tier, status.
    let cases = [
        ("openai", openai("default", 1_000_000), false, 8.0, None, "known"),
        ("openai", openai("priority", 1_000_000), false, 4.0, Some("priority"), "known"),
        ("openai", openai("default", 1_000_000), true, 1.0, Some("batch"), "known"),
        ("openai", openai("default", 3_000_000), false, 48.0, Some("long_context"), "known"),
        ("openai", openai("scale", 1_000_000), false, 8.0, None, "partial"),
        ("google", vertex("ON_DEMAND"), false, 8.0, None, "known"),
        ("google", vertex("ON_DEMAND_PRIORITY"), false, 4.0, Some("priority"), "known"),
        ("google", vertex("ON_DEMAND_FLEX"), false, 2.0, Some("flex"), "known"),
        ("aws.bedrock", bedrock("priority"), false, 4.0, Some("priority"), "known"),
        ("aws.bedrock", bedrock("flex"), false, 2.0, Some("flex"), "known"),
        ("aws.bedrock", bedrock("reserved"), false, 8.0, None, "partial"),
    ];
    for (provider, reply, batch, usd, tier, status) in cases {
        let recording = record_with(agentspan::builder().with_price("*", rates()));
        let call = agentspan::llm(provider, "m");
        let call = if batch { call.batch() } else { call };
        let told = reply.to_string();
        call.call(async { Ok::<_, String>(reply) }).await.unwrap();
        let span = recording.spans().remove(0);
        assert_eq!(span.double("cost.self_usd"), Some(usd), "{told}");
        assert_eq!((span.text("cost.tier"), span.text("cost.status")), (tier, Some(status)), "{told}");
        assert_eq!(span.bool("llm.batch"), batch.then_some(true), "{told}");
        let missing = (status == "partial").then(|| vec!["service_tier"]);
        assert_eq!(span.texts("cost.missing"), missing, "{told}");
        // The reply's own word stays beside the price's.
        assert!(span.text("llm.service_tier").is_some_and(|word| told.contains(word)), "{told}");
    }
}

#[test]
fn every_status_says_what_is_known_and_what_is_missing() {
    let builder = || agentspan::builder().with_price("local", Rates::per_million(0.0, 0.0));
    let usage = || Usage::new().input(1_000).output(500);
    // Model, usage, status, what is missing, USD.
    let none: &[&str] = &[];
    let cases = [
        ("gpt-4o", usage(), "known", none, Some(0.0075)),
        ("gpt-4o", Usage::new().input(0).output(0), "known", none, Some(0.0)),
        ("local", usage(), "zero_rated", none, Some(0.0)),
        ("local", usage().web_searches(2), "partial", &["web_searches"], Some(0.0)),
        ("no-such-model", usage(), "unknown", &["model"], None),
        ("gpt-4o", Usage::new(), "unknown", &["usage"], None),
        // More of the cache than there was, and more reasoning than output.
        ("gpt-4o", usage().cache_read(1_001), "unknown", &["valid_usage"], None),
        ("gpt-4o", usage().reasoning(501), "unknown", &["valid_usage"], None),
    ];
    for (model, usage, status, missing, usd) in cases {
        let shown = format!("{model} {usage:?}");
        let span = told(builder(), model, usage);
        assert_eq!(span.text("cost.status"), Some(status), "{shown}");
        assert_eq!(span.texts("cost.missing").unwrap_or_default(), missing, "{shown}");
        assert_eq!([span.double("cost.self_usd"), span.double("cost.total_usd")], [usd; 2], "{shown}");
        assert_eq!(span.text("cost.source").is_some(), usd.is_some(), "{shown}");
    }
}

#[tokio::test]
async fn a_count_that_is_not_known_matters_only_where_it_would_cost_something() {
    let builder = || {
        agentspan::builder()
            .with_price("free", Rates::per_million(0.0, 0.0))
            .with_price("my-box", Rates::per_hour(3.6))
            .with_price("half-free", Rates::per_million(2.0, 0.0))
    };
    for (model, usage, status, usd) in [
        ("free", Usage::new().output(500), "zero_rated", Some(0.0)),
        ("half-free", Usage::new().input(1_000), "known", Some(0.002)),
        ("half-free", Usage::new().output(1_000), "unknown", None),
        ("my-box", Usage::new().seconds(10.0), "known", Some(0.01)),
        ("gpt-4o", Usage::new().input(1_000), "unknown", None),
    ] {
        let span = told(builder(), model, usage);
        assert_eq!((span.text("cost.status"), span.double("cost.self_usd")), (Some(status), usd), "{model}");
    }
    // The minutes of a transcription are all that is told of it.
    let recording = record();
    let reply = json!({"text": "hi", "usage": {"type": "duration", "seconds": 60}});
    let _ = agentspan::llm("openai", "whisper-1").call(async { Ok::<_, String>(reply) }).await;
    assert_eq!(recording.spans()[0].double("cost.self_usd"), Some(0.006));
}

#[tokio::test]
async fn what_tools_of_the_provider_did_is_in_the_price_or_makes_it_partial() {
    let search = || json!({"type": "file_search_call", "id": "f"});
    let image = json!({"type": "image_generation_call", "id": "i", "result": "AAAA"});
    let failed = json!({"type": "image_generation_call", "id": "i", "status": "failed"});
    for (output, status, missing, usd) in [
        (json!([search(), search(), search(), failed]), "known", None, 0.015),
        (json!([image]), "partial", Some(vec!["uncounted"]), 0.0075),
    ] {
        let recording = record();
        let usage = json!({"input_tokens": 1000, "output_tokens": 500, "total_tokens": 1500});
        let reply = json!({"object": "response", "status": "completed", "model": "gpt-4o", "output": output, "usage": usage});
        let _ = agentspan::llm("openai", "gpt-4o").call(async { Ok::<_, String>(reply) }).await;
        let span = recording.spans().remove(0);
        assert_eq!(
            (span.text("cost.status"), span.double("cost.self_usd")),
            (Some(status), Some(usd)),
            "{output}"
        );
        assert_eq!(span.texts("cost.missing"), missing, "{output}");
    }
}

#[tokio::test]
async fn the_region_of_a_call_to_bedrock_is_in_its_id_and_not_in_the_reply() {
    let id = "anthropic.claude-sonnet-4-5-20250929-v1:0";
    let usage = json!({"input_tokens": 1000, "output_tokens": 500});
    let reply =
        json!({"type": "message", "model": "claude-sonnet-4-5-20250929", "content": [], "usage": usage});
    let negotiated = || agentspan::builder().with_price("claude-sonnet-4-5*", Rates::per_million(1.0, 1.0));
    for (settings, called, usd) in [
        (agentspan::builder(), format!("global.{id}"), 0.0105),
        (agentspan::builder(), format!("eu.{id}"), 0.01155),
        (agentspan::builder(), id.to_owned(), 0.01155),
        // What the catalogue does not know has the price of the model that answered.
        (agentspan::builder(), "my.alias".to_owned(), 0.01155),
        (negotiated(), format!("global.{id}"), 0.0015),
    ] {
        let recording = record_with(settings);
        let call = agentspan::llm("aws.bedrock", called.as_str());
        let _ = call.call(async { Ok::<_, String>(&reply) }).await;
        assert_eq!(recording.spans()[0].double("cost.self_usd"), Some(usd), "{called}");
    }
}

#[tokio::test]
async fn prices_of_ones_own_are_known_by_the_name_inside_of_a_resource() {
    let settings = agentspan::builder().with_price("gemini-embedding-001", Rates::per_million(100.0, 0.0));
    let recording = record_with(settings);
    let reply = json!({"embedding": {"values": [0.5]}, "usageMetadata": {"promptTokenCount": 1_000}});
    let call = agentspan::embedding("google", "models/gemini-embedding-001");
    let _ = call.call(async { Ok::<_, String>(reply) }).await;
    assert_eq!(recording.spans()[0].double("cost.self_usd"), Some(0.1));
}

#[test]
fn the_day_and_the_hour_at_which_the_request_began_choose_the_price() {
    let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    // 2026-11-20T00:00:00Z, and the day on which o3 became cheaper, 2025-06-10.
    let (today, cheaper, hour) = (1_795_132_800, 1_749_513_600, 3_600);
    let tokens = Usage::new().input(1_000).output(3_000);
    let cached = Usage::new().input(10_000).cache_read(6_000).output(1_000);
    for (provider, model, usage, second, usd) in [
        ("openai", "o3", &tokens, cheaper - 1, "0.13"),
        ("openai", "o3", &tokens, cheaper, "0.026"),
        ("deepseek", "deepseek-flash", &cached, today + hour - 1, "0.001218"),
        ("deepseek", "deepseek-flash", &cached, today + hour, "0.002436"),
    ] {
        let price = Prices::bundled().price(&PriceQuery::new(provider, model, usage).at(at(second)));
        assert_eq!(price.total_usd().unwrap().to_string(), usd, "{model} {second}");
    }
    let price = Prices::bundled().price(&PriceQuery::new("openai", "o3", &tokens).at(at(today)));
    assert_eq!(price.effective_since(), Some(at(cheaper)));
}

#[tokio::test]
async fn a_call_that_a_dearer_price_overtakes_has_that_of_its_beginning() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let change = UNIX_EPOCH + Duration::from_secs(now.as_secs() + 2);
    let rates = Rates::per_million(1.0, 1.0).since(change, Rates::per_million(9.0, 9.0));
    let recording = record_with(agentspan::builder().with_price("own", rates));
    let call = |name: &str| {
        let call = agentspan::llm("openai", "own").attribute("case", name.to_owned()).start();
        move || {
            call.usage(Usage::new().input(1_000_000).output(0));
            call.finish();
        }
    };
    let early = call("early");
    // Prices change with whole seconds, so that no shorter wait passes the change.
    tokio::time::sleep(change.duration_since(SystemTime::now()).unwrap()).await;
    early();
    call("late")();
    let spans = recording.spans();
    let usd: Vec<_> = spans.iter().map(|span| (span.text("case"), span.double("cost.self_usd"))).collect();
    assert_eq!(usd, [(Some("early"), Some(1.0)), (Some("late"), Some(9.0))]);
}

#[tokio::test]
async fn what_the_provider_states_in_its_reply_is_the_cost() {
    let recording = record();
    let mut reply = openai_reply(1_000, 500);
    reply["usage"]["cost"] = json!(0.25);
    agentspan::llm("openrouter", "openai/gpt-4o").call(async { Ok::<_, String>(reply) }).await.unwrap();
    let span = the(&recording, "llm.openrouter.openai/gpt-4o");
    assert_eq!((span.double("cost.self_usd"), span.text("cost.source")), (Some(0.25), Some("provider")));
    assert_eq!(
        (span.double("cost.input_usd"), span.text("cost.price_model")),
        (None, None),
        "it has no parts"
    );
}

#[test]
fn the_first_model_without_a_price_is_named_once() {
    let collector = Collector::start();
    let ran = Program::new("init none unpriced shutdown").to(&collector).run();
    let line = "agentspan: the cost of `house-1` of `acme` is unknown, since no price is known for it; give one by `with_price` \
        (said of the first such model only)";
    assert_eq!(ran.lines(), [line]);
    assert_eq!(collector.spans().len(), 4);
}
