use crate::span::node::Node;
use crate::span::runtime::lock;
use std::sync::{Arc, Mutex, Weak};

/// Steps that have not ended and must be found: by a shutdown, which ends those that no `tracing` span carries, or by who
/// reads the books.
#[derive(Debug, Default)]
pub(crate) struct OpenSteps([Mutex<Slots>; SHARDS]);

/// Threads seldom meet in one of so many.
const SHARDS: usize = 8;

/// Slots are used again: the caller waits, and a slot is found faster than a key.
#[derive(Debug, Default)]
struct Slots {
    steps: Vec<Weak<Node>>,
    free: Vec<usize>,
}

impl OpenSteps {
    /// Gives the slot by which the step is removed.
    pub(crate) fn insert(&self, node: &Arc<Node>) -> u64 {
        // Steps of one size lie at least so far apart.
        let shard = (Arc::as_ptr(node) as usize / size_of::<Node>()) % SHARDS;
        let Slots { steps, free } = &mut *lock(&self.0[shard]);
        let step = Arc::downgrade(node);
        let index = match free.pop() {
            Some(index) => {
                steps[index] = step;
                index
            }
            None => {
                steps.push(step);
                steps.len() - 1
            }
        };
        (index * SHARDS + shard) as u64
    }

    pub(crate) fn remove(&self, slot: u64) {
        let (shard, index) = (slot as usize % SHARDS, slot as usize / SHARDS);
        let Slots { steps, free } = &mut *lock(&self.0[shard]);
        if let Some(step) = steps.get_mut(index) {
            *step = Weak::new();
            free.push(index);
        }
    }

    pub(crate) fn all(&self) -> Vec<Arc<Node>> {
        let in_shard =
            |slots: &Mutex<Slots>| lock(slots).steps.iter().filter_map(Weak::upgrade).collect::<Vec<_>>();
        self.0.iter().flat_map(in_shard).collect()
    }
}
