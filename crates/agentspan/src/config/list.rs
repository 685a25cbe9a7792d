use super::reader::{Reader, Rejected};
use super::value::{alternatives, members, shown};
use super::{Dialects, MetricsExporter, Propagator, TracesExporter};

/// The words of a comma list and what each adds; `None` adds nothing, and the first such word is what an empty
/// list is called.
type Words<T> = [(&'static str, Option<T>)];

const EXPORTERS: [(&str, Option<TracesExporter>); 3] =
    [("otlp", Some(TracesExporter::Otlp)), ("console", Some(TracesExporter::Console)), ("none", None)];

const METRICS: [(&str, Option<MetricsExporter>); 3] =
    [("otlp", Some(MetricsExporter::Otlp)), ("console", Some(MetricsExporter::Console)), ("none", None)];

const PROPAGATORS: [(&str, Option<Propagator>); 3] = [
    ("tracecontext", Some(Propagator::TraceContext)),
    ("baggage", Some(Propagator::Baggage)),
    ("none", None),
];

const DIALECTS: [(&str, Option<Dialect>); 6] = [
    ("gen_ai", Some(Dialect::GenAi)),
    ("openinference", Some(Dialect::OpenInference)),
    ("gen_ai_cache_creation", Some(Dialect::GenAiCacheCreation)),
    ("otel_span_names", Some(Dialect::OtelSpanNames)),
    ("canonical", None),
    ("none", None),
];

#[derive(Clone, Copy, PartialEq)]
enum Dialect {
    GenAi,
    OpenInference,
    GenAiCacheCreation,
    OtelSpanNames,
}

pub(super) fn exporters(reader: &mut Reader<'_>, code: Option<&[TracesExporter]>) -> Vec<TracesExporter> {
    list(reader, "OTEL_TRACES_EXPORTER", &EXPORTERS, code, &[TracesExporter::Otlp])
}

/// By the specification the default is `otlp`; but a collector without a pipeline for metrics, as Jaeger is one,
/// answers each export with an error, so they leave only when asked for.
pub(super) fn metrics_exporters(
    reader: &mut Reader<'_>,
    code: Option<&[MetricsExporter]>,
) -> Vec<MetricsExporter> {
    list(reader, METRICS_EXPORTER, &METRICS, code, &[])
}

pub(super) const METRICS_EXPORTER: &str = "OTEL_METRICS_EXPORTER";

pub(super) fn propagators(reader: &mut Reader<'_>, code: Option<&[Propagator]>) -> Vec<Propagator> {
    let default = [Propagator::TraceContext, Propagator::Baggage];
    list(reader, "OTEL_PROPAGATORS", &PROPAGATORS, code, &default)
}

pub(super) fn dialects(reader: &mut Reader<'_>, code: Option<Dialects>) -> Dialects {
    let code = code.map(|on| {
        let all = [
            (on.gen_ai, Dialect::GenAi),
            (on.openinference, Dialect::OpenInference),
            (on.gen_ai_cache_creation, Dialect::GenAiCacheCreation),
            (on.otel_span_names, Dialect::OtelSpanNames),
        ];
        all.into_iter().filter(|(on, _)| *on).map(|(_, dialect)| dialect).collect::<Vec<_>>()
    });
    let on = list(reader, "AGENTSPAN_DIALECTS", &DIALECTS, code.as_deref(), &[Dialect::GenAi]);
    Dialects {
        gen_ai: on.contains(&Dialect::GenAi),
        openinference: on.contains(&Dialect::OpenInference),
        gen_ai_cache_creation: on.contains(&Dialect::GenAiCacheCreation),
        otel_span_names: on.contains(&Dialect::OtelSpanNames),
    }
}

/// Reads a list without its repetitions. Unknown words are named in one warning and left out; when nothing else
/// was given, the variable counts as unset.
fn list<T: Copy + PartialEq>(
    reader: &mut Reader<'_>,
    name: &str,
    words: &Words<T>,
    code: Option<&[T]>,
    default: &[T],
) -> Vec<T> {
    let text = reader.get(name).unwrap_or_default();
    let mut known = Vec::new();
    let mut unknown = Vec::new();
    for member in members(&text) {
        match words.iter().find(|(word, _)| word.eq_ignore_ascii_case(member)) {
            Some((_, item)) => known.push(*item),
            None => unknown.push(member),
        }
    }
    let mut used = Vec::new();
    let fallback = code.unwrap_or(default);
    for item in if known.is_empty() { fallback.to_vec() } else { known.iter().flatten().copied().collect() } {
        if !used.contains(&item) {
            used.push(item);
        }
    }
    if !unknown.is_empty() {
        let given = name_them(name, &text, &unknown, known.is_empty());
        let expected = alternatives(words.iter().map(|(word, _)| *word));
        reader.report(vec![Rejected { given, expected }], &format!("`{}`", written(words, &used)));
    }
    used
}

/// "`NAME=value`" when all of the value is refused, else "`word` in `NAME=value`".
pub(super) fn name_them(name: &str, text: &str, refused: &[&str], all: bool) -> String {
    let whole = format!("`{name}={}`", shown(text));
    if all { whole } else { format!("`{}` in {whole}", shown(&refused.join(","))) }
}

/// The list as it would stand in the variable.
fn written<T: PartialEq>(words: &Words<T>, used: &[T]) -> String {
    let names = |wanted: &dyn Fn(&Option<T>) -> bool| -> Vec<&str> {
        words.iter().filter(|(_, item)| wanted(item)).map(|(word, _)| *word).collect()
    };
    match used {
        [] => names(&Option::is_none).first().copied().unwrap_or_default().to_owned(),
        used => names(&|item| item.as_ref().is_some_and(|item| used.contains(item))).join(","),
    }
}
