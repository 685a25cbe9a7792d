//! When the chunks of a streamed reply come.

use crate::usage::ReplyReader;
use std::time::Instant;

/// The bucket boundaries that the GenAI conventions give for times of calls, in seconds.
pub(crate) const CALL_SECONDS: [f64; 14] =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

/// The times of one stream, as its reader sees them.
#[derive(Debug)]
pub(crate) struct Pace {
    /// When the request was sent, then when the latest chunk came.
    latest: Instant,
    seen: u64,
    first_s: Option<f64>,
    /// Kept for a meter only, since to read the clock is a good part of what a chunk costs.
    gaps: Option<Box<Gaps>>,
}

/// The times from chunk to chunk of one stream, as many as there may be.
///
/// They are kept by bucket, so that memory is bounded: [`each`](Self::each) gives as many as there were, at most
/// [`MAX_GIVEN`] of a bucket, with their sum, the least and the greatest of each bucket, and between these the mean of the
/// others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gaps([Bucket; CALL_SECONDS.len() + 1]);

/// More times of one bucket are not given: it happens in the task that read the stream, when that has ended.
const MAX_GIVEN: u64 = 10_000;

#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
}

impl Pace {
    /// `opened` is when the request was sent.
    pub(crate) fn new(opened: Instant, is_measured: bool) -> Self {
        Self { latest: opened, seen: 0, first_s: None, gaps: is_measured.then(Box::default) }
    }

    /// Notes what has come by now. Chunks that come in one piece have no time between them.
    pub(crate) fn note(&mut self, reader: &ReplyReader) {
        let came = reader.output_chunks().saturating_sub(self.seen);
        if came == 0 || (self.first_s.is_some() && self.gaps.is_none()) {
            return;
        }
        self.seen += came;
        let now = Instant::now();
        let waited = now.saturating_duration_since(self.latest).as_secs_f64();
        self.latest = now;
        let is_first = self.first_s.is_none();
        self.first_s.get_or_insert(waited);
        if let Some(gaps) = &mut self.gaps {
            if !is_first {
                gaps.add(waited, 1);
            }
            gaps.add(0.0, came - 1);
        }
    }

    /// The time to the first chunk, in seconds.
    pub(crate) fn first_s(&self) -> Option<f64> {
        self.first_s
    }

    /// The times between chunks, if a meter wants them and the stream has begun.
    pub(crate) fn into_gaps(self) -> Option<Box<Gaps>> {
        self.gaps.filter(|_| self.first_s.is_some())
    }
}

#[cfg_attr(
    not(any(test, feature = "metrics")),
    expect(dead_code, reason = "read by the meter of that feature")
)]
impl Gaps {
    /// Gives each of the times, in seconds.
    pub(crate) fn each(&self, mut record: impl FnMut(f64)) {
        for bucket in &self.0 {
            let Bucket { count, sum, min, max } = *bucket;
            if count > 0 {
                record(min);
            }
            if count > 1 {
                record(max);
            }
            if let Some(others) = count.checked_sub(2).filter(|others| *others > 0) {
                // Rounding must not carry it into another bucket.
                let mean = ((sum - min - max) / others as f64).clamp(min, max);
                (0..others.min(MAX_GIVEN)).for_each(|_| record(mean));
            }
        }
    }
}

impl Gaps {
    fn add(&mut self, seconds: f64, count: u64) {
        if count == 0 {
            return;
        }
        // The upper boundary belongs to a bucket, as in OpenTelemetry's histograms.
        let index = CALL_SECONDS.partition_point(|boundary| *boundary < seconds);
        let Some(bucket) = self.0.get_mut(index) else { return };
        bucket.min = if bucket.count == 0 { seconds } else { bucket.min.min(seconds) };
        bucket.max = bucket.max.max(seconds);
        bucket.sum += seconds * count as f64;
        bucket.count = bucket.count.saturating_add(count);
    }
}

#[cfg(test)]
mod tests;
