//! W3C trace context and baggage between processes.

use crate::config::Propagator;
use opentelemetry::propagation::{TextMapCompositePropagator, TextMapPropagator};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};

/// The propagator that the settings name; with an empty list nothing is propagated.
pub(crate) fn propagator(named: &[Propagator]) -> TextMapCompositePropagator {
    let propagators = named.iter().map(|propagator| match propagator {
        Propagator::TraceContext => {
            Box::new(TraceContextPropagator::new()) as Box<dyn TextMapPropagator + Send + Sync>
        }
        Propagator::Baggage => Box::new(BaggagePropagator::new()),
    });
    TextMapCompositePropagator::new(propagators.collect())
}
