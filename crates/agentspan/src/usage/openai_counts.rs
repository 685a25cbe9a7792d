//! The counts in OpenAI's `usage`, in both its spellings, and what compatible providers mean by the same words.
//!
//! `genai-prices` reads these bodies too, and this reader differs where its table of paths cannot tell: it adds
//! xAI's reasoning to the output whatever the total says, takes Gemini's hidden thoughts and Mistral's audio for
//! nothing, adds Perplexity's citations to the output, and reads neither what a provider charged nor counts that
//! came as text.

use agentspan_semconv::provider;

use super::counts::{Usage, amount, amount_of_ticks, count_at, sum};
use super::json::{self, Object};

/// Whose counts they are, where the same words mean different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// OpenAI's meaning, which most compatible providers share.
    Common,
    /// The completion leaves out thoughts, which stand nowhere but in the total.
    Gemini,
    /// The prompt leaves out audio, which stands nowhere but in the total.
    Mistral,
    /// The completion leaves out citations and reasoning, and so does the total.
    Perplexity,
    /// `cost` is an amount of USD.
    OpenRouter,
    /// The completion leaves out reasoning.
    Xai,
}

impl Dialect {
    pub(super) fn of(provider: &str) -> Self {
        match provider::find(provider).map(|row| row.openinference) {
            Some("google") => Self::Gemini,
            Some("mistralai") => Self::Mistral,
            Some("perplexity") => Self::Perplexity,
            Some("openrouter") => Self::OpenRouter,
            Some("xai") => Self::Xai,
            _ => Self::Common,
        }
    }

    /// Gemini's own model names tell its endpoint behind a proxy that nobody knows.
    pub(super) fn with_model(self, model: &str) -> Self {
        let is_gemini = model.strip_prefix("models/").unwrap_or(model).starts_with("gemini-");
        if self == Self::Common && is_gemini { Self::Gemini } else { self }
    }
}

/// The keys of one of the two spellings.
pub(super) struct Words {
    input: &'static str,
    output: &'static str,
    input_details: [&'static str; 2],
    output_details: [&'static str; 2],
}

/// Chat Completions. OpenAI's own assistants and Mistral write one of the keys without its first plural.
pub(super) const CHAT: Words = Words {
    input: "prompt_tokens",
    output: "completion_tokens",
    input_details: ["prompt_tokens_details", "prompt_token_details"],
    output_details: ["completion_tokens_details", "completion_token_details"],
};

/// Responses, images, and, in the singular, speech.
pub(super) const RESPONSES: Words = Words {
    input: "input_tokens",
    output: "output_tokens",
    input_details: ["input_tokens_details", "input_token_details"],
    output_details: ["output_tokens_details", "output_token_details"],
};

/// Where a count may stand beside the common place.
const CACHED: [&str; 4] = [
    // DeepSeek, also without the common place.
    "prompt_cache_hit_tokens",
    // Moonshot.
    "cached_tokens",
    // Mistral and xAI, in older replies.
    "num_cached_tokens",
    "cached_prompt_text_tokens",
];

/// The normal form of a `usage`.
pub(super) fn read(usage: &Object<'_>, words: &Words, dialect: Dialect) -> Option<Usage> {
    let details = |keys: [&str; 2]| keys.into_iter().find_map(|key| json::object(usage, key));
    let (input, output) = (details(words.input_details), details(words.output_details));
    let part = |of: Option<&Object<'_>>, key: &str| count_at(of?, key);
    let inner = |key: &str| json::object(input?, key);
    let of_cached = || CACHED.iter().find_map(|key| count_at(usage, key));
    let seconds = |key: &str| usage.get(key).and_then(amount);
    let mut read = Usage {
        input: count_at(usage, words.input).or_else(|| hit_and_miss(usage)),
        output: count_at(usage, words.output),
        total: count_at(usage, "total_tokens"),
        cache_read: part(input, "cached_tokens")
            // Perplexity's Agent API.
            .or_else(|| part(input, "cache_read_input_tokens"))
            .or_else(of_cached),
        cache_write: part(input, "cache_write_tokens").or_else(|| {
            let kept = inner("cache_write_tokens_details");
            let parts = ["ttl_30m_tokens", "ttl_12h_tokens"].map(|key| part(kept, key));
            parts.iter().any(Option::is_some).then(|| sum(parts.map(Option::unwrap_or_default)))?
        }),
        reasoning: part(output, "reasoning_tokens").or_else(|| count_at(usage, "reasoning_tokens")),
        input_audio: part(input, "audio_tokens"),
        cache_audio_read: part(inner("cached_tokens_details"), "audio_tokens"),
        output_audio: part(output, "audio_tokens"),
        input_image: part(input, "image_tokens"),
        output_image: part(output, "image_tokens"),
        web_searches: web_searches(usage),
        // The second one is Mistral's, who sends 0 where there is no audio.
        seconds: seconds("seconds")
            .or_else(|| seconds("prompt_audio_seconds").filter(|seconds| *seconds > 0.0)),
        provider_cost_usd: provider_cost(usage, dialect),
        ..Usage::default()
    };
    set_inclusive(&mut read, dialect, words.input == CHAT.input, usage.contains_key("reasoning_tokens"));
    read.if_any()
}

/// Makes input and output contain their parts, as far as the provider leaves any out.
///
/// The total is the proof. Of prompt 11, completion 15 and total 401 (Mistral), 375 are audio; of prompt 35,
/// completion 12 and total 109 (Gemini), 62 are thoughts; 50, 10, 260 with 200 of reasoning (xAI) are apart.
/// A gateway's own count of reasoning may exceed the completion, and is left alone where the total is the sum
/// of the other two: nobody bills it.
fn set_inclusive(read: &mut Usage, dialect: Dialect, is_chat: bool, has_plain_reasoning: bool) {
    let rest = |part: Option<u64>| read.total?.checked_sub(part?);
    let is_sum = read.total.is_some() && read.total == total_of([read.input, read.output]);
    match dialect {
        Dialect::Gemini if is_chat => {
            // At the start of a stream the total is the prompt, and the output is not known to be 0.
            read.output = rest(read.input).filter(|output| *output > 0).max(read.output);
            return;
        }
        Dialect::Mistral if is_chat => {
            let input = rest(read.output).max(read.input);
            let audio = input.zip(read.input).map(|(all, told)| all - told).filter(|audio| *audio > 0);
            if read.seconds.is_some() {
                read.input_audio = read.input_audio.or(audio);
            }
            read.input = input;
            return;
        }
        _ => {}
    }
    let Some((output, reasoning)) = read.output.zip(read.reasoning) else { return };
    let is_apart = match dialect {
        Dialect::Xai if is_chat => !is_sum,
        // Its total leaves out what it bills at a rate of its own:
        // https://docs.perplexity.ai/getting-started/pricing, under Sonar Deep Research.
        Dialect::Perplexity if has_plain_reasoning => true,
        _ => read.total.is_some() && read.total == total_of([read.input, read.output, read.reasoning]),
    };
    if is_apart && reasoning > 0 {
        read.output = sum([output, reasoning]);
    }
}

/// The sum of counts that must all be known.
fn total_of<const N: usize>(parts: [Option<u64>; N]) -> Option<u64> {
    parts.into_iter().try_fold(0_u64, |total, part| total.checked_add(part?))
}

/// DeepSeek's two halves of the prompt.
fn hit_and_miss(usage: &Object<'_>) -> Option<u64> {
    sum([count_at(usage, "prompt_cache_hit_tokens")?, count_at(usage, "prompt_cache_miss_tokens")?])
}

/// Searches that the provider charges for, in the words of OpenRouter, xAI, and Perplexity's two APIs.
fn web_searches(usage: &Object<'_>) -> Option<u64> {
    let at = |holder: &str, key: &str| count_at(json::object(usage, holder)?, key);
    at("server_tool_use_details", "web_search_requests")
        .or_else(|| at("server_tool_use", "web_search_requests"))
        .or_else(|| at("server_side_tool_usage_details", "web_search_calls"))
        .or_else(|| count_at(usage, "num_search_queries"))
        .or_else(|| {
            count_at(json::object(json::object(usage, "tool_calls_details")?, "search_web")?, "invocation")
        })
}

/// What the provider says the call cost, where the currency is certain.
pub(super) fn provider_cost(usage: &Object<'_>, dialect: Dialect) -> Option<f64> {
    if let Some(usd) = usage.get("cost_in_usd_ticks").and_then(amount_of_ticks) {
        return Some(usd);
    }
    let cost = usage.get("cost")?;
    // Perplexity gives the parts as well.
    if let Some(parts) = cost.as_object() {
        let is_usd = json::text(parts, "currency").is_none_or(|word| word.eq_ignore_ascii_case("usd"));
        return amount(parts.get("total_cost")?).filter(|_| is_usd);
    }
    let details = json::object(usage, "cost_details");
    let is_usd = dialect == Dialect::OpenRouter || details.is_some() || usage.contains_key("is_byok");
    let fee = amount(cost).filter(|_| is_usd)?;
    if usage.get("is_byok").and_then(json::Json::as_bool) != Some(true) {
        return Some(fee);
    }
    // With the caller's own key `cost` is only OpenRouter's fee, and the model's provider is paid apart.
    let upstream = amount(details?.get("upstream_inference_cost")?)?;
    // Both have at most 12 decimals, below which a sum of doubles has noise.
    Some(((fee + upstream) * 1e12).round() / 1e12)
}
