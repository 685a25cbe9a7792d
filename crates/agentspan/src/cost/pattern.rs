//! How a name is recognised.

use regex::Regex;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use std::fmt;

/// A rule of the price file over a name in lower case.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    Equals(String),
    StartsWith(String),
    EndsWith(String),
    Contains(String),
    Regex(Box<Expression>),
    Or(Vec<Pattern>),
    And(Vec<Pattern>),
}

impl Pattern {
    pub(crate) fn matches(&self, name: &str) -> bool {
        match self {
            Self::Equals(text) => name == text,
            Self::StartsWith(text) => name.starts_with(text.as_str()),
            Self::EndsWith(text) => name.ends_with(text.as_str()),
            Self::Contains(text) => name.contains(text.as_str()),
            Self::Regex(expression) => expression.matches(name),
            Self::Or(rules) => rules.iter().any(|rule| rule.matches(name)),
            Self::And(rules) => rules.iter().all(|rule| rule.matches(name)),
        }
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rule;
        impl<'de> Visitor<'de> for Rule {
            type Value = Pattern;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a rule such as {\"equals\": \"name\"}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pattern, A::Error> {
                let key = map.next_key::<String>()?.ok_or_else(|| A::Error::custom("an empty rule"))?;
                let rule = match key.as_str() {
                    "or" => Pattern::Or(map.next_value()?),
                    "and" => Pattern::And(map.next_value()?),
                    word => {
                        let text: String = map.next_value()?;
                        match word {
                            "equals" => Pattern::Equals(text.to_lowercase()),
                            "starts_with" => Pattern::StartsWith(text.to_lowercase()),
                            "ends_with" => Pattern::EndsWith(text.to_lowercase()),
                            "contains" => Pattern::Contains(text.to_lowercase()),
                            "regex" => {
                                Pattern::Regex(Box::new(Expression::new(&text).map_err(A::Error::custom)?))
                            }
                            _ => return Err(A::Error::custom(format!("unknown rule `{word}`"))),
                        }
                    }
                };
                match map.next_key::<IgnoredAny>()? {
                    None => Ok(rule),
                    Some(_) => Err(A::Error::custom("a rule has one key")),
                }
            }
        }
        deserializer.deserialize_map(Rule)
    }
}

/// A regular expression, which may begin with `^(?!…)`.
///
/// The `regex` crate has no look-around. The catalogue uses none but this one, which is the same as two expressions from
/// the beginning of the text, of which one must not match.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    wanted: Regex,
    unwanted: Option<Regex>,
}

impl Expression {
    pub(crate) fn new(text: &str) -> Result<Self, regex::Error> {
        let Some((unwanted, wanted)) = text.strip_prefix("^(?!").and_then(split_group) else {
            return Ok(Self { wanted: Regex::new(text)?, unwanted: None });
        };
        let from_start = |text| Regex::new(&format!("^(?:{text})"));
        Ok(Self { wanted: from_start(wanted)?, unwanted: Some(from_start(unwanted)?) })
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        self.wanted.is_match(text) && !self.unwanted.as_ref().is_some_and(|unwanted| unwanted.is_match(text))
    }
}

/// What stands before and after the bracket that closes a group.
fn split_group(text: &str) -> Option<(&str, &str)> {
    let (mut depth, mut in_class, mut escaped) = (0_usize, false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class && depth == 0 => return Some((&text[..at], &text[at + 1..])),
            ')' if !in_class => depth -= 1,
            _ => {}
        }
    }
    None
}

/// `name-20251211` as `name-2025-12-11`; `None` where there is no such date.
pub(crate) fn with_long_date(name: &str) -> Option<String> {
    let mut long = String::with_capacity(name.len() + 2);
    let (mut rest, mut found) = (name, false);
    while let Some(at) = rest.find('-') {
        long.push_str(&rest[..=at]);
        rest = &rest[at + 1..];
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        let ends = matches!(rest[end..].chars().next(), None | Some('-' | ':'));
        if end == 8 && ends && rest.starts_with("20") {
            let (year, month, day) = (&rest[..4], &rest[4..6], &rest[6..8]);
            if super::time::parse_date(&format!("{year}-{month}-{day}")).is_some() {
                long.push_str(&format!("{year}-{month}-{day}"));
                rest = &rest[end..];
                found = true;
            }
        }
    }
    long.push_str(rest);
    found.then_some(long)
}
