/// How many characters of a value a warning shows.
const SHOWN_CHARS: usize = 60;

/// A value as it stands in a warning: cut when long, and without the backtick that ends it.
pub(super) fn shown(value: &str) -> String {
    let mut text: String = value.chars().take(SHOWN_CHARS).collect::<String>().replace('`', "'");
    if value.chars().nth(SHOWN_CHARS).is_some() {
        text.push('…');
    }
    text
}

/// "`a`, `b` or `c`".
pub(super) fn alternatives<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.pop() {
        Some(last) if !quoted.is_empty() => format!("{} or {last}", quoted.join(", ")),
        Some(only) => only,
        None => String::new(),
    }
}

pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Ok(true),
        _ if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err("`true` or `false`".to_owned()),
    }
}

/// The whole numbers that a setting takes.
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub(super) min: u64,
    pub(super) max: u64,
    /// Follows the number in a warning: a space and the unit in the plural, or nothing.
    pub(super) unit: &'static str,
}

impl Range {
    pub(super) fn contains(self, value: u64) -> bool {
        (self.min..=self.max).contains(&value)
    }

    pub(super) fn parse(self, text: &str) -> Result<u64, String> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let value = if digits { text.parse().ok() } else { None };
        value.filter(|value| self.contains(*value)).ok_or_else(|| self.expected())
    }

    pub(super) fn expected(self) -> String {
        let Self { min, max, unit } = self;
        let of = if unit.is_empty() { String::new() } else { format!(" of{unit}") };
        match max {
            u64::MAX => format!("a whole number{of}, at least {min}"),
            max => format!("a whole number{of} from {min} to {max}"),
        }
    }
}

/// The members of a comma list, trimmed; empty ones, as after a last comma, do not count.
pub(super) fn members(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|member| !member.is_empty())
}

/// Decodes `%41`; `None` when a `%` is not followed by two hex digits, or the result is not UTF-8.
pub(super) fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => hex(bytes.next()?)? * 16 + hex(bytes.next()?)?,
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
