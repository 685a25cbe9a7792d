use crate::export::{Sink, Verdict};
use crate::view::{self, TreeOptions};
use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::SpanData;
use std::collections::HashMap;
use std::io::Write;

/// Traces kept while their root has not ended; the spans of more are printed as they come.
const MAX_TRACES: usize = 1_000;

/// Spans kept of one trace.
const MAX_SPANS: usize = 10_000;

/// Prints each trace as a tree when its root has ended.
pub(crate) struct Console {
    out: Box<dyn Write + Send>,
    options: TreeOptions,
    waiting: HashMap<TraceId, Vec<SpanData>>,
    /// Whether a tree stands above the next one.
    printed: bool,
}

impl Console {
    /// Prints on standard error.
    pub(crate) fn new(options: TreeOptions) -> Self {
        Self { out: Box::new(std::io::stderr()), options, waiting: HashMap::new(), printed: false }
    }

    fn print(&mut self, spans: &[SpanData]) {
        let gap = if std::mem::replace(&mut self.printed, true) { "\n" } else { "" };
        // In one piece, so that no log line comes between. A closed standard error is nobody's loss but the reader's.
        let _ = self.out.write_all(format!("{gap}{}", view::tree(spans, &self.options)).as_bytes());
    }
}

impl Sink for Console {
    fn send(&mut self, batch: Vec<SpanData>) -> Verdict {
        let count = batch.len();
        // A step that outlived its run stands behind it in the batch.
        let mut complete = Vec::new();
        for span in batch {
            let trace = span.span_context.trace_id();
            let spans = self.waiting.entry(trace).or_default();
            let root = span.parent_span_id == SpanId::INVALID || span.parent_span_is_remote;
            spans.push(span);
            let crowded = spans.len() >= MAX_SPANS || self.waiting.len() - complete.len() > MAX_TRACES;
            if (root || crowded) && !complete.contains(&trace) {
                complete.push(trace);
            }
        }
        for trace in complete {
            if let Some(spans) = self.waiting.remove(&trace) {
                self.print(&spans);
            }
        }
        Verdict::delivered(count)
    }

    fn flush(&mut self) {
        for spans in std::mem::take(&mut self.waiting).into_values() {
            self.print(&spans);
        }
        let _ = self.out.flush();
    }
}

#[cfg(test)]
mod tests;
