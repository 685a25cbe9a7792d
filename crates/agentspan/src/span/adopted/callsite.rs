//! Which call sites of other people make spans that tell of a model call, a tool or a retrieval.

use crate::span::layer::TARGET;
use agentspan_semconv::{cost, gen_ai, llm, retrieval, tool};
use std::cell::Cell;
use std::hash::{Hash, Hasher};
use tracing::Metadata;
use tracing::callsite::Identifier;

/// Fields that make a span a step. What stands on any span, as `session.id` and `error.type` do, is not among them.
const TELLING: &[&str] = &[
    gen_ai::GEN_AI_OPERATION_NAME,
    gen_ai::GEN_AI_REQUEST_MODEL,
    gen_ai::GEN_AI_RESPONSE_MODEL,
    gen_ai::GEN_AI_TOOL_NAME,
    gen_ai::GEN_AI_DATA_SOURCE_ID,
    llm::LLM_MODEL_NAME,
    llm::LLM_REQUEST_MODEL_NAME,
    llm::LLM_RESPONSE_MODEL_NAME,
    super::fields::LLM_MODEL,
    tool::TOOL_NAME,
    tool::TOOL_COST_USD,
    retrieval::RETRIEVAL_SOURCE,
    cost::COST_SELF_USD,
];

/// What the names of counts begin with.
pub(crate) const USAGE: [&str; 2] = ["gen_ai.usage.", "llm.token_count."];

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
        _ => metadata.fields().iter().any(|field| tells(field.name())),
    };
    // Thread-local storage is gone only while a thread ends; then nothing is remembered.
    let _ = ANSWERS.try_with(|answers| answers[slot].set(Some((site, answer))));
    answer
}

fn tells(name: &str) -> bool {
    TELLING.contains(&name) || USAGE.iter().any(|start| name.starts_with(start))
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
