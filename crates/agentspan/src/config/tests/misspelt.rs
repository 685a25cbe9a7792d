use crate::config::misspelt::warnings;
use crate::config::variables::VARIABLES;

/// The warnings where these are set, and what they say of each.
#[track_caller]
fn check(names: &[&str], expected: &[(&str, &str)]) {
    let environment = names.iter().map(|name| ((*name).into(), "hush hush".into()));
    let given: Vec<_> = warnings(environment).iter().map(ToString::to_string).collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, meant)| format!("ignoring `{name}`: there is no such variable; did you mean `{meant}`?"))
        .collect();
    assert_eq!(given, expected);
}

#[test]
fn a_name_that_is_almost_ours_is_answered_with_ours() {
    let slips = [
        ("AGENTSPAN_CONTENT_LENGHT_LIMIT", "AGENTSPAN_CONTENT_LENGTH_LIMIT"),
        ("AGENTSPAN_DIALECT", "AGENTSPAN_DIALECTS"),
        ("AGENTSPAN_LOGEVENTS", "AGENTSPAN_LOG_EVENTS"),
        ("AGENTSPAN_LOG_EVENT", "AGENTSPAN_LOG_EVENTS"),
        ("AGENTSPAN_PRICE", "AGENTSPAN_PRICES"),
        ("AGENTSPAN_SAPNS", "AGENTSPAN_SPANS"),
        ("AGENTSPAN_SPAN", "AGENTSPAN_SPANS"),
    ];
    for (name, meant) in slips {
        check(&[name], &[(name, meant)]);
    }
    check(
        &["AGENTSPAN_SPAN", "HOME", "AGENTSPAN_PRICE"],
        &[("AGENTSPAN_PRICE", "AGENTSPAN_PRICES"), ("AGENTSPAN_SPAN", "AGENTSPAN_SPANS")],
    );
}

#[test]
fn names_of_others_and_ours_as_they_are_say_nothing() {
    let known: Vec<_> = VARIABLES.iter().map(|variable| variable.name).collect();
    check(&known, &[]);
    check(
        &[
            "AGENTSPAN_",
            "AGENTSPAN_HOST",
            "AGENTSPAN_NAME",
            "AGENTSPAN_PATHS",
            "AGENTSPAN_RECORDINGS",
            "AGENTSPAN_RUNS",
            "AGENTSPAN_VERSION",
            "AGENTSPAN_\u{e9}\u{e9}\u{e9}",
            "MY_AGENTSPAN_SPAN",
            "OTEL_TRACES_EXPORTERS",
        ],
        &[],
    );
}

#[test]
fn an_empty_value_counts_as_unset_here_too() {
    let blank = ["", " "].map(|value| ("AGENTSPAN_SPAN".into(), value.into()));
    assert_eq!(warnings(blank.into_iter()), []);
}
