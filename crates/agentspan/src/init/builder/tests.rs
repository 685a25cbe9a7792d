use super::TelemetryBuilder;
use crate::config::variables::{Status, VARIABLES};
use crate::config::{Config, Propagator, SamplerConfig, TracesExporter};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Duration;

/// One setting in its three forms. Whatever is compared is put into words by `get`.
struct Case {
    environment: &'static [(&'static str, &'static str)],
    set: fn(TelemetryBuilder) -> TelemetryBuilder,
    get: fn(&Config) -> String,
    /// By default, by code, by the environment.
    expected: [&'static str; 3],
}

fn word(value: impl Debug) -> String {
    format!("{value:?}").replace('"', "")
}

/// The words that `AGENTSPAN_DIALECTS` would have.
fn dialects(config: &Config) -> String {
    let on = config.dialects;
    let words = [
        (on.gen_ai, "gen_ai"),
        (on.openinference, "openinference"),
        (on.gen_ai_cache_creation, "gen_ai_cache_creation"),
        (on.otel_span_names, "otel_span_names"),
    ];
    words.into_iter().filter(|(on, _)| *on).map(|(_, word)| word).collect::<Vec<_>>().join(",")
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    Case { environment: &[("OTEL_SERVICE_NAME", "env")], set: |b| b.service_name("code"), get: |c| word(&c.service_name), expected: ["None", "Some(code)", "Some(env)"] },
    Case { environment: &[("OTEL_RESOURCE_ATTRIBUTES", "team=env")], set: |b| b.with_resource("team", "code"), get: |c| word(&c.resource), expected: ["[]", "[(team, code)]", "[(team, env)]"] },
    Case { environment: &[("OTEL_SDK_DISABLED", "false")], set: |b| b.with_disabled(true), get: |c| word(c.disabled), expected: ["false", "true", "false"] },
    Case { environment: &[("OTEL_SDK_DISABLED", "true")], set: |b| b.with_disabled(false), get: |c| word(c.disabled), expected: ["false", "false", "true"] },
    Case { environment: &[("OTEL_TRACES_EXPORTER", "none")], set: |b| b.with_exporters([TracesExporter::Console]), get: |c| word(&c.exporters), expected: ["[Otlp]", "[Console]", "[]"] },
    Case { environment: &[("OTEL_TRACES_SAMPLER", "always_on")], set: |b| b.with_sampler(SamplerConfig::AlwaysOff), get: |c| word(c.sampler), expected: ["ParentBasedTraceIdRatio(1.0)", "AlwaysOff", "AlwaysOn"] },
    Case { environment: &[("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.5")], set: |b| b.with_sampling_ratio(0.25), get: |c| word(c.sampler), expected: ["ParentBasedTraceIdRatio(1.0)", "ParentBasedTraceIdRatio(0.25)", "TraceIdRatio(0.5)"] },
    Case { environment: &[("OTEL_PROPAGATORS", "baggage")], set: |b| b.with_propagators([Propagator::TraceContext]), get: |c| word(&c.propagators), expected: ["[TraceContext, Baggage]", "[TraceContext]", "[Baggage]"] },
    Case { environment: &[("RUST_LOG", "error")], set: |b| b.with_log_filter("debug"), get: |c| c.log_filter.clone(), expected: ["warn", "debug", "error"] },
    Case { environment: &[("AGENTSPAN_SPANS", "error")], set: |b| b.with_span_filter("debug"), get: |c| c.span_filter.clone(), expected: ["info,rmcp=off", "debug", "error"] },
    Case { environment: &[("AGENTSPAN_LOG_EVENTS", "none")], set: |b| b.with_log_events("info"), get: |c| word(&c.log_events), expected: ["None", "Some(info)", "None"] },
    Case { environment: &[("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "NO_CONTENT")], set: |b| b.with_content(true), get: |c| word(c.content.messages), expected: ["false", "true", "false"] },
    Case { environment: &[("AGENTSPAN_CONTENT_LENGTH_LIMIT", "300")], set: |b| b.with_content_length(200), get: |c| word(c.limits.content_length), expected: ["16384", "200", "300"] },
    Case { environment: &[("AGENTSPAN_DIALECTS", "gen_ai")], set: |b| b.with_gen_ai(false), get: dialects, expected: ["gen_ai", "", "gen_ai"] },
    Case { environment: &[("AGENTSPAN_DIALECTS", "none")], set: |b| b.with_openinference(true), get: dialects, expected: ["gen_ai", "gen_ai,openinference", ""] },
    Case { environment: &[("AGENTSPAN_DIALECTS", "gen_ai")], set: |b| b.with_gen_ai_cache_creation(true), get: dialects, expected: ["gen_ai", "gen_ai,gen_ai_cache_creation", "gen_ai"] },
    Case { environment: &[("AGENTSPAN_DIALECTS", "gen_ai")], set: |b| b.with_otel_span_names(true), get: dialects, expected: ["gen_ai", "gen_ai,otel_span_names", "gen_ai"] },
    Case { environment: &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://env:1")], set: |b| b.with_endpoint("http://code:1"), get: |c| c.otlp.endpoint.clone(), expected: ["http://localhost:4318/v1/traces", "http://code:1/v1/traces", "http://env:1/v1/traces"] },
    Case { environment: &[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://env:1/x")], set: |b| b.with_endpoint("http://code:1"), get: |c| c.otlp.endpoint.clone(), expected: ["http://localhost:4318/v1/traces", "http://code:1/v1/traces", "http://env:1/x"] },
    Case { environment: &[("OTEL_EXPORTER_OTLP_HEADERS", "key=env")], set: |b| b.with_header("key", "code"), get: |c| word(&c.otlp.headers), expected: ["[]", "[(key, code)]", "[(key, env)]"] },
    Case { environment: &[("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "key=env")], set: |b| b.with_header("key", "code"), get: |c| word(&c.otlp.headers), expected: ["[]", "[(key, code)]", "[(key, env)]"] },
    Case { environment: &[("OTEL_EXPORTER_OTLP_COMPRESSION", "none")], set: |b| b.with_gzip(true), get: |c| word(c.otlp.gzip), expected: ["false", "true", "false"] },
    Case { environment: &[("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip")], set: |b| b.with_gzip(false), get: |c| word(c.otlp.gzip), expected: ["false", "false", "true"] },
    Case { environment: &[("OTEL_EXPORTER_OTLP_TIMEOUT", "3000")], set: |b| b.with_export_timeout(Duration::from_secs(2)), get: |c| word(c.otlp.timeout), expected: ["10s", "2s", "3s"] },
    Case { environment: &[("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "3000")], set: |b| b.with_export_timeout(Duration::from_secs(2)), get: |c| word(c.otlp.timeout), expected: ["10s", "2s", "3s"] },
    Case { environment: &[("OTEL_EXPORTER_OTLP_CERTIFICATE", "env.pem")], set: |b| b.with_certificate("code.pem"), get: |c| word(&c.otlp.certificate), expected: ["None", "Some(code.pem)", "Some(env.pem)"] },
    Case { environment: &[("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "env.pem")], set: |b| b.with_certificate("code.pem"), get: |c| word(&c.otlp.certificate), expected: ["None", "Some(code.pem)", "Some(env.pem)"] },
    Case { environment: &[("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "env.pem"), ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "env.key")], set: |b| b.with_client_certificate("code.pem", "code.key"), get: |c| word((&c.otlp.client_certificate, &c.otlp.client_key)), expected: ["(None, None)", "(Some(code.pem), Some(code.key))", "(Some(env.pem), Some(env.key))"] },
    Case { environment: &[("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "env.pem"), ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "env.key")], set: |b| b.with_client_certificate("code.pem", "code.key"), get: |c| word((&c.otlp.client_certificate, &c.otlp.client_key)), expected: ["(None, None)", "(Some(code.pem), Some(code.key))", "(Some(env.pem), Some(env.key))"] },
    Case { environment: &[("OTEL_BSP_SCHEDULE_DELAY", "3000")], set: |b| b.with_schedule_delay(Duration::from_secs(2)), get: |c| word(c.batch.schedule_delay), expected: ["5s", "2s", "3s"] },
    Case { environment: &[("OTEL_BSP_EXPORT_TIMEOUT", "3000")], set: |b| b.with_batch_timeout(Duration::from_secs(2)), get: |c| word(c.otlp.timeout), expected: ["10s", "2s", "3s"] },
    Case { environment: &[("OTEL_BSP_MAX_QUEUE_SIZE", "3000")], set: |b| b.with_max_queue_size(1_000), get: |c| word(c.batch.max_queue_size), expected: ["2048", "1000", "3000"] },
    Case { environment: &[("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "300")], set: |b| b.with_max_export_batch_size(200), get: |c| word(c.batch.max_export_batch_size), expected: ["512", "200", "300"] },
    Case { environment: &[("OTEL_ATTRIBUTE_COUNT_LIMIT", "300")], set: |b| b.with_max_attributes_per_span(200), get: |c| word(c.limits.attribute_count), expected: ["128", "200", "300"] },
    Case { environment: &[("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "300")], set: |b| b.with_max_attributes_per_span(200), get: |c| word(c.limits.attribute_count), expected: ["128", "200", "300"] },
    Case { environment: &[("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "300")], set: |b| b.with_max_attribute_length(200), get: |c| word(c.limits.attribute_value_length), expected: ["None", "Some(200)", "Some(300)"] },
    Case { environment: &[("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "300")], set: |b| b.with_max_attribute_length(200), get: |c| word(c.limits.attribute_value_length), expected: ["None", "Some(200)", "Some(300)"] },
    Case { environment: &[("OTEL_SPAN_EVENT_COUNT_LIMIT", "300")], set: |b| b.with_max_events_per_span(200), get: |c| word(c.limits.event_count), expected: ["128", "200", "300"] },
    Case { environment: &[("OTEL_SPAN_LINK_COUNT_LIMIT", "300")], set: |b| b.with_max_links_per_span(200), get: |c| word(c.limits.link_count), expected: ["128", "200", "300"] },
    Case { environment: &[("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "300")], set: |b| b.with_max_attributes_per_event(200), get: |c| word(c.limits.event_attribute_count), expected: ["128", "200", "300"] },
    Case { environment: &[("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "300")], set: |b| b.with_max_attributes_per_link(200), get: |c| word(c.limits.link_attribute_count), expected: ["128", "200", "300"] },
    Case { environment: &[("OTEL_METRIC_EXPORT_INTERVAL", "3000")], set: |b| b.with_metric_interval(Duration::from_secs(2)), get: |c| word(c.metrics.interval), expected: ["60s", "2s", "3s"] },
    Case { environment: &[("OTEL_METRIC_EXPORT_TIMEOUT", "3000")], set: |b| b.with_metric_timeout(Duration::from_secs(2)), get: |c| word(c.metrics.otlp.timeout), expected: ["10s", "2s", "3s"] },
    Case { environment: &[("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "lowmemory")], set: |b| b.with_delta_metrics(true), get: |c| word(c.metrics.temporality), expected: ["Cumulative", "Delta", "LowMemory"] },
    Case { environment: &[("OTEL_SEMCONV_STABILITY_OPT_IN", "http")], set: |b| b.with_latest_metric_names(true), get: |c| word(c.metrics.latest_names), expected: ["false", "true", "false"] },
    Case { environment: &[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://env:1/x")], set: |b| b.with_endpoint("http://code:1"), get: |c| c.metrics.otlp.endpoint.clone(), expected: ["http://localhost:4318/v1/metrics", "http://code:1/v1/metrics", "http://env:1/x"] },
    Case { environment: &[("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "key=env")], set: |b| b.with_header("key", "code"), get: |c| word(&c.metrics.otlp.headers), expected: ["[]", "[(key, code)]", "[(key, env)]"] },
    Case { environment: &[("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "gzip")], set: |b| b.with_gzip(false), get: |c| word(c.metrics.otlp.gzip), expected: ["false", "false", "true"] },
    Case { environment: &[("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "3000")], set: |b| b.with_export_timeout(Duration::from_secs(2)), get: |c| word(c.metrics.otlp.timeout), expected: ["10s", "2s", "3s"] },
    Case { environment: &[("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", "env.pem")], set: |b| b.with_certificate("code.pem"), get: |c| word(&c.metrics.otlp.certificate), expected: ["None", "Some(code.pem)", "Some(env.pem)"] },
    Case { environment: &[("OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE", "env.pem"), ("OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY", "env.key")], set: |b| b.with_client_certificate("code.pem", "code.key"), get: |c| word((&c.metrics.otlp.client_certificate, &c.metrics.otlp.client_key)), expected: ["(None, None)", "(Some(code.pem), Some(code.key))", "(Some(env.pem), Some(env.key))"] },
];

/// Where metrics go; without the feature both are answered with a warning.
#[cfg(feature = "metrics")]
#[test]
fn the_environment_comes_before_the_code_for_metrics() {
    let code = TelemetryBuilder::default().with_metrics_exporters([crate::config::MetricsExporter::Console]);
    let env = |name: &str| (name == "OTEL_METRICS_EXPORTER").then(|| "otlp".to_owned());
    let exporters = [
        Config::resolve(&|_| None, TelemetryBuilder::default().code()),
        Config::resolve(&|_| None, code.code()),
        Config::resolve(&env, code.code()),
    ];
    assert_eq!(exporters.map(|(config, _)| word(config.metrics.exporters)), ["[]", "[Console]", "[Otlp]"]);
}

#[test]
fn the_environment_comes_before_the_code_and_the_code_before_the_default() {
    for Case { environment, set, get, expected } in CASES {
        let lookup = |name: &str| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let code = set(TelemetryBuilder::default());
        let resolved = [
            Config::resolve(&|_| None, TelemetryBuilder::default().code()),
            Config::resolve(&|_| None, code.code()),
            Config::resolve(&lookup, code.code()),
        ];
        for (config, warnings) in &resolved {
            assert!(warnings.is_empty(), "{environment:?} is answered with {warnings:?} for {config:?}");
        }
        assert_eq!(resolved.map(|(config, _)| get(&config)), *expected, "{environment:?}");
    }
}

#[test]
fn every_setting_of_the_environment_can_be_set_in_code() {
    let cases = CASES.iter().flat_map(|case| case.environment).map(|(name, _)| *name);
    // There is one protocol, so there is nothing to choose.
    let single = [
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
    ];
    // Only with its feature.
    let metrics = ["OTEL_METRICS_EXPORTER"];
    // Code gives prices and not the name of a file of them.
    let files = ["AGENTSPAN_PRICES"];
    let covered: BTreeSet<_> = cases.chain(single).chain(metrics).chain(files).collect();
    let honoured = VARIABLES.iter().filter(|variable| variable.status == Status::Honoured);
    assert_eq!(covered, honoured.map(|variable| variable.name).collect());
}

#[test]
fn a_scrub_pattern_that_is_no_regular_expression_is_named() {
    let builder = TelemetryBuilder::default().with_disabled(true).with_scrub_pattern("customer", "(");
    let (_layer, telemetry) = builder.layer::<tracing_subscriber::Registry>();
    let warning = "ignoring the scrub pattern `customer`: expected a regular expression of the `regex` crate; using the \
                   others, so what it should hide is not hidden";
    assert!(telemetry.warnings().iter().any(|given| given == warning), "{:?}", telemetry.warnings());
}
