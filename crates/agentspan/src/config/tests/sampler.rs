use super::{check, check_env};
use crate::config::Overrides;
use crate::config::SamplerConfig::{self, *};

const NAME: &str = "OTEL_TRACES_SAMPLER";
const ARG: &str = "OTEL_TRACES_SAMPLER_ARG";

fn in_code(sampler: SamplerConfig) -> Overrides {
    Overrides { sampler: Some(sampler), ..Overrides::default() }
}

#[test]
fn the_six_local_samplers_are_known_in_any_case() {
    let cases = [
        ("always_on", None, AlwaysOn),
        ("ALWAYS_OFF", None, AlwaysOff),
        ("traceidratio", Some("0.25"), TraceIdRatio(0.25)),
        ("traceidratio", None, TraceIdRatio(1.0)),
        ("parentbased_always_on", None, ParentBasedAlwaysOn),
        (" ParentBased_Always_Off ", None, ParentBasedAlwaysOff),
        ("parentbased_traceidratio", Some(" 0.5"), ParentBasedTraceIdRatio(0.5)),
        ("parentbased_traceidratio", Some("0"), ParentBasedTraceIdRatio(0.0)),
        ("parentbased_traceidratio", Some("1"), ParentBasedTraceIdRatio(1.0)),
        ("parentbased_traceidratio", Some("1e-3"), ParentBasedTraceIdRatio(0.001)),
        ("parentbased_traceidratio", Some(""), ParentBasedTraceIdRatio(1.0)),
    ];
    for (name, arg, expected) in cases {
        let config = match arg {
            Some(arg) => check_env(&[(NAME, name), (ARG, arg)], &[]),
            None => check_env(&[(NAME, name)], &[]),
        };
        assert_eq!(config.sampler, expected, "{name} {arg:?}");
    }
    assert_eq!(check_env(&[], &[]).sampler, ParentBasedTraceIdRatio(1.0));
}

#[test]
fn a_bad_argument_keeps_every_trace_and_says_so() {
    for arg in ["10%", "1.5", "-0.1", "NaN", "inf", "0,1", "one", "0.1 0.2"] {
        let warning = format!(
            "ignoring `OTEL_TRACES_SAMPLER_ARG={arg}`: expected a number from 0.0 to 1.0, such as `0.1`; \
             using 1.0, so every trace is kept"
        );
        for name in ["traceidratio", "parentbased_traceidratio"] {
            let config = check_env(&[(NAME, name), (ARG, arg)], &[&warning]);
            assert_eq!(config.sampler.ratio(), Some(1.0));
        }
    }
}

#[test]
fn an_argument_alone_names_the_line_that_is_missing() {
    let config = check_env(
        &[(ARG, "0.1")],
        &[
            "ignoring `OTEL_TRACES_SAMPLER_ARG=0.1`: it takes effect only beside `OTEL_TRACES_SAMPLER`; using \
           `parentbased_traceidratio` at 1.0, so every trace is kept; to keep a share of all traces set \
           `OTEL_TRACES_SAMPLER=parentbased_traceidratio`",
        ],
    );
    assert_eq!(config.sampler, ParentBasedTraceIdRatio(1.0));
}

#[test]
fn an_argument_to_a_sampler_without_one_is_named() {
    check_env(
        &[(NAME, "always_off"), (ARG, "0.1")],
        &[
            "ignoring `OTEL_TRACES_SAMPLER_ARG=0.1`: `OTEL_TRACES_SAMPLER=always_off` takes no argument; using \
           `always_off`, so no trace is kept",
        ],
    );
}

#[test]
fn samplers_that_need_a_server_are_answered_once_with_their_argument() {
    for name in ["jaeger_remote", "parentbased_jaeger_remote", "xray", "probability"] {
        let warning = format!(
            "ignoring `OTEL_TRACES_SAMPLER={name}`: expected `always_on`, `always_off`, `traceidratio`, \
             `parentbased_always_on`, `parentbased_always_off` or `parentbased_traceidratio`; using \
             `parentbased_traceidratio` at 1.0, so every trace is kept"
        );
        let config = check_env(&[(NAME, name), (ARG, "endpoint=http://localhost:14250")], &[&warning]);
        assert_eq!(config.sampler, ParentBasedTraceIdRatio(1.0));
    }
}

#[test]
fn the_environment_wins_over_code() {
    let code = in_code(TraceIdRatio(0.2));
    assert_eq!(check(&[], &code, &[]).sampler, TraceIdRatio(0.2));
    assert_eq!(check(&[(NAME, "always_on")], &code, &[]).sampler, AlwaysOn);
    let env = [(NAME, "parentbased_traceidratio"), (ARG, "0.5")];
    assert_eq!(check(&env, &code, &[]).sampler, ParentBasedTraceIdRatio(0.5));
    // The ratio is a setting of its own: what the environment leaves open, code says.
    assert_eq!(check(&env[..1], &code, &[]).sampler, ParentBasedTraceIdRatio(0.2));
}

#[test]
fn a_warning_says_what_code_makes_of_it() {
    check(
        &[(NAME, "traceidratio"), (ARG, "10%")],
        &in_code(TraceIdRatio(0.2)),
        &[
            "ignoring `OTEL_TRACES_SAMPLER_ARG=10%`: expected a number from 0.0 to 1.0, such as `0.1`; using 0.2",
        ],
    );
}

#[test]
fn a_ratio_from_code_is_held_to_the_same_range() {
    let config = check(
        &[],
        &in_code(TraceIdRatio(f64::NAN)),
        &[
            "ignoring `NaN`, set in code for `OTEL_TRACES_SAMPLER_ARG`: expected a number from 0.0 to 1.0, such \
           as `0.1`; using 1.0, so every trace is kept",
        ],
    );
    assert_eq!(config.sampler, TraceIdRatio(1.0));
}
