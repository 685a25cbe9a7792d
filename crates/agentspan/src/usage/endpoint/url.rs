//! The parts of a URL that tell where a request goes.

use std::borrow::Cow;

/// Longer URLs are not looked at; no provider takes them.
const MAX_URL: usize = 16 << 10;

/// Host, port and path, read as a client would read them.
#[derive(Debug)]
pub(super) struct Url<'a> {
    /// In lower case, without the dot that may end it.
    pub(super) host: String,
    pub(super) port: Option<u16>,
    /// Between the host and the query.
    pub(super) path: &'a str,
}

impl<'a> Url<'a> {
    /// `None` for anything that is no absolute URL of HTTP.
    pub(super) fn parse(url: &'a str) -> Option<Self> {
        let url = url.trim();
        if url.len() > MAX_URL {
            return None;
        }
        let (scheme, rest) = url.split_once("://")?;
        if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return None;
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        // A backslash ends the host for some clients and belongs to the user's name for others.
        if authority.contains('\\') {
            return None;
        }
        // Behind the last at sign: all before it is a user name.
        let host_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match host_port.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (host_port, None),
        };
        let port = match port {
            None | Some("") => None,
            Some(port) => Some(port.parse().ok()?),
        };
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let path = rest.split(['?', '#']).next().unwrap_or_default();
        (!host.is_empty()).then_some(Self { host, port, path })
    }

    /// Whether the host lies below a domain.
    pub(super) fn is_below(&self, domain: &str) -> bool {
        self.host.strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
    }

    /// The parts of the path between slashes, without empty ones.
    pub(super) fn segments(&self) -> Vec<&'a str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }
}

/// A part of a path without its `%` escapes; as it is when they make no text.
pub(super) fn decoded(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = match rest {
            [b'%', high, low, ..] => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match escape {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                rest = &rest[3..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The same, copied only when there is something to decode.
pub(super) fn plain(part: &str) -> Cow<'_, str> {
    if part.contains('%') { Cow::Owned(decoded(part)) } else { Cow::Borrowed(part) }
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
