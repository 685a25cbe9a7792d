//! The address of the collector, apart from the secrets in it.

use std::net::IpAddr;

use ureq::http::Uri;

use super::super::scrub::Scrubber;
use crate::error::{Error, ErrorKind};

/// A checked URL.
#[derive(Clone)]
pub(in crate::export) struct Endpoint {
    /// What is posted to: without user and password.
    pub(in crate::export) url: String,
    /// For people: without user, password and query, and without what looks like a key in the path.
    pub(in crate::export) shown: String,
    /// The collector runs on this machine, so no proxy knows the way to it.
    pub(super) is_local: bool,
    /// `Basic …`, from user and password in the URL.
    pub(super) authorization: Option<String>,
}

impl Endpoint {
    pub(in crate::export) fn new(url: &str, scrubber: &Scrubber) -> Result<Self, Error> {
        let uri: Option<Uri> = url.parse().ok();
        let parts = uri.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.authority()?, uri)));
        // The text is not shown, since it may well be a secret that was put into the wrong variable.
        let Some((scheme @ ("http" | "https"), authority, uri)) =
            parts.filter(|(_, authority, _)| !authority.host().is_empty())
        else {
            return Err(Error::new(
                ErrorKind::Configuration,
                "the endpoint of the collector is no URL: expected one such as `http://localhost:4318/v1/traces`",
            ));
        };
        let (user, host) = match authority.as_str().rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority.as_str()),
        };
        let path = uri.path();
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(Self {
            url: format!("{scheme}://{host}{path}{query}"),
            shown: scrubber.scrub(&format!("{scheme}://{host}{path}")).into_owned(),
            is_local: is_local(authority.host()),
            authorization: user.map(|user| format!("Basic {}", base64(&percent_decoded(user)))),
        })
    }
}

fn is_local(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digit = |offset: usize| bytes.get(at + offset).and_then(|byte| char::from(*byte).to_digit(16));
        match (bytes[at], digit(1), digit(2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let index = (bits >> (18 - 6 * place)) & 63;
            text.push(if place <= chunk.len() { char::from(ALPHABET[index as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_password_and_query_are_not_shown() {
        let scrubber = Scrubber::new(&[]).unwrap();
        let endpoint = Endpoint::new("https://user:p%40ss@host:4318/v1/traces?key=abc", &scrubber).unwrap();
        assert_eq!(endpoint.url, "https://host:4318/v1/traces?key=abc");
        assert_eq!(endpoint.shown, "https://host:4318/v1/traces");
        assert!(!endpoint.is_local && is_local("127.0.0.1") && is_local("[::1]") && is_local("localhost"));
        assert_eq!(endpoint.authorization.as_deref(), Some("Basic dXNlcjpwQHNz"));
        assert_eq!(
            Endpoint::new("http://[::1]:4318", &scrubber).map(|e| e.url).ok().as_deref(),
            Some("http://[::1]:4318/")
        );
        for bad in ["", "localhost:4318", "/v1/traces", "ftp://host", "http://", "not a url", "http://a b"] {
            assert!(Endpoint::new(bad, &scrubber).is_err(), "{bad}");
        }
        for (bytes, expected) in [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj")] {
            assert_eq!(base64(bytes.as_bytes()), expected);
        }
    }
}
