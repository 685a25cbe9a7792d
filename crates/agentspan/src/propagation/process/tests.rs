use super::{Environment, variable};
use crate::propagation::carrier::{ReadCarrier, WriteCarrier};
use std::process::Command;

/// Rules of OpenTelemetry's "Environment Variables as Context Propagation Carriers", section "Environment variable names".
#[test]
fn names_of_headers_become_names_of_variables() {
    let cases = [
        ("letters in upper case", "traceparent", "TRACEPARENT"),
        ("letters in upper case", "tracestate", "TRACESTATE"),
        ("letters in upper case", "baggage", "BAGGAGE"),
        ("what is neither letter nor digit nor underscore", "x-B3.id", "X_B3_ID"),
        ("what is not ASCII", "é", "_"),
        ("a digit at the beginning", "1st", "_1ST"),
        ("a digit inside", "_a1", "_A1"),
        ("an empty name", "", "_"),
    ];
    for (rule, name, expected) in cases {
        assert_eq!(variable(name), expected, "{rule}: {name:?}");
        assert_eq!(variable(expected), expected, "{rule}: a normal name stays as it is");
    }
}

#[test]
fn only_variables_with_normal_names_are_read_and_values_as_they_are() {
    let odd = b" 00-x\n\xff ".to_vec();
    let variables =
        [("traceparent", b"lower".to_vec()), ("TRACEPARENT", odd.clone()), ("TraceParent", vec![])];
    let environment = Environment(variables.map(|(name, value)| (name.to_owned(), value)).to_vec());
    let mut seen = Vec::new();
    environment.visit("traceparent", &mut |value| seen.push(value.to_vec()));
    assert_eq!(seen, [odd]);
}

#[test]
fn variables_are_set_for_the_child_alone() {
    let mut command = Command::new("child");
    command.set("x-agentspan.test", "1".to_owned());
    let set: Vec<_> = command.get_envs().collect();
    assert_eq!(set, [("X_AGENTSPAN_TEST".as_ref(), Some("1".as_ref()))]);
    assert_eq!(std::env::var_os("X_AGENTSPAN_TEST"), None);
}
