//! Where each count stands in a body, proved by putting a number there.

use serde_json::{Value, json};

use super::super::Usage;
use super::usage_of;

/// A field of the normal form, and its place in the body. Of several places the first one that is there counts.
type Places = &'static [(&'static str, &'static str)];

const CHAT: Places = &[
    ("input", "usage.prompt_tokens"),
    ("output", "usage.completion_tokens"),
    ("total", "usage.total_tokens"),
    ("cache_read", "usage.prompt_tokens_details.cached_tokens"),
    ("cache_read", "usage.prompt_token_details.cached_tokens"),
    ("cache_read", "usage.prompt_cache_hit_tokens"),
    ("cache_read", "usage.cached_tokens"),
    ("cache_read", "usage.num_cached_tokens"),
    ("cache_write", "usage.prompt_tokens_details.cache_write_tokens"),
    ("reasoning", "usage.completion_tokens_details.reasoning_tokens"),
    ("reasoning", "usage.reasoning_tokens"),
    ("input_audio", "usage.prompt_tokens_details.audio_tokens"),
    ("cache_audio_read", "usage.prompt_tokens_details.cached_tokens_details.audio_tokens"),
    ("output_audio", "usage.completion_tokens_details.audio_tokens"),
    ("input_image", "usage.prompt_tokens_details.image_tokens"),
    ("output_image", "usage.completion_tokens_details.image_tokens"),
    ("web_searches", "usage.server_tool_use_details.web_search_requests"),
    ("web_searches", "usage.server_tool_use.web_search_requests"),
    ("web_searches", "usage.server_side_tool_usage_details.web_search_calls"),
    ("web_searches", "usage.num_search_queries"),
    ("seconds", "usage.prompt_audio_seconds"),
    ("provider_cost_usd", "usage.cost"),
    ("provider_cost_usd", "usage.cost.total_cost"),
    ("input", "x_groq.usage.prompt_tokens"),
    ("output", "x_groq.usage.completion_tokens"),
    ("total", "x_groq.usage.total_tokens"),
];

const RESPONSES: Places = &[
    ("input", "usage.input_tokens"),
    ("output", "usage.output_tokens"),
    ("total", "usage.total_tokens"),
    ("cache_read", "usage.input_tokens_details.cached_tokens"),
    ("cache_read", "usage.input_tokens_details.cache_read_input_tokens"),
    ("cache_write", "usage.input_tokens_details.cache_write_tokens"),
    ("reasoning", "usage.output_tokens_details.reasoning_tokens"),
    ("input_audio", "usage.input_tokens_details.audio_tokens"),
    ("output_audio", "usage.output_tokens_details.audio_tokens"),
    ("input_image", "usage.input_tokens_details.image_tokens"),
    ("output_image", "usage.output_tokens_details.image_tokens"),
    ("web_searches", "usage.server_side_tool_usage_details.web_search_calls"),
    ("web_searches", "usage.tool_calls_details.search_web.invocation"),
    ("web_searches", "tool_usage.web_search.num_requests"),
    ("provider_cost_usd", "usage.cost"),
    ("provider_cost_usd", "usage.cost.total_cost"),
];

const EMBEDDINGS: Places = &[
    ("input", "usage.prompt_tokens"),
    ("input", "usage.total_tokens"),
    ("total", "usage.total_tokens"),
    ("cache_read", "usage.prompt_tokens_details.cached_tokens"),
    ("input_image", "usage.prompt_tokens_details.image_tokens"),
    ("provider_cost_usd", "usage.cost"),
];

const MEDIA: Places = &[
    ("input", "usage.input_tokens"),
    ("output", "usage.output_tokens"),
    ("total", "usage.total_tokens"),
    ("input_audio", "usage.input_token_details.audio_tokens"),
    ("input_image", "usage.input_tokens_details.image_tokens"),
    ("output_image", "usage.output_tokens_details.image_tokens"),
    ("seconds", "usage.seconds"),
    ("seconds", "duration"),
];

/// The input is the sum of three.
const ANTHROPIC: Places = &[
    ("input", "usage.input_tokens"),
    ("output", "usage.output_tokens"),
    ("cache_read", "usage.cache_read_input_tokens"),
    ("cache_write", "usage.cache_creation_input_tokens"),
    ("cache_write_5m", "usage.cache_creation.ephemeral_5m_input_tokens"),
    ("cache_write_1h", "usage.cache_creation.ephemeral_1h_input_tokens"),
    ("reasoning", "usage.output_tokens_details.thinking_tokens"),
    ("web_searches", "usage.server_tool_use.web_search_requests"),
    ("provider_cost_usd", "usage.cost"),
];

/// The sums have another part in each.
const GEMINI: Places = &[
    ("input", "usageMetadata.promptTokenCount"),
    ("output", "usageMetadata.candidatesTokenCount"),
    ("output", "usageMetadata.thoughtsTokenCount"),
    ("total", "usageMetadata.totalTokenCount"),
    ("cache_read", "usageMetadata.cachedContentTokenCount"),
    ("reasoning", "usageMetadata.thoughtsTokenCount"),
    ("input", "usage_metadata.prompt_token_count"),
];

const INTERACTIONS: Places = &[
    ("input", "usage.total_input_tokens"),
    ("output", "usage.total_output_tokens"),
    ("total", "usage.total_tokens"),
    ("cache_read", "usage.total_cached_tokens"),
    ("reasoning", "usage.total_thought_tokens"),
];

const CONVERSE: Places = &[
    ("input", "usage.inputTokens"),
    ("output", "usage.outputTokens"),
    ("total", "usage.totalTokens"),
    ("cache_read", "usage.cacheReadInputTokens"),
    ("cache_read", "usage.cacheReadInputTokenCount"),
    ("cache_write", "usage.cacheWriteInputTokens"),
    ("cache_write", "usage.cacheWriteInputTokenCount"),
];

const INVOKE: Places = &[
    ("input", "prompt_token_count"),
    ("input", "inputTextTokenCount"),
    ("output", "generation_token_count"),
    ("output", "totalOutputTextTokenCount"),
    ("input", "amazon-bedrock-invocationMetrics.inputTokenCount"),
    ("output", "amazon-bedrock-invocationMetrics.outputTokenCount"),
    ("cache_read", "amazon-bedrock-invocationMetrics.cacheReadInputTokenCount"),
    ("cache_write", "amazon-bedrock-invocationMetrics.cacheWriteInputTokenCount"),
];

const COHERE: Places = &[
    ("input", "usage.billed_units.input_tokens"),
    ("output", "usage.billed_units.output_tokens"),
    ("input", "usage.tokens.input_tokens"),
    ("output", "usage.tokens.output_tokens"),
    ("input", "meta.billed_units.input_tokens"),
    ("output", "meta.tokens.output_tokens"),
];

const OLLAMA: Places = &[("input", "prompt_eval_count"), ("output", "eval_count")];

fn field(usage: &Usage, name: &str) -> Option<f64> {
    let count = |count: Option<u64>| count.map(|count| count as f64);
    match name {
        "input" => count(usage.input),
        "output" => count(usage.output),
        "total" => count(usage.total),
        "cache_read" => count(usage.cache_read),
        "cache_write" => count(usage.cache_write),
        "cache_write_5m" => count(usage.cache_write_5m),
        "cache_write_1h" => count(usage.cache_write_1h),
        "reasoning" => count(usage.reasoning),
        "input_audio" => count(usage.input_audio),
        "cache_audio_read" => count(usage.cache_audio_read),
        "output_audio" => count(usage.output_audio),
        "input_image" => count(usage.input_image),
        "output_image" => count(usage.output_image),
        "web_searches" => count(usage.web_searches),
        "seconds" => usage.seconds,
        "provider_cost_usd" => usage.provider_cost_usd,
        other => panic!("no field {other}"),
    }
}

fn check(body: &Value, places: Places) {
    for (name, place) in places {
        let mut body = body.clone();
        let inner = place.split('.').fold(&mut body, |at, key| &mut at[key]);
        *inner = 7.into();
        let read = usage_of("openrouter", body);
        assert_eq!(field(&read, name), Some(7.0), "{name} at {place}: {read:?}");
    }
}

#[test]
fn every_count_is_read_from_its_places() {
    check(&json!({ "choices": [] }), CHAT);
    check(&json!({ "object": "response", "output": [] }), RESPONSES);
    check(&json!({ "data": [{ "embedding": [0.5] }] }), EMBEDDINGS);
    check(&json!({ "text": "x", "task": "transcribe" }), MEDIA);
    check(&json!({ "type": "message", "content": [] }), ANTHROPIC);
    check(&json!({ "candidates": [{}] }), GEMINI);
    check(&json!({ "object": "interaction" }), INTERACTIONS);
    check(&json!({ "output": { "message": {} } }), CONVERSE);
    check(&json!({ "generation": "x", "stop_reason": "stop" }), INVOKE);
    check(&json!({ "message": {}, "finish_reason": "COMPLETE" }), COHERE);
    check(&json!({ "response": "x", "done": true }), OLLAMA);
}
