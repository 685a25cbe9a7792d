mod call;
mod end;
mod home;
mod name;
mod own;
mod recording;
mod state;
#[cfg(test)]
mod testing;

pub(crate) use call::is_model_call;
pub(crate) use end::Ended;
pub(crate) use home::Home;
pub(crate) use name::{Label, Name, NameOf};
pub(crate) use own::Own;
pub(crate) use recording::Recording;

use crate::span::model::Call;
use crate::span::run::Run;
use crate::span::runtime::{Runtime, lock};
use agentspan_semconv::StepType;
use end::NO_SLOT;
use opentelemetry::trace::SpanContext;
use state::State;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::SystemTime;

/// One step: what the tree of a run is made of, whether or not it is recorded.
///
/// It travels inside the OpenTelemetry context. Children keep their ancestors alive, so a part that is posted late
/// always finds every ancestor.
#[derive(Debug)]
pub(crate) struct Node {
    /// Absent where it is that of the step around.
    home: Option<Home>,
    pub(crate) step_type: StepType,
    pub(crate) label: Label,
    pub(crate) parent: Option<Arc<Node>>,
    pub(crate) is_run: bool,
    /// A direct child of a run.
    pub(crate) is_step_of_run: bool,
    /// Without a context of its own, see [`Light`](crate::span::current::Light).
    pub(crate) is_light: bool,
    pub(crate) started: SystemTime,
    /// Ancestors above the step.
    pub(crate) depth: usize,
    /// Absent when nothing records, and where a bridge makes the span.
    own_span_context: Option<SpanContext>,
    /// Set once, when a bridge has made the span.
    bridged_span_context: OnceLock<Box<SpanContext>>,
    /// What is called, where it was known from the beginning.
    call: Option<Call>,
    /// The same of a span of others, which says it later.
    told_call: OnceLock<Box<Call>>,
    told_tool: OnceLock<Box<str>>,
    /// Attempts of a call that failed before the one that counts.
    failed_attempts: AtomicU64,
    /// Beside a span that other people made, see [`Adopted`](crate::span::adopted::Adopted).
    adopted: AtomicBool,
    /// An exchange is writing its reply into the step.
    claimed: AtomicBool,
    recording: AtomicBool,
    /// As in the state, for those who ask without locking it.
    ended: AtomicBool,
    sampled_out: AtomicBool,
    /// Descendants that have begun. Relaxed, since who sees one among those that are over has seen it begin.
    begun: AtomicU64,
    /// The number of the `tracing` span that carries the step; 0 where none does.
    pub(crate) tracing_id: AtomicU64,
    /// Among the open steps that no `tracing` span carries.
    slot_of_open_steps: AtomicU64,
    state: Mutex<State>,
}

pub(crate) struct NewNode {
    /// Absent where it is that of the step around.
    pub(crate) runtime: Option<Arc<Runtime>>,
    pub(crate) step_type: StepType,
    pub(crate) label: Label,
    pub(crate) parent: Option<Arc<Node>>,
    /// Of a run.
    pub(crate) run: Option<Arc<Run>>,
    /// Of a call of a model, where it is known already.
    pub(crate) call: Option<Call>,
    pub(crate) is_light: bool,
    /// 1 for a step that will have a `tracing` span, in which others may carry it on.
    pub(crate) carriers: u32,
    pub(crate) started: SystemTime,
    /// Where it is known already.
    pub(crate) span_context: Option<SpanContext>,
}

impl Node {
    /// Makes the node and counts it as open work of every ancestor.
    #[inline(always)] // What it is made of is large, and would be copied once more.
    pub(crate) fn new(new: NewNode) -> Arc<Self> {
        let NewNode {
            runtime,
            step_type,
            label,
            parent,
            run,
            call,
            is_light,
            carriers,
            started,
            span_context,
        } = new;
        let is_step_of_run = parent.as_ref().is_some_and(|parent| parent.is_run);
        let is_run = run.is_some();
        let depth = parent.as_ref().map_or(0, |parent| parent.depth + 1);
        let home = Home::of(depth, parent.as_deref(), runtime, run);
        // Made where it stays: `Arc::new` would copy it there, and it is large.
        let node = Arc::new_cyclic(|_| Self {
            depth,
            home,
            step_type,
            label,
            parent,
            is_run,
            is_step_of_run,
            is_light,
            started,
            own_span_context: span_context,
            bridged_span_context: OnceLock::new(),
            call,
            told_call: OnceLock::new(),
            told_tool: OnceLock::new(),
            failed_attempts: AtomicU64::new(0),
            adopted: AtomicBool::new(false),
            claimed: AtomicBool::new(false),
            recording: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            sampled_out: AtomicBool::new(false),
            begun: AtomicU64::new(0),
            tracing_id: AtomicU64::new(0),
            slot_of_open_steps: AtomicU64::new(NO_SLOT),
            state: Mutex::new(State::new(carriers)),
        });
        node.ancestors().for_each(|ancestor| {
            ancestor.begun.fetch_add(1, Ordering::Relaxed);
        });
        node
    }

    pub(crate) fn ancestors(&self) -> impl Iterator<Item = &Arc<Self>> {
        std::iter::successors(self.parent.as_ref(), |node| node.parent.as_ref())
    }

    /// Whether the sampler, asked in this process, let the step pass by; then it lets its children pass as well.
    pub(crate) fn is_sampled_out(&self) -> bool {
        self.sampled_out.load(Ordering::Relaxed)
    }

    /// What `work` gives while the step cannot end; `None` when it has ended.
    pub(crate) fn while_open<T>(&self, work: impl FnOnce() -> Option<T>) -> Option<T> {
        let state = lock(&self.state);
        if state.ended { None } else { work() }
    }

    /// The sampler lets the step pass by. A meter wants it all the same, also when it is still open at a shutdown.
    pub(crate) fn pass_by(self: &Arc<Self>) {
        self.sampled_out.store(true, Ordering::Relaxed);
        if self.is_measured() {
            self.keep_open();
        }
    }
}

impl Drop for Node {
    /// Lets a chain of ancestors go one by one: letting each drop the next would need a stack as deep as the chain.
    fn drop(&mut self) {
        let mut last = self.parent.take();
        while let Some(mut node) = last.and_then(Arc::into_inner) {
            last = node.parent.take();
        }
    }
}
