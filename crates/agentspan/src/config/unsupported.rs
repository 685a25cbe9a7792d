use super::reader::Reader;
use super::value::{boolean, shown};

/// Answers the variables of the specification that are known and not honoured, each with one warning.
pub(super) fn answer(reader: &mut Reader<'_>, log_filter: &str) {
    if reader.get("OTEL_ENTITIES").is_some() {
        reader.warn(
            "ignoring `OTEL_ENTITIES`, whose value is not shown: entities are not supported; \
             using `OTEL_RESOURCE_ATTRIBUTES` only",
        );
    }
    if let Some(given) = reader.get("OTEL_LOG_LEVEL") {
        reader.warn(format!(
            "ignoring `OTEL_LOG_LEVEL={}`: log lines are chosen by `RUST_LOG`; using `RUST_LOG={}`",
            shown(&given),
            shown(log_filter)
        ));
    }
    for name in ["OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE"] {
        if let Some(given) = reader.get(name) {
            reader.warn(format!(
                "ignoring `{name}={}`: configuration files are not supported; using the other variables",
                shown(&given)
            ));
        }
    }
    emit_event(reader);
    const AGGREGATION: &str = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION";
    const EXPLICIT: &str = "explicit_bucket_histogram";
    if let Some(given) = reader.get(AGGREGATION).filter(|given| !given.eq_ignore_ascii_case(EXPLICIT)) {
        let given = shown(&given);
        reader.warn(format!("ignoring `{AGGREGATION}={given}`: expected `{EXPLICIT}`; using `{EXPLICIT}`"));
    }
    const EXEMPLARS: &str = "OTEL_METRICS_EXEMPLAR_FILTER";
    if let Some(given) = reader.get(EXEMPLARS).filter(|given| !given.eq_ignore_ascii_case("always_off")) {
        let given = shown(&given);
        reader.warn(format!("ignoring `{EXEMPLARS}={given}`: metrics have no exemplars; using `always_off`"));
    }
    const SIGNAL: &str = "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN";
    if let Some(given) = reader.get(SIGNAL) {
        reader.warn(format!(
            "ignoring `{SIGNAL}={}`: exceptions are not written as log records; using span events",
            shown(&given)
        ));
    }
}

fn emit_event(reader: &mut Reader<'_>) {
    const NAME: &str = "OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT";
    let found = reader.search(&[NAME], boolean, shown);
    reader.report(found.rejected, "`false`");
    if found.value == Some(true) {
        reader.warn(format!(
            "ignoring `{NAME}=true`: events with the details of a model call are not written; using span attributes"
        ));
    }
}
