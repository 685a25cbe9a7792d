//! The moment at which sending must stop, shared by the export thread and those who wait for it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::span::lock;

/// Set by a flush or a shutdown, obeyed at once by a request that is under way and by the pause before a retry.
///
/// Clones share the moment. Without one only the exporter's own timeout counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deadline(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    at: Mutex<Option<Instant>>,
    changed: Condvar,
}

impl Deadline {
    /// Sending ends at `at`, or earlier if that was said before. With the present moment it ends at once.
    pub(crate) fn shorten(&self, at: Instant) {
        let mut held = self.lock();
        *held = Some(held.map_or(at, |earlier| earlier.min(at)));
        self.0.changed.notify_all();
    }

    /// Nobody waits any more.
    pub(crate) fn lift(&self) {
        *self.lock() = None;
        self.0.changed.notify_all();
    }

    /// The moment, while somebody waits.
    pub(crate) fn at(&self) -> Option<Instant> {
        *self.lock()
    }

    /// Makes [`wait`](Self::wait) ask again.
    pub(super) fn wake(&self) {
        // With the lock held, or the news could fall between the question and the sleep of the one who waits.
        let _held = self.lock();
        self.0.changed.notify_all();
    }

    /// Waits until `ready` gives something, at most until `end` or the deadline; `ready` is told the deadline.
    pub(super) fn wait<T>(
        &self,
        end: Instant,
        mut ready: impl FnMut(Option<Instant>) -> Option<T>,
    ) -> Option<T> {
        let mut held = self.lock();
        loop {
            if let Some(found) = ready(*held) {
                return Some(found);
            }
            let end = held.map_or(end, |at| at.min(end));
            let left = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
            held = self.0.changed.wait_timeout(held, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        lock(&self.0.at)
    }
}
