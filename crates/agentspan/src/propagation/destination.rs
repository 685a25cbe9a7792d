//! Who is at the other end, and what may travel there.

use crate::config::Propagation;
use crate::usage::Endpoint;
use std::net::IpAddr;

/// Longer destinations are nobody's.
const MAX_DESTINATION: usize = 16 << 10;

/// Whether a trace is told to this destination.
pub(super) fn takes_trace(policy: &Propagation, destination: &str) -> bool {
    policy.to_providers || Endpoint::recognise(destination).is_none_or(|endpoint| endpoint.provider.is_none())
}

/// Whether session, user and what else is allowed are told to this destination.
pub(super) fn takes_baggage(policy: &Propagation, destination: &str) -> bool {
    let Some(host) = host(destination) else { return false };
    let is_named = |pattern: &String| match pattern.strip_prefix("*.") {
        Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        None => host == *pattern,
    };
    policy.hosts.iter().any(is_named) || (policy.nearby && is_nearby(&host))
}

/// The host of a URL of any scheme, or of `host:port`, in lower case; `None` where clients might not agree on it.
fn host(destination: &str) -> Option<String> {
    let destination = destination.trim();
    if destination.len() > MAX_DESTINATION {
        return None;
    }
    let rest = destination.split_once("://").map_or(destination, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    if authority.contains(|c: char| c == '\\' || c.is_whitespace() || c.is_control()) {
        return None;
    }
    let host_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host_port.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        // An address of version 6 may stand without brackets where there is no port.
        None if host_port.matches(':').count() > 1 => host_port,
        None => host_port.split(':').next()?,
    };
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    (!host.is_empty()).then_some(host)
}

fn is_nearby(host: &str) -> bool {
    match host.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_private(),
        Ok(IpAddr::V6(address)) => address.is_loopback() || address.is_unique_local(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests;
