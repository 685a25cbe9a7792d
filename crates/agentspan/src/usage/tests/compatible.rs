//! Providers that speak OpenAI's words with meanings of their own.

use serde_json::{Value, json};

use super::super::Usage;
use super::{read, reader, usage_of};
use agentspan_semconv::FinishClass;

fn counted(provider: &str, usage: Value) -> Usage {
    usage_of(provider, json!({"id": "c", "model": "m", "choices": [], "usage": usage}))
}

fn counts(prompt: u64, completion: u64, total: u64) -> Value {
    json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total})
}

fn with(mut usage: Value, fields: Value) -> Value {
    for (key, value) in fields.as_object().into_iter().flatten() {
        usage[key] = value.clone();
    }
    usage
}

#[test]
fn geminis_hidden_thoughts_are_in_the_total_only() {
    let plain = Usage::new().input(35).total(109);
    assert_eq!(counted("gcp.gemini", counts(35, 12, 109)), plain.clone().output(74));
    assert_eq!(
        counted("google", json!({"prompt_tokens": 35, "total_tokens": 109})),
        plain.clone().output(74)
    );
    assert_eq!(counted("google", counts(35, 12, 47)).output, Some(12));
    let start = json!({"prompt_tokens": 35, "total_tokens": 35});
    assert_eq!(counted("google", start).output, None, "the first chunk of a stream");
    assert_eq!(counted("openai", counts(35, 12, 109)).output, Some(12), "nothing tells that it is Gemini");
    let proxied = json!({"model": "gemini-2.5-flash", "choices": [], "usage": counts(35, 12, 109)});
    assert_eq!(usage_of("openai", proxied).output, Some(74));
    assert_eq!(
        counted("google", counts(35, 12, 3)).output,
        Some(12),
        "a total that is too small proves nothing"
    );
}

#[test]
fn mistrals_audio_is_in_the_total_only() {
    let usage = with(counts(11, 15, 401), json!({"prompt_audio_seconds": 30}));
    let expected = Usage::new().input(386).output(15).total(401).input_audio(375).seconds(30.0);
    assert_eq!(counted("mistral_ai", usage), expected);
    let usage = with(
        counts(11, 15, 26),
        json!({"prompt_audio_seconds": null, "prompt_tokens_details": {"cached_tokens": 4}}),
    );
    assert_eq!(counted("mistralai", usage), Usage::new().input(11).output(15).total(26).cache_read(4));
    assert_eq!(counted("mistral", with(counts(1, 1, 2), json!({"prompt_audio_seconds": 0}))).seconds, None);
    let contained = with(counts(386, 15, 401), json!({"prompt_audio_seconds": 30}));
    assert_eq!(counted("mistral", contained).input_audio, None, "how much of it is audio is not told");
    assert_eq!(counted("mistral", counts(11, 15, 401)).input, Some(386));
}

#[test]
fn mistrals_lists_of_parts_arguments_and_tier_are_read() {
    let call = json!({"id": "c1", "function": {"name": "weather", "arguments": {"city": "Ulm"}}});
    let content = json!([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "ok"}, {"type": "reference", "reference_ids": [1]}]);
    let body = |key: &str| {
        json!({"id": "m1", "model": "mistral-large", "choices": [{"index": 0, "finish_reason": "tool_calls",
            key: {"role": "assistant", "content": content, "tool_calls": [call]}}],
            "usage": with(counts(12, 3, 15), json!({"service_tier": "priority"}))})
    };
    let whole = read("mistralai", body("message"));
    assert_eq!(whole.service_tier.as_deref(), Some("priority"));
    assert_eq!(whole.tool_calls[0].arguments, Some(json!({"city": "Ulm"})));
    assert_eq!(reader("mistralai", &[body("delta")]).into_reply(), whole);
}

#[test]
fn xais_reasoning_is_apart_unless_its_total_says_otherwise() {
    let output = |total: Value| {
        let usage = json!({"prompt_tokens": 50, "completion_tokens": 10, "total_tokens": total,
            "completion_tokens_details": {"reasoning_tokens": 200}});
        counted("x_ai", usage).output
    };
    assert_eq!(
        [output(json!(260)), output(json!(null)), output(json!(60))],
        [Some(210), Some(210), Some(10)]
    );
    let usage = with(
        counts(50, 10, 60),
        json!({"num_sources_used": 3, "cost_in_usd_ticks": 20_000_000_000_u64,
        "server_side_tool_usage_details": {"web_search_calls": 2, "x_search_calls": 5}}),
    );
    let read = counted("xai", usage);
    assert_eq!(
        (read.web_searches, read.provider_cost_usd),
        (Some(2), Some(2.0)),
        "more ticks than a count may have"
    );
}

#[test]
fn deepseeks_halves_of_the_prompt_are_its_whole() {
    let usage = json!({"prompt_cache_hit_tokens": 6000, "prompt_cache_miss_tokens": 4000, "completion_tokens": 1000,
        "completion_tokens_details": {"reasoning_tokens": 400}, "total_tokens": 11_000});
    let expected = Usage::new().input(10_000).output(1000).total(11_000).cache_read(6000).reasoning(400);
    assert_eq!(counted("deepseek", usage), expected);
    let body =
        json!({"choices": [{"finish_reason": "insufficient_system_resource", "message": {"content": "x"}}]});
    assert_eq!(read("deepseek", body).finish_class, Some(FinishClass::Error));
}

#[test]
fn openrouters_own_key_adds_what_the_models_provider_is_paid() {
    let usage = with(
        counts(10, 2, 12),
        json!({"cost": 0.1, "is_byok": true,
        "cost_details": {"upstream_inference_cost": 0.2},
        "prompt_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 4},
        "server_tool_use_details": {"web_search_requests": 1}}),
    );
    let read = counted("openrouter", usage.clone());
    assert_eq!((read.cache_read, read.cache_write, read.web_searches), (Some(3), Some(4), Some(1)));
    assert_eq!(read.provider_cost_usd, Some(0.3), "without the noise of a sum of doubles");
    let cost = |fields: Value| counted("openrouter", with(usage.clone(), fields)).provider_cost_usd;
    assert_eq!(cost(json!({"is_byok": false})), Some(0.1), "the upstream's part is contained");
    assert_eq!(cost(json!({"cost_details": null})), None);
}

#[test]
fn openrouters_stream_repeats_its_end_and_may_fail_in_the_middle() {
    let chunk = |delta: Value, finish: Value, usage: Value| {
        json!({"id": "gen-1", "model": "openai/gpt-4o", "provider": "OpenAI", "usage": usage,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish, "native_finish_reason": finish}]})
    };
    let chunks = [
        chunk(json!({"role": "assistant", "content": "ok"}), json!(null), json!(null)),
        chunk(json!({"content": ""}), json!("stop"), json!(null)),
        chunk(json!({"content": ""}), json!("stop"), with(counts(10, 2, 12), json!({"cost": 0.5}))),
    ];
    let whole = json!({"id": "gen-1", "model": "openai/gpt-4o", "usage": with(counts(10, 2, 12), json!({"cost": 0.5})),
        "choices": [{"index": 0, "message": {"content": "ok"}, "finish_reason": "stop"}]});
    assert_eq!(reader("openrouter", &chunks).into_reply(), read("openrouter", whole));
    let mut failed = chunk(json!({"content": ""}), json!("error"), json!(null));
    failed["error"] =
        json!({"code": 502, "message": "m", "metadata": {"error_type": "provider_unavailable"}});
    let reader = reader("openrouter", &[chunks[0].clone(), failed]);
    assert!(!reader.is_complete());
    assert_eq!(reader.error().map(|error| error.error_type.as_str()), Some("provider_unavailable"));
}

#[test]
fn perplexitys_cost_is_an_object_and_its_reasoning_is_apart() {
    let usage = with(
        counts(33, 7163, 7196),
        json!({"citation_tokens": 20_016, "num_search_queries": 18,
        "reasoning_tokens": 73_997, "search_context_size": "low",
        "cost": {"input_tokens_cost": 0.1, "request_cost": 0.2, "total_cost": 0.41}}),
    );
    let expected = Usage::new().input(33).output(81_160).total(7196).reasoning(73_997);
    let expected = expected.web_searches(18).provider_cost_usd(0.41);
    assert_eq!(counted("perplexity", usage), expected);
    let chunk = |completion: u64, finish: Value| {
        json!({"id": "p", "model": "sonar", "object": "chat.completion.chunk", "usage": counts(9, completion, 9 + completion),
            "choices": [{"index": 0, "delta": {"content": "x"}, "message": {"content": "x".repeat(completion as usize)},
                "finish_reason": finish}]})
    };
    let reply = reader("perplexity", &[chunk(1, json!(null)), chunk(2, json!("stop"))]).into_reply();
    assert_eq!((reply.usage, reply.size), (Some(Usage::new().input(9).output(2).total(11)), 2), "cumulative");
    let euro = json!({"prompt_tokens": 1, "cost": {"currency": "EUR", "total_cost": 1}});
    assert_eq!(counted("perplexity", euro).provider_cost_usd, None);
}

#[test]
fn groqs_breakdown_by_model_is_contained_in_its_usage() {
    let body = json!({"id": "g", "model": "groq/compound", "choices": [], "usage": counts(100, 20, 120),
        "usage_breakdown": {"models": [{"model": "a", "usage": counts(60, 15, 75)}, {"model": "b", "usage": counts(40, 5, 45)}]},
        "x_groq": {"id": "r", "usage": {"dram_cached_tokens": 5, "sram_cached_tokens": 1}}});
    assert_eq!(usage_of("groq", body), Usage::new().input(100).output(20).total(120));
    let last = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": counts(1, 2, 3),
        "x_groq": {"usage": counts(1, 2, 3)}});
    assert_eq!(reader("groq", &[last]).into_reply().usage, Some(Usage::new().input(1).output(2).total(3)));
}

#[test]
fn togethers_text_that_stands_in_two_places_is_counted_once() {
    let chunk = |text: &str, finish: Value| {
        json!({"id": "t", "model": "m", "choices": [{"index": 0, "text": text, "finish_reason": finish,
            "delta": {"role": "assistant", "content": text, "tool_calls": null}}]})
    };
    let reply = reader("together", &[chunk("Hel", json!(null)), chunk("lo", json!("eos"))]).into_reply();
    assert_eq!(reply.size, 5);
    assert_eq!(
        reply.output_messages.expect("content is on")[0]["parts"],
        json!([{"type": "text", "content": "Hello"}])
    );
}

#[test]
fn llama_cpps_candidates_are_added_and_no_one_elses() {
    let delta = |index: u64| json!({"choices": [{"index": index, "delta": {"content": "x"}, "finish_reason": "stop"}]});
    let usage = |completion: u64, timings: Value| json!({"choices": [], "usage": counts(9, completion, 9 + completion), "timings": timings});
    let timings = json!({"prompt_n": 9});
    let read =
        |chunks: &[Value]| reader("llamacpp", chunks).into_reply().usage.expect("the fixture has usage");
    let both = [delta(0), usage(4, timings.clone()), delta(1), usage(5, timings.clone())];
    assert_eq!(read(&both), Usage::new().input(9).output(9));
    let repeated = [delta(0), usage(4, timings.clone()), usage(4, timings)];
    assert_eq!(read(&repeated).output, Some(4), "one candidate, told twice");
    let others = [delta(0), delta(1), usage(4, json!(null)), usage(5, json!(null))];
    assert_eq!(read(&others).output, Some(5), "every usage stands for the whole reply");
}

#[test]
fn usage_is_found_where_moonshot_and_older_replies_have_it() {
    let chunk = json!({"id": "k", "model": "kimi", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop",
        "usage": with(counts(8, 2, 10), json!({"cached_tokens": 3}))}]});
    let expected = Usage::new().input(8).output(2).total(10).cache_read(3);
    assert_eq!(reader("moonshot", &[chunk]).into_reply().usage, Some(expected));
    let singular = with(counts(8, 2, 10), json!({"prompt_token_details": {"cached_tokens": 4}}));
    assert_eq!(counted("openai", singular).cache_read, Some(4));
}

#[test]
fn predictions_are_contained_and_audio_is_a_part() {
    let usage = with(
        counts(100, 50, 150),
        json!({
        "prompt_tokens_details": {"audio_tokens": 40, "cached_tokens": 30, "cached_tokens_details": {"audio_tokens": 20}},
        "completion_tokens_details": {"accepted_prediction_tokens": 5, "rejected_prediction_tokens": 10, "audio_tokens": 8}}),
    );
    let expected = Usage::new().input(100).output(50).total(150).cache_read(30);
    assert_eq!(counted("openai", usage), expected.input_audio(40).cache_audio_read(20).output_audio(8));
}

#[test]
fn embeddings_that_give_only_a_total_or_a_cost_are_counted() {
    let counted = |provider: &str, usage: Value| {
        usage_of(provider, json!({"object": "list", "data": [{"embedding": [0.5]}], "usage": usage}))
    };
    assert_eq!(counted("voyage", json!({"total_tokens": 10})), Usage::new().input(10).total(10));
    let cost = json!({"prompt_tokens": 10, "total_tokens": 10, "cost": 0.25});
    assert_eq!(counted("openrouter", cost), Usage::new().input(10).total(10).provider_cost_usd(0.25));
}
