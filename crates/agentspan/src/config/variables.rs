/// A variable of the environment that concerns this crate.
#[derive(Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "all but the name is for the table in the documentation"))]
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    /// What holds when neither the environment nor the code says anything; Markdown.
    pub(crate) default: &'static str,
    /// What is accepted, case-insensitively where these are words; Markdown.
    pub(crate) values: &'static str,
    /// What it does; Markdown, one sentence or two.
    pub(crate) meaning: &'static str,
    pub(crate) status: Status,
}

/// How a variable is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// It does what the specification says, or what the table says of our own.
    Honoured,
    /// It is known and not supported: setting it is answered with one warning.
    Warned,
}

#[cfg(test)]
impl Status {
    fn word(self) -> &'static str {
        match self {
            Self::Honoured => "honoured",
            Self::Warned => "warning",
        }
    }
}

const fn honoured(
    name: &'static str,
    default: &'static str,
    values: &'static str,
    meaning: &'static str,
) -> Variable {
    Variable { name, default, values, meaning, status: Status::Honoured }
}

const fn warned(name: &'static str, values: &'static str, meaning: &'static str) -> Variable {
    Variable { name, default: "–", values, meaning, status: Status::Warned }
}

const COUNT: &str = "0 to 4294967295";
const TIMEOUT: &str = "milliseconds, 0 to 3600000";
const LIKE_GENERAL: &str = "the general one";

/// Every variable that is read, and those that may be set without effect; the source of `environment.md`.
#[rustfmt::skip]
pub(crate) static VARIABLES: &[Variable] = &[
    honoured("OTEL_SDK_DISABLED", "`false`", "`true`, `false`", "No spans and metrics leave. Sums, propagation and log lines stay."),
    honoured("OTEL_SERVICE_NAME", "`unknown_service:<executable>`", "text", "`service.name`; wins over the one in `OTEL_RESOURCE_ATTRIBUTES`."),
    honoured("OTEL_RESOURCE_ATTRIBUTES", "–", "`key=value,key=value`", "Attributes of the resource, percent-decoded; one wrong pair discards them all. Merged with those set in code."),
    honoured("OTEL_TRACES_EXPORTER", "`otlp`", "list of `otlp`, `console`, `none`", "Where finished spans go; `console` is standard error."),
    honoured("OTEL_EXPORTER_OTLP_ENDPOINT", "`http://localhost:4318`", "`http` or `https` URL", "Base URL of the collector; `v1/traces` is appended, or `v1/metrics`."),
    honoured("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", LIKE_GENERAL, "`http` or `https` URL", "The whole URL, used as it is; `/` when it has no path."),
    honoured("OTEL_EXPORTER_OTLP_PROTOCOL", "`http/protobuf`", "`http/protobuf`", "`grpc` and `http/json` are not supported yet and answered with a warning."),
    honoured("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", LIKE_GENERAL, "`http/protobuf`", "The same for traces."),
    honoured("OTEL_EXPORTER_OTLP_HEADERS", "–", "`name=value,name=value`", "Headers of each request, percent-decoded; a wrong pair is left out. Laid over those set in code."),
    honoured("OTEL_EXPORTER_OTLP_TRACES_HEADERS", LIKE_GENERAL, "`name=value,name=value`", "The same for traces, in place of the general ones."),
    honoured("OTEL_EXPORTER_OTLP_COMPRESSION", "`none`", "`gzip`, `none`", "Compression of each request."),
    honoured("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", LIKE_GENERAL, "`gzip`, `none`", "The same for traces."),
    honoured("OTEL_EXPORTER_OTLP_TIMEOUT", "10000", TIMEOUT, "Time for one export with its retries; 0 is no limit, which is held to one hour."),
    honoured("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", LIKE_GENERAL, TIMEOUT, "The same for traces."),
    honoured("OTEL_EXPORTER_OTLP_CERTIFICATE", "built-in roots", "PEM file", "Certificates to trust in place of the built-in roots."),
    honoured("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", LIKE_GENERAL, "PEM file", "The same for traces."),
    honoured("OTEL_EXPORTER_OTLP_CLIENT_KEY", "–", "PEM file", "The client's private key for mutual TLS; needs the certificate."),
    honoured("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", LIKE_GENERAL, "PEM file", "The same for traces."),
    honoured("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "–", "PEM file", "The client's certificate for mutual TLS; needs the key."),
    honoured("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", LIKE_GENERAL, "PEM file", "The same for traces."),
    honoured("OTEL_METRICS_EXPORTER", "`none`", "list of `otlp`, `console`, `none`", "Where metrics go; needs the feature `metrics`. `console` is standard error."),
    honoured("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", LIKE_GENERAL, "`http` or `https` URL", "The whole URL for metrics, used as it is; below the general one they go to `v1/metrics`."),
    honoured("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", LIKE_GENERAL, "`http/protobuf`", "The same for metrics."),
    honoured("OTEL_EXPORTER_OTLP_METRICS_HEADERS", LIKE_GENERAL, "`name=value,name=value`", "The same for metrics, in place of the general ones."),
    honoured("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", LIKE_GENERAL, "`gzip`, `none`", "The same for metrics."),
    honoured("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", LIKE_GENERAL, TIMEOUT, "The same for metrics."),
    honoured("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", LIKE_GENERAL, "PEM file", "The same for metrics."),
    honoured("OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY", LIKE_GENERAL, "PEM file", "The same for metrics."),
    honoured("OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE", LIKE_GENERAL, "PEM file", "The same for metrics."),
    honoured("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "`cumulative`", "`cumulative`, `delta`, `lowmemory`", "Whether sums begin at the start or at the last export."),
    warned("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "`explicit_bucket_histogram`", "Others are not supported; this one is taken silently."),
    honoured("OTEL_METRIC_EXPORT_INTERVAL", "60000", "milliseconds, 1 to 3600000", "Time between two exports of metrics."),
    honoured("OTEL_METRIC_EXPORT_TIMEOUT", "30000", TIMEOUT, "Time for one export of metrics, at most that of OTLP; 0 is no limit, which is held to one hour."),
    warned("OTEL_METRICS_EXEMPLAR_FILTER", "`always_off`", "Metrics have no exemplars. `always_off` is taken silently."),
    warned("OTEL_EXPORTER_OTLP_INSECURE", "`true`, `false`", "Concerns gRPC only; the endpoint's scheme decides. `false` is taken silently."),
    warned("OTEL_EXPORTER_OTLP_TRACES_INSECURE", "`true`, `false`", "The same for traces."),
    warned("OTEL_EXPORTER_OTLP_METRICS_INSECURE", "`true`, `false`", "The same for metrics."),
    honoured("OTEL_TRACES_SAMPLER", "`parentbased_traceidratio`", "`always_on`, `always_off`, `traceidratio`, `parentbased_always_on`, `parentbased_always_off`, `parentbased_traceidratio`", "Which traces are kept. The default decides as the specification's does, `parentbased_always_on`."),
    honoured("OTEL_TRACES_SAMPLER_ARG", "1.0", "0.0 to 1.0", "The share of traces that a `traceidratio` sampler keeps. Without `OTEL_TRACES_SAMPLER` it has no effect and is answered with a warning."),
    honoured("OTEL_BSP_SCHEDULE_DELAY", "5000", "milliseconds, 1 to 3600000", "Longest wait before a batch is sent."),
    honoured("OTEL_BSP_EXPORT_TIMEOUT", "that of OTLP", TIMEOUT, "Time for sending one batch, at most that of OTLP."),
    honoured("OTEL_BSP_MAX_QUEUE_SIZE", "2048", "1 to 65536", "Finished spans that may wait; more are dropped and counted."),
    honoured("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "512", "1 to the queue's length", "Spans sent in one batch."),
    honoured("OTEL_ATTRIBUTE_COUNT_LIMIT", "128", COUNT, "Attributes of a span. Tokens, cost and identity are kept beyond it."),
    honoured("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", LIKE_GENERAL, COUNT, "The same; wins over the general one."),
    honoured("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "no limit", "characters, 0 to 4294967295", "Longest text in an attribute; longer ones are cut."),
    honoured("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", LIKE_GENERAL, "characters, 0 to 4294967295", "The same; wins over the general one."),
    honoured("OTEL_SPAN_EVENT_COUNT_LIMIT", "128", COUNT, "Events of a span."),
    honoured("OTEL_SPAN_LINK_COUNT_LIMIT", "128", COUNT, "Links of a span."),
    honoured("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "128", COUNT, "Attributes of an event."),
    honoured("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "128", COUNT, "Attributes of a link."),
    honoured("OTEL_PROPAGATORS", "`tracecontext,baggage`", "list of `tracecontext`, `baggage`, `none`", "How context travels between processes. Others are answered with a warning."),
    honoured("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "`NO_CONTENT`", "`NO_CONTENT`, `SPAN_ONLY`, `SPAN_AND_EVENT`, `true`, `false`", "Whether messages, queries, arguments and results are recorded, on spans only. `NO_CONTENT` turns off what code asked for; what code forbids stays off. `EVENT_ONLY` is answered with a warning and records none."),
    warned("OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT", "`true`, `false`", "Events with the details of a model call are not written. `false` is taken silently."),
    honoured("OTEL_SEMCONV_STABILITY_OPT_IN", "–", "list with `gen_ai_latest_experimental`", "Gives metrics the newest names of the GenAI conventions. Spans always have them; other words are taken silently."),
    warned("OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", "`logs`, `logs/dup`", "Exceptions are written as span events."),
    warned("OTEL_ENTITIES", "any", "Entities are not supported."),
    warned("OTEL_LOG_LEVEL", "any", "Use `RUST_LOG`."),
    warned("OTEL_CONFIG_FILE", "a path", "Configuration files are not supported; the other variables hold."),
    warned("OTEL_EXPERIMENTAL_CONFIG_FILE", "a path", "The same."),
    honoured("RUST_LOG", "`warn`", "filter directives", "Which log lines are printed on standard error. It never hides a span."),
    honoured("AGENTSPAN_SPANS", "`info,rmcp=off`", "filter directives", "Which spans of other libraries join the trace. By default none of `rmcp`, whose only one lasts as long as its connection."),
    honoured("AGENTSPAN_LOG_EVENTS", "`none`", "filter directives, `none`, `off`", "Which log lines become events of the step or span that they were written in."),
    honoured("AGENTSPAN_DIALECTS", "`gen_ai`", "list of `gen_ai`, `openinference`, `gen_ai_cache_creation`, `otel_span_names`, or `canonical`, `none`", "The names under which values leave besides the canonical ones; the list is the whole of them."),
    honoured("AGENTSPAN_PRICES", "–", "path of a file", "Prices in the format of the `genai-prices` data, in place of the bundled catalogue; a file with a fault is ignored, with a warning that names its line."),
    honoured("AGENTSPAN_CONTENT_LENGTH_LIMIT", "16384", "bytes, 64 to 16777216", "Longest recorded content of one attribute; longer content is cut, and its size stands beside it."),
];

#[cfg(test)]
const HEAD: &str = "\
<!-- Made from `config/variables.rs`; made anew by `UPDATE=1 cargo test -p agentspan environment`. -->

For every setting the environment wins over the code, and the code over the default; only content that code forbids
stays off. Values are trimmed, and an empty one counts as unset. A value that cannot be used is ignored with one warning
that says what is used instead; values that may hold a secret are never shown. A name that is almost one of those that begin
with `AGENTSPAN_` is answered with the right one. A variable marked *warning* is known and not supported.

| variable | default | accepted | meaning | status |
|---|---|---|---|---|
";

/// The text of `environment.md`, which the crate's documentation includes.
#[cfg(test)]
pub(crate) fn markdown() -> String {
    use std::fmt::Write;
    let mut text = HEAD.to_owned();
    for Variable { name, default, values, meaning, status } in VARIABLES {
        writeln!(text, "| `{name}` | {default} | {values} | {meaning} | {} |", status.word())
            .expect("a String takes all that is written to it");
    }
    text
}
