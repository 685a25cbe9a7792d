use std::time::Duration;

use super::otlp::{LONGEST, METRICS, millis, timeout};
use super::reader::Reader;
use super::value::{Range, members, shown};
use super::{MetricsConfig, MetricsExporter, Overrides, Temporality, list, otlp};

/// What the specification calls the switch to the newest names of the GenAI conventions.
const LATEST: &str = "gen_ai_latest_experimental";

pub(super) fn resolve(reader: &mut Reader<'_>, code: &Overrides) -> MetricsConfig {
    let mut exporters = list::metrics_exporters(reader, code.metrics.exporters.as_deref());
    let global_meter = code.metrics.global_meter && is_built(reader, "builder().with_global_meter(true)");
    if let Some(setting) = asked(reader, &exporters) {
        // A provider of the user's own sends what it measures; the variable is meant for it.
        if global_meter || !is_built(reader, &setting) {
            exporters.clear();
        }
    }
    let sends = !exporters.is_empty();
    let (otlp, interval, temporality) =
        if sends { sending(reader, code) } else { reader.quietly(|reader| sending(reader, code)) };
    MetricsConfig {
        exporters,
        otlp,
        interval,
        temporality,
        latest_names: latest_names(reader, code.metrics.latest_names),
        global_meter,
        sessions: code.metrics.sessions,
        users: code.metrics.users,
    }
}

/// What asked for the exporters, to be named in a warning.
fn asked(reader: &Reader<'_>, exporters: &[MetricsExporter]) -> Option<String> {
    let name = list::METRICS_EXPORTER;
    let given = reader.get(name).map(|given| format!("{name}={}", shown(&given)));
    (!exporters.is_empty()).then(|| given.unwrap_or_else(|| "builder().with_metrics_exporters(…)".to_owned()))
}

fn is_built(reader: &mut Reader<'_>, setting: &str) -> bool {
    let built = cfg!(feature = "metrics");
    if !built {
        reader.warn(format!("`{setting}` needs the `metrics` feature, which this build lacks; using `none`"));
    }
    built
}

fn sending(reader: &mut Reader<'_>, code: &Overrides) -> (super::OtlpConfig, Duration, Temporality) {
    let mut otlp = otlp::resolve(reader, &METRICS, &code.otlp);
    let interval = Range { min: 1, max: millis(LONGEST), unit: " milliseconds" };
    let interval =
        reader.number(&["OTEL_METRIC_EXPORT_INTERVAL"], code.metrics.interval.map(millis), 60_000, interval);
    let longest =
        timeout(reader, &["OTEL_METRIC_EXPORT_TIMEOUT"], code.metrics.timeout, Duration::from_secs(30));
    otlp.timeout = otlp.timeout.min(longest);
    (otlp, Duration::from_millis(interval), temporality(reader, code.metrics.temporality))
}

fn temporality(reader: &mut Reader<'_>, code: Option<Temporality>) -> Temporality {
    let parse = |text: &str| match text.to_ascii_lowercase().as_str() {
        "cumulative" => Ok(Temporality::Cumulative),
        "delta" => Ok(Temporality::Delta),
        "lowmemory" => Ok(Temporality::LowMemory),
        _ => Err("`cumulative`, `delta` or `lowmemory`".to_owned()),
    };
    let found = reader.search(&["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"], parse, shown);
    let used = found.value.or(code).unwrap_or(Temporality::Cumulative);
    reader.report(found.rejected, if used == Temporality::Delta { "`delta`" } else { "`cumulative`" });
    used
}

/// A list for all instrumentations of a process, so that words for others are nothing wrong.
fn latest_names(reader: &Reader<'_>, code: bool) -> bool {
    let given = reader.get("OTEL_SEMCONV_STABILITY_OPT_IN");
    given.map_or(code, |given| members(&given).any(|word| word.eq_ignore_ascii_case(LATEST)))
}
