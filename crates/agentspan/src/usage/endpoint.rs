//! Which model call a request is, by its method and URL.

use std::borrow::Cow;

use agentspan_semconv::Operation;

mod hosts;
mod model;
mod paths;
mod url;

use url::Url;

pub use model::price_model;
pub(crate) use model::resource_id;

/// What the URL of a request says about the model call that it makes.
///
/// ```
/// use agentspan::usage::Endpoint;
///
/// let url = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse";
/// let endpoint = Endpoint::recognise(url).expect("a host that is known");
/// assert_eq!(endpoint.provider.as_deref(), Some("gcp.gemini"));
/// assert_eq!(endpoint.operation.as_deref(), Some("generate_content"));
/// assert_eq!(endpoint.model.as_deref(), Some("gemini-2.5-flash"));
/// assert!(endpoint.stream);
///
/// assert_eq!(Endpoint::recognise("https://api.openai.com.evil.io/v1/models"), None);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// OTel's word for the provider, such as `azure.ai.openai`; `None` for an unknown host with a path shaped like
    /// OpenAI's, where only the caller knows who answers. [`canonical`](crate::semconv::provider::canonical) gives the
    /// word that is recorded.
    pub provider: Option<Cow<'static, str>>,
    /// A word of `gen_ai.operation.name`, or an own one: `rerank`, `fetch_response`, `image_generation`, `speech`,
    /// `transcription`, `translation`, `moderation`, `ocr`. `None` for what is no call of a model: counting tokens,
    /// batches, files, lists of models.
    pub operation: Option<Cow<'static, str>>,
    /// The model or the deployment that stands in the URL, decoded and otherwise as sent; `None` where the body names
    /// it. The deployments of Azure have names of their own: price those by the model that the reply names.
    pub model: Option<String>,
    /// Whether the path itself asks for a stream. Most interfaces say it in the body instead.
    pub stream: bool,
}

impl Endpoint {
    /// Recognises a request with the method POST; `None` for a host that is not known, unless its path has OpenAI's
    /// shape.
    ///
    /// The host decides, exactly or by whole parts from its end; user names, ports (but Ollama's 11434), upper case and
    /// a dot at the end do not mislead it. Hosts of your own are told by [`Endpoints`].
    pub fn recognise(url: &str) -> Option<Self> {
        Endpoints::new().recognise("POST", url)
    }

    /// The operation as a well-known value; `None` also for an own word.
    pub fn well_known_operation(&self) -> Option<Operation> {
        self.operation.as_deref()?.parse().ok()
    }
}

/// Hosts of your own, such as a proxy or a gateway, asked before the table of known hosts. Default: none.
///
/// ```
/// use agentspan::usage::Endpoints;
///
/// let endpoints = Endpoints::new().rule("llm.corp.example", "openai").rule("*.gateway.example", "openrouter");
/// let endpoint = endpoints.recognise("POST", "https://llm.corp.example/proxy/v1/chat/completions");
/// assert_eq!(endpoint.and_then(|found| found.provider).as_deref(), Some("openai"));
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Endpoints {
    rules: Vec<(String, Cow<'static, str>)>,
}

impl Endpoints {
    /// Only the table of known hosts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says who answers at a host: `host` itself, or every host below it when it begins with `*.`; in any case, and with
    /// `:port` only at that port. The first rule that fits counts.
    pub fn rule(mut self, host: impl Into<String>, provider: impl Into<Cow<'static, str>>) -> Self {
        self.rules.push((host.into().to_ascii_lowercase(), provider.into()));
        self
    }

    /// Recognises a request by its method and URL; `None` for a host that is not known, unless its path has OpenAI's
    /// shape.
    pub fn recognise(&self, method: &str, url: &str) -> Option<Endpoint> {
        let url = Url::parse(url)?;
        let ruled = self.rules.iter().find(|(pattern, _)| fits(pattern, &url));
        if let Some((_, provider)) = ruled {
            let word = agentspan_semconv::provider::gen_ai_name(provider);
            let provider = Some(provider.clone());
            // The paths of the provider when it is a known one, else those of everybody.
            let known = hosts::of_provider(&word).and_then(|known| (known.read)(method, &url));
            let found = known.filter(|found| found.operation.is_some()).or_else(|| paths::any(method, &url));
            return Some(Endpoint { provider, ..found.unwrap_or_default() });
        }
        if let Some(known) = hosts::find(&url) {
            let provider = Some(Cow::Borrowed(known.provider));
            let found = (known.read)(method, &url).unwrap_or_default();
            // One host may serve interfaces of two providers, as Azure does.
            return Some(Endpoint { provider: found.provider.clone().or(provider), ..found });
        }
        paths::any(method, &url)
    }
}

fn fits(pattern: &str, url: &Url<'_>) -> bool {
    let (host, port) = match pattern.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None => (pattern, None),
    };
    let is_host = match host.strip_prefix("*.") {
        Some(domain) => url.is_below(domain),
        None => url.host == host.trim_end_matches('.'),
    };
    is_host && (port.is_none() || port == url.port)
}

#[cfg(test)]
mod tests;
