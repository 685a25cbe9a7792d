use std::error::Error as StdError;
use std::fmt;
use std::io::Write;

/// What went wrong in starting the telemetry.
///
/// The only fallible entries of this crate are those that start it: [`try_init`](crate::try_init) and its
/// builder. Recording never returns an error.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The class of an [`Error`], to match on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A global subscriber is installed already, by an earlier start or by other code.
    AlreadyStarted,
    /// A setting cannot be used, for example an endpoint that is no URL.
    Configuration,
    /// The exporter could not be built, for example because a certificate cannot be read.
    Exporter,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The class of this error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// With what caused it, in one line.
    pub(crate) fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut cause = StdError::source(self);
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Tells the user of trouble, as one line on standard error. A program that has closed it is not harmed, where `eprintln!`
/// would panic.
pub(crate) fn say(trouble: impl fmt::Display) {
    let _ = writeln!(std::io::stderr(), "agentspan: {}", one_line(&trouble.to_string()));
}

/// What comes from outside, such as a path, must not forge a second line or turn the reading direction of a terminal.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                line.extend(c.escape_unicode());
            }
            c if c.is_control() => line.extend(c.escape_default()),
            c => line.push(c),
        }
    }
    line
}
