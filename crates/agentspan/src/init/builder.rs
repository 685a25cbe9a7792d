mod delivery;
mod metrics;

use crate::config::{
    ContentClass, Dialects, Overrides, Propagation, Propagator, SamplerConfig, TracesExporter,
};
use crate::cost::{Prices, Rates};
use crate::pipeline::Options;
use crate::view::TreeOptions;

/// Settings for a start of one's own. For every setting: environment, then what is set here, then the default.
///
/// A value that cannot be used is ignored with one warning that names the variable which would set the same thing, and says
/// what is used instead.
#[must_use = "nothing starts before `init`, `try_init`, `layer` or `exporter`"]
#[derive(Clone, Default)]
pub struct TelemetryBuilder {
    code: Overrides,
    prices: Option<Prices>,
    overrides: Vec<(String, String, Rates)>,
    patterns: Vec<(String, String)>,
    hash_key: Option<String>,
    tree: TreeOptions,
    propagation: Propagation,
}

impl TelemetryBuilder {
    /// The name of the service (`service.name`); by default `unknown_service:<executable>`, with a warning.
    /// `OTEL_SERVICE_NAME` comes before it, and then `service.name` in `OTEL_RESOURCE_ATTRIBUTES`.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.code.service_name = Some(name.into());
        self
    }

    /// An attribute of the resource, which labels every span of the process. `OTEL_RESOURCE_ATTRIBUTES` comes before it
    /// for a key that both give.
    pub fn with_resource(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.code.resource.push((key.into(), value.into()));
        self
    }

    /// Lets no span leave; sums, propagation and log lines stay. By default `false`. `OTEL_SDK_DISABLED` comes before it.
    pub fn with_disabled(mut self, disabled: bool) -> Self {
        self.code.disabled = Some(disabled);
        self
    }

    /// Which traces are kept; by default [`SamplerConfig::ParentBasedTraceIdRatio`] at 1.0, so every one.
    /// `OTEL_TRACES_SAMPLER` comes before it, with `OTEL_TRACES_SAMPLER_ARG`.
    pub fn with_sampler(mut self, sampler: SamplerConfig) -> Self {
        self.code.sampler = Some(sampler);
        self
    }

    /// The share of traces that is kept, from 0.0 to 1.0, decided by trace id and by a parent's decision; by default 1.0.
    /// `OTEL_TRACES_SAMPLER` comes before it, with `OTEL_TRACES_SAMPLER_ARG`.
    pub fn with_sampling_ratio(self, ratio: f64) -> Self {
        self.with_sampler(SamplerConfig::ParentBasedTraceIdRatio(ratio))
    }

    /// How context travels between processes; by default W3C trace context and baggage. `OTEL_PROPAGATORS` comes before
    /// it.
    pub fn with_propagators(mut self, propagators: impl IntoIterator<Item = Propagator>) -> Self {
        self.code.propagators = Some(propagators.into_iter().collect());
        self
    }

    /// What travels to whom; by default [`Propagation::new`]. No variable of the environment changes it, since it says who
    /// may learn of sessions and users.
    pub fn with_propagation(mut self, propagation: Propagation) -> Self {
        self.propagation = propagation;
        self
    }

    /// Which log lines are printed on standard error, as directives such as `info` or `my_crate=debug`; by default
    /// `warn`. `RUST_LOG` comes before it. Only [`init`](Self::init) prints log lines.
    pub fn with_log_filter(mut self, directives: impl Into<String>) -> Self {
        self.code.log_filter = Some(directives.into());
        self
    }

    /// Which spans of other libraries join the trace, as directives; by default `info,rmcp=off`. `AGENTSPAN_SPANS` comes before
    /// it.
    pub fn with_span_filter(mut self, directives: impl Into<String>) -> Self {
        self.code.span_filter = Some(directives.into());
        self
    }

    /// Which log lines become events of the step or span that they were written in, as directives, or `none`, which is the
    /// default. Their texts leave with them, scrubbed. `AGENTSPAN_LOG_EVENTS` comes before it.
    pub fn with_log_events(mut self, directives: impl Into<String>) -> Self {
        self.code.log_events = Some(directives.into());
        self
    }

    /// Records every class of content (messages, tool arguments and results, queries, documents, reasons, error texts);
    /// by default none. `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` comes before it and can turn it off.
    pub fn with_content(mut self, record: bool) -> Self {
        self.code.content.set_all(record);
        self
    }

    /// Forbids one class of content. The environment cannot turn it on.
    pub fn without_content(mut self, class: ContentClass) -> Self {
        self.code.content.forbid(class);
        self
    }

    /// The longest text of content that leaves, in bytes from 64 to 16 MiB; by default 16 KiB.
    /// `AGENTSPAN_CONTENT_LENGTH_LIMIT` comes before it.
    pub fn with_content_length(mut self, bytes: usize) -> Self {
        self.code.limits.content_length = Some(bytes);
        self
    }

    /// Speaks OTel GenAI beside the canonical names, for Jaeger's GenAI view and its kin; by default `true`.
    /// `AGENTSPAN_DIALECTS` comes before it and is the whole list.
    pub fn with_gen_ai(self, on: bool) -> Self {
        self.dialect(|dialects| dialects.gen_ai = on)
    }

    /// Speaks OpenInference as well, for Phoenix and its kin; by default `false`. `AGENTSPAN_DIALECTS` comes before it
    /// and is the whole list.
    pub fn with_openinference(self, on: bool) -> Self {
        self.dialect(|dialects| dialects.openinference = on)
    }

    /// Writes OTel's older `gen_ai.usage.cache_creation.input_tokens` beside the new name; by default `false`.
    /// `AGENTSPAN_DIALECTS` comes before it and is the whole list.
    pub fn with_gen_ai_cache_creation(self, on: bool) -> Self {
        self.dialect(|dialects| dialects.gen_ai_cache_creation = on)
    }

    /// Names spans as OTel does, `chat gpt-4o` in place of `llm.openai.gpt-4o`; by default `false`.
    /// `AGENTSPAN_DIALECTS` comes before it and is the whole list.
    pub fn with_otel_span_names(self, on: bool) -> Self {
        self.dialect(|dialects| dialects.otel_span_names = on)
    }

    fn dialect(mut self, set: impl FnOnce(&mut Dialects)) -> Self {
        set(self.code.dialects.get_or_insert_default());
        self
    }

    /// Where finished spans go; by default to OTLP only. `OTEL_TRACES_EXPORTER` comes before it.
    pub fn with_exporters(mut self, exporters: impl IntoIterator<Item = TracesExporter>) -> Self {
        self.code.exporters = Some(exporters.into_iter().collect());
        self
    }

    /// The price of a model of one's own, by its name in the reply or in the request. It comes before the catalogue.
    pub fn with_price(mut self, model: impl Into<String>, rates: Rates) -> Self {
        self.overrides.push((String::new(), model.into(), rates));
        self
    }

    /// As [`with_price`](Self::with_price), of one provider only, under any of its words. The model may begin or end with
    /// `*`, as in [`Prices::with_override`].
    pub fn with_provider_price(
        mut self,
        provider: impl Into<String>,
        model: impl Into<String>,
        rates: Rates,
    ) -> Self {
        self.overrides.push((provider.into(), model.into(), rates));
        self
    }

    /// A catalogue in place of the bundled one. `AGENTSPAN_PRICES` comes before it, and every override before both.
    pub fn with_prices(mut self, prices: Prices) -> Self {
        self.prices = Some(prices);
        self
    }

    /// A pattern of one's own for the scrubber: what matches leaves as `[REDACTED:name]`.
    ///
    /// A pattern that is no regular expression is answered with a warning and left out.
    pub fn with_scrub_pattern(mut self, name: impl Into<String>, pattern: impl Into<String>) -> Self {
        self.patterns.push((name.into(), pattern.into()));
        self
    }

    /// The secret behind hashes of system prompts and tool definitions; by default the service's name, so that the same
    /// prompt shows the same hash in every process of the service.
    pub fn with_hash_key(mut self, key: impl Into<String>) -> Self {
        self.hash_key = Some(key.into());
        self
    }

    /// Shows recorded content below each line of the console tree; by default not.
    pub fn with_console_content(mut self, show: bool) -> Self {
        self.tree.content = show;
        self
    }

    pub(crate) fn code(&self) -> &Overrides {
        &self.code
    }

    pub(crate) fn options(self) -> Options {
        let Self { code: _, prices, overrides, patterns, hash_key, tree, propagation } = self;
        Options { prices, overrides, patterns, hash_key, tree, propagation, ..Options::default() }
    }
}

#[cfg(test)]
mod tests;
