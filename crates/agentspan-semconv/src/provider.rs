//! Providers under the words that each convention and each price list has for them.
//!
//! A name means the host that is called, not the maker of the model: Claude on Bedrock is `aws`.

use std::borrow::Cow;

/// One provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Provider {
    /// OTel's `gen_ai.provider.name`.
    pub otel: &'static str,
    /// OpenInference's `llm.provider`, which is our canonical word.
    pub openinference: &'static str,
    /// OpenInference's `llm.system`, the family of the interface; see [`llm_system`] for hosts of many families.
    pub llm_system: &'static str,
    /// The id in the catalogue of `genai-prices`; `None` where nothing is charged.
    pub genai_prices: Option<&'static str>,
    /// LiteLLM's prefix.
    pub litellm: &'static str,
    /// Further spellings seen in the field, older ones of OTel included.
    pub aliases: &'static [&'static str],
}

const fn row(
    otel: &'static str,
    openinference: &'static str,
    llm_system: &'static str,
    genai_prices: &'static str,
    litellm: &'static str,
    aliases: &'static [&'static str],
) -> Provider {
    let genai_prices = if genai_prices.is_empty() { None } else { Some(genai_prices) };
    Provider { otel, openinference, llm_system, genai_prices, litellm, aliases }
}

/// The providers whose words differ or are worth knowing. Of two rows with one word the first is meant by it.
#[rustfmt::skip]
pub static PROVIDERS: &[Provider] = &[
    row("openai", "openai", "openai", "openai", "openai", &[]),
    row("azure.ai.openai", "azure", "openai", "azure", "azure", &["az.ai.openai", "azure_openai", "azure-openai"]),
    row("azure.ai.inference", "azure", "openai", "azure", "azure_ai", &["az.ai.inference"]),
    row("anthropic", "anthropic", "anthropic", "anthropic", "anthropic", &["claude"]),
    row("aws.bedrock", "aws", "amazon", "aws", "bedrock", &["aws_bedrock", "amazon-bedrock", "amazon_bedrock", "amazon"]),
    row("gcp.gemini", "google", "vertexai", "google", "gemini", &["google_ai", "google-gla"]),
    row("gcp.vertex_ai", "google", "vertexai", "google", "vertex_ai", &["vertexai", "vertex", "google-vertex", "gcp.gen_ai"]),
    row("cohere", "cohere", "cohere", "cohere", "cohere", &[]),
    row("mistral_ai", "mistralai", "mistralai", "mistral", "mistral", &[]),
    row("groq", "groq", "openai", "groq", "groq", &[]),
    row("deepseek", "deepseek", "deepseek", "deepseek", "deepseek", &[]),
    row("x_ai", "xai", "xai", "x-ai", "xai", &["grok"]),
    row("perplexity", "perplexity", "openai", "perplexity", "perplexity", &[]),
    row("moonshot_ai", "moonshot", "openai", "moonshotai", "moonshot", &[]),
    row("ollama", "ollama", "ollama", "", "ollama", &[]),
    row("openrouter", "openrouter", "openai", "openrouter", "openrouter", &[]),
];

/// The row of a provider by any of its words, in any case; `None` for one that is not in the table.
#[must_use]
pub fn find(word: &str) -> Option<&'static Provider> {
    // Nearly everybody writes one of these words as it stands here; each is that of one row.
    if let Some(row) = PROVIDERS.iter().find(|row| row.otel == word || row.litellm == word) {
        return Some(row);
    }
    let word = word.trim();
    let is = |other: &str| other.eq_ignore_ascii_case(word);
    // The words that tell two rows apart are asked first: `vertex_ai` is more than `google`.
    PROVIDERS
        .iter()
        .find(|row| is(row.otel) || is(row.litellm))
        .or_else(|| PROVIDERS.iter().find(|row| row.aliases.iter().any(|alias| is(alias))))
        .or_else(|| PROVIDERS.iter().find(|row| is(row.openinference) || row.genai_prices.is_some_and(is)))
}

/// The canonical word, which is OpenInference's; an unknown provider keeps its own word in lower case.
///
/// ```
/// use agentspan_semconv::provider;
///
/// assert_eq!(provider::canonical("gcp.gemini"), "google");
/// assert_eq!(provider::canonical("X-AI"), "xai");
/// assert_eq!(provider::canonical("Our Gateway"), "our gateway");
/// ```
#[must_use]
pub fn canonical(word: &str) -> Cow<'_, str> {
    find(word).map_or_else(|| lower(word), |row| Cow::Borrowed(row.openinference))
}

/// OTel's word, for `gen_ai.provider.name`; an unknown provider keeps its own word in lower case.
///
/// The canonical words `google` and `azure` give the commoner of two: `gcp.gemini` and `azure.ai.openai`.
#[must_use]
pub fn gen_ai_name(word: &str) -> Cow<'_, str> {
    find(word).map_or_else(|| lower(word), |row| Cow::Borrowed(row.otel))
}

/// The id in the catalogue of `genai-prices`; `None` where nothing is charged, as for `ollama`.
///
/// An unknown provider keeps its own word in lower case, since the catalogue knows more than this table.
#[must_use]
pub fn prices_id(word: &str) -> Option<Cow<'_, str>> {
    match find(word) {
        Some(row) => row.genai_prices.map(Cow::Borrowed),
        None => Some(lower(word)),
    }
}

/// OpenInference's `llm.system`. Hosts that serve many families are answered by the name of the model.
///
/// ```
/// use agentspan_semconv::provider;
///
/// assert_eq!(provider::llm_system("groq", "llama-3.3-70b"), "openai");
/// assert_eq!(provider::llm_system("aws", "us.anthropic.claude-haiku-4-5"), "anthropic");
/// ```
#[must_use]
pub fn llm_system<'a>(word: &'a str, model: &str) -> Cow<'a, str> {
    let Some(row) = find(word) else { return lower(word) };
    let serves_many =
        matches!(row.otel, "aws.bedrock" | "azure.ai.inference" | "gcp.gemini" | "gcp.vertex_ai");
    let by_model = if serves_many { family(model) } else { None };
    Cow::Borrowed(by_model.unwrap_or(row.llm_system))
}

/// The family of a model by what its name contains.
fn family(model: &str) -> Option<&'static str> {
    const FAMILIES: &[(&str, &str)] = &[
        ("claude", "anthropic"),
        ("llama", "meta"),
        ("mistral", "mistralai"),
        ("mixtral", "mistralai"),
        ("cohere", "cohere"),
        ("command-r", "cohere"),
        ("jamba", "ai21"),
        ("deepseek", "deepseek"),
        ("grok", "xai"),
        ("gpt-", "openai"),
    ];
    let model = model.to_ascii_lowercase();
    FAMILIES.iter().find(|(part, _)| model.contains(part)).map(|(_, family)| *family)
}

fn lower(word: &str) -> Cow<'_, str> {
    let word = word.trim();
    if word.chars().any(char::is_uppercase) { Cow::Owned(word.to_lowercase()) } else { Cow::Borrowed(word) }
}
