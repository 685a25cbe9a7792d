use super::variables::VARIABLES;
use super::{Config, Overrides};

mod content;
mod lists;
mod metrics;
mod misspelt;
mod numbers;
mod otlp;
mod sampler;
mod table;
mod text;

/// Resolves and compares the warnings word for word.
#[track_caller]
fn check(env: &[(&str, &str)], code: &Overrides, warnings: &[&str]) -> Config {
    for (name, _) in env {
        assert!(VARIABLES.iter().any(|variable| variable.name == *name), "`{name}` is not in the table");
    }
    let lookup =
        |name: &str| env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let (config, given) = Config::resolve(&lookup, code);
    let given: Vec<String> = given.iter().map(ToString::to_string).collect();
    assert_eq!(given, warnings, "{env:?}");
    config
}

/// [`check`] with nothing set in code.
#[track_caller]
fn check_env(env: &[(&str, &str)], warnings: &[&str]) -> Config {
    check(env, &Overrides::default(), warnings)
}
