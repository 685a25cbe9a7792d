//! Saying that a header was bad: at once, then at most once a minute, since anybody can send bad headers all day.

use crate::error::say;
use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_secs(60);

static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// One kind of trouble.
#[derive(Debug)]
pub(super) struct Complaint {
    /// Milliseconds since the beginning before which nothing is said.
    silent_until: AtomicU64,
    unsaid: AtomicU64,
}

impl Complaint {
    pub(super) const fn new() -> Self {
        Self { silent_until: AtomicU64::new(0), unsaid: AtomicU64::new(0) }
    }

    /// Says what is the trouble, or only counts it.
    pub(super) fn make(&self, trouble: impl fmt::Display) {
        if let Some(unsaid) = self.turn(BEGIN.elapsed()) {
            match unsaid {
                0 => say(trouble),
                _ => say(format_args!("{trouble} ({unsaid} more like it since the last warning)")),
            }
        }
    }

    /// How many went unsaid before, when it is time to say something.
    fn turn(&self, now: Duration) -> Option<u64> {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let silent_until = self.silent_until.load(Ordering::Relaxed);
        let is_time = millis(now) >= silent_until;
        let next = millis(now + PAUSE);
        let mine = is_time
            && self
                .silent_until
                .compare_exchange(silent_until, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if mine {
            return Some(self.unsaid.swap(0, Ordering::Relaxed));
        }
        self.unsaid.fetch_add(1, Ordering::Relaxed);
        None
    }
}

#[cfg(test)]
mod tests;
