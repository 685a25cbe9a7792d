use crate::span::node::Node;
use crate::span::sharded::Sharded;
use std::cmp::Reverse;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

/// Recorded or measured steps that have not ended, so that a shutdown can end them.
#[derive(Debug, Default)]
pub(crate) struct OpenSteps {
    steps: Sharded<Weak<Node>>,
    next: AtomicU64,
}

impl OpenSteps {
    pub(crate) fn insert(&self, node: &Arc<Node>) -> u64 {
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        self.steps.insert(key, Arc::downgrade(node));
        key
    }

    pub(crate) fn remove(&self, key: u64) {
        self.steps.remove(key);
    }

    /// Every open step, youngest first, so that children end before their parents.
    pub(crate) fn all(&self) -> Vec<Arc<Node>> {
        let mut open = self.steps.filter_map(|key, node| Some((key, node.upgrade()?)));
        open.sort_by_key(|(key, _)| Reverse(*key));
        open.into_iter().map(|(_, node)| node).collect()
    }
}
