use crate::span::node::Node;
use crate::span::runtime::lock;
use opentelemetry::SpanId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Ended steps whose sums are not complete, by span id, until the cold side has taken them. Only for spans that another
/// bridge has made; our own take the step along.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    waiting: Mutex<HashMap<SpanId, Arc<Node>>>,
}

/// More ended steps than this are not waited for.
const MAX_PENDING: usize = 10_000;

impl Pending {
    /// Whether the step will be waited for.
    pub(crate) fn insert(&self, id: SpanId, node: &Arc<Node>) -> bool {
        let mut waiting = lock(&self.waiting);
        let room = waiting.len() < MAX_PENDING;
        if room {
            waiting.insert(id, node.clone());
        }
        room
    }

    /// Gives a step to the cold side, which waits for it from now on.
    pub(crate) fn take(&self, id: SpanId) -> Option<Arc<Node>> {
        lock(&self.waiting).remove(&id)
    }
}
