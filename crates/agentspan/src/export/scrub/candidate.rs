//! Whether what stands behind a name is a secret.

/// A value behind a name, with what tells a secret from other things.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) value: &'a str,
    pub(super) quoted: bool,
    /// `=` stands before it rather than `:`, which prose has as well.
    pub(super) equals: bool,
    /// The name says that there are several, so that a number is how many.
    pub(super) plural: bool,
    /// The first byte behind it that is no blank.
    pub(super) behind: Option<u8>,
    /// The byte right behind it.
    pub(super) directly: Option<u8>,
}

impl<'a> Candidate<'a> {
    /// A value that something else has set apart: in a list of strings, or of an attribute.
    pub(super) fn in_quotes(value: &'a str) -> Self {
        Self { value, quoted: true, equals: false, plural: false, behind: None, directly: None }
    }

    /// Whether it is one behind such a name.
    pub(super) fn is_secret(&self, name: &str) -> bool {
        let value = self.value;
        if is_placeholder(value) || value.starts_with("//") {
            return false;
        }
        let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
        let has_letter = value.bytes().any(|byte| byte.is_ascii_alphabetic());
        let one_word = !value.contains(char::is_whitespace);
        // Counts and pages, such as `"id_token": 12`, are no secrets; a password may well be a number.
        let number = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        // Code, such as `password = read(…)` and `os.environ[…]`, goes on behind the word.
        let code = !self.quoted && matches!(self.directly, Some(b'(' | b'[' | b'{'));
        let ends_here = matches!(
            self.behind,
            None | Some(b'\n' | b',' | b';' | b'}' | b']' | b')' | b'\\' | b'"' | b'&')
        );
        match name {
            "bare_token" => {
                let long = value.len() >= if self.equals { 8 } else { 16 };
                one_word
                    && has_digit
                    && has_letter
                    && !is_uuid(value)
                    && (long || self.quoted && is_mixed(value))
            }
            "bare_auth" => one_word && !code && !is_uuid(value) && is_mixed(value),
            // Tests pass, and so does time.
            "bare_password" => {
                one_word && !code && !number && value.len() >= 4 && (self.equals || has_digit && has_letter)
            }
            "bare_secret" => {
                one_word && !code && value.len() >= 4 && (self.quoted || self.equals || has_digit)
            }
            "token" if number => false,
            "password" if value.starts_with(['/', '~']) => false,
            _ if self.plural && number => false,
            "cookie" => value.contains('='),
            "flag" => !number && value.len() >= 4,
            _ => !code && (self.quoted || self.equals || has_digit || ends_here),
        }
    }
}

/// Words that stand where a secret would, in schemas, templates and texts that were scrubbed before.
pub(super) fn is_placeholder(value: &str) -> bool {
    const WORDS: [&str; 12] = [
        "null",
        "none",
        "nil",
        "true",
        "false",
        "undefined",
        "string",
        "str",
        "required",
        "optional",
        "redacted",
        "bearer",
    ];
    let value = value.trim();
    value.is_empty()
        || value.starts_with("[REDACTED")
        || value.starts_with(['<', '$', '{'])
        || value.chars().all(|c| "*.xX•…-".contains(c))
        || WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// What names a thing more often than it opens one.
fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether letters and digits stand mixed in one run of eight or more, which words, versions and paths have not.
fn is_mixed(value: &str) -> bool {
    value.split(|c: char| !c.is_ascii_alphanumeric()).any(|run| {
        let has = |test: fn(&u8) -> bool| run.as_bytes().iter().any(test);
        run.len() >= 8 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
    })
}
