use super::{check, check_env};
use crate::config::Propagator::{Baggage, TraceContext};
use crate::config::TracesExporter::{Console, Otlp};
use crate::config::{Dialects, Overrides, Propagator, TracesExporter};

const EXPORTERS: &str = "OTEL_TRACES_EXPORTER";
const PROPAGATORS: &str = "OTEL_PROPAGATORS";
const DIALECTS: &str = "AGENTSPAN_DIALECTS";
const CANONICAL: Dialects =
    Dialects { gen_ai: false, openinference: false, gen_ai_cache_creation: false, otel_span_names: false };

#[test]
fn exporters_are_a_list_in_any_case() {
    let cases: [(&str, &[TracesExporter]); 6] = [
        ("", &[Otlp]),
        ("otlp", &[Otlp]),
        ("Console, OTLP,", &[Console, Otlp]),
        ("console,console", &[Console]),
        ("none", &[]),
        ("none,console", &[Console]),
    ];
    for (given, expected) in cases {
        assert_eq!(check_env(&[(EXPORTERS, given)], &[]).exporters, expected, "{given}");
    }
    let code = Overrides { exporters: Some(vec![Console]), ..Overrides::default() };
    assert_eq!(check(&[], &code, &[]).exporters, [Console]);
    assert_eq!(check(&[(EXPORTERS, "none")], &code, &[]).exporters, []);
}

#[test]
fn unknown_exporters_are_named_once_and_left_out() {
    let config = check_env(
        &[(EXPORTERS, "zipkin")],
        &["ignoring `OTEL_TRACES_EXPORTER=zipkin`: expected `otlp`, `console` or `none`; using `otlp`"],
    );
    assert_eq!(config.exporters, [Otlp]);
    let config = check_env(
        &[(EXPORTERS, "jaeger,console,otlp/stdout")],
        &[
            "ignoring `jaeger,otlp/stdout` in `OTEL_TRACES_EXPORTER=jaeger,console,otlp/stdout`: expected `otlp`, \
           `console` or `none`; using `console`",
        ],
    );
    assert_eq!(config.exporters, [Console]);
    check_env(
        &[(EXPORTERS, "none,zipkin")],
        &[
            "ignoring `zipkin` in `OTEL_TRACES_EXPORTER=none,zipkin`: expected `otlp`, `console` or `none`; using `none`",
        ],
    );
}

#[test]
fn propagators_are_a_list_without_repetitions() {
    let cases: [(&str, &[Propagator]); 5] = [
        ("", &[TraceContext, Baggage]),
        ("tracecontext", &[TraceContext]),
        ("baggage,tracecontext,baggage", &[Baggage, TraceContext]),
        (" TraceContext , none", &[TraceContext]),
        ("none", &[]),
    ];
    for (given, expected) in cases {
        assert_eq!(check_env(&[(PROPAGATORS, given)], &[]).propagators, expected, "{given}");
    }
}

#[test]
fn propagators_of_others_are_named() {
    for other in ["b3", "b3multi", "jaeger", "xray", "ottrace", "w3c"] {
        let warning = format!(
            "ignoring `OTEL_PROPAGATORS={other}`: expected `tracecontext`, `baggage` or `none`; using \
             `tracecontext,baggage`"
        );
        check_env(&[(PROPAGATORS, other)], &[&warning]);
    }
    let config = check_env(
        &[(PROPAGATORS, "b3,tracecontext")],
        &[
            "ignoring `b3` in `OTEL_PROPAGATORS=b3,tracecontext`: expected `tracecontext`, `baggage` or `none`; \
           using `tracecontext`",
        ],
    );
    assert_eq!(config.propagators, [TraceContext]);
}

#[test]
fn dialects_are_exactly_those_of_the_list() {
    let gen_ai = Dialects { gen_ai: true, ..CANONICAL };
    let cases = [
        ("", gen_ai),
        ("gen_ai", gen_ai),
        ("openinference", Dialects { openinference: true, ..CANONICAL }),
        ("gen_ai,OpenInference", Dialects { openinference: true, ..gen_ai }),
        ("gen_ai,gen_ai_cache_creation", Dialects { gen_ai_cache_creation: true, ..gen_ai }),
        ("gen_ai,otel_span_names", Dialects { otel_span_names: true, ..gen_ai }),
        ("canonical", CANONICAL),
        ("none", CANONICAL),
    ];
    for (given, expected) in cases {
        assert_eq!(check_env(&[(DIALECTS, given)], &[]).dialects, expected, "{given}");
    }
    let code =
        Overrides { dialects: Some(Dialects { openinference: true, ..CANONICAL }), ..Overrides::default() };
    assert!(!check(&[], &code, &[]).dialects.gen_ai);
    assert_eq!(check(&[(DIALECTS, "gen_ai")], &code, &[]).dialects, gen_ai);
    check(
        &[(DIALECTS, "mlflow")],
        &code,
        &[
            "ignoring `AGENTSPAN_DIALECTS=mlflow`: expected `gen_ai`, `openinference`, `gen_ai_cache_creation`, \
           `otel_span_names`, `canonical` or `none`; using `openinference`",
        ],
    );
}
