//! Lists of strings behind the name of a secret.

use super::candidate::Candidate;
use super::value::{end_of_quoted, is_quote};

/// The strings of the list that opens at `open`, from the first that is a secret to the last, without the outer quotes; what
/// stands between them goes as well. The list ends for us at what is neither a string nor a plain word.
///
/// `named` is the quote of the name and how many backslashes stand before it, where it is quoted.
pub(super) fn secrets(
    text: &str,
    open: usize,
    name: &str,
    named: Option<(u8, usize)>,
) -> Option<(usize, usize)> {
    let mut found: Option<(usize, usize)> = None;
    let mut at = open + 1;
    loop {
        at = behind_blanks(text, at);
        let slashes = count(text, at, |byte| byte == b'\\');
        let quote = text.as_bytes().get(at + slashes).copied().filter(|byte| is_quote(*byte));
        if let Some(quote) = quote {
            let from = at + slashes + 1;
            let to = end_of_quoted(text, from, quote, slashes);
            let value = &text[from..to];
            let is_like_name = named == Some((quote, slashes));
            // As with a single value, such a quote closes the string in which the name stands.
            let strays = value.trim_start().starts_with([',', '}', ']', ')', ':']);
            if named.is_some_and(|(_, level)| level != slashes) || strays && !is_like_name {
                break;
            }
            if Candidate::in_quotes(value).is_secret(name) {
                found = Some((found.map_or(from, |(first, _)| first), to));
            }
            // Any other quote closes the string in which the list stands.
            if count(text, to, |byte| byte == b'\\') != slashes
                || text.as_bytes().get(to + slashes) != Some(&quote)
            {
                break;
            }
            at = to + slashes + 1;
        } else {
            at += count(text, at, |byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte));
        }
        at = behind_blanks(text, at);
        if text.as_bytes().get(at) != Some(&b',') {
            break;
        }
        at += 1;
    }
    found
}

/// Behind blanks and line ends, also those that are escaped in a string of JSON.
fn behind_blanks(text: &str, from: usize) -> usize {
    let mut at = from;
    loop {
        at += count(text, at, |byte| byte.is_ascii_whitespace());
        let slashes = count(text, at, |byte| byte == b'\\');
        match text.as_bytes().get(at + slashes) {
            Some(b'n' | b'r' | b't') if slashes > 0 => at += slashes + 1,
            _ => return at,
        }
    }
}

/// How many bytes from there on are such.
fn count(text: &str, from: usize, is_such: impl Fn(u8) -> bool) -> usize {
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    rest.iter().take_while(|byte| is_such(**byte)).count()
}
