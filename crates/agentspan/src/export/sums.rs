//! Holds back a step that ended before the steps below it, until its sums are complete.

use crate::span::{Finished, Node, Runtime, is_usage};
use opentelemetry::KeyValue;
use opentelemetry_sdk::trace::SpanData;
use std::borrow::Cow;
use std::collections::HashSet;
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
        self.admit(Finished { span, node: None, inherited: None })
    }

    /// Lets a span pass whose sums are complete, and holds the others back.
    pub(crate) fn admit(&mut self, finished: Finished) -> Option<SpanData> {
        let Finished { mut span, node, inherited } = finished;
        if let Some(node) = &node {
            span.attributes = node.identified(inherited.as_deref(), std::mem::take(&mut span.attributes));
        }
        let of_bridge = || self.runtime.pending.take(span.span_context.span_id());
        let Some(node) = node.or_else(of_bridge) else { return Some(span) };
        if span.name.is_empty() {
            span.name = Cow::Owned(node.name().to_string());
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
        if node.is_adopted() {
            join(&node, &mut span.attributes);
        } else {
            node.push_sums(node.completeness().err(), &mut span.attributes);
        }
        span
    }
}

/// Gives a span of others what its step knows. Where both have a name, the step's value is the one that was added up.
fn join(node: &Node, attributes: &mut Vec<KeyValue>) {
    let mut known = node.known_of_adopted();
    node.push_sums(node.completeness().err(), &mut known);
    let names: HashSet<_> = known.iter().map(|attribute| attribute.key.clone()).collect();
    // Viewers add up the counts that they find, so they stand only where they were counted.
    let own = node.totals_and_own().1;
    let elsewhere = own.is_counted_elsewhere() || own.repeats_usage;
    let is_repeated = |name: &str| elsewhere && is_usage(name);
    attributes.retain(|attribute| !names.contains(&attribute.key) && !is_repeated(attribute.key.as_str()));
    attributes.append(&mut known);
}
