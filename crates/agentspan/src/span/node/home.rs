//! Where a step belongs: its telemetry and its run.

use super::Node;
use crate::span::run::Run;
use crate::span::runtime::Runtime;
use std::sync::Arc;

/// Where a step belongs. Most steps ask the one around: references that are counted are a good part of what a step costs.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) runtime: Arc<Runtime>,
    /// The nearest run; of a run, the run itself.
    pub(crate) run: Option<Arc<Run>>,
}

/// One step of so many in each other knows its home itself, so that it is never far away.
const HOMES: usize = 16;

impl Home {
    /// The home that a new step has itself; `None` where it asks the step around. `runtime` and `run` are given where
    /// they are not that step's.
    pub(super) fn of(
        depth: usize,
        parent: Option<&Node>,
        runtime: Option<Arc<Runtime>>,
        run: Option<Arc<Run>>,
    ) -> Option<Self> {
        if runtime.is_none() && run.is_none() && !depth.is_multiple_of(HOMES) {
            return None;
        }
        let around = parent.map(Node::home);
        let runtime = runtime.or_else(|| Some(around?.runtime.clone()));
        Some(Self {
            runtime: runtime.unwrap_or_else(|| Runtime::global().clone()),
            run: run.or_else(|| around?.run.clone()),
        })
    }
}

impl Node {
    /// Its own, or that of the nearest ancestor that has one.
    pub(crate) fn home(&self) -> &Home {
        let mut node = self;
        loop {
            if let Some(home) = &node.home {
                return home;
            }
            node = node.parent.as_deref().expect("a step without a parent has a home of its own");
        }
    }

    pub(crate) fn runtime(&self) -> &Arc<Runtime> {
        &self.home().runtime
    }

    /// The nearest run; of a run, the run itself.
    pub(crate) fn run(&self) -> Option<&Arc<Run>> {
        self.home().run.as_ref()
    }

    /// The number of the step in the run around it, if it is a direct step of one. `run` is the nearest run.
    pub(crate) fn next_index(&self, run: &Run) -> Option<u64> {
        let around = if self.is_run { run.parent.as_deref()? } else { run };
        self.is_step_of_run.then(|| around.next_step())
    }
}
