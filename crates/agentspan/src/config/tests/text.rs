use super::{check, check_env};
use crate::config::Overrides;

const ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_service_is_named_by_the_first_that_names_it() {
    let code = Overrides {
        service_name: Some("code".to_owned()),
        resource: pairs(&[("service.name", "code-attribute"), ("team", "code")]),
        ..Overrides::default()
    };
    let both = [("OTEL_SERVICE_NAME", "own"), (ATTRIBUTES, "service.name=attribute")];
    let name = |env: &[(&str, &str)], code: &Overrides| {
        let config = check(env, code, &[]);
        assert!(config.resource.iter().all(|(key, _)| key != "service.name"));
        config.service_name
    };
    assert_eq!(name(&both, &code).as_deref(), Some("own"));
    assert_eq!(name(&both[1..], &code).as_deref(), Some("attribute"));
    assert_eq!(name(&[], &code).as_deref(), Some("code"));
    let unnamed = Overrides { service_name: None, ..code };
    assert_eq!(name(&[], &unnamed).as_deref(), Some("code-attribute"));
    assert_eq!(name(&[], &Overrides::default()), None);
}

#[test]
fn resource_attributes_are_decoded_and_merged_by_key() {
    let code = Overrides { resource: pairs(&[("team", "code"), ("zone", "z")]), ..Overrides::default() };
    let config =
        check(&[(ATTRIBUTES, " team = a%2Cb%3Dc , host%2Ename=h%C3%A9, empty=,team2=x, ")], &code, &[]);
    let expected = [("team", "a,b=c"), ("zone", "z"), ("host.name", "hé"), ("empty", ""), ("team2", "x")];
    assert_eq!(config.resource, pairs(&expected));
}

#[test]
fn one_wrong_attribute_discards_them_all_and_values_are_not_shown() {
    let cases = [
        ("a=1,secret", "pair 2"),
        ("a=1,b=%zz", "pair 2, `b`,"),
        ("a=%ff", "pair 1, `a`,"),
        ("a=1%2", "pair 1, `a`,"),
        ("a=secret=x", "pair 1, `a`,"),
        ("=secret", "pair 1"),
        ("%4=secret", "pair 1"),
    ];
    for (given, wrong) in cases {
        let warning = format!(
            "ignoring `OTEL_RESOURCE_ATTRIBUTES`, whose values are not shown: expected `key=value` pairs separated \
             by commas, with `,`, `=` and `%` inside them written `%2C`, `%3D` and `%25`, but {wrong} is none; \
             using none of its attributes"
        );
        assert_eq!(check_env(&[(ATTRIBUTES, given)], &[&warning]).resource, []);
    }
}

#[test]
fn only_true_disables() {
    for (given, disabled) in [("true", true), ("TRUE", true), ("false", false), ("False", false)] {
        assert_eq!(check_env(&[("OTEL_SDK_DISABLED", given)], &[]).disabled, disabled);
    }
    let warning = "ignoring `OTEL_SDK_DISABLED=1`: expected `true` or `false`; using `false`";
    assert!(!check_env(&[("OTEL_SDK_DISABLED", "1")], &[warning]).disabled);
}

#[test]
fn filters_are_cleaned_and_the_environment_wins() {
    let config = check_env(&[], &[]);
    assert_eq!((config.log_filter.as_str(), config.span_filter.as_str()), ("warn", "info,rmcp=off"));
    assert_eq!(config.log_events, None);
    let env = [
        ("RUST_LOG", " info , hyper=off,"),
        ("AGENTSPAN_SPANS", "debug"),
        ("AGENTSPAN_LOG_EVENTS", "my_agent=info,[run]=trace"),
    ];
    let code = Overrides {
        log_filter: Some("error".to_owned()),
        span_filter: Some("off".to_owned()),
        log_events: Some("warn".to_owned()),
        ..Overrides::default()
    };
    let config = check(&env, &code, &[]);
    assert_eq!((config.log_filter.as_str(), config.span_filter.as_str()), ("info,hyper=off", "debug"));
    assert_eq!(config.log_events.as_deref(), Some("my_agent=info,[run]=trace"));
    let config = check(&[], &code, &[]);
    assert_eq!((config.log_filter.as_str(), config.span_filter.as_str()), ("error", "off"));
    assert_eq!(config.log_events.as_deref(), Some("warn"));
    for none in ["none", "OFF"] {
        assert_eq!(check(&[("AGENTSPAN_LOG_EVENTS", none)], &code, &[]).log_events, None);
    }
}

#[test]
fn directives_that_cannot_be_used_are_named_once_and_left_out() {
    let config = check_env(
        &[("RUST_LOG", "hyper=loud,info,[x=y")],
        &[
            "ignoring `hyper=loud,[x=y` in `RUST_LOG=hyper=loud,info,[x=y`: expected directives such as `info` or \
           `my_crate=debug`, separated by commas; using `info`",
        ],
    );
    assert_eq!(config.log_filter, "info");
    let code = Overrides { span_filter: Some("x=y".to_owned()), ..Overrides::default() };
    check(
        &[("AGENTSPAN_SPANS", "=")],
        &code,
        &[
            "ignoring `AGENTSPAN_SPANS==`: expected directives such as `info` or `my_crate=debug`, separated by \
             commas; using `info,rmcp=off`",
            "ignoring `x=y`, set in code for `AGENTSPAN_SPANS`: expected directives such as `info` or \
             `my_crate=debug`, separated by commas; using `info,rmcp=off`",
        ],
    );
    check_env(
        &[("AGENTSPAN_LOG_EVENTS", "=")],
        &[
            "ignoring `AGENTSPAN_LOG_EVENTS==`: expected directives such as `info` or `my_crate=debug`, separated by \
           commas; using `none`",
        ],
    );
}

#[test]
fn what_is_known_and_not_supported_says_what_is_used() {
    let cases = [
        (
            "OTEL_ENTITIES",
            "service{service.name=secret}",
            "ignoring `OTEL_ENTITIES`, whose value is not shown: entities are not supported; using \
             `OTEL_RESOURCE_ATTRIBUTES` only",
        ),
        (
            "OTEL_LOG_LEVEL",
            "debug",
            "ignoring `OTEL_LOG_LEVEL=debug`: log lines are chosen by `RUST_LOG`; using `RUST_LOG=warn`",
        ),
        (
            "OTEL_CONFIG_FILE",
            "/etc/otel.yaml",
            "ignoring `OTEL_CONFIG_FILE=/etc/otel.yaml`: configuration files are not supported; using the other \
             variables",
        ),
        (
            "OTEL_EXPERIMENTAL_CONFIG_FILE",
            "x.yaml",
            "ignoring `OTEL_EXPERIMENTAL_CONFIG_FILE=x.yaml`: configuration files are not supported; using the \
             other variables",
        ),
        (
            "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN",
            "logs/dup",
            "ignoring `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN=logs/dup`: exceptions are not written as log records; \
             using span events",
        ),
    ];
    for (name, value, warning) in cases {
        check_env(&[(name, value)], &[warning]);
    }
    check_env(&[("OTEL_SEMCONV_STABILITY_OPT_IN", "gen_ai_latest_experimental")], &[]);
}

#[test]
fn a_warning_is_one_short_line_whatever_was_given() {
    let long = "a".repeat(10_000);
    let warning = format!(
        "ignoring `OTEL_TRACES_EXPORTER={}…`: expected `otlp`, `console` or `none`; using `otlp`",
        "a".repeat(60)
    );
    check_env(&[("OTEL_TRACES_EXPORTER", &long)], &[&warning]);
    check_env(
        &[("OTEL_TRACES_EXPORTER", "a`b\n\u{1b}[31mc\u{202e}d")],
        &[
            "ignoring `OTEL_TRACES_EXPORTER=a'b\\n\\u{1b}[31mc\\u{202e}d`: expected `otlp`, `console` or `none`; \
           using `otlp`",
        ],
    );
}
