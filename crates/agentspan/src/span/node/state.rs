//! What changes of a step while it runs.

use super::own::{Own, Told};
use super::recording::Recording;
use crate::cost::Totals;
use crate::span::bill::Bill;
use crate::span::measure::ReplyFigures;
use opentelemetry::KeyValue;
use std::borrow::Cow;

/// What changes of a step while it runs.
#[derive(Debug)]
pub(super) struct State {
    pub(super) recording: Recording,
    pub(super) attributes: Vec<KeyValue>,
    /// How many of the attributes the step was made with; only later ones take each other's place.
    pub(super) initial: usize,
    /// Attributes that were set beyond [`MAX_ATTRIBUTES`].
    pub(super) dropped: u32,
    /// The parts of all descendants that have ended; to those of a step that has ended itself, its own is added when they
    /// are asked for.
    pub(super) totals: Totals,
    pub(super) own: Own,
    /// Kept for a meter only.
    pub(super) reply: Option<Box<ReplyFigures>>,
    /// Descendants that have ended and whose work cannot go on.
    pub(super) over: u64,
    pub(super) ended: bool,
    /// How many may still carry the step on: its `tracing` span, which counts once, and tasks and closures.
    pub(super) carriers: u32,
    pub(super) released: bool,
    pub(super) told: Told,
    /// Of a recorded call; made into attributes on the cold side.
    pub(super) bill: Option<Box<Bill>>,
}

/// Room that is made at once for what becomes known while a step runs and ends.
const USUAL_ATTRIBUTES: usize = 16;

/// More are not kept while a step runs, so that one that sets names without end does not grow without bound. The cold side
/// chooses among these by the limit of the settings.
const MAX_ATTRIBUTES: usize = 1_024;

impl State {
    pub(super) fn new(carriers: u32) -> Self {
        Self {
            recording: Recording::None,
            attributes: Vec::new(),
            initial: 0,
            dropped: 0,
            totals: Totals::default(),
            own: Own::default(),
            reply: None,
            over: 0,
            ended: false,
            carriers,
            released: false,
            told: Told::default(),
            bill: None,
        }
    }

    /// A value set twice counts once, with the last value.
    pub(super) fn set(&mut self, attribute: KeyValue) {
        let later = self.attributes.iter_mut().skip(self.initial);
        if let Some(known) = later.into_iter().find(|known| known.key == attribute.key) {
            known.value = attribute.value;
            return;
        }
        self.push(attribute);
    }

    pub(super) fn push(&mut self, attribute: KeyValue) {
        if self.attributes.len() >= MAX_ATTRIBUTES {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        if self.attributes.is_empty() {
            self.attributes.reserve(USUAL_ATTRIBUTES);
        }
        self.attributes.push(attribute);
    }

    pub(super) fn unset(&mut self, is_stale: impl Fn(&str) -> bool) {
        let (mut at, mut gone) = (0, 0);
        let initial = self.initial;
        self.attributes.retain(|known| {
            let is_stale = is_stale(known.key.as_str());
            gone += usize::from(is_stale && at < initial);
            at += 1;
            !is_stale
        });
        self.initial -= gone;
    }

    /// As what the call was refused, where each of its exchanges was: clients' errors mostly do not say so, and a call that is
    /// given up after a refusal has no failure of its own.
    pub(super) fn refused_as(&self) -> Option<&Cow<'static, str>> {
        self.told.refused_as.as_ref().filter(|_| self.own.charged_exchanges == 0)
    }

    pub(super) fn ready_to_release(&mut self) -> bool {
        let ready = self.ended && self.carriers == 0 && !self.released;
        self.released |= ready;
        ready
    }
}
