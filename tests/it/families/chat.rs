//! Chat Completions of OpenAI and of all who speak them.

use super::completion::{At, Chat};
use super::fixture::Column::{Cached, Reasoning, ToolCalls, Written};
use super::fixture::Fixture;
use super::row::{Absent, NO_AUDIO, NO_COST, NO_REASONING, NO_WRITES, Row};
use super::typed::Types;
use super::wire::Wire;
use agentspan::Usage;
use serde_json::json;

fn row(
    family: &'static str,
    fixtures: impl IntoIterator<Item = Fixture>,
    absent: impl IntoIterator<Item = Absent>,
) -> Row {
    let (fixtures, absent) = (fixtures.into_iter().collect(), absent.into_iter().collect());
    Row { family, fixtures, absent, types: Types::Chat }
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        openai(),
        azure(),
        groq(),
        deepseek(),
        mistral(),
        xai(),
        openrouter(),
        together(),
        vllm(),
        perplexity(),
        gemini(),
    ]
}

fn openai() -> Row {
    let text = Chat::new(
        "https://api.openai.com/v1/chat/completions",
        "gpt-5.1-2025-11-13",
        json!({"prompt_tokens": 1200, "completion_tokens": 90, "total_tokens": 1290,
            "prompt_tokens_details": {"cached_tokens": 1024, "cache_write_tokens": 128, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 64, "audio_tokens": 0,
                "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}}),
        Usage::new()
            .input(1200)
            .output(90)
            .total(1290)
            .cache_read(1024)
            .cache_write(128)
            .reasoning(64)
            .input_audio(0)
            .output_audio(0),
    );
    let audio = Chat::new(
        "https://api.openai.com/v1/chat/completions",
        "gpt-4o-audio-preview-2024-12-17",
        json!({"prompt_tokens": 60, "completion_tokens": 50, "total_tokens": 110,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 40, "text_tokens": 20, "image_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 33, "text_tokens": 17}}),
        Usage::new()
            .input(60)
            .output(50)
            .total(110)
            .cache_read(0)
            .reasoning(0)
            .input_audio(40)
            .input_image(0)
            .output_audio(33),
    );
    let text = Chat { beside: json!({"service_tier": "default", "system_fingerprint": "fp_1"}), ..text };
    row("OpenAI Chat Completions", [text.fixture(), audio.fixture()], [NO_COST])
}

fn azure() -> Row {
    let counts = json!({"prompt_tokens": 1200, "completion_tokens": 90, "total_tokens": 1290,
        "prompt_tokens_details": {"cached_tokens": 1024, "cache_write_tokens": 128, "audio_tokens": 20},
        "completion_tokens_details": {"reasoning_tokens": 64, "audio_tokens": 5}});
    let usage =
        Usage::new().input(1200).output(90).total(1290).cache_read(1024).cache_write(128).reasoning(64);
    let url = "https://acme.openai.azure.com/openai/deployments/blue/chat/completions?api-version=2024-10-21";
    let chat = Chat::new(url, "gpt-4o-2024-11-20", counts, usage.input_audio(20).output_audio(5));
    let mut fixture = chat.fixture();
    // The verdict on the prompt comes first, without choices and without counts.
    let filter = json!({"id": "", "object": "", "created": 0, "model": "", "choices": [],
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {"hate": {"filtered": false, "severity": "safe"}}}]});
    if let Some((_, chunks)) = &mut fixture.stream {
        chunks.insert(0, filter);
    }
    row("Azure OpenAI", [fixture], [NO_COST])
}

fn groq() -> Row {
    let counts = json!({"queue_time": 0.01, "prompt_tokens": 300, "prompt_time": 0.002, "completion_tokens": 80,
        "completion_time": 0.05, "total_tokens": 380, "total_time": 0.06, "prompt_tokens_details": {"cached_tokens": 256},
        "completion_tokens_details": {"reasoning_tokens": 30}});
    let usage = Usage::new().input(300).output(80).total(380).cache_read(256).reasoning(30);
    let chat =
        Chat::new("https://api.groq.com/openai/v1/chat/completions", "openai/gpt-oss-120b", counts, usage);
    let beside = json!({"system_fingerprint": "fp_2", "service_tier": "on_demand"});
    let chat = Chat { thought: Some("reasoning"), at: At::Groq, beside, ..chat };
    let speech = Fixture {
        url: "https://api.groq.com/openai/v1/audio/transcriptions",
        whole: Some(json!({"task": "transcribe", "language": "English", "text": "Hello", "duration": 12.5,
            "segments": [], "x_groq": {"id": "req_2"}})),
        stream: None,
        usage: Usage::new().seconds(12.5),
        finish: None,
        tools: &[],
    };
    let row = row("Groq", [chat.fixture(), speech], [NO_WRITES, NO_COST]);
    Row {
        types: Types::NotChat(
            "The types of async-openai know no tier `on_demand`: the client's call itself fails.",
        ),
        ..row
    }
}

fn deepseek() -> Row {
    let counts = json!({"prompt_tokens": 10_000, "prompt_cache_hit_tokens": 6000, "prompt_cache_miss_tokens": 4000,
        "completion_tokens": 1000, "total_tokens": 11_000, "prompt_tokens_details": {"cached_tokens": 6000},
        "completion_tokens_details": {"reasoning_tokens": 400}});
    let usage = Usage::new().input(10_000).output(1000).total(11_000).cache_read(6000).reasoning(400);
    let chat = Chat::new("https://api.deepseek.com/chat/completions", "deepseek-reasoner", counts, usage);
    let chat = Chat { thought: Some("reasoning_content"), at: At::LastChunk, ..chat };
    row("DeepSeek", [chat.fixture()], [NO_WRITES, NO_AUDIO, NO_COST])
}

fn mistral() -> Row {
    let url = "https://api.mistral.ai/v1/chat/completions";
    let counts = json!({"prompt_tokens": 11, "completion_tokens": 15, "total_tokens": 401, "prompt_audio_seconds": 30,
        "prompt_tokens_details": {"cached_tokens": 4}});
    let usage = Usage::new().input(386).output(15).total(401).cache_read(4).input_audio(375).seconds(30.0);
    let chat = Chat { at: At::LastChunk, ..Chat::new(url, "voxtral-small-2507", counts, usage) };
    row("Mistral", [chat.fixture()], [NO_WRITES, NO_REASONING, NO_COST])
}

fn xai() -> Row {
    let counts = json!({"prompt_tokens": 50, "completion_tokens": 10, "total_tokens": 260, "num_sources_used": 0,
        "prompt_tokens_details": {"text_tokens": 40, "audio_tokens": 10, "image_tokens": 0, "cached_tokens": 30},
        "completion_tokens_details": {"reasoning_tokens": 200, "audio_tokens": 0, "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0}, "cost_in_usd_ticks": 5_875_000});
    let usage = Usage::new()
        .input(50)
        .output(210)
        .total(260)
        .cache_read(30)
        .reasoning(200)
        .input_audio(10)
        .input_image(0);
    let usage = usage.output_audio(0).provider_cost_usd(0.000_587_5);
    let chat = Chat::new("https://api.x.ai/v1/chat/completions", "grok-4", counts, usage);
    let chat = Chat { thought: Some("reasoning_content"), at: At::EveryChunk, ..chat };
    row("xAI", [chat.fixture()], [NO_WRITES])
}

fn openrouter() -> Row {
    let counts = json!({"prompt_tokens": 2000, "completion_tokens": 120, "total_tokens": 2120, "cost": 0.004_25, "is_byok": false,
        "prompt_tokens_details": {"cached_tokens": 1500, "cache_write_tokens": 300, "audio_tokens": 50, "video_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 40},
        "cost_details": {"upstream_inference_cost": null}});
    let usage =
        Usage::new().input(2000).output(120).total(2120).cache_read(1500).cache_write(300).reasoning(40);
    let usage = usage.input_audio(50).provider_cost_usd(0.004_25);
    let chat = Chat::new(
        "https://openrouter.ai/api/v1/chat/completions",
        "anthropic/claude-sonnet-4.5",
        counts,
        usage,
    );
    let chat = Chat {
        thought: Some("reasoning"),
        at: At::LastChunk,
        beside: json!({"provider": "Anthropic"}),
        ..chat
    };
    row("OpenRouter", [chat.fixture()], [])
}

fn together() -> Row {
    let counts =
        json!({"prompt_tokens": 180, "completion_tokens": 35, "total_tokens": 215, "cached_tokens": 128});
    let usage = Usage::new().input(180).output(35).total(215).cache_read(128);
    let model = "meta-llama/Llama-3.3-70B-Instruct-Turbo";
    let chat = Chat::new("https://api.together.xyz/v1/chat/completions", model, counts, usage);
    let chat = Chat { at: At::LastChunk, ..chat };
    row("Together", [chat.fixture()], [NO_WRITES, NO_REASONING, NO_AUDIO, NO_COST])
}

fn vllm() -> Row {
    let counts = json!({"prompt_tokens": 180, "completion_tokens": 35, "total_tokens": 215, "prompt_tokens_details": {"cached_tokens": 160}});
    let usage = Usage::new().input(180).output(35).total(215).cache_read(160);
    let chat = Chat::new("http://localhost:8000/v1/chat/completions", "Qwen/Qwen3-32B", counts, usage);
    let chat = Chat { thought: Some("reasoning_content"), ..chat };
    row(
        "vLLM and other servers that speak it",
        [chat.fixture()],
        [NO_WRITES, NO_REASONING, NO_AUDIO, NO_COST],
    )
}

fn perplexity() -> Row {
    let counts = json!({"prompt_tokens": 33, "completion_tokens": 7163, "total_tokens": 7196, "citation_tokens": 20_016,
        "num_search_queries": 18, "reasoning_tokens": 73_997, "search_context_size": "low",
        "cost": {"input_tokens_cost": 0.1, "request_cost": 0.2, "total_cost": 0.41}});
    let usage = Usage::new()
        .input(33)
        .output(81_160)
        .total(7196)
        .reasoning(73_997)
        .web_searches(18)
        .provider_cost_usd(0.41);
    let chat = Chat::new("https://api.perplexity.ai/chat/completions", "sonar-deep-research", counts, usage);
    let chat = Chat { calls: false, at: At::EveryChunk, wire: Wire::Events, ..chat };
    let calls: Absent = (&[ToolCalls], "Its models search by themselves and call no tools of the caller.");
    let caches: Absent = (&[Cached, Written], "It has no cache of prompts.");
    let row = row("Perplexity", [chat.fixture()], [caches, NO_AUDIO, calls]);
    Row {
        types: Types::NotChat(
            "The types of async-openai drop the reasoning, which is billed beside the output; give the bytes.",
        ),
        ..row
    }
}

fn gemini() -> Row {
    let counts = json!({"prompt_tokens": 35, "completion_tokens": 12, "total_tokens": 109, "prompt_tokens_details": {"cached_tokens": 20}});
    let usage = Usage::new().input(35).output(74).total(109).cache_read(20);
    let url = "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions";
    let chat = Chat { at: At::EveryChunk, ..Chat::new(url, "gemini-2.5-flash", counts, usage) };
    let thoughts: Absent = (&[Reasoning], "Thoughts show only in the total; they are added to the output.");
    row("Gemini's endpoint in OpenAI's form", [chat.fixture()], [NO_WRITES, thoughts, NO_AUDIO, NO_COST])
}
