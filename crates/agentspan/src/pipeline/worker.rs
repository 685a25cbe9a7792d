use crate::config::BatchConfig;
use crate::export::{Counts, DropReason, Finish, LOOK, Sink, Sums, Verdict};
use crate::pipeline::queue::Queue;
use opentelemetry::Context;
use opentelemetry_sdk::trace::SpanData;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// The export thread: everything that happens to a span after its end.
pub(crate) struct Worker {
    pub(crate) queue: Arc<Queue>,
    pub(crate) counts: Arc<Counts>,
    pub(crate) finish: Arc<Finish>,
    pub(crate) sums: Sums,
    /// The first one tells what was delivered.
    pub(crate) sinks: Vec<Box<dyn Sink>>,
    pub(crate) batch: BatchConfig,
    /// That spans are lost was said.
    pub(crate) has_complained: bool,
    /// Set when nobody waits for the thread any more; what is left then counts as lost.
    pub(crate) abandoned: Arc<AtomicBool>,
}

impl Worker {
    pub(crate) fn run(mut self) {
        // The library never traces its own export.
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        let mut ready = Vec::new();
        let mut last_export = Instant::now();
        loop {
            let look = (self.sums.len() > 0).then_some(LOOK);
            let work = self.queue.wait(last_export, self.batch.schedule_delay, look);
            let now = work.due || work.stop || !work.flushes.is_empty();
            for span in work.spans {
                ready.extend(self.sums.admit(span));
            }
            ready.extend(self.sums.due(work.stop));
            self.counts.set_held(self.sums.len());
            while ready.len() >= self.batch.max_export_batch_size || (now && !ready.is_empty()) {
                let rest = ready.split_off(ready.len().min(self.batch.max_export_batch_size));
                self.export(std::mem::replace(&mut ready, rest));
            }
            if now {
                last_export = Instant::now();
            }
            if work.stop || !work.flushes.is_empty() {
                self.flush_sinks();
            } else {
                self.complain();
            }
            // A receiver that has stopped waiting is no trouble.
            for done in work.flushes {
                let _ = done.send(());
            }
            if work.stop {
                // Nothing came in since.
                self.queue.end();
                return;
            }
        }
    }

    /// Sends one batch. Nothing that goes wrong in here may end the thread.
    fn export(&mut self, mut batch: Vec<SpanData>) {
        let count = batch.len();
        if self.abandoned.load(Ordering::Relaxed) {
            return self.counts.drop_spans(DropReason::NoTime, count);
        }
        let (finish, sinks) = (&self.finish, &mut self.sinks);
        let sent = catch_unwind(AssertUnwindSafe(|| {
            batch.iter_mut().for_each(|span| finish.clean(span));
            let (first, others) = sinks.split_first_mut()?;
            others.iter_mut().for_each(|sink| drop(sink.send(batch.clone())));
            Some(first.send(batch))
        }));
        self.counts.settle(match sent {
            Ok(verdict) => verdict.unwrap_or_default(),
            Err(_) => Verdict::dropped(DropReason::ExporterFailed, count, "the exporter panicked"),
        });
    }

    /// Says once that spans are lost, while the program runs and nobody waits for a report.
    fn complain(&mut self) {
        if self.has_complained {
            return;
        }
        let report = self.counts.report();
        if report.lost() + self.counts.unanswered() > 0 {
            self.has_complained = true;
            let _ = writeln!(std::io::stderr(), "{report}; said once, and counted on");
        }
    }

    fn flush_sinks(&mut self) {
        let sinks = &mut self.sinks;
        // A sink that panics here has lost nothing that was counted.
        let _ = catch_unwind(AssertUnwindSafe(|| sinks.iter_mut().for_each(|sink| sink.flush())));
    }
}
