//! W3C trace context and baggage between processes.

mod baggage;
mod complaint;
mod trace_context;
mod trace_state;
mod w3c;

pub use w3c::W3c;

use crate::config::Propagator;

/// The propagator that the settings name; with an empty list nothing is propagated.
pub(crate) fn propagator(named: &[Propagator]) -> W3c {
    W3c::new()
        .with_trace_context(named.contains(&Propagator::TraceContext))
        .with_baggage(named.contains(&Propagator::Baggage))
}
