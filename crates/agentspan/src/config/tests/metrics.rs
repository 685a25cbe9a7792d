use super::{check, check_env};
use crate::config::{MetricsExporter, Overrides};

const EXPORTER: &str = "OTEL_METRICS_EXPORTER";

#[test]
fn metrics_leave_only_when_asked_for() {
    assert_eq!(check_env(&[], &[]).metrics.exporters, []);
    assert_eq!(check_env(&[(EXPORTER, "none")], &[]).metrics.exporters, []);
    let expected =
        "ignoring `OTEL_METRICS_EXPORTER=prometheus`: expected `otlp`, `console` or `none`; using `none`";
    assert_eq!(check_env(&[(EXPORTER, "prometheus")], &[expected]).metrics.exporters, []);
}

#[cfg(not(feature = "metrics"))]
#[test]
fn without_the_feature_whoever_asks_for_metrics_is_told_once() {
    let expected = "`OTEL_METRICS_EXPORTER=OTLP,console` needs the `metrics` feature, which this build lacks; using `none`";
    assert_eq!(check_env(&[(EXPORTER, "OTLP,console")], &[expected]).metrics.exporters, []);
    let mut code = Overrides::default();
    code.metrics.exporters = Some(vec![MetricsExporter::Console]);
    let expected = "`builder().with_metrics_exporters(…)` needs the `metrics` feature, which this build lacks; using `none`";
    check(&[], &code, &[expected]);
    check(&[(EXPORTER, "none")], &code, &[]);
    let mut code = Overrides::default();
    code.metrics.global_meter = true;
    let expected = "`builder().with_global_meter(true)` needs the `metrics` feature, which this build lacks; using `none`";
    assert!(!check(&[], &code, &[expected]).metrics.global_meter);
}

#[cfg(feature = "metrics")]
#[test]
fn the_environment_comes_before_the_code_and_a_global_meter_before_both() {
    use MetricsExporter::{Console, Otlp};
    let mut code = Overrides::default();
    code.metrics.exporters = Some(vec![Console]);
    assert_eq!(check(&[], &code, &[]).metrics.exporters, [Console]);
    assert_eq!(check(&[(EXPORTER, "OTLP,console")], &code, &[]).metrics.exporters, [Otlp, Console]);
    assert_eq!(check(&[(EXPORTER, "none")], &code, &[]).metrics.exporters, []);
    code.metrics.global_meter = true;
    assert_eq!(check(&[(EXPORTER, "otlp")], &code, &[]).metrics.exporters, []);
}

#[cfg(feature = "metrics")]
#[test]
fn what_is_wrong_with_sending_is_named_once() {
    let env = [
        (EXPORTER, "otlp"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "0"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "hourly"),
    ];
    let expected = [
        "ignoring `OTEL_EXPORTER_OTLP_TIMEOUT=soon`: expected a whole number of milliseconds from 0 to 3600000; using \
         10000 milliseconds",
        "ignoring `OTEL_METRIC_EXPORT_INTERVAL=0`: expected a whole number of milliseconds from 1 to 3600000; using \
         60000 milliseconds",
        "ignoring `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=hourly`: expected `cumulative`, `delta` or \
         `lowmemory`; using `cumulative`",
    ];
    let metrics = check_env(&env, &expected).metrics;
    assert_eq!(
        (metrics.interval.as_secs(), metrics.temporality),
        (60, crate::config::Temporality::Cumulative)
    );
}

#[test]
fn what_concerns_metrics_alone_is_no_trouble_while_none_are_sent() {
    check_env(&[("OTEL_METRIC_EXPORT_INTERVAL", "0"), ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "x")], &[]);
}

#[test]
fn metrics_go_beside_the_traces_unless_they_have_a_place_of_their_own() {
    let endpoint = |env: &[(&str, &str)], code: Option<&str>| {
        let mut overrides = Overrides::default();
        overrides.otlp.endpoint = code.map(str::to_owned);
        check(env, &overrides, &[]).metrics.otlp.endpoint
    };
    const GENERAL: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector/in");
    assert_eq!(endpoint(&[], None), "http://localhost:4318/v1/metrics");
    assert_eq!(endpoint(&[GENERAL], None), "https://collector/in/v1/metrics");
    let own = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://m");
    assert_eq!(endpoint(&[GENERAL, own], None), "http://m/");
    let traces = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t/v1/traces");
    assert_eq!(endpoint(&[traces], None), "http://localhost:4318/v1/metrics");
    assert_eq!(endpoint(&[], Some("http://c")), "http://c/v1/metrics");
    assert_eq!(endpoint(&[], Some("http://c/in/v1/traces/?k=v")), "http://c/in/v1/metrics?k=v");
}

#[test]
fn an_export_takes_no_longer_than_either_limit() {
    let timeout = |env: &[(&str, &str)]| check_env(env, &[]).metrics.otlp.timeout.as_millis();
    assert_eq!(timeout(&[]), 10_000);
    assert_eq!(timeout(&[("OTEL_METRIC_EXPORT_TIMEOUT", "2000")]), 2_000);
    assert_eq!(timeout(&[("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "90000")]), 30_000);
}

#[test]
fn the_newest_names_are_one_word_of_a_list_for_everybody() {
    let latest =
        |given: &str| check_env(&[("OTEL_SEMCONV_STABILITY_OPT_IN", given)], &[]).metrics.latest_names;
    assert!(latest("http/dup, GEN_AI_latest_experimental"));
    assert!(!latest("http"));
    assert!(!check_env(&[], &[]).metrics.latest_names);
}
