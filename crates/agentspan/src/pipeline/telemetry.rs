use crate::cost::{Books, Prices};
use crate::export::{Counts, Deadline, DropReason, Report};
#[cfg(feature = "metrics")]
use crate::pipeline::metrics::MetricsReader;
use crate::pipeline::queue::Queue;
use crate::pipeline::signal::on_signal;
use crate::span::{Ending, Runtime, finish, lock, unrecorded_is_known};
use agentspan_semconv::StopReason;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::fmt;
use std::io::Write;
#[cfg(feature = "metrics")]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long flush and shutdown wait by default.
const PATIENCE: Duration = Duration::from_secs(5);

/// A little less is left for sending, so that the thread can still write the last answer into the books.
pub(super) const SPARE: Duration = Duration::from_millis(100);

/// How long a shutdown waits for steps that end on other threads meanwhile.
const MOMENT: Duration = Duration::from_millis(200);

/// The running telemetry. Hold it as long as spans are to be delivered: dropping it ends open spans, sends what there
/// is for at most five seconds, and prints a line only when something was lost.
#[must_use = "dropping it at once stops the recording"]
pub struct Telemetry {
    shared: Arc<Shared>,
    /// The report was given, so that nothing needs to be said when it is dropped.
    is_reported: AtomicBool,
}

struct Shared {
    warnings: Vec<String>,
    counts: Arc<Counts>,
    runtime: Arc<Runtime>,
    running: Option<Running>,
    /// Held by a shutdown, and true when it is over.
    is_stopped: Mutex<bool>,
    #[cfg(feature = "metrics")]
    metrics: OnceLock<MetricsReader>,
}

/// A telemetry that has an export thread.
pub(crate) struct Running {
    pub(crate) provider: SdkTracerProvider,
    pub(crate) queue: Arc<Queue>,
    pub(crate) abandoned: Arc<AtomicBool>,
    /// When senders give up waiting and repeating, since somebody waits for them.
    pub(crate) deadline: Deadline,
    /// Disconnected when the export thread has ended.
    pub(crate) thread: Mutex<Receiver<()>>,
}

impl Telemetry {
    pub(crate) fn new(
        warnings: Vec<String>,
        counts: Arc<Counts>,
        runtime: Arc<Runtime>,
        running: Option<Running>,
    ) -> Self {
        let shared = Shared {
            warnings,
            counts,
            runtime,
            running,
            is_stopped: Mutex::new(false),
            #[cfg(feature = "metrics")]
            metrics: OnceLock::new(),
        };
        Self { shared: Arc::new(shared), is_reported: AtomicBool::new(false) }
    }

    /// Flushes and stops these metrics, too.
    #[cfg(feature = "metrics")]
    pub(crate) fn set_metrics(&self, reader: MetricsReader) {
        let _ = self.shared.metrics.set(reader);
    }

    #[cfg(feature = "metrics")]
    pub(crate) fn metrics(&self) -> Option<&MetricsReader> {
        self.shared.metrics.get()
    }

    /// A telemetry that records nothing: the program runs as it would without it.
    pub(crate) fn inert(warning: String) -> Self {
        Self::new(vec![warning], Arc::default(), Runtime::global().clone(), None)
    }

    /// What was wrong with the settings; each was printed once when the telemetry started.
    pub fn warnings(&self) -> &[String] {
        &self.shared.warnings
    }

    /// Prices every later call by these prices, in place of those of the start; overrides given then are not kept.
    ///
    /// Make them beforehand, since reading a file of prices takes time; one that cannot be read changes nothing.
    pub fn set_prices(&self, prices: Prices) {
        self.shared.runtime.prices.set(prices);
    }

    /// What the program has spent since the telemetry started, by model, tool, agent and tag, and its dearest runs.
    ///
    /// Sampling, a filter, a failed export and a lost span change nothing of it. What is made before the telemetry starts is
    /// not in it.
    pub fn books(&self) -> Books {
        self.shared.runtime.read_books()
    }

    /// What has become of every span so far, without waiting.
    pub fn report(&self) -> Report {
        self.shared.counts.report()
    }

    /// Sends every ended span now, and metrics if they are sent, and waits for the answer, at most five seconds.
    ///
    /// It blocks the thread that calls it; the export has a thread of its own, so that it works inside a task, in
    /// every runtime and without one. A step that waits for others below it stays open.
    pub fn flush(&self) -> Report {
        self.flush_within(PATIENCE)
    }

    /// As [`flush`](Self::flush), within a time of one's own.
    pub fn flush_within(&self, patience: Duration) -> Report {
        // A shutdown sends everything, within limits of its own.
        #[cfg(feature = "metrics")]
        let mut metrics = None;
        self.shared.unless_stopping(|| {
            #[cfg(feature = "metrics")]
            if let Some(reader) = self.metrics() {
                metrics = Some((reader, reader.flush(patience), Instant::now() + patience));
            }
            if let Some(running) = &self.shared.running {
                running.deadline.shorten(Instant::now() + patience.saturating_sub(SPARE));
            }
        });
        if let Some(running) = &self.shared.running {
            let (done, told) = mpsc::channel();
            running.queue.flush(done);
            // Without an answer the report says what is unconfirmed.
            let _ = told.recv_timeout(patience);
            self.shared.unless_stopping(|| running.deadline.lift());
        }
        #[cfg(feature = "metrics")]
        if let Some((metrics, waiting, end)) = metrics {
            waiting.until(end);
            metrics.lift();
        }
        self.report()
    }

    /// Ends open steps, sends everything and stops, within five seconds. Steps made later are not recorded; their books
    /// go on. Spans of others that are open do not leave and stay [`open`](Report::open) in the report.
    ///
    /// A second call waits for one that is under way, finds nothing left to do, and gives the report once more.
    pub fn shutdown(&self) -> Report {
        self.shutdown_within(PATIENCE)
    }

    /// As [`shutdown`](Self::shutdown), within a time of one's own.
    pub fn shutdown_within(&self, patience: Duration) -> Report {
        self.is_reported.store(true, Ordering::Relaxed);
        self.shared.stop(patience)
    }

    /// On Ctrl-C and SIGTERM: ends open spans, with the runs' stop reason `shutdown`, flushes, and ends the process with
    /// the code that the signal would have given.
    ///
    /// A program with a handler of its own calls [`shutdown`](Self::shutdown) from there instead. Where no thread can be
    /// started or no handler be set, it says so once and does nothing.
    pub fn shutdown_on_signal(&self) {
        let shared = self.shared.clone();
        on_signal(move || {
            // The program goes on until the process ends.
            unrecorded_is_known();
            print_losses(&shared.stop(PATIENCE));
        });
    }
}

impl Shared {
    /// Does it where no shutdown has begun, nor begins meanwhile.
    fn unless_stopping(&self, work: impl FnOnce()) {
        let is_stopped = self.is_stopped.try_lock();
        if is_stopped.as_deref().is_ok_and(|is_stopped| !is_stopped) {
            work();
        }
    }

    fn stop(&self, patience: Duration) -> Report {
        let mut is_stopped = lock(&self.is_stopped);
        if !*is_stopped {
            self.stop_within(patience);
            *is_stopped = true;
        }
        self.counts.report()
    }

    fn stop_within(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        if let Some(running) = &self.running {
            running.end_open_steps(&self.runtime, &self.counts, deadline);
        }
        #[cfg(feature = "metrics")]
        let metrics = self.metrics.get().map(|metrics| {
            if self.running.is_none() {
                end_open_steps(&self.runtime, || {});
            }
            metrics.stop(patience)
        });
        if let Some(running) = &self.running {
            running.stop(&self.counts, deadline);
        }
        #[cfg(feature = "metrics")]
        if let Some(waiting) = metrics {
            waiting.until(deadline);
        }
    }
}

impl Running {
    /// The runs end last, and what came after a full queue would be lost, so the export thread is waited for.
    fn end_open_steps(&self, runtime: &Runtime, counts: &Counts, deadline: Instant) {
        let end = deadline.checked_sub(SPARE).unwrap_or(deadline);
        self.deadline.shorten(end);
        if let Some(recorder) = &runtime.recorder {
            recorder.stop();
        }
        let soon = end.min(Instant::now() + MOMENT);
        loop {
            end_open_steps(runtime, || self.queue.wait_for_room(end));
            // One that ends on another thread just now is found no more, and is not in the queue yet.
            if !counts.has_open_steps() || Instant::now() >= soon {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn stop(&self, counts: &Counts, deadline: Instant) {
        let patience = deadline.saturating_duration_since(Instant::now());
        self.deadline.shorten(deadline - patience.min(SPARE));
        // The processor only stops the queue, which cannot fail.
        let _ = self.provider.shutdown_with_timeout(patience);
        self.queue.stop();
        let left = deadline.saturating_duration_since(Instant::now());
        let ended = lock(&self.thread).recv_timeout(left);
        if ended == Err(RecvTimeoutError::Timeout) {
            self.abandoned.store(true, Ordering::Relaxed);
            counts.drop_spans(DropReason::NoTime, self.queue.end());
        }
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if !self.is_reported.load(Ordering::Relaxed) {
            print_losses(&self.shared.stop(PATIENCE));
        }
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry").field("report", &self.report()).finish_non_exhaustive()
    }
}

/// Without this what is open when the provider stops would vanish, from spans and from metrics.
fn end_open_steps(runtime: &Runtime, before_each: impl Fn()) {
    for node in runtime.open_steps() {
        before_each();
        if let Some(run) = node.run().filter(|_| node.is_run)
            && run.stop_reason().is_none()
        {
            run.set_stop_reason(StopReason::Shutdown);
        }
        finish(&node, Ending::cancelled());
    }
}

fn print_losses(report: &Report) {
    // What is open now are spans of others, which nobody but their owner can end.
    if report.lost() + report.unconfirmed + report.open > 0 {
        // Its line says already who speaks.
        let _ = writeln!(std::io::stderr(), "{report}");
    }
}
