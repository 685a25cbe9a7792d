//! Lists of strings behind the name of a secret.

use super::candidate::Candidate;
use super::quote::Quote;

/// The strings of the list that opens at `open`, from the first that is a secret to the last, without the outer quotes; what
/// stands between them goes as well. The list ends for us at what is neither a string nor a plain word.
///
/// `around_name` is the quote of the name, where it has one.
pub(super) fn secrets(
    text: &str,
    open: usize,
    name: &str,
    around_name: Option<Quote>,
) -> Option<(usize, usize)> {
    let mut found: Option<(usize, usize)> = None;
    let mut at = open + 1;
    loop {
        at = behind_blanks(text, at);
        if let Some(quote) = Quote::opening(text, at) {
            let (from, to) = quote.string(text, at);
            let value = &text[from..to];
            if quote.closes_around(around_name, value) {
                break;
            }
            if Candidate::in_quotes(value).is_secret(name) {
                found = Some((found.map_or(from, |(first, _)| first), to));
            }
            // Any other quote closes the string in which the list stands.
            if Quote::opening(text, to) != Some(quote) {
                break;
            }
            at = to + quote.slashes + 1;
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
