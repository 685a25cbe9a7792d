//! Secrets are taken out of every string before it leaves the process.

mod candidate;
mod list;
mod quote;
mod value;

use std::borrow::Cow;

use opentelemetry::trace::Status;
use opentelemetry::{Array, Key, KeyValue, StringValue, Value};
use opentelemetry_sdk::trace::SpanData;
use regex::{CaptureLocations, Regex};

use self::candidate::{Candidate, is_placeholder};
use self::value::Trigger;
use crate::error::{Error, ErrorKind};

/// What a group of the combined pattern found, and so how the end of the secret is determined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Find {
    /// The match itself is the secret.
    Shape(&'static str),
    /// The match itself, if it has a digit, which names in code behind the same letters seldom have.
    Mixed(&'static str),
    /// `sk-…` without a vendor's prefix: only when a long run of letters and digits follows.
    PlainSk,
    /// `Bearer …` or `Basic …`; the scheme stays.
    Scheme,
    /// A name and its separator; the value behind it is judged by [`value::find`].
    Named(&'static str),
    /// `://user:password@`; the delimiters stay.
    UserInfo,
    /// `?key=…` and its like; the name stays.
    Query,
    /// The first line of a private key.
    Pem,
}

/// Tokens that are known by their shape. None may begin inside a word, so `task-…` and `risk-…` are left alone.
const SHAPES: &[(Find, &str)] = &[
    (Find::Shape("anthropic_key"), r"sk-ant-[A-Za-z0-9_-]{8,}"),
    (Find::Shape("openrouter_key"), r"sk-or-[A-Za-z0-9_-]{8,}"),
    (Find::Shape("openai_key"), r"sk-(?:proj|svcacct|admin|None|service)-[A-Za-z0-9_-]{8,}"),
    (Find::Shape("langfuse_key"), r"sk-lf-[A-Za-z0-9-]{16,}"),
    (Find::PlainSk, r"sk-[A-Za-z0-9_-]{20,}"),
    (Find::Shape("google_key"), r"AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}"),
    (Find::Shape("aws_key"), r"(?:AKIA|ASIA)[A-Z0-9]{16}(?-u:\b)"),
    (Find::Shape("github_token"), r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}"),
    (Find::Shape("gitlab_token"), r"glpat-[A-Za-z0-9_-]{16,}"),
    (Find::Shape("slack_token"), r"xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}"),
    (Find::Shape("slack_webhook"), r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{8,}"),
    (Find::Shape("huggingface_token"), r"hf_[A-Za-z0-9]{20,}"),
    (Find::Shape("groq_key"), r"gsk_[A-Za-z0-9]{20,}"),
    (Find::Shape("xai_key"), r"xai-[A-Za-z0-9]{20,}"),
    (Find::Shape("stripe_key"), r"[rs]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}"),
    (Find::Shape("perplexity_key"), r"pplx-[A-Za-z0-9]{20,}"),
    (Find::Shape("replicate_token"), r"r8_[A-Za-z0-9]{20,}"),
    (Find::Shape("cerebras_key"), r"csk-[A-Za-z0-9]{20,}"),
    (Find::Shape("nvidia_key"), r"nvapi-[A-Za-z0-9_-]{20,}"),
    (Find::Shape("tavily_key"), r"tvly-[A-Za-z0-9_-]{16,}"),
    (Find::Shape("langsmith_key"), r"lsv2_(?:pt|sk)_[A-Za-z0-9_]{20,}"),
    (Find::Shape("pinecone_key"), r"pcsk_[A-Za-z0-9_]{20,}"),
    (Find::Shape("npm_token"), r"npm_[A-Za-z0-9]{30,}"),
    (Find::Shape("pypi_token"), r"pypi-[A-Za-z0-9_-]{30,}"),
    (Find::Shape("sendgrid_key"), r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    (Find::Mixed("fireworks_key"), r"fw_[A-Za-z0-9]{20,}"),
    (Find::Mixed("together_key"), r"tgp_v1_[A-Za-z0-9_-]{20,}"),
    (Find::Mixed("docker_token"), r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
    (Find::Mixed("vault_token"), r"hv[sb]\.[A-Za-z0-9_-]{20,}"),
    (Find::Shape("shopify_token"), r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"),
    (Find::Mixed("linear_key"), r"lin_(?:api|oauth)_[A-Za-z0-9]{20,}"),
    (Find::Shape("telegram_token"), r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"),
    (Find::Shape("discord_webhook"), r"discord(?:app)?\.com/api/webhooks/[0-9]+/[A-Za-z0-9_-]{16,}"),
    (
        Find::Shape("jwt"),
        r"eyJ[A-Za-z0-9_-]{8,}\.(?:eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?|[A-Za-z0-9_-]*\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2})",
    ),
    (Find::Scheme, r"(?i-u:bearer|basic)[ \t]+[A-Za-z0-9._~+/=-]{8,}"),
];

/// Shapes that are so much their own that they are known inside of a word too, as where a key was pasted behind one.
const ANYWHERE: &[(Find, &str)] = &[
    (Find::Shape("anthropic_key"), r"sk-ant-[a-z]{3,10}[0-9]{2}-[A-Za-z0-9_-]{16,}"),
    (Find::Shape("openrouter_key"), r"sk-or-v1-[0-9a-f]{32,}"),
    (Find::Shape("openai_key"), r"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_]{20,}[A-Za-z0-9_-]*"),
    (Find::Shape("google_key"), r"AIza[A-Za-z0-9_-]{35}"),
    (Find::Shape("github_token"), r"gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40,}"),
];

/// Names whose value is a secret whatever it looks like, also with an `s`. What stands behind `token`, `auth`, `secret`
/// and `pass` alone is weighed in [`candidate`].
const NAMES: &[(&str, &str)] = &[
    ("api_key", r"api[ _-]?(?:key|secret)"),
    (
        "secret",
        r"(?:secret[_-]?(?:access[_-]?)?|private[_-]?|encryption[_-]?|signing[_-]?|account[_-]?|shared[_-]?access[_-]?|access[_-]?|subscription[_-]?)key|(?:client|app|consumer|webhook)[_-]?secret",
    ),
    ("password", r"password|passwd|passphrase|pwd|credentials"),
    (
        "token",
        r"(?:access|refresh|auth|bearer|session|security|id|api|csrf|xsrf|personal|bot|oauth)[_-]?token",
    ),
    ("authorization", r"authorization"),
    ("cookie", r"cookie"),
    ("bare_secret", r"secret"),
    ("bare_token", r"token"),
    ("bare_auth", r"auth"),
    ("bare_password", r"pass"),
];

/// A place where a token can begin: behind anything that is no part of a word, and behind the escapes of
/// JSON text and URLs, whose last letter would otherwise look like one.
const BOUNDARY: &str = r"(?:^|[^A-Za-z0-9_-]|\\[nrtbf]|\\u[0-9a-fA-F]{4}|%[0-9a-fA-F]{2})";
const SEPARATOR: &str = r#"\\*["'`]?[ \t]*(?:=>|:=|==|[:=])[ \t]*(?:Some\()?"#;
/// A password may hold what would end the host, as long as it cannot be a port.
const USER_INFO: &str = r#"://(?:[^\x00-\x20/?#"'\\<>\[\]{}]+|[^\x00-\x20/?#:@"'\\<>\[\]{}]*:[0-9]*[^\x00-\x20/?#0-9"'\\<>\[\]{}@][^\x00-\x20"'\\<>\[\]{}@]*)@"#;
const QUERY: &str = r#"(?:[?&#;]|\\u0026)(?i-u:(?:x-)?api[_-]?key|apikey|key|token|(?:access|refresh|id|auth|session)[_-]?token|sig|signature|(?:subscription|account|access)[_-]?key|x-amz-(?:signature|credential|security-token)|x-goog-(?:signature|credential)|code|client_secret|secret|password|passwd|pwd|auth)=[^\x00-\x20&#;"'\\<>\[\](){},`]+"#;
const PEM: &str = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----";

/// Characters of no width, and the soft hyphen. They stand in the combined pattern only to make a text suspicious, so that
/// looking for them costs no pass of its own.
const UNSEEN: &str = r"[\u{ad}\u{200b}-\u{200d}\u{2060}\u{feff}]";

/// Finds secrets in strings and replaces each by `[REDACTED:kind]`.
///
/// Known shapes (keys of model providers and common services, JWT, private keys), bearer and basic credentials, values
/// behind names such as `password` or `api_key`, lists of strings too, and secrets in URLs. JSON text stays JSON text:
/// neither quotes nor escapes are eaten. The time is linear in the length of the text.
#[derive(Debug, Clone)]
pub(crate) struct Scrubber {
    finder: Regex,
    kinds: Vec<Find>,
    secret_key: Regex,
    unseen: Regex,
    own: Vec<(String, Regex)>,
}

impl Scrubber {
    /// Builds the finder; `own` are further patterns (name, regular expression) that are applied after it.
    ///
    /// The name stands in the replacement. A pattern of the user's that matches quotes can break JSON text.
    pub(crate) fn new(own: &[(String, String)]) -> Result<Self, Error> {
        let own = own
            .iter()
            .map(|(name, pattern)| {
                let regex = Regex::new(pattern).map_err(|cause| {
                    Error::new(
                        ErrorKind::Configuration,
                        format!(
                            "the scrubbing pattern `{name}` is no regular expression of the `regex` crate"
                        ),
                    )
                    .with_source(cause)
                })?;
                Ok((label(name), regex))
            })
            .collect::<Result<Vec<_>, Error>>()?;
        let (pattern, kinds) = combined();
        let names: Vec<_> = NAMES.iter().map(|(_, names)| format!("({names})")).collect();
        let secret_key = format!("(?i-u:(?:^|[._-])(?:{})s?$)", names.join("|"));
        let build = |pattern: &str| {
            Regex::new(pattern).map_err(|cause| {
                Error::new(ErrorKind::Configuration, "the scrubber could not be built").with_source(cause)
            })
        };
        Ok(Self {
            finder: build(&pattern)?,
            kinds,
            secret_key: build(&secret_key)?,
            unseen: build(UNSEEN)?,
            own,
        })
    }

    /// Takes the secrets out of every string of the span that will leave: name, status, attribute values,
    /// events and links.
    pub(crate) fn scrub_span(&self, span: &mut SpanData) {
        self.scrub_cow(&mut span.name);
        if let Status::Error { description } = &mut span.status {
            self.scrub_cow(description);
        }
        self.scrub_attributes(&mut span.attributes);
        for event in &mut span.events.events {
            self.scrub_cow(&mut event.name);
            self.scrub_attributes(&mut event.attributes);
        }
        for link in &mut span.links.links {
            self.scrub_attributes(&mut link.attributes);
        }
    }

    /// The text without its secrets; borrowed when there was none.
    pub(crate) fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.cleaned(text) {
            Some(clean) => Cow::Owned(clean),
            None => Cow::Borrowed(text),
        }
    }

    /// Takes the secrets out of keys and of values; a value whose key names a secret goes as a whole.
    pub(crate) fn scrub_attributes(&self, attributes: &mut [KeyValue]) {
        for attribute in attributes {
            if let Some(clean) = self.cleaned(attribute.key.as_str()) {
                attribute.key = clean.into();
            }
            match &mut attribute.value {
                Value::String(text) => self.scrub_value(text, self.named(&attribute.key)),
                Value::Array(Array::String(texts)) => {
                    let name = self.named(&attribute.key);
                    texts.iter_mut().for_each(|text| self.scrub_value(text, name));
                }
                _ => {}
            }
        }
    }

    /// Which of the [`NAMES`] the key of an attribute ends with.
    fn named(&self, key: &Key) -> Option<&'static str> {
        if !self.secret_key.is_match(key.as_str()) {
            return None;
        }
        let found = self.secret_key.captures(key.as_str())?;
        let mut names = NAMES.iter().zip(1..);
        names.find_map(|((kind, _), group)| found.get(group).map(|_| *kind))
    }

    fn scrub_value(&self, text: &mut StringValue, name: Option<&str>) {
        let is_secret = name.is_some_and(|name| {
            let value = text.as_str();
            // A strong name is enough.
            !name.starts_with("bare_") && !is_placeholder(value)
                || Candidate::in_quotes(value).is_secret(name)
        });
        if is_secret {
            *text = "[REDACTED:attribute]".into();
        } else if let Some(clean) = self.cleaned(text.as_str()) {
            *text = clean.into();
        }
    }

    fn scrub_cow(&self, text: &mut Cow<'static, str>) {
        if let Some(clean) = self.cleaned(text) {
            *text = Cow::Owned(clean);
        }
    }

    /// `None` when nothing had to be replaced; nothing is allocated then unless something looked suspicious.
    ///
    /// Characters that nobody sees can break a key's shape, so that they are left out of a text in which one is found.
    fn cleaned(&self, text: &str) -> Option<String> {
        let suspicious = self.finder.is_match(text);
        let seen = if suspicious { self.unseen.replace_all(text, "") } else { Cow::Borrowed(text) };
        let mut clean = if suspicious { self.replaced(&seen) } else { None };
        for (name, regex) in &self.own {
            let current = clean.as_deref().unwrap_or(&seen);
            if regex.is_match(current) {
                let replacement = format!("[REDACTED:{name}]");
                clean = Some(regex.replace_all(current, regex::NoExpand(&replacement)).into_owned());
            }
        }
        clean
    }

    fn replaced(&self, text: &str) -> Option<String> {
        let mut locations = self.finder.capture_locations();
        let mut clean = String::new();
        let (mut copied, mut at) = (0, 0);
        while let Some(found) = self.finder.captures_read_at(&mut locations, text, at) {
            let (kind, start, end) =
                self.group(&locations).unwrap_or((Find::Shape("secret"), found.start(), found.end()));
            match value::find(text, Trigger { kind, start, end }) {
                Ok(secret) => {
                    if clean.capacity() == 0 {
                        clean.reserve(text.len() + 16);
                    }
                    clean.push_str(&text[copied..secret.start]);
                    let quote = secret.quote.unwrap_or_default();
                    for part in [quote, "[REDACTED:", secret.kind, "]", quote] {
                        clean.push_str(part);
                    }
                    copied = secret.end;
                    at = secret.end;
                }
                Err(resume) => at = resume,
            }
            // Every trigger is longer than one byte, so this only guards against a standstill.
            at = at.max(found.start() + 1);
            while !text.is_char_boundary(at) {
                at += 1;
            }
            if at >= text.len() {
                break;
            }
        }
        (copied > 0).then(|| {
            clean.push_str(&text[copied..]);
            clean
        })
    }

    fn group(&self, locations: &CaptureLocations) -> Option<(Find, usize, usize)> {
        self.kinds
            .iter()
            .enumerate()
            .find_map(|(index, kind)| locations.get(index + 1).map(|(start, end)| (*kind, start, end)))
    }
}

/// One pattern with one group for each kind, so that a text is read once however many kinds there are.
fn combined() -> (String, Vec<Find>) {
    let mut kinds = Vec::new();
    let mut group = |kind: Find, pattern: &str| {
        kinds.push(kind);
        format!("({pattern})")
    };
    // Groups are numbered from left to right, so they are made in the order in which they stand in the pattern.
    let query = group(Find::Query, QUERY);
    let user_info = group(Find::UserInfo, USER_INFO);
    let pem = group(Find::Pem, PEM);
    let anywhere: Vec<_> = ANYWHERE.iter().map(|(kind, pattern)| group(*kind, pattern)).collect();
    let shapes: Vec<_> = SHAPES.iter().map(|(kind, pattern)| group(*kind, pattern)).collect();
    // `--auth` is mostly followed by a kind of it.
    let flag = NAMES.iter().filter(|(kind, _)| *kind != "bare_auth").map(|(_, names)| *names);
    let flag = flag.collect::<Vec<_>>().join("|");
    let flag = group(Find::Named("flag"), &format!("--(?i-u:[a-z-]{{0,20}}(?:{flag}))[ ]+"));
    let names: Vec<_> = NAMES
        .iter()
        .map(|(kind, names)| {
            let pattern = match *kind {
                // Counts of tokens stand in every reply: those must not look suspicious.
                "bare_token" => format!(r"(?i-u:{names})(?:{SEPARATOR}|(?i-u:s){SEPARATOR}\[)"),
                "bare_auth" | "bare_password" => format!("(?i-u:{names}){SEPARATOR}"),
                _ => format!("(?i-u:(?:{names})s?){SEPARATOR}"),
            };
            group(Find::Named(kind), &pattern)
        })
        .collect();
    let pattern = format!(
        "{query}|{user_info}|{pem}|{UNSEEN}|{}|{BOUNDARY}(?:{})|{flag}|{}",
        anywhere.join("|"),
        shapes.join("|"),
        names.join("|")
    );
    (pattern, kinds)
}

/// A user's name for a pattern stands inside of texts that may be JSON.
fn label(name: &str) -> String {
    let mut label: String = name
        .chars()
        .take(40)
        .map(|c| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '_' })
        .collect();
    if label.is_empty() {
        label.push_str("own");
    }
    label
}

#[cfg(test)]
mod tests;
