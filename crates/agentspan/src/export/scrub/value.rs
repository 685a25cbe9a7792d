//! Where the secret behind a trigger begins and ends, and whether it is one.

use super::candidate::{Candidate, is_placeholder};
use super::quote::{Quote, is_quote};
use super::{Find, list};

/// A match of the combined pattern, in bytes of the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trigger {
    pub(super) kind: Find,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The bytes to replace.
#[derive(Debug)]
pub(super) struct Secret<'a> {
    pub(super) kind: &'static str,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Stands around the replacement where the value had none.
    pub(super) quote: Option<&'a str>,
}

/// The secret that the trigger announces, or where to go on looking.
pub(super) fn find(text: &str, trigger: Trigger) -> Result<Secret<'_>, usize> {
    let Trigger { kind, start, end } = trigger;
    let matched = &text[start..end];
    let secret = |kind, start, end| Ok(Secret { kind, start, end, quote: None });
    match kind {
        Find::Shape(kind) => secret(kind, start, end),
        Find::Mixed(kind) if matched.bytes().any(|byte| byte.is_ascii_digit()) => secret(kind, start, end),
        Find::Mixed(_) => Err(end),
        Find::PlainSk if is_plain_sk(&matched[3..]) => secret("api_key", start, end),
        Find::PlainSk => Err(end),
        Find::Scheme => {
            // Both schemes have letters only, so the first blank ends them.
            let blank = matched.find([' ', '\t']).unwrap_or(0);
            let credentials = matched[blank..].trim_start();
            let basic = matched[..blank].eq_ignore_ascii_case("basic");
            if basic && is_basic(credentials) || !basic && is_bearer(credentials) {
                secret(if basic { "basic" } else { "bearer" }, end - credentials.len(), end)
            } else {
                // The word behind the scheme may be a token by its own shape.
                Err(start + blank)
            }
        }
        Find::UserInfo => secret("userinfo", start + 3, end - 1),
        Find::Query => {
            let value = matched.find('=').map_or(end, |at| start + at + 1);
            let name = text[start..value].trim_end_matches('=').to_ascii_lowercase();
            // `code` and `key` alone are words of many other things.
            let vague = name.ends_with("code")
                || ["?key", "&key", "#key", ";key", "u0026key"].iter().any(|key| name.ends_with(key));
            if vague && end - value < 8 || is_placeholder(&text[value..end]) {
                Err(value - 1)
            } else {
                secret("url", value, end)
            }
        }
        Find::Pem => secret("private_key", start, end_of_pem(text, end)),
        // The separator's last byte is ASCII; going on from it leaves a boundary for what follows.
        Find::Named(name) => named(text, name, start, end).ok_or(end - 1),
    }
}

/// Judges what stands behind `password=`, `"apiKey": "` and their like.
fn named<'a>(text: &'a str, name: &'static str, start: usize, after: usize) -> Option<Secret<'a>> {
    // The end of a word such as `bypass`.
    if name == "bare_password" && text[..start].ends_with(char::is_alphabetic) {
        return None;
    }
    // The pattern of a plural may hold the bracket.
    let after = if text[..after].ends_with('[') { after - 1 } else { after };
    let trigger = &text[start..after];
    let name_quote = trigger.bytes().position(is_quote);
    let around_name = name_quote.map(|at| Quote::at(trigger, at));
    let kind = match name {
        "flag" => "secret",
        name => name.trim_start_matches("bare_"),
    };
    let secret = |start, end| Secret { kind, start, end, quote: None };
    if text[after..].starts_with('[') && name != "flag" {
        return list::secrets(text, after, name, around_name).map(|(from, to)| secret(from, to));
    }
    let after = inside_of_wrapper(text, trigger, after);
    let quote = Quote::opening(text, after);
    let (from, to) = match quote {
        Some(quote) => quote.string(text, after),
        None => (after, end_of_word(text, after, WEIGHED)),
    };
    if quote.is_some_and(|quote| quote.closes_around(around_name, &text[from..to])) {
        return None;
    }
    if name == "authorization"
        && let Some((from, to)) = credentials(text, from, to, quote.is_some())
    {
        return (to > from && !is_placeholder(&text[from..to])).then(|| secret(from, to));
    }
    let candidate = Candidate {
        value: &text[from..to],
        quoted: quote.is_some(),
        equals: trigger.trim_end().ends_with(['=', '>']) || name == "flag",
        plural: is_plural(trigger) && name != "bare_password",
        directly: text.as_bytes().get(to).copied(),
        behind: text[to..].bytes().find(|byte| !b" \t\r".contains(byte)),
    };
    if !candidate.is_secret(name) {
        return None;
    }
    let to = match quote {
        Some(_) => to,
        None if name == "cookie" => end_of_line(text, from),
        None if candidate.plural && candidate.equals => end_of_words(text, to),
        None => end_of_word(text, to, usize::MAX),
    };
    // A bare number behind a quoted name is JSON, and its replacement has to be a string.
    let bare = name_quote.zip(around_name).filter(|_| quote.is_none());
    let quote = bare.map(|(at, quote)| &trigger[at - quote.slashes..=at]);
    Some(Secret { quote, ..secret(from, to) })
}

/// Where the string in `Secret("…")` begins, as `Debug` writes a type of one field. Calls in code have other names or stand
/// behind `=`.
fn inside_of_wrapper(text: &str, trigger: &str, from: usize) -> usize {
    const WRAPPERS: [&str; 5] = ["Secret", "SecretString", "Password", "Token", "Key"];
    let word = text[from..].bytes().take_while(u8::is_ascii_alphanumeric).count();
    let inside = from + word + 1;
    let is_wrapper = trigger.trim_end_matches("Some(").trim_end().ends_with(':')
        && WRAPPERS.iter().any(|wrapper| text[from..from + word].ends_with(wrapper))
        && text[from + word..].starts_with('(')
        && Quote::opening(text, inside).is_some();
    if is_wrapper { inside } else { from }
}

/// What stands behind the scheme in the value of `Authorization`; `None` where there is no scheme.
fn credentials(text: &str, from: usize, to: usize, quoted: bool) -> Option<(usize, usize)> {
    let end = end_of_word(text, from, WEIGHED).min(to);
    let scheme = &text[from..end];
    if !text[end..].starts_with(' ') || !is_scheme(scheme) {
        return None;
    }
    let whole_line = ["aws4-hmac-sha256", "digest"].iter().any(|whole| scheme.eq_ignore_ascii_case(whole));
    let from = end + 1;
    Some(match quoted {
        true => (from, to),
        false if whole_line => (from, end_of_line(text, from)),
        false => (from, end_of_word(text, from, usize::MAX)),
    })
}

/// How much of a long word is looked at before it is judged, so that many names in a row cost no square.
const WEIGHED: usize = 256;

/// Keys are one long run of letters and digits; `sk-…` slugs and language tags are words.
fn is_plain_sk(rest: &str) -> bool {
    rest.split(['-', '_']).any(|run| {
        let mixed = run.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        run.len() >= 24 || run.len() >= 16 && mixed
    })
}

fn is_bearer(token: &str) -> bool {
    let has = |test: fn(&u8) -> bool| token.as_bytes().iter().any(test);
    let digit = has(u8::is_ascii_digit);
    digit && token.len() >= 12
        || has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && token.len() >= 24
}

/// Basic credentials are the Base64 of `user:password`, so prose about the basics of something is told apart.
fn is_basic(token: &str) -> bool {
    let mut bits = 0_u32;
    let mut held = 0;
    let mut colon = false;
    for byte in token.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return false,
        };
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            let decoded = (bits >> held) & 0xff;
            if decoded < 0x20 || decoded == 0x7f {
                return false;
            }
            colon |= decoded == u32::from(b':');
        }
    }
    colon
}

fn is_scheme(word: &str) -> bool {
    const SCHEMES: [&str; 10] = [
        "bearer",
        "basic",
        "token",
        "apikey",
        "api-key",
        "key",
        "digest",
        "negotiate",
        "bot",
        "aws4-hmac-sha256",
    ];
    SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}

/// The end of an unquoted value, or the first character behind `most` bytes of it.
fn end_of_word(text: &str, from: usize, most: usize) -> usize {
    let end = |c: char| c.is_whitespace() || c.is_control() || "\"'`\\&,;<>()[]{}|".contains(c);
    text[from..].char_indices().find(|(at, c)| *at >= most || end(*c)).map_or(text.len(), |(at, _)| from + at)
}

/// The end of words that commas join, as `API_KEYS=one,two` has them, up to one that is another setting.
fn end_of_words(text: &str, from: usize) -> usize {
    let mut at = end_of_word(text, from, usize::MAX);
    while text[at..].starts_with(',') {
        let end = end_of_word(text, at + 1, usize::MAX);
        if end == at + 1 || text[at + 1..end].contains('=') {
            break;
        }
        at = end;
    }
    at
}

/// Whether the name before its separator says that there are several.
fn is_plural(trigger: &str) -> bool {
    let name = trigger.trim_end_matches("Some(").trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    name.ends_with(['s', 'S'])
}

fn end_of_line(text: &str, from: usize) -> usize {
    text[from..].find(['\n', '\r', '"', '\'', '`', '\\']).map_or(text.len(), |at| from + at)
}

/// Up to the last line of the key, or as far as the text can be part of one when that line is missing.
fn end_of_pem(text: &str, from: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'-' if text[at..].starts_with("-----END ") => {
                let label =
                    text[at + 9..].bytes().take_while(|b| b.is_ascii_uppercase() || *b == b' ').count();
                let dashes = text[at + 9 + label..].bytes().take(5).take_while(|b| *b == b'-').count();
                return at + 9 + label + dashes;
            }
            // A line's end or a slash in JSON, in JSON inside of JSON and so on.
            b'\\' => {
                let end = at + bytes[at..].iter().take_while(|byte| **byte == b'\\').count();
                if !matches!(bytes.get(end), Some(b'n' | b'r' | b'/')) {
                    break;
                }
                at = end + 1;
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=' | b':' | b',' | b'.' | b'-' => {
                at += 1
            }
            byte if byte.is_ascii_whitespace() => at += 1,
            _ => break,
        }
    }
    at
}
