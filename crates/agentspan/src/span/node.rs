mod end;
mod own;
mod state;

pub(crate) use end::Ended;
pub(crate) use own::{Own, Told};
pub(crate) use state::Recording;

use crate::cost::{OwnCost, Totals, Unpriced};
use crate::span::bill::{Bill, Pricing};
use crate::span::measure::ReplyFigures;
use crate::span::model::Call;
use crate::span::recorder::Recorded;
use crate::span::run::Run;
use crate::span::runtime::{Runtime, lock};
use crate::usage::Usage;
use agentspan_semconv::StepType;
use opentelemetry::trace::{Event, SpanContext, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SpanLimits;
use state::State;
use std::borrow::Cow;
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
    /// The span's name; empty when nobody will ever see it.
    pub(crate) name: String,
    pub(crate) parent: Option<Arc<Node>>,
    pub(crate) is_run: bool,
    /// A direct child of a run.
    pub(crate) is_step_of_run: bool,
    /// Without a context of its own, see [`Light`].
    pub(crate) is_light: bool,
    pub(crate) started: SystemTime,
    /// Ancestors above the step.
    pub(crate) depth: usize,
    /// Absent when nothing records, and where a bridge makes the span.
    own_span_context: Option<SpanContext>,
    /// Set once, when a bridge has made the span.
    bridged_span_context: OnceLock<Box<SpanContext>>,
    /// What was called, on model calls and embeddings.
    pub(crate) call: OnceLock<Call>,
    /// The span's name of a tool that has no span.
    pub(crate) tool: OnceLock<String>,
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
    open_key: AtomicU64,
    state: Mutex<State>,
}

/// Where a step belongs. Most steps ask the one around: references that are counted are a good part of what a step costs.
#[derive(Debug)]
struct Home {
    runtime: Arc<Runtime>,
    /// The nearest run; of a run, the run itself.
    run: Option<Arc<Run>>,
}

/// One step of so many in each other knows its home itself, so that it is never far away.
const HOMES: usize = 16;

/// In place of the key of a step that a shutdown need not end.
const NOT_OPEN: u64 = u64::MAX;

pub(crate) struct NewNode {
    /// Absent where it is that of the step around.
    pub(crate) runtime: Option<Arc<Runtime>>,
    pub(crate) step_type: StepType,
    pub(crate) name: String,
    pub(crate) parent: Option<Arc<Node>>,
    /// Of a run.
    pub(crate) run: Option<Arc<Run>>,
    pub(crate) is_light: bool,
    /// 1 for a step that will have a `tracing` span, in which others may carry it on.
    pub(crate) carriers: u32,
    pub(crate) started: SystemTime,
    /// Where it is known already.
    pub(crate) span_context: Option<SpanContext>,
}

impl Node {
    /// Makes the node and counts it as open work of every ancestor.
    pub(crate) fn new(new: NewNode) -> Arc<Self> {
        let NewNode { runtime, step_type, name, parent, run, is_light, carriers, started, span_context } =
            new;
        let is_step_of_run = parent.as_ref().is_some_and(|parent| parent.is_run);
        let is_run = run.is_some();
        let depth = parent.as_ref().map_or(0, |parent| parent.depth + 1);
        let home = (runtime.is_some() || is_run || depth % HOMES == 0).then(|| {
            let around = parent.as_deref().map(Node::home);
            let runtime = runtime.or_else(|| Some(around?.runtime.clone()));
            Home {
                runtime: runtime.unwrap_or_else(|| Runtime::global().clone()),
                run: run.or_else(|| around?.run.clone()),
            }
        });
        let node = Arc::new(Self {
            depth,
            home,
            step_type,
            name,
            parent,
            is_run,
            is_step_of_run,
            is_light,
            started,
            own_span_context: span_context,
            bridged_span_context: OnceLock::new(),
            call: OnceLock::new(),
            tool: OnceLock::new(),
            failed_attempts: AtomicU64::new(0),
            adopted: AtomicBool::new(false),
            claimed: AtomicBool::new(false),
            recording: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            sampled_out: AtomicBool::new(false),
            open_key: AtomicU64::new(NOT_OPEN),
            state: Mutex::new(State {
                recording: Recording::None,
                attributes: Vec::new(),
                initial: 0,
                dropped: 0,
                totals: Totals::default(),
                own: Own::default(),
                open: 0,
                ended: false,
                carriers,
                released: false,
                told: Told::default(),
                bill: None,
            }),
        });
        node.ancestors().for_each(|ancestor| lock(&ancestor.state).open += 1);
        node
    }

    fn home(&self) -> &Home {
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

    /// The trace and span of the step; `None` while it has no span.
    pub(crate) fn span_context(&self) -> Option<&SpanContext> {
        self.own_span_context.as_ref().or_else(|| self.bridged_span_context.get().map(|context| &**context))
    }

    pub(crate) fn ancestors(&self) -> impl Iterator<Item = &Arc<Self>> {
        std::iter::successors(self.parent.as_ref(), |node| node.parent.as_ref())
    }

    /// Whether values of this step leave the process; nothing needs to be formatted otherwise.
    pub(crate) fn is_recording(&self) -> bool {
        self.recording.load(Ordering::Relaxed)
    }

    /// Whether the sampler, asked in this process, let the step pass by; then it lets its children pass as well.
    pub(crate) fn is_sampled_out(&self) -> bool {
        self.sampled_out.load(Ordering::Relaxed)
    }

    /// The sampler lets the step pass by. A meter wants it all the same, also when it is still open at a shutdown.
    pub(crate) fn pass_by(self: &Arc<Self>) {
        self.sampled_out.store(true, Ordering::Relaxed);
        if self.runtime().meter.is_some() {
            self.keep_open();
        }
    }

    /// The step stands beside a span of other people.
    pub(crate) fn adopt(&self) {
        self.adopted.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_adopted(&self) -> bool {
        self.adopted.load(Ordering::Relaxed)
    }

    /// What was called; of a step that is no call nothing is known.
    pub(crate) fn called(&self) -> &Call {
        self.call.get().unwrap_or_else(|| Call::unknown())
    }

    pub(crate) fn is_model_call(&self) -> bool {
        matches!(self.step_type, StepType::LlmGenerate | StepType::Embedding)
    }

    /// Whether this step and the one around it tell of one call, when one of them is of others: calls of models stand in
    /// each other only then, tools when they have one name.
    pub(crate) fn is_same_call(&self, around: &Self) -> bool {
        let tool = self.tool_label();
        (self.is_model_call() && around.is_model_call()) || (tool.is_some() && tool == around.tool_label())
    }

    /// The span's name of a tool, also where it has none.
    pub(crate) fn tool_label(&self) -> Option<&str> {
        (self.step_type == StepType::ToolCall).then(|| self.tool.get().unwrap_or(&self.name).as_str())
    }

    /// Whether an exchange may write its reply into the step. Of a step of ours its caller knows that it is one call; of
    /// a span of others, only the first exchange is believed to be that call.
    pub(crate) fn claim(&self) -> bool {
        !self.is_adopted() || !self.claimed.swap(true, Ordering::Relaxed)
    }

    /// The exchange has read nothing, so that another one may.
    pub(crate) fn unclaim(&self) {
        self.claimed.store(false, Ordering::Relaxed);
    }

    /// Says to a span of others around this step that the same call is told of here.
    pub(crate) fn tell_around(&self) {
        let around = self.parent.as_ref().filter(|around| around.is_adopted() && self.is_same_call(around));
        if let Some(around) = around.filter(|around| !around.claimed.load(Ordering::Relaxed)) {
            around.own(|own| own.told_below = true);
        }
    }

    /// Takes the span that a bridge makes of a span of other people.
    pub(crate) fn set_adopted(self: &Arc<Self>, context: &Context) {
        let span = context.span();
        let span_context = span.span_context();
        let _ = self.bridged_span_context.set(Box::new(span_context.clone()));
        if !span_context.is_sampled() && span_context.is_valid() {
            self.pass_by();
        } else if span.is_recording() && self.runtime().joins() {
            self.runtime().pending.insert(span_context.span_id(), self);
            self.set_recording(Recording::Adopted, Vec::new());
        }
    }

    /// Keeps for the cold side, or for the end of the step, what the span is to be given.
    pub(crate) fn leave(&self, attributes: Vec<KeyValue>) {
        lock(&self.state).attributes = attributes;
    }

    /// What was kept for the cold side.
    pub(crate) fn take_left(&self) -> Vec<KeyValue> {
        std::mem::take(&mut lock(&self.state).attributes)
    }

    /// Takes the span that another bridge has made for the step.
    pub(crate) fn set_bridged(self: &Arc<Self>, context: &Context) {
        let span = context.span();
        let _ = self.bridged_span_context.set(Box::new(span.span_context().clone()));
        if span.is_recording() {
            self.set_recording(Recording::Bridged(context.clone()), Vec::new());
        } else if span.span_context().is_valid() {
            self.pass_by();
        }
    }

    /// Records the step in itself from now on.
    pub(crate) fn set_recorded(self: &Arc<Self>, recorded: Recorded, attributes: Vec<KeyValue>) {
        self.set_recording(Recording::Own(recorded), attributes);
    }

    fn set_recording(self: &Arc<Self>, recording: Recording, attributes: Vec<KeyValue>) {
        {
            let mut state = lock(&self.state);
            state.recording = recording;
            state.initial = attributes.len();
            state.attributes = attributes;
        }
        self.recording.store(true, Ordering::Relaxed);
    }

    /// Keeps a step that no `tracing` span carries for the shutdown. A second place would never be free again.
    pub(crate) fn keep_open(self: &Arc<Self>) {
        if self.open_key.load(Ordering::Relaxed) == NOT_OPEN {
            self.open_key.store(self.runtime().open.insert(self), Ordering::Relaxed);
        }
    }

    /// No `tracing` span carries the step that was to have one.
    pub(crate) fn not_carried(self: &Arc<Self>) {
        if self.is_recording() {
            self.keep_open();
        }
        self.on_carrier_gone();
    }

    /// Adds an event to the span while the step is open.
    pub(crate) fn add_event(&self, name: impl Into<Cow<'static, str>>, attributes: Vec<KeyValue>) {
        let event = Event::new(name, SystemTime::now(), attributes, 0);
        let bridged = self.with_recording(|recording| match recording {
            // The bridge has the events of a span of others.
            Recording::None | Recording::Adopted => None,
            Recording::Own(recorded) => {
                if let Some(recorder) = &self.runtime().recorder {
                    recorded.add_event(event, recorder.limits());
                }
                None
            }
            Recording::Bridged(context) => Some((context.clone(), event)),
        });
        if let Some((context, Event { name, timestamp, attributes, .. })) = bridged {
            context.span().add_event_with_timestamp(name, timestamp, attributes);
        }
    }

    /// Changes what is recorded in the step itself, while the step is open.
    pub(crate) fn record(&self, change: impl FnOnce(&mut Recorded, &SpanLimits)) {
        let Some(recorder) = &self.runtime().recorder else { return };
        self.with_recording(|recording| {
            if let Recording::Own(recorded) = recording {
                change(recorded, recorder.limits());
            }
        });
    }

    fn with_recording<T>(&self, work: impl FnOnce(&mut Recording) -> T) -> T {
        work(&mut lock(&self.state).recording)
    }

    /// Sets an attribute while the step is open; a value set twice counts once, with the last value.
    pub(crate) fn set(&self, attribute: KeyValue) {
        self.set_all([attribute]);
    }

    pub(crate) fn set_all(&self, attributes: impl IntoIterator<Item = KeyValue>) {
        if !self.is_recording() {
            return;
        }
        let mut state = lock(&self.state);
        if !state.ended {
            attributes.into_iter().for_each(|attribute| state.set(attribute));
        }
    }

    /// Sets what has not been set yet.
    pub(crate) fn set_missing(&self, attributes: impl IntoIterator<Item = KeyValue>) {
        let mut state = lock(&self.state);
        for attribute in attributes {
            if !state.ended && state.attributes.iter().all(|known| known.key != attribute.key) {
                state.push(attribute);
            }
        }
    }

    /// Takes back what was set, while the step is open.
    pub(crate) fn unset(&self, is_stale: impl Fn(&str) -> bool) {
        let mut state = lock(&self.state);
        if !state.ended {
            state.unset(is_stale);
        }
    }

    pub(crate) fn tell(&self, tell: impl FnOnce(&mut Told)) {
        tell(&mut lock(&self.state).told);
    }

    /// Changes what the step itself adds to the sums; without effect after its end.
    pub(crate) fn own(&self, change: impl FnOnce(&mut Own)) {
        let mut state = lock(&self.state);
        if !state.ended {
            change(&mut state.own);
        }
    }

    /// Whether a meter will ask for the step when it has ended.
    pub(crate) fn is_measured(&self) -> bool {
        self.runtime().meter.is_some()
    }

    /// Keeps what a meter will ask of the reply, if there is one.
    pub(crate) fn figures(&self, change: impl FnOnce(&mut ReplyFigures)) {
        if self.is_measured() {
            self.own(|own| change(own.reply.get_or_insert_default()));
        }
    }

    /// Puts what a call used and what that costs in place of what was known before; an amount told by hand stays. `pricing`,
    /// or why there is no price, is given when the step is recorded.
    pub(crate) fn charge(&self, usage: Usage, cost: OwnCost, pricing: Option<Result<Pricing, Unpriced>>) {
        let mut state = lock(&self.state);
        if state.ended {
            return;
        }
        let own = &mut state.own;
        (own.prompt_tokens, own.completion_tokens) = (usage.input, usage.output);
        let cost_by_hand = own.cost_by_hand;
        if !cost_by_hand {
            own.cost = cost;
        }
        if let Some(pricing) = pricing {
            let (pricing, missing) = match pricing {
                _ if cost_by_hand => (None, None),
                Ok(pricing) => (Some(pricing), None),
                Err(missing) => (None, Some(missing)),
            };
            state.bill = Some(Box::new(Bill { usage, pricing, missing }));
        }
    }

    /// The parts of a computed price would not add up to an amount that somebody tells; without effect after the step's end.
    pub(crate) fn forget_price(&self) {
        let state = &mut *lock(&self.state);
        if let Some(bill) = &mut state.bill
            && !state.ended
        {
            (bill.pricing, bill.missing) = (None, None);
        }
    }

    /// What the call used and costs, for its attributes.
    pub(crate) fn take_bill(&self) -> Option<Box<Bill>> {
        lock(&self.state).bill.take()
    }

    /// Whether steps below have not ended.
    pub(crate) fn has_open(&self) -> bool {
        lock(&self.state).open > 0
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    pub(crate) fn totals(&self) -> Totals {
        lock(&self.state).totals.clone()
    }

    pub(crate) fn totals_and_own(&self) -> (Totals, Own) {
        let state = lock(&self.state);
        (state.totals.clone(), state.own.clone())
    }

    /// Counts a failed attempt; gives its number, from 1.
    pub(crate) fn attempt_failed(&self) -> u64 {
        self.failed_attempts.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// All attempts of the call; `None` where nobody told of any.
    pub(crate) fn attempts(&self) -> Option<u64> {
        let failed = self.failed_attempts.load(Ordering::Relaxed);
        (failed > 0).then_some(failed + 1)
    }

    /// A task or a closure may carry the step on.
    pub(crate) fn expect_carrier(&self) {
        lock(&self.state).carriers += 1;
    }

    /// The last handle of the step's `tracing` span was dropped, or a task that carried the step is gone.
    pub(crate) fn on_carrier_gone(&self) {
        let release = {
            let mut state = lock(&self.state);
            state.carriers = state.carriers.saturating_sub(1);
            state.ready_to_release()
        };
        if release {
            self.release();
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
