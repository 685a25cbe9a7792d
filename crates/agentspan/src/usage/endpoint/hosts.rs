//! The hosts of providers, as a table.

use super::url::Url;
use super::{Endpoint, paths};

/// One provider's hosts and how their paths are read.
pub(super) struct Known {
    /// OTel's word.
    pub(super) provider: &'static str,
    hosts: &'static [Host],
    /// `None` for a path that is no call of a model.
    pub(super) read: fn(method: &str, url: &Url<'_>) -> Option<Endpoint>,
}

enum Host {
    Exact(&'static str),
    /// Every host below a domain.
    Below(&'static str),
    /// Any host at this port.
    Port(u16),
    /// The first part of the host begins or ends so, and the rest is a domain, perhaps with one region between.
    Part {
        starts: &'static str,
        ends: &'static str,
        domain: &'static str,
    },
}

impl Host {
    fn is(&self, url: &Url<'_>) -> bool {
        match self {
            Self::Exact(host) => url.host == *host,
            Self::Below(domain) => url.is_below(domain),
            Self::Port(port) => url.port == Some(*port),
            Self::Part { starts, ends, domain } => {
                let Some((first, rest)) = url.host.split_once('.') else { return false };
                let region = rest.strip_suffix(domain).map(|region| region.trim_end_matches('.'));
                let is_region = rest == *domain
                    || region.is_some_and(|region| {
                        !region.is_empty() && !region.contains('.') && url.is_below(domain)
                    });
                first.starts_with(starts) && first.ends_with(ends) && is_region
            }
        }
    }
}

pub(super) fn find(url: &Url<'_>) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.hosts.iter().any(|host| host.is(url)))
}

pub(super) fn of_provider(provider: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.provider == provider)
}

use Host::{Below, Exact, Part, Port};

const fn known(
    provider: &'static str,
    hosts: &'static [Host],
    read: fn(&str, &Url<'_>) -> Option<Endpoint>,
) -> Known {
    Known { provider, hosts, read }
}

/// Ollama's port stands last, so that a known host keeps its own word there.
#[rustfmt::skip]
static KNOWN: &[Known] = &[
    known("openai", &[Exact("api.openai.com"), Exact("eu.api.openai.com"), Exact("us.api.openai.com")], paths::openai),
    known("azure.ai.openai", &[
        Below("openai.azure.com"), Below("cognitiveservices.azure.com"), Below("services.ai.azure.com"), Below("azure-api.net"),
    ], paths::azure),
    known("azure.ai.inference", &[Below("models.ai.azure.com")], paths::azure_inference),
    known("anthropic", &[Exact("api.anthropic.com")], paths::openai),
    known("gcp.gemini", &[Exact("generativelanguage.googleapis.com")], paths::google),
    known("gcp.vertex_ai", &[
        Exact("aiplatform.googleapis.com"),
        Part { starts: "", ends: "-aiplatform", domain: "googleapis.com" },
        // The multi-regions `eu` and `us`.
        Exact("aiplatform.eu.rep.googleapis.com"), Exact("aiplatform.us.rep.googleapis.com"),
    ], paths::google),
    known("aws.bedrock", &[
        Part { starts: "bedrock-runtime", ends: "bedrock-runtime", domain: "amazonaws.com" },
        Part { starts: "bedrock-runtime", ends: "bedrock-runtime-fips", domain: "amazonaws.com" },
        Part { starts: "bedrock-runtime", ends: "bedrock-runtime", domain: "amazonaws.com.cn" },
    ], paths::bedrock),
    known("cohere", &[Exact("api.cohere.com"), Exact("api.cohere.ai")], paths::cohere),
    known("mistral_ai", &[Exact("api.mistral.ai"), Exact("codestral.mistral.ai")], paths::openai),
    known("groq", &[Exact("api.groq.com")], paths::openai),
    known("deepseek", &[Exact("api.deepseek.com")], paths::openai),
    known("x_ai", &[Exact("api.x.ai"), Below("api.x.ai")], paths::openai),
    known("perplexity", &[Exact("api.perplexity.ai")], paths::openai),
    known("openrouter", &[Exact("openrouter.ai")], paths::openai),
    known("moonshot_ai", &[Exact("api.moonshot.ai"), Exact("api.moonshot.cn")], paths::openai),
    known("together", &[Exact("api.together.xyz"), Exact("api.together.ai")], paths::openai),
    known("replicate", &[Exact("api.replicate.com")], paths::replicate),
    known("fireworks", &[Exact("api.fireworks.ai")], paths::openai),
    known("cerebras", &[Exact("api.cerebras.ai")], paths::openai),
    known("ollama", &[Exact("ollama.com"), Port(11434)], paths::ollama),
];
