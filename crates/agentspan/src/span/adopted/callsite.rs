//! Which call sites of other people make spans that tell of a model call, a tool or a retrieval.

use super::said::Said;
use crate::span::layer::TARGET;
use std::cell::Cell;
use std::hash::{Hash, Hasher};
use tracing::callsite::Identifier;
use tracing::{Level, Metadata};

/// Answers that each thread remembers.
const SLOTS: usize = 64;

thread_local! {
    static ANSWERS: [Cell<Option<(Identifier, bool)>>; SLOTS] = const { [const { Cell::new(None) }; SLOTS] };
}

/// Whether the spans of a call site are steps that somebody else has instrumented. Names are compared once for each call
/// site and thread, so that all other spans cost a look.
pub(crate) fn is_telling(metadata: &Metadata<'_>) -> bool {
    if !metadata.is_span() || metadata.target() == TARGET {
        return false;
    }
    let site = metadata.callsite();
    let mut address = Address::default();
    site.hash(&mut address);
    let slot = address.slot();
    let known = ANSWERS.try_with(|answers| answers[slot].take());
    let answer = match known {
        Ok(Some((known, answer))) if known == site => answer,
        _ => metadata.fields().iter().any(|field| Said::of(field.name()).is_some_and(Said::makes_step)),
    };
    // Thread-local storage is gone only while a thread ends; then nothing is remembered.
    let _ = ANSWERS.try_with(|answers| answers[slot].set(Some((site, answer))));
    answer
}

/// Whether an event is the one by which `#[tracing::instrument(err)]` says that a function gave an `Err`: at level error, with
/// the error and no message.
pub(crate) fn tells_failure(metadata: &Metadata<'_>) -> bool {
    let mut fields = metadata.fields().iter();
    metadata.is_event()
        && *metadata.level() == Level::ERROR
        && fields.next().is_some_and(|field| field.name() == "error")
        && fields.next().is_none()
}

/// The place of a call site in memory; call sites are never freed.
#[derive(Default)]
struct Address(u64);

impl Address {
    fn slot(&self) -> usize {
        // The upper bits of a product depend on all bits of the address.
        (self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58) as usize % SLOTS
    }
}

impl Hasher for Address {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_usize(&mut self, number: usize) {
        self.0 = self.0.rotate_left(8) ^ number as u64;
    }
}
