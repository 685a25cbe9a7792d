use std::net::Ipv6Addr;

use opentelemetry_http::Request;

use super::value::shown as cut;

/// What a warning says about a URL that cannot be used.
pub(super) const EXPECTED: &str =
    "a URL of `http://` or `https://` with a host and, if any, a port up to 65535";

/// The URL for a signal below a collector's base URL, whose own path and query stay; `signal` is as `v1/traces`.
pub(super) fn below(text: &str, signal: &str) -> Option<String> {
    let url = Url::parse(text)?;
    let slash = if url.path.ends_with('/') { "" } else { "/" };
    url.join(&format!("{}{slash}{signal}", url.path))
}

/// A URL that is used as it is; by the specification one without a path means the root.
pub(super) fn exact(text: &str) -> Option<String> {
    let url = Url::parse(text)?;
    url.join(if url.path.is_empty() { "/" } else { url.path })
}

/// An endpoint set in code: a base URL unless it names the traces already, beside which other signals have theirs.
pub(super) fn in_code(text: &str, signal: &str) -> Option<String> {
    let url = Url::parse(text)?;
    match url.path.trim_end_matches('/').strip_suffix("/v1/traces") {
        Some(_) if signal == "v1/traces" => exact(text),
        Some(base) => url.join(&format!("{base}/{signal}")),
        None => below(text, signal),
    }
}

/// A URL, or what was meant as one, without anything in it that may be a secret.
pub(super) fn shown(text: &str) -> String {
    const HIDDEN: &str = "[hidden]";
    match Url::parse(text) {
        // An `@` behind the host may be the end of a password that holds a `/` or a `?`.
        Some(url) if !url.path.contains('@') && !url.query.contains('@') => {
            let query = if url.query.is_empty() { "" } else { "?[hidden]" };
            format!("{}://{}{}{query}", url.scheme, url.host, cut(url.path))
        }
        None if !text.contains(['@', '?', '#']) => cut(text),
        _ => HIDDEN.to_owned(),
    }
}

/// The parts of an `http` or `https` URL. There is no fragment: it is never sent.
struct Url<'a> {
    scheme: &'static str,
    /// `user:password@` or nothing.
    user: &'a str,
    /// With its port.
    host: &'a str,
    /// Begins with `/` or is empty.
    path: &'a str,
    /// Begins with `?` or is empty.
    query: &'a str,
}

impl<'a> Url<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.trim().split_once("://")?;
        let scheme = ["http", "https"].into_iter().find(|known| known.eq_ignore_ascii_case(scheme))?;
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (user, host) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        let (path, query) = tail.split_at(tail.find('?').unwrap_or(tail.len()));
        let url = Self { scheme, user, host, path, query };
        (is_host(host) && url.join(path).is_some()).then_some(url)
    }

    /// The URL with another path, if the HTTP client will take it.
    fn join(&self, path: &str) -> Option<String> {
        let url = format!("{}://{}{}{path}{}", self.scheme, self.user, self.host, self.query);
        Request::get(url.as_str()).body(()).is_ok().then_some(url)
    }
}

fn is_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if address.parse::<Ipv6Addr>().is_ok() => (address, port),
            _ => return false,
        },
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    !name.is_empty() && port
}
