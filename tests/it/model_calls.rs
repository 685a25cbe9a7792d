//! Whole model calls: what is read of requests and replies.

use crate::fixtures::{anthropic_reply, openai_asking, openai_chunks, openai_reply, the};
use agentspan::Usage;
use agentspan::testing::{RecordedSpan, record, record_with};
use futures_util::StreamExt;
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;

/// Calls a model that answers so, and gives the span.
async fn call(provider: &str, model: &str, reply: impl Serialize) -> RecordedSpan {
    let recording = record();
    agentspan::llm(provider, model).call(async { Ok::<_, String>(reply) }).await.expect("it is given");
    recording.spans().remove(0)
}

#[tokio::test]
async fn a_whole_reply_of_openai() {
    let span =
        call("openai", "gpt-4o", openai_asking(&[("call_1", "get_weather"), ("call_2", "get_time")])).await;
    assert_eq!(span.to_string(), "llm.openai.gpt-4o ok 412→54 $0.00157");
    let texts = [
        ("agent.step_type", "llm_generate"),
        ("llm.provider", "openai"),
        ("llm.operation", "chat"),
        ("llm.model_name", "gpt-4o-2024-08-06"),
        ("llm.request.model_name", "gpt-4o"),
        ("llm.response.model_name", "gpt-4o-2024-08-06"),
        ("llm.response.id", "chatcmpl-1"),
        ("llm.finish_reason", "tool_calls"),
        ("llm.finish_class", "tool_call"),
        ("cost.status", "known"),
        ("cost.source", "catalog"),
    ];
    for (key, value) in texts {
        assert_eq!(span.text(key), Some(value), "{key}");
    }
    assert_eq!(span.texts("llm.tool_call_names"), Some(vec!["get_weather", "get_time"]));
    assert_eq!(span.int("llm.token_count.total"), Some(466));
    let usd =
        ["cost.input_usd", "cost.output_usd", "cost.self_usd", "cost.total_usd"].map(|key| span.double(key));
    assert_eq!(usd, [Some(0.00103), Some(0.00054), Some(0.00157), Some(0.00157)]);
    assert_eq!(span.bool("llm.streaming"), None);
}

#[tokio::test]
async fn trap_cached_tokens_are_inside_the_count_once_for_every_provider() {
    let mut reply = openai_reply(10_000, 300);
    reply["usage"]["prompt_tokens_details"] = json!({"cached_tokens": 8_192});
    let span = call("openai", "gpt-4o", reply).await;
    assert_eq!(span.to_string(), "llm.openai.gpt-4o ok 10000→300 $0.01776");
    assert_eq!(span.int("llm.token_count.prompt_details.cache_read"), Some(8_192));

    let span = call("anthropic", "claude-3-5-sonnet-20241022", anthropic_reply()).await;
    assert_eq!(span.to_string(), "llm.anthropic.claude-3-5-sonnet-20241022 ok 12100→200 $0.0138");
    assert_eq!(span.int("llm.token_count.prompt_details.cache_read"), Some(10_000));
    assert_eq!(span.int("llm.token_count.prompt_details.cache_write"), Some(2_000));
    assert_eq!(span.text("llm.finish_reason"), Some("tool_use"));
    assert_eq!(span.text("llm.finish_class"), Some("tool_call"));
    assert_eq!(span.texts("llm.tool_call_names"), Some(vec!["get_weather"]));
}

#[tokio::test]
async fn reasoning_is_inside_the_completion() {
    let mut reply = openai_reply(1_000, 3_000);
    reply["model"] = "o3".into();
    reply["usage"]["completion_tokens_details"] = json!({"reasoning_tokens": 2_500});
    let span = call("openai", "o3", reply).await;
    assert_eq!(span.to_string(), "llm.openai.o3 ok 1000→3000 $0.026");
    assert_eq!(span.int("llm.token_count.completion_details.reasoning"), Some(2_500));
}

#[tokio::test]
async fn trap_the_model_that_served_is_priced_and_the_requested_one_names_the_span() {
    let mut reply = openai_reply(1_000, 500);
    reply["model"] = "gpt-4o-mini-2024-07-18".into();
    let span = call("openai", "gpt-4o", reply).await;
    assert_eq!(span.to_string(), "llm.openai.gpt-4o ok 1000→500 $0.00045");
    assert_eq!(span.text("llm.model_name"), Some("gpt-4o-mini-2024-07-18"));
}

#[tokio::test]
async fn every_spelling_of_a_provider_is_one_provider() {
    for spelling in ["google", "gcp.gemini", "gemini"] {
        let span = call(spelling, "gemini-2.5-pro", json!({})).await;
        assert_eq!(span.name(), "llm.google.gemini-2.5-pro", "{spelling}");
        assert_eq!(span.text("llm.provider"), Some("google"), "{spelling}");
    }
}

#[tokio::test]
async fn a_reply_as_text_reads_like_the_same_reply_as_json() {
    let span = call("openai", "gpt-4o", openai_reply(1_000, 500).to_string()).await;
    assert_eq!(span.to_string(), "llm.openai.gpt-4o ok 1000→500 $0.0075");
}

#[tokio::test]
async fn an_error_in_the_body_is_the_calls_failure() {
    let error = json!({"error": {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}});
    let span = call("openai", "gpt-4o", error).await;
    assert_eq!(span.to_string(), "llm.openai.gpt-4o error rate_limit_exceeded $0", "refused is free");
    assert_eq!(span.failure(), Some("rate_limit_exceeded"));
}

#[tokio::test]
async fn a_call_without_a_reply_has_an_unknown_cost() {
    let recording = record();
    let failed =
        agentspan::llm("openai", "gpt-4o").call(async { Err::<Value, _>("refused".to_owned()) }).await;
    assert!(failed.is_err());
    let never = agentspan::llm("openai", "gpt-4o").call(std::future::pending::<Result<Value, String>>());
    let mut never = Box::pin(never);
    assert!(futures_util::poll!(&mut never).is_pending());
    drop(never);
    drop(agentspan::llm("openai", "gpt-4o").start());
    agentspan::embedding("openai", "text-embedding-3-small").start().finish();
    insta::assert_snapshot!(recording.tree(), @r"
    llm.openai.gpt-4o error _OTHER cost:unknown
    llm.openai.gpt-4o cancelled cost:unknown
    llm.openai.gpt-4o cancelled cost:unknown
    llm.openai.text-embedding-3-small ok cost:unknown
    ");
    for span in recording.spans() {
        assert_eq!(span.texts("cost.missing"), Some(vec!["usage"]), "{span}");
        assert_eq!((span.double("cost.self_usd"), span.double("cost.total_usd")), (None, None), "{span}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_with_a_limit_of_time() {
    let recording = record();
    let limit = Duration::from_secs(9);
    let never = std::future::pending::<Result<Value, String>>();
    let late = agentspan::llm("openai", "gpt-4o").timeout(limit).call(never).await;
    assert_eq!(late, Err("not finished after 9s".into()));
    let never = std::future::pending::<Result<Value, String>>();
    assert!(
        agentspan::embedding("openai", "text-embedding-3-small").timeout(limit).call(never).await.is_err()
    );
    let reply = agentspan::llm("openai", "gpt-4o")
        .timeout(limit)
        .call(async { Ok::<_, String>(openai_reply(10, 5)) });
    assert!(reply.await.is_ok());
    insta::assert_snapshot!(recording.tree(), @r"
    llm.openai.gpt-4o timeout timeout cost:unknown
    llm.openai.text-embedding-3-small timeout timeout cost:unknown
    llm.openai.gpt-4o ok 10→5 $0.000075
    ");
}

#[test]
fn guards_take_replies_and_counts_for_synchronous_and_local_models() {
    let recording = record();
    let guard = agentspan::llm("openai", "gpt-4o").start();
    guard.reply(&openai_reply(1_000, 500));
    guard.finish();
    let guard = agentspan::llm("openai", "gpt-4o").start();
    guard.in_scope(|| {
        agentspan::current().usage(Usage::new().input(1_000).output(500).reasoning(100)).clone()
    });
    guard.finish();
    let guard = agentspan::llm("openai", "gpt-4o").start();
    guard.reply(&openai_reply(1, 1)).reply(&openai_reply(1_000, 500));
    guard.finish();
    insta::assert_snapshot!(recording.tree(), @r"
    llm.openai.gpt-4o ok 1000→500 $0.0075
    llm.openai.gpt-4o ok 1000→500 $0.0075
    llm.openai.gpt-4o ok 1000→500 $0.0075
    ");
}

pub(crate) fn request() -> Value {
    json!({
        "model": "gpt-4o-mini", "temperature": 0.2, "max_tokens": 300, "seed": 7,
        "messages": [
            {"role": "system", "content": "You tell the weather."},
            {"role": "user", "content": "Will it rain in Ulm?"},
        ],
        "tools": [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}],
        "user": "u-7",
    })
}

async fn requested(request: &Value, content: bool) -> RecordedSpan {
    let recording = record_with(agentspan::builder().with_content(content));
    agentspan::llm("openai", "gpt-4o")
        .purpose("intent_analysis")
        .prompt("weather", Some("3"))
        .server("api.openai.com", Some(443))
        .context_window(128_000)
        .estimated_tokens(Some(40), None)
        .request(request)
        .call(async { Ok::<_, String>(openai_reply(1_000, 500)) })
        .await
        .unwrap();
    recording.spans().remove(0)
}

#[tokio::test]
async fn a_request_gives_parameters_sizes_counts_and_hashes() {
    let span = requested(&request(), false).await;
    let parameters: Value = serde_json::from_str(span.text("llm.invocation_parameters").unwrap()).unwrap();
    assert_eq!(parameters, json!({"model": "gpt-4o-mini", "temperature": 0.2, "max_tokens": 300, "seed": 7}));
    assert_eq!(span.text("llm.request.model_name"), Some("gpt-4o-mini"), "as sent");
    assert_eq!(span.name(), "llm.openai.gpt-4o", "as the caller names it");
    assert_eq!(span.int("llm.message_count"), Some(2));
    assert_eq!(span.int("llm.input_size"), Some(request().to_string().len() as i64));
    assert_eq!(span.int("llm.output_size"), Some("It will rain.".len() as i64));
    assert_eq!(span.text("llm.purpose"), Some("intent_analysis"));
    assert_eq!((span.text("llm.prompt.name"), span.text("llm.prompt.version")), (Some("weather"), Some("3")));
    assert_eq!((span.text("server.address"), span.int("server.port")), (Some("api.openai.com"), Some(443)));
    assert_eq!(span.int("llm.context_window"), Some(128_000));
    assert_eq!(span.int("llm.token_count.estimated.prompt"), Some(40));
    assert_eq!(span.int("llm.token_count.estimated.completion"), None);
    for key in ["llm.system_hash", "llm.tool_definitions_hash"] {
        assert_eq!(span.text(key).map(str::len), Some(16), "{key}");
    }
}

#[tokio::test]
async fn messages_are_recorded_only_when_asked_for() {
    let keys = ["llm.input_messages", "llm.output_messages", "llm.tool_definitions"];
    let without = requested(&request(), false).await;
    assert_eq!(keys.map(|key| without.text(key)), [None; 3]);
    let everything = without.keys().iter().filter_map(|key| without.text(key)).collect::<String>();
    for private in ["Ulm", "You tell", "It will rain", "get_weather", "u-7"] {
        assert!(!everything.contains(private), "{private}");
    }

    let with = requested(&request(), true).await;
    let [input, output, tools] =
        keys.map(|key| serde_json::from_str::<Value>(with.text(key).unwrap()).unwrap());
    assert_eq!(
        input[1],
        json!({"role": "user", "parts": [{"type": "text", "content": "Will it rain in Ulm?"}]})
    );
    assert_eq!(output[0]["parts"][0]["content"], "It will rain.");
    assert_eq!(output[0]["finish_reason"], "stop");
    assert_eq!(tools[0]["name"], "get_weather");
}

#[tokio::test]
async fn the_same_prompt_has_the_same_hash_in_every_call_and_another_has_another() {
    let hash =
        async |request: &Value| requested(request, false).await.text("llm.system_hash").map(str::to_owned);
    let mut other = request();
    assert_eq!(hash(&request()).await, hash(&other).await);
    other["messages"][1]["content"] = "And in Bonn?".into();
    assert_eq!(hash(&request()).await, hash(&other).await, "the question is no part of the prompt");
    other["messages"][0]["content"] = "You tell the time.".into();
    assert_ne!(hash(&request()).await, hash(&other).await);
    assert_eq!(hash(&json!({"model": "gpt-4o", "messages": []})).await, None);
}

#[tokio::test]
async fn every_choice_has_its_finish_reason() {
    let recording = record();
    for words in [&["stop", "length"][..], &["stop"][..]] {
        let choice = |(index, word): (usize, &&str)| json!({"index": index, "message": {"content": "x"}, "finish_reason": word});
        let mut reply = openai_reply(10, 2);
        reply["choices"] = words.iter().enumerate().map(choice).collect();
        agentspan::llm("openai", "gpt-4o-mini")
            .call(async { Ok::<_, String>(reply) })
            .await
            .expect("it is there");
    }
    let reasons = |span: &agentspan::testing::RecordedSpan| {
        let all = span.texts("gen_ai.response.finish_reasons").map(|words| words.join(" "));
        (span.text("llm.finish_reason").map(str::to_owned), all)
    };
    let recorded: Vec<_> = recording.spans().iter().map(reasons).collect();
    // The list of one is made of the canonical name on the way out.
    assert_eq!(recorded, [(Some("stop".into()), Some("stop length".into())), (Some("stop".into()), None)]);
}

#[tokio::test]
async fn a_model_of_ones_own_has_the_price_that_was_given() {
    let prices = agentspan::builder()
        .with_price("house-7b", agentspan::Rates::per_million(0.20, 0.60).cached_input(0.02))
        .with_price("free-7b", agentspan::Rates::per_million(0.0, 0.0));
    let recording = record_with(prices);
    for model in ["house-7b", "free-7b", "unknown-7b"] {
        let mut reply = openai_reply(1_000, 500);
        reply["model"] = model.into();
        agentspan::llm("vllm", model).call(async { Ok::<_, String>(reply) }).await.unwrap();
    }
    insta::assert_snapshot!(recording.tree(), @r"
    llm.vllm.house-7b ok 1000→500 $0.0005
    llm.vllm.free-7b ok 1000→500 $0
    llm.vllm.unknown-7b ok 1000→500 cost:unknown
    ");
    let sources =
        recording.spans().iter().map(|span| span.text("cost.source").map(str::to_owned)).collect::<Vec<_>>();
    assert_eq!(sources, [Some("override".into()), Some("override".into()), None]);
    assert_eq!(the(&recording, "llm.vllm.free-7b").text("cost.status"), Some("zero_rated"));
}

#[tokio::test]
async fn an_override_by_the_requested_name_holds_when_the_reply_names_another() {
    let recording = record_with(
        agentspan::builder().with_price("my-deployment", agentspan::Rates::per_million(1.0, 2.0)),
    );
    let mut reply = openai_reply(1_000, 500);
    reply["model"] = "weights-0042".into();
    agentspan::llm("vllm", "my-deployment").call(async { Ok::<_, String>(reply) }).await.unwrap();
    assert_eq!(recording.tree(), "llm.vllm.my-deployment ok 1000→500 $0.002\n");
}

#[tokio::test]
async fn an_amount_told_by_hand_comes_before_every_price() {
    let recording = record();
    let before = agentspan::llm("openai", "gpt-4o").start();
    before.cost_usd(0.5).reply(&openai_reply(1_000, 500));
    before.finish();
    let after = agentspan::llm("openai", "gpt-4o").start();
    after.reply(&openai_reply(1_000, 500)).cost_usd(0.25);
    after.finish();
    insta::assert_snapshot!(recording.tree(), @r"
    llm.openai.gpt-4o ok 1000→500 $0.5
    llm.openai.gpt-4o ok 1000→500 $0.25
    ");
    for span in recording.spans() {
        assert_eq!(span.text("cost.source"), Some("manual"));
    }
}

#[tokio::test]
async fn a_batch_is_priced_as_one() {
    let recording = record();
    let reply = async { Ok::<_, String>(openai_reply(1_000, 500)) };
    agentspan::llm("openai", "gpt-4o").batch().call(reply).await.unwrap();
    let span = the(&recording, "llm.openai.gpt-4o");
    assert_eq!(span.bool("llm.batch"), Some(true));
    assert_eq!(span.double("cost.self_usd"), Some(0.00375), "half the price");
}

#[tokio::test]
async fn the_reply_goes_back_untouched() {
    let _recording = record();
    let reply =
        agentspan::llm("openai", "gpt-4o").call(async { Ok::<_, String>(openai_reply(1_000, 500)) }).await;
    assert_eq!(reply, Ok(openai_reply(1_000, 500)));
    let chunks = openai_chunks();
    let stream = agentspan::llm("openai", "gpt-4o")
        .stream(async { Ok::<_, String>(crate::fixtures::stream_of::<String>(chunks.clone())) })
        .await
        .unwrap();
    assert_eq!(stream.map(Result::unwrap).collect::<Vec<_>>().await, chunks);
}
