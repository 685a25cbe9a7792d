use crate::span::node::Node;
use crate::span::runtime::lock;
use opentelemetry::SpanId;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

/// Steps whose span is another one's, by its id, until the cold side has taken them: those beside spans of others, and
/// those that ended with sums that are not complete. Spans of our own take the step along.
#[derive(Debug, Default)]
pub(crate) struct Pending(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    steps: HashMap<SpanId, Arc<Node>>,
    /// Oldest first, also of steps that were taken since.
    order: VecDeque<SpanId>,
}

/// More steps than this do not wait. A span that is dropped on its way never fetches its step, so the oldest must go.
const MAX_PENDING: usize = 10_000;

impl Pending {
    /// Lets a step wait, in place of the oldest one where too many do.
    pub(crate) fn insert(&self, id: SpanId, node: &Arc<Node>) {
        let mut oldest = None;
        {
            let Waiting { steps, order } = &mut *lock(&self.0);
            if order.len() >= 2 * MAX_PENDING {
                order.retain(|id| steps.contains_key(id));
            }
            while steps.len() >= MAX_PENDING && oldest.is_none() {
                let Some(id) = order.pop_front() else { break };
                oldest = steps.remove(&id);
            }
            steps.insert(id, node.clone());
            order.push_back(id);
        }
        // Without the lock, since it may be the last to hold a whole run.
        drop(oldest);
    }

    /// Gives a step to the cold side, which waits for it from now on.
    pub(crate) fn take(&self, id: SpanId) -> Option<Arc<Node>> {
        lock(&self.0).steps.remove(&id)
    }
}

#[cfg(test)]
mod tests;
