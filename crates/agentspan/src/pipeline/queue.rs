use crate::export::DropReason;
use crate::span::{Finished, lock};
use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The way from the callers to the export thread: bounded, and never waited for by a caller.
#[derive(Debug)]
pub(crate) struct Queue {
    inner: Mutex<Inner>,
    wake: Condvar,
    room: Condvar,
    max: usize,
    batch: usize,
}

#[derive(Debug, Default)]
struct Inner {
    spans: Vec<Finished>,
    flushes: Vec<Sender<()>>,
    stop: bool,
    /// The export thread is gone or given up.
    ended: bool,
}

/// What the export thread found when it woke.
#[derive(Debug, Default)]
pub(crate) struct Work {
    pub(crate) spans: Vec<Finished>,
    /// Whoever waits for everything before this to be sent.
    pub(crate) flushes: Vec<Sender<()>>,
    pub(crate) stop: bool,
    /// The delay between exports is over.
    pub(crate) due: bool,
}

impl Queue {
    pub(crate) fn new(max: usize, batch: usize) -> Self {
        Self { inner: Mutex::default(), wake: Condvar::new(), room: Condvar::new(), max, batch }
    }

    /// Puts a span in; fails where there is no room, or where nobody is left to send it.
    pub(crate) fn push(&self, span: Finished) -> Result<(), DropReason> {
        let mut inner = lock(&self.inner);
        if inner.stop {
            return Err(DropReason::NoTime);
        }
        if inner.spans.len() >= self.max {
            return Err(DropReason::QueueFull);
        }
        inner.spans.push(span);
        let full = inner.spans.len() == self.batch;
        drop(inner);
        if full {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Waits for room, at most until `end`, for a shutdown that has more to end than there is room for.
    pub(crate) fn wait_for_room(&self, end: Instant) {
        let mut inner = lock(&self.inner);
        while inner.spans.len() >= self.max && !inner.stop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            inner = self.room.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Asks for everything to be sent now; `done` is told when it was, and dropped where nobody is left to send it.
    pub(crate) fn flush(&self, done: Sender<()>) {
        let mut inner = lock(&self.inner);
        if !inner.ended {
            inner.flushes.push(done);
            self.wake.notify_one();
        }
    }

    /// Lets nothing more in; the export thread sends what there is and ends.
    pub(crate) fn stop(&self) {
        lock(&self.inner).stop = true;
        self.wake.notify_one();
        self.room.notify_all();
    }

    /// The export thread is about to end, or given up: nobody needs to wait for it any more. Takes away what it has not come
    /// to, and counts it.
    pub(crate) fn end(&self) -> usize {
        let mut inner = lock(&self.inner);
        inner.ended = true;
        inner.flushes.clear();
        std::mem::take(&mut inner.spans).len()
    }

    /// Waits for a full batch, a flush, a stop, or the end of `delay`. With `look`, it wakes at least that often.
    pub(crate) fn wait(&self, since: Instant, delay: Duration, look: Option<Duration>) -> Work {
        let mut inner = lock(&self.inner);
        loop {
            let elapsed = since.elapsed();
            let due = elapsed >= delay;
            if due || inner.stop || !inner.flushes.is_empty() || inner.spans.len() >= self.batch {
                self.room.notify_all();
                return inner.take(due);
            }
            let left = delay.saturating_sub(elapsed);
            let pause = look.map_or(left, |look| look.min(left));
            let (woken, timeout) =
                self.wake.wait_timeout(inner, pause).unwrap_or_else(PoisonError::into_inner);
            inner = woken;
            if look.is_some() && timeout.timed_out() {
                self.room.notify_all();
                return inner.take(since.elapsed() >= delay);
            }
        }
    }
}

impl Inner {
    fn take(&mut self, due: bool) -> Work {
        Work {
            spans: std::mem::take(&mut self.spans),
            flushes: std::mem::take(&mut self.flushes),
            stop: self.stop,
            due,
        }
    }
}
