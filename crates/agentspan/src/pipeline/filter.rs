use crate::span::{Runtime, TARGET, is_telling, step_of, tells_failure};
use opentelemetry::Context as OtelContext;
use std::sync::Arc;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::registry::LookupSpan;

/// Lets our own spans through, those of others that are steps, and what says that these failed: for the layer that carries
/// steps.
///
/// It answers `sometimes`, as every filter here must: an interest cached by one layer's filter can lose the spans of
/// another (tokio-rs/tracing#2519).
#[derive(Debug)]
pub(crate) struct Steps {
    /// The most detailed level that is wanted by this filter and by the one of the layer below. Of layers that are put
    /// together before they meet the registry, `tracing-subscriber` asks the outermost alone.
    pub(crate) hint: Option<LevelFilter>,
}

impl Steps {
    /// Beside a layer with the hint `other`.
    pub(crate) fn beside(other: Option<LevelFilter>) -> Self {
        Self { hint: other.map(|other| other.max(LevelFilter::INFO)) }
    }
}

impl<S> Filter<S> for Steps {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        // Clients make their spans at level INFO, which the hint asks for at least.
        let is_step = metadata.is_span() && metadata.target() == TARGET;
        is_step || is_telling(metadata) || tells_failure(metadata)
    }

    fn callsite_enabled(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.hint
    }
}

/// What the bridge may record of other people's spans and log events. Our own steps pass it by, and so does everything
/// that happens while telemetry is suppressed, such as the export itself.
#[derive(Debug)]
pub(crate) struct OthersSpans {
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) spans: EnvFilter,
    pub(crate) events: Option<EnvFilter>,
}

impl OthersSpans {
    fn filters(&self) -> impl Iterator<Item = &EnvFilter> {
        std::iter::once(&self.spans).chain(&self.events)
    }
}

impl<S: Subscriber + for<'lookup> LookupSpan<'lookup>> Filter<S> for OthersSpans {
    fn enabled(&self, metadata: &Metadata<'_>, cx: &Context<'_, S>) -> bool {
        let passes_by = metadata.target() == TARGET
            || !self.runtime.bridges()
            || OtelContext::is_current_telemetry_suppressed();
        if passes_by {
            return false;
        }
        let filter = if metadata.is_span() { Some(&self.spans) } else { self.events.as_ref() };
        filter.is_some_and(|filter| Filter::<S>::enabled(filter, metadata, cx))
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        // The bridge does not see our steps, and would put what is written in one on the span around it.
        step_of(event).is_none()
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        // The filters learn of the call site here; what they answer holds only for now.
        for filter in self.filters() {
            let _ = Filter::<S>::callsite_enabled(filter, metadata);
        }
        Interest::sometimes()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.filters().map(Filter::<S>::max_level_hint).reduce(|one, other| Some(one?.max(other?))).flatten()
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        self.filters().for_each(|filter| Filter::<S>::on_new_span(filter, attributes, id, cx.clone()));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, cx: Context<'_, S>) {
        self.filters().for_each(|filter| Filter::<S>::on_record(filter, id, values, cx.clone()));
    }

    fn on_enter(&self, id: &Id, cx: Context<'_, S>) {
        self.filters().for_each(|filter| Filter::<S>::on_enter(filter, id, cx.clone()));
    }

    fn on_exit(&self, id: &Id, cx: Context<'_, S>) {
        self.filters().for_each(|filter| Filter::<S>::on_exit(filter, id, cx.clone()));
    }

    fn on_close(&self, id: Id, cx: Context<'_, S>) {
        self.filters().for_each(|filter| Filter::<S>::on_close(filter, id.clone(), cx.clone()));
    }
}

/// Which log lines are printed, or recorded on steps: never those of the export itself.
#[derive(Debug)]
pub(crate) struct LogLines(pub(crate) EnvFilter);

impl<S: Subscriber + for<'lookup> LookupSpan<'lookup>> Filter<S> for LogLines {
    fn enabled(&self, metadata: &Metadata<'_>, cx: &Context<'_, S>) -> bool {
        // The HTTP client logs what it sends, headers included.
        let is_step = metadata.is_span() && metadata.target() == TARGET;
        let passes_by = is_step || OtelContext::is_current_telemetry_suppressed();
        !passes_by && Filter::<S>::enabled(&self.0, metadata, cx)
    }

    fn event_enabled(&self, event: &Event<'_>, cx: &Context<'_, S>) -> bool {
        Filter::<S>::event_enabled(&self.0, event, cx)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        let _ = Filter::<S>::callsite_enabled(&self.0, metadata);
        Interest::sometimes()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Filter::<S>::max_level_hint(&self.0)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        Filter::<S>::on_new_span(&self.0, attributes, id, cx);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, cx: Context<'_, S>) {
        Filter::<S>::on_record(&self.0, id, values, cx);
    }

    fn on_enter(&self, id: &Id, cx: Context<'_, S>) {
        Filter::<S>::on_enter(&self.0, id, cx);
    }

    fn on_exit(&self, id: &Id, cx: Context<'_, S>) {
        Filter::<S>::on_exit(&self.0, id, cx);
    }

    fn on_close(&self, id: Id, cx: Context<'_, S>) {
        Filter::<S>::on_close(&self.0, id, cx);
    }
}
