use super::variable;

#[test]
fn names_of_headers_become_names_of_variables() {
    let cases = [
        ("traceparent", "TRACEPARENT"),
        ("tracestate", "TRACESTATE"),
        ("x-B3.id", "X_B3_ID"),
        ("1st", "_1ST"),
        ("é", "_"),
        ("_a1", "_A1"),
        ("", "_"),
    ];
    for (name, expected) in cases {
        assert_eq!(variable(name), expected, "{name:?}");
    }
}
