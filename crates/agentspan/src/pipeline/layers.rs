//! The layers that a start gives to a subscriber.

use super::{Parts, filter, log_line, scope};
use crate::span::{LogEvents, StepLayer};
use opentelemetry::trace::TracerProvider as _;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::Filter;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer};

/// The layer that carries steps, and the bridge that records other people's spans.
///
/// Boxed, since a layer inside an `Option` is not told of the subscriber that it is put into, and an absent one
/// switches spans off beside layers with filters.
pub(crate) fn layer<S>(parts: &Parts) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup> + Send + Sync,
{
    let runtime = parts.runtime.clone();
    let steps = StepLayer::new(runtime.clone());
    let Some(provider) = &parts.provider else {
        return Box::new(steps.with_filter(filter::Steps::beside(Some(LevelFilter::ERROR))));
    };
    let others = filter::OthersSpans {
        runtime,
        spans: env_filter(&parts.config.span_filter),
        events: parts.config.log_events.as_deref().map(env_filter),
    };
    let steps = steps.with_filter(filter::Steps::beside(Filter::<S>::max_level_hint(&others)));
    let bridge = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer_with_scope(scope()))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_error_events_to_status(false)
        .with_filter(others);
    // A step of others is entered after its span, whose context it goes on with.
    match &parts.config.log_events {
        Some(directives) => {
            let events = LogEvents.with_filter(filter::LogLines(env_filter(directives)));
            Box::new(bridge.and_then(events).and_then(steps))
        }
        None => Box::new(bridge.and_then(steps)),
    }
}

/// Log lines on standard error.
pub(crate) fn log_layer<S>(parts: &Parts) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup> + Send + Sync,
{
    tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .event_format(log_line::LogLine)
        .with_filter(filter::LogLines(env_filter(&parts.config.log_filter)))
}

/// Directives that the configuration has checked already.
fn env_filter(directives: &str) -> EnvFilter {
    EnvFilter::builder().parse_lossy(directives)
}
