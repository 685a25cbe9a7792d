use crate::span::node::Node;
use crate::span::runtime::lock;
use std::sync::{Arc, Mutex, Weak};

/// Steps that have not ended and must be found: by a shutdown, which ends those that no `tracing` span carries, or by who
/// reads the books.
#[derive(Debug, Default)]
pub(crate) struct OpenSteps([Mutex<Slots>; SHARDS]);

/// Threads seldom meet in one of so many.
const SHARDS: usize = 8;

/// Steps at places that are used again: the caller waits, and a place is found faster than a key.
#[derive(Debug, Default)]
struct Slots {
    steps: Vec<Weak<Node>>,
    free: Vec<usize>,
}

impl OpenSteps {
    /// Gives the place by which the step is removed.
    pub(crate) fn insert(&self, node: &Arc<Node>) -> u64 {
        // Steps of one size lie at least so far apart.
        let shard = (Arc::as_ptr(node) as usize / size_of::<Node>()) % SHARDS;
        let Slots { steps, free } = &mut *lock(&self.0[shard]);
        let step = Arc::downgrade(node);
        let place = match free.pop() {
            Some(place) => {
                steps[place] = step;
                place
            }
            None => {
                steps.push(step);
                steps.len() - 1
            }
        };
        (place * SHARDS + shard) as u64
    }

    pub(crate) fn remove(&self, place: u64) {
        let (shard, place) = (place as usize % SHARDS, place as usize / SHARDS);
        let Slots { steps, free } = &mut *lock(&self.0[shard]);
        if let Some(step) = steps.get_mut(place) {
            *step = Weak::new();
            free.push(place);
        }
    }

    pub(crate) fn all(&self) -> Vec<Arc<Node>> {
        let in_shard =
            |slots: &Mutex<Slots>| lock(slots).steps.iter().filter_map(Weak::upgrade).collect::<Vec<_>>();
        self.0.iter().flat_map(in_shard).collect()
    }
}
