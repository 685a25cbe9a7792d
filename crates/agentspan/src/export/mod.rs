//! What happens to a finished span on its way out, off the caller's path: its sums are completed, it is scrubbed,
//! fitted to size, translated, sent and counted.

mod canonical;
mod console;
mod cut;
mod deadline;
mod exporter;
mod fit;
mod http;
#[cfg(feature = "metrics")]
mod metrics;
mod otlp;
mod report;
mod scrub;
mod sums;
mod translate;
mod withhold;

use crate::config::{Content, Dialects, Limits};
use opentelemetry_sdk::trace::SpanData;

pub(crate) use console::Console;
pub(crate) use deadline::Deadline;
pub use exporter::Exporter;
#[cfg(feature = "metrics")]
pub(crate) use metrics::{MAX_SERIES, MeterSettings, MetricsSender, StepMeter};
pub(crate) use otlp::OtlpSender;
pub(crate) use report::{Counts, Verdict};
pub use report::{DropReason, Report};
pub(crate) use scrub::Scrubber;
pub(crate) use sums::{LOOK, Sums};

/// Makes a finished span ready to leave.
#[derive(Debug)]
pub(crate) struct Finish {
    pub(crate) scrubber: Scrubber,
    pub(crate) limits: Limits,
    pub(crate) dialects: Dialects,
    /// What may leave of content.
    pub(crate) content: Content,
}

impl Finish {
    /// Scrubs and fits a span, which keeps its canonical names; one of others gets them, and loses content that nobody
    /// asked for.
    pub(crate) fn clean(&self, span: &mut SpanData) {
        canonical::add(span);
        withhold::withhold(&mut span.attributes, &self.content);
        let events = span.events.events.iter_mut();
        events.for_each(|event| withhold::withhold(&mut event.attributes, &self.content));
        self.scrubber.scrub_span(span);
        fit::fit(span, &self.limits, &agentspan_semconv::table::is_content);
    }

    /// Adds the names of the dialects to a clean span.
    pub(crate) fn translate(&self, span: &mut SpanData) {
        translate::translate(span, &self.dialects);
    }
}

/// Where a telemetry's spans go.
pub(crate) trait Sink: Send {
    /// Takes clean spans with canonical names, and says what became of each.
    fn send(&mut self, batch: Vec<SpanData>) -> Verdict;

    /// Called when nothing more will come for a while.
    fn flush(&mut self) {}
}
