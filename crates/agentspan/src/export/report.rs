use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::span::lock;

/// What became of every span: delivered, lost and why, or still on its way.
///
/// `created = delivered + dropped + unconfirmed + open` holds at every moment a report is taken. Its `Display` is one
/// line.
///
/// ```
/// # fn show(telemetry: &agentspan::Telemetry) {
/// let report = telemetry.flush();
/// if report.lost() > 0 {
///     eprintln!("{report}");
/// }
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Report {
    /// Spans that were sampled and begun.
    pub created: u64,
    /// Spans that the receiver has confirmed.
    pub delivered: u64,
    /// Spans that are lost for certain, by reason.
    pub dropped: BTreeMap<DropReason, u64>,
    /// Spans handed over whose fate is not known: the answer has not come, or never will.
    pub unconfirmed: u64,
    /// Spans that have not ended, or wait for steps below them.
    pub open: u64,
    /// The last trouble in one line, with nothing secret in it.
    pub problem: Option<String>,
}

/// Why a span was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// Spans ended faster than they could be sent, and the queue was full.
    QueueFull,
    /// The collector took the batch and refused some of its spans.
    Rejected,
    /// The collector refused the batch with this HTTP status.
    Refused(u16),
    /// The collector answered with this HTTP status, which asks to try again, until the time was up.
    Unavailable(u16),
    /// No connection could be made.
    Unreachable,
    /// The collector found even a single span too large.
    TooLarge,
    /// The time was up before the first attempt, or the span ended after the shutdown.
    NoTime,
    /// The exporter panicked, or could not write the request.
    ExporterFailed,
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueueFull => f.write_str("queue full"),
            Self::Rejected => f.write_str("rejected by the collector"),
            Self::Refused(status) => write!(f, "refused with HTTP status {status}"),
            Self::Unavailable(status) => write!(f, "collector unavailable with HTTP status {status}"),
            Self::Unreachable => f.write_str("collector not reachable"),
            Self::TooLarge => f.write_str("too large for the collector"),
            Self::NoTime => f.write_str("no time left to send"),
            Self::ExporterFailed => f.write_str("exporter failed"),
        }
    }
}

impl Report {
    /// Spans that are lost for certain.
    pub fn lost(&self) -> u64 {
        self.dropped.values().sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "agentspan: {} of {} spans delivered", self.delivered, self.created)?;
        for (reason, count) in &self.dropped {
            write!(f, ", {count} lost ({reason})")?;
        }
        if self.unconfirmed > 0 {
            write!(f, ", {} unconfirmed", self.unconfirmed)?;
        }
        if self.open > 0 {
            write!(f, ", {} still open", self.open)?;
        }
        match &self.problem {
            Some(problem) if self.lost() + self.unconfirmed > 0 => write!(f, ": {problem}"),
            _ => Ok(()),
        }
    }
}

/// What one attempt to hand a batch over came to. The parts add up to the batch.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Verdict {
    pub(crate) delivered: usize,
    pub(crate) dropped: Vec<(DropReason, usize)>,
    pub(crate) unconfirmed: usize,
    /// One line for people, without secrets.
    pub(crate) problem: Option<String>,
}

impl Verdict {
    pub(crate) fn delivered(count: usize) -> Self {
        Self { delivered: count, ..Self::default() }
    }

    pub(crate) fn dropped(reason: DropReason, count: usize, problem: impl Into<String>) -> Self {
        Self { dropped: vec![(reason, count)], problem: Some(problem.into()), ..Self::default() }
    }

    /// Adds a loss; each reason stands at most once.
    pub(crate) fn drop(&mut self, reason: DropReason, count: usize) {
        if count == 0 {
            return;
        }
        match self.dropped.iter_mut().find(|(other, _)| *other == reason) {
            Some((_, sum)) => *sum += count,
            None => self.dropped.push((reason, count)),
        }
    }
}

/// The books of one telemetry's spans.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    created: AtomicU64,
    ended: AtomicU64,
    /// Spans under way that an OpenTelemetry tracer has made of spans of others.
    elsewhere: AtomicU64,
    delivered: AtomicU64,
    /// Ended spans that wait on the cold side for steps below them.
    held: AtomicU64,
    /// Sent, and nobody knows what became of them.
    unanswered: AtomicU64,
    lost: Mutex<Lost>,
}

#[derive(Debug, Default)]
struct Lost {
    dropped: BTreeMap<DropReason, u64>,
    problem: Option<String>,
}

impl Counts {
    pub(crate) fn created(&self) {
        self.created.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn ended(&self) {
        self.ended.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn began_elsewhere(&self) {
        self.elsewhere.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn ended_elsewhere(&self) {
        self.elsewhere.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether steps are recorded that have not been handed to the export thread; a span of others that is just ending may hide
    /// one.
    pub(crate) fn has_open_steps(&self) -> bool {
        let [created, ended, elsewhere] =
            [&self.created, &self.ended, &self.elsewhere].map(|count| count.load(Ordering::Relaxed));
        created > ended.saturating_add(elsewhere)
    }

    pub(crate) fn set_held(&self, held: usize) {
        self.held.store(held as u64, Ordering::Relaxed);
    }

    pub(crate) fn drop_spans(&self, reason: DropReason, count: usize) {
        if count > 0 {
            *lock(&self.lost).dropped.entry(reason).or_insert(0) += count as u64;
        }
    }

    pub(crate) fn settle(&self, verdict: Verdict) {
        self.delivered.fetch_add(verdict.delivered as u64, Ordering::Relaxed);
        self.unanswered.fetch_add(verdict.unconfirmed as u64, Ordering::Relaxed);
        for (reason, count) in verdict.dropped {
            self.drop_spans(reason, count);
        }
        if verdict.problem.is_some() {
            lock(&self.lost).problem = verdict.problem;
        }
    }

    pub(crate) fn unanswered(&self) -> u64 {
        self.unanswered.load(Ordering::Relaxed)
    }

    pub(crate) fn report(&self) -> Report {
        let (dropped, problem) = {
            let lost = lock(&self.lost);
            (lost.dropped.clone(), lost.problem.clone())
        };
        // Read from the end of a span's way to its beginning, so that no difference is negative.
        let delivered = self.delivered.load(Ordering::Relaxed);
        let held = self.held.load(Ordering::Relaxed);
        let settled = delivered.saturating_add(dropped.values().sum());
        let ended = self.ended.load(Ordering::Relaxed).max(settled);
        let created = self.created.load(Ordering::Relaxed).max(ended);
        let held = held.min(ended.saturating_sub(settled));
        Report {
            created,
            delivered,
            unconfirmed: ended.saturating_sub(settled).saturating_sub(held),
            open: created - ended + held,
            dropped,
            problem,
        }
    }
}
