//! Holds back a step that ended before the steps below it, until its sums are complete.

use crate::span::{Finished, Node, Runtime};
use opentelemetry_sdk::trace::SpanData;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longer than this no ended step is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// More ended steps than this are not held; the oldest leaves first.
const MAX_HELD: usize = 4_096;

/// How often held steps are looked at.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(crate) struct Sums {
    runtime: Arc<Runtime>,
    held: Vec<Held>,
}

#[derive(Debug)]
struct Held {
    span: SpanData,
    node: Arc<Node>,
    since: Instant,
}

impl Sums {
    pub(crate) fn new(runtime: Arc<Runtime>) -> Self {
        Self { runtime, held: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.held.len()
    }

    /// As [`admit`](Self::admit), for a span that another bridge has made.
    pub(crate) fn admit_bridged(&mut self, span: SpanData) -> Option<SpanData> {
        let node = self.runtime.pending.take(span.span_context.span_id());
        self.admit(Finished { span, node, run_identity: None })
    }

    /// Lets a span pass whose sums are complete, and holds the others back.
    pub(crate) fn admit(&mut self, finished: Finished) -> Option<SpanData> {
        let Finished { mut span, node, run_identity } = finished;
        let Some(node) = node else { return Some(span) };
        if span.name.is_empty() {
            span.name = Cow::Owned(node.name.clone());
        }
        if let Some(identity) = run_identity {
            span.attributes = node.identified(&identity, std::mem::take(&mut span.attributes));
        }
        let held = Held { span, node, since: Instant::now() };
        if held.node.completeness().is_ok() {
            return Some(Self::complete(held));
        }
        self.held.push(held);
        None
    }

    /// The spans that need not or must not be waited for any longer; with `all`, every one.
    pub(crate) fn due(&mut self, all: bool) -> Vec<SpanData> {
        let now = Instant::now();
        let surplus = self.held.len().saturating_sub(MAX_HELD);
        let held = std::mem::take(&mut self.held);
        let mut due = Vec::new();
        for (age, held) in held.into_iter().enumerate() {
            let late = all || age < surplus || now.duration_since(held.since) >= PATIENCE;
            if late || held.node.completeness().is_ok() {
                due.push(Self::complete(held));
            } else {
                self.held.push(held);
            }
        }
        due
    }

    fn complete(held: Held) -> SpanData {
        let Held { mut span, node, .. } = held;
        node.push_sums(node.completeness().err(), &mut span.attributes);
        span
    }
}
