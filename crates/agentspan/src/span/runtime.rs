use crate::config::{Content, Propagation};
use crate::cost::{Books, Ledger, MAX_RUNS, PriceBook};
use crate::error::say;
use crate::span::books::dear_run;
use crate::span::layer::{Attached, StepLayer};
use crate::span::measure::Meter;
use crate::span::node::Node;
use crate::span::open::OpenSteps;
use crate::span::pending::Pending;
use crate::span::probe::foreign_bridge;
use crate::span::recorder::Recorder;
use crate::span::sharded::Sharded;
use opentelemetry::KeyValue;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};
use std::cmp::Reverse;
use std::hash::Hasher;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tracing::Span;
use tracing::dispatcher::{Dispatch, WeakDispatch};

/// What steps need from the telemetry they belong to. It travels with the layer and with every step, so that two
/// telemetries in one process never mix.
#[derive(Debug)]
pub(crate) struct Runtime {
    /// Records steps without a detour; `None` leaves the recording to another bridge in the same subscriber.
    pub(crate) recorder: Option<Recorder>,
    pub(crate) prices: PriceBook,
    pub(crate) books: Ledger,
    /// Outermost runs that have not ended.
    pub(crate) open_runs: OpenSteps,
    /// Measures ended steps, when metrics were asked for.
    pub(crate) meter: Option<Arc<dyn Meter>>,
    pub(crate) content: Content,
    /// What travels to whom.
    pub(crate) propagation: Propagation,
    pub(crate) ids: Box<dyn IdGenerator>,
    /// For hashes that leave: the same text gives the same hash in every process of a service.
    pub(crate) hash_key: String,
    /// A bridge that is not ours sits in the same subscriber and takes all recording over.
    pub(crate) foreign_bridge: AtomicBool,
    /// The subscriber was looked through for such a bridge; before that, nothing may be left to ours.
    pub(crate) looked: AtomicBool,
    pub(crate) pending: Pending,
    /// Open steps that no `tracing` span carries.
    pub(crate) open: OpenSteps,
    /// What the `tracing` span of each step carries. The registry could hold it as well, at the price of several
    /// look-ups and a box for each span.
    pub(crate) attached: Sharded<Attached>,
    /// The subscriber that the layer sits in.
    dispatch: OnceLock<WeakDispatch>,
}

impl Runtime {
    pub(crate) fn new(recorder: Option<Recorder>, prices: PriceBook, content: Content) -> Self {
        Self {
            recorder,
            prices,
            books: Ledger::default(),
            open_runs: OpenSteps::default(),
            meter: None,
            content,
            propagation: Propagation::new(),
            ids: Box::new(RandomIdGenerator::default()),
            hash_key: String::new(),
            foreign_bridge: AtomicBool::new(false),
            looked: AtomicBool::new(false),
            pending: Pending::default(),
            open: OpenSteps::default(),
            attached: Sharded::default(),
            dispatch: OnceLock::new(),
        }
    }

    pub(crate) fn with_propagation(mut self, propagation: Propagation) -> Self {
        self.propagation = propagation;
        self
    }

    pub(crate) fn set_dispatch(&self, dispatch: &Dispatch) {
        let _ = self.dispatch.set(dispatch.downgrade());
    }

    /// Drops a span where the thread's subscriber is ours: the registry closes a span's parent through the subscriber of the
    /// thread, and would never close it on a thread without one.
    pub(crate) fn let_go(&self, span: Span) {
        if span.is_none() {
            return;
        }
        let here = tracing::dispatcher::get_default(|dispatch| dispatch.is::<StepLayer>());
        match if here { None } else { self.dispatch() } {
            Some(dispatch) => tracing::dispatcher::with_default(&dispatch, || drop(span)),
            None => drop(span),
        }
    }

    /// The subscriber that the layer sits in, while it lives.
    pub(crate) fn dispatch(&self) -> Option<Dispatch> {
        self.dispatch.get()?.upgrade()
    }

    /// Our own recorder, unless another bridge records.
    pub(crate) fn recorder_in_force(&self) -> Option<&Recorder> {
        self.recorder.as_ref().filter(|_| !self.foreign_bridge.load(Ordering::Relaxed))
    }

    /// The settings in force when no layer of ours can be found: those of the first start in this process.
    pub(crate) fn set_global(runtime: &Arc<Self>) {
        let _ = GLOBAL.set(runtime.clone());
    }

    pub(crate) fn global() -> &'static Arc<Self> {
        GLOBAL.get().unwrap_or_else(|| {
            static BARE: OnceLock<Arc<Runtime>> = OnceLock::new();
            BARE.get_or_init(|| Arc::new(Self::new(None, PriceBook::default(), Content::default())))
        })
    }

    /// The runtime of the current subscriber's layer, else that of `parent`, else the one of [`global`](Self::global).
    pub(crate) fn here(parent: Option<&Node>) -> Arc<Self> {
        let around = || parent.map(|parent| parent.runtime().clone());
        Self::current(parent).0.or_else(around).unwrap_or_else(|| Self::global().clone())
    }

    /// The same as [`here`](Self::here), but `None` where it is that of `parent`, which spares a count of references;
    /// and whether the current subscriber has a layer of ours.
    pub(crate) fn current(parent: Option<&Node>) -> (Option<Arc<Self>>, bool) {
        let around = parent.map(Node::runtime);
        let layer = tracing::dispatcher::get_default(|dispatch| {
            let runtime = dispatch.downcast_ref::<StepLayer>()?.runtime();
            runtime.look_for_foreign_bridge(dispatch);
            let is_known = around.is_some_and(|around| Arc::ptr_eq(around, runtime));
            Some((!is_known).then(|| runtime.clone()))
        });
        match layer {
            Some(runtime) => (runtime, true),
            None => (around.is_none().then(|| Self::global().clone()), false),
        }
    }

    /// Looks through the subscriber once. The layer is told of it when it is installed, but not inside of an `Option`
    /// or a `Vec` of layers, which do not pass that on.
    pub(crate) fn look_for_foreign_bridge(&self, dispatch: &Dispatch) {
        if self.recorder.is_none()
            || self.looked.load(Ordering::Relaxed)
            || self.looked.swap(true, Ordering::Relaxed)
        {
            return;
        }
        let layer = dispatch.downcast_ref::<StepLayer>();
        let other = layer.map(StepLayer::runtime).filter(|runtime| !std::ptr::eq(&***runtime, self));
        // The layer of an exporter of the user's own records nothing itself.
        let trouble = if other.is_some_and(|other| other.recorder.is_some()) {
            "the subscriber has two layers of agentspan, and only the one added last records; remove the other"
        } else if foreign_bridge(dispatch) {
            "the subscriber has an OpenTelemetry layer beside agentspan's own, so each span leaves \
                 through one of the two, without sums and translation where it is the other; wrap its exporter in \
                 `agentspan::exporter(…)` and use the `layer()` of that, or remove one of the two"
        } else {
            return;
        };
        self.foreign_bridge.store(true, Ordering::Relaxed);
        say(trouble);
    }

    /// The books, with what runs have cost that go on.
    pub(crate) fn read_books(&self) -> Books {
        // Asked for first: a run that ends meanwhile is in the books as well, and is not missed.
        let runs = self.open_runs.all();
        let mut open: Vec<_> = runs.iter().map(|run| (run, run.totals())).collect();
        open.sort_by_key(|(_, totals)| Reverse(totals.known_cost()));
        // Of the dearest ones all may have ended meanwhile.
        self.books.read(open.iter().take(2 * MAX_RUNS).filter_map(|(run, totals)| dear_run(run, *totals)))
    }

    /// Every recorded or measured step that has not ended, children before their parents.
    pub(crate) fn open_steps(&self) -> Vec<Arc<Node>> {
        let mut open = self.open.all();
        open.extend(self.attached.collect(|attached| attached.node().clone()));
        open.retain(|node| !node.is_ended() && (node.is_recording() || node.is_measured()));
        open.sort_by_key(|node| Reverse(node.depth));
        open
    }

    /// Whether a cold side of ours sees the spans, and can wait for sums that are not complete.
    pub(crate) fn waits(&self) -> bool {
        !self.foreign_bridge.load(Ordering::Relaxed)
    }

    /// Whether what is left for a span of others is fetched by a cold side of ours.
    pub(crate) fn joins(&self) -> bool {
        self.waits() && self.recorder.as_ref().is_none_or(Recorder::exports)
    }

    /// Whether other people's spans may be left to our own bridge.
    pub(crate) fn bridges(&self) -> bool {
        self.looked.load(Ordering::Relaxed) && !self.foreign_bridge.load(Ordering::Relaxed)
    }

    /// Which content the telemetry in force here records; what is not wanted need not be held. `None` below a step that
    /// the sampler let pass by, where nothing need be read at all.
    pub(crate) fn wanted() -> Option<Content> {
        let parent = crate::span::current::NodeRef::current();
        if parent.as_ref().is_some_and(|parent| parent.is_sampled_out()) {
            return None;
        }
        Some(Self::here(parent.as_deref()).content)
    }

    /// A short keyed hash: equal texts show as equal without showing the text.
    pub(crate) fn hash(&self, bytes: &[u8]) -> String {
        format!("{:016x}", siphash(&self.hash_key, bytes))
    }
}

static GLOBAL: OnceLock<Arc<Runtime>> = OnceLock::new();

static WARNED: AtomicBool = AtomicBool::new(false);

/// Why a step is not recorded, or not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unrecorded {
    /// The current subscriber has no layer of ours.
    NoLayer,
    /// The telemetry was shut down or dropped.
    Ended,
    /// A filter switches our target off, and another bridge should have made the span.
    Filtered,
    /// A filter switches our target off; the step is recorded, but its `tracing` span cannot carry it.
    NotCarried,
}

/// Warns once in the life of the process of a step that is not recorded as it should be.
pub(crate) fn warn_unrecorded(why: Unrecorded) {
    if WARNED.swap(true, Ordering::Relaxed) {
        return;
    }
    say(match why {
        Unrecorded::NoLayer if GLOBAL.get().is_some() => {
            "a span is not recorded: the current subscriber has no layer of agentspan; add the one that \
                 `agentspan::builder()` makes"
        }
        Unrecorded::NoLayer => {
            "a span is not recorded: it was made before `agentspan::init()`; start the telemetry first"
        }
        Unrecorded::Ended => {
            "a span is not recorded: its telemetry was shut down, or dropped; hold what `agentspan::init()` gives in a \
                 variable with a name (`let _ =` drops it at once) until the last span has ended"
        }
        Unrecorded::Filtered => {
            "a span is not recorded: a filter of the subscriber switches off the target `agentspan`; let it \
                 through at level `error`"
        }
        Unrecorded::NotCarried => {
            "a filter of the subscriber switches off the target `agentspan`, so spans of other libraries and tasks \
                 carried by `tracing` are torn from their steps; let it through at level `error`"
        }
    });
}

/// The program was told already that nothing is recorded.
pub(crate) fn unrecorded_is_known() {
    WARNED.store(true, Ordering::Relaxed);
}

/// SipHash with the key mixed in first: the standard library's one hasher whose result is fixed for good.
pub(crate) fn siphash(key: &str, bytes: &[u8]) -> u64 {
    #[expect(deprecated, reason = "the one hasher of the standard library whose result is fixed")]
    let mut hasher = std::hash::SipHasher::new();
    hasher.write(key.as_bytes());
    hasher.write_u8(0xff);
    hasher.write(bytes);
    hasher.finish()
}

/// A lock that a panicking thread left behind still guards sound data: every change to it is a single step.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An attribute with a static name.
pub(crate) fn attribute(name: &'static str, value: impl Into<opentelemetry::Value>) -> KeyValue {
    KeyValue::new(name, value)
}

/// Counts reach spans as `i64`; what does not fit is larger than any real count.
pub(crate) fn count(name: &'static str, value: u64) -> KeyValue {
    KeyValue::new(name, i64::try_from(value).unwrap_or(i64::MAX))
}
