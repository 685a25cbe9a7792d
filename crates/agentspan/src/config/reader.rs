use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;

use super::value::{Range, boolean, shown};
use super::variables::VARIABLES;
use crate::error::one_line;

/// Where variables are looked up; a closure, so that tests need not change the process.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// One setting that was not taken as it was given, and what is used instead.
///
/// Its text is one line without control characters or secrets: it can be printed as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning(String);

impl Warning {
    pub(crate) fn new(text: &str) -> Self {
        Self(one_line(text))
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A value that cannot be used: how to name it, and what would have worked.
pub(super) struct Rejected {
    pub(super) given: String,
    pub(super) expected: String,
}

/// The best usable value of some variables, and those that stood before it and were no use.
pub(super) struct Found<T> {
    pub(super) value: Option<T>,
    pub(super) rejected: Vec<Rejected>,
}

/// Reads variables by the rules that all of them share, and collects the warnings.
pub(super) struct Reader<'a> {
    env: Environment<'a>,
    warnings: Vec<Warning>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(env: Environment<'a>) -> Self {
        Self { env, warnings: Vec::new() }
    }

    /// The trimmed value; the specification says that empty is the same as unset.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        (self.env)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    pub(super) fn warn(&mut self, text: impl AsRef<str>) {
        let warning = Warning::new(text.as_ref());
        // Signals share their general variables, and each reads them.
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Reads what has no effect now, so that nothing wrong with it is worth a warning.
    pub(super) fn quietly<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.warnings.len();
        let value = read(self);
        self.warnings.truncate(before);
        value
    }

    pub(super) fn into_warnings(self) -> Vec<Warning> {
        self.warnings
    }

    /// Looks through `names`, the most specific first, and stops at the first value that `parse` accepts.
    ///
    /// `parse` says what it expected when it refuses; `show` makes a value printable.
    pub(super) fn search<T>(
        &self,
        names: &[&str],
        parse: impl Fn(&str) -> Result<T, String>,
        show: impl Fn(&str) -> String,
    ) -> Found<T> {
        let mut found = Found { value: None, rejected: Vec::new() };
        for name in names {
            let Some(text) = self.get(name) else { continue };
            match parse(&text) {
                Ok(value) => {
                    found.value = Some(value);
                    break;
                }
                Err(expected) => {
                    found.rejected.push(Rejected { given: format!("`{name}={}`", show(&text)), expected });
                }
            }
        }
        found
    }

    /// One warning for each refused value, all ending with what is used in the end.
    pub(super) fn report(&mut self, rejected: Vec<Rejected>, used: &str) {
        for Rejected { given, expected } in rejected {
            self.warn(format!("ignoring {given}: expected {expected}; using {used}"));
        }
    }

    /// A whole number from the environment, else from code, else the default.
    pub(super) fn number(&mut self, names: &[&str], code: Option<u64>, default: u64, range: Range) -> u64 {
        let used = |value: u64| format!("{value}{}", range.unit);
        self.optional_number(names, code, range, |value| used(value.unwrap_or(default))).unwrap_or(default)
    }

    /// [`number`](Self::number) where "not set" is a value of its own; `used` puts the outcome into words.
    pub(super) fn optional_number(
        &mut self,
        names: &[&str],
        code: Option<u64>,
        range: Range,
        used: impl Fn(Option<u64>) -> String,
    ) -> Option<u64> {
        let mut found = self.search(names, |text| range.parse(text), shown);
        if found.value.is_none()
            && let Some(value) = code
        {
            if range.contains(value) {
                found.value = Some(value);
            } else {
                let given = in_code(&value.to_string(), names);
                found.rejected.push(Rejected { given, expected: range.expected() });
            }
        }
        self.report(found.rejected, &used(found.value));
        found.value
    }

    /// By the specification only `true`, in any case, is true.
    pub(super) fn boolean(&mut self, name: &str, code: Option<bool>) -> bool {
        let found = self.search(&[name], boolean, shown);
        let used = found.value.or(code).unwrap_or(false);
        self.report(found.rejected, if used { "`true`" } else { "`false`" });
        used
    }
}

/// Names a value given in code by the variable, the most general one, that would set the same thing.
pub(super) fn in_code(value: &str, names: &[&str]) -> String {
    format!("`{}`, set in code for `{}`", shown(value), names.last().unwrap_or(&"?"))
}

/// The variables of the table that are set; one that is no text is named and left out.
pub(super) fn snapshot(
    read: impl Fn(&str) -> Option<OsString>,
) -> (HashMap<&'static str, String>, Vec<Warning>) {
    let mut values = HashMap::new();
    let mut warnings = Vec::new();
    for variable in VARIABLES {
        match read(variable.name).map(OsString::into_string) {
            Some(Ok(value)) => {
                values.insert(variable.name, value);
            }
            Some(Err(_)) => warnings.push(Warning::new(&format!(
                "ignoring `{}`: expected UTF-8; using what applies when it is not set",
                variable.name
            ))),
            None => {}
        }
    }
    (values, warnings)
}
