use crate::span::adopted::{Adopted, is_telling, tells_failure};
use crate::span::current::NodeRef;
use crate::span::node::{NameOf, Node};
use crate::span::runtime::Runtime;
use opentelemetry::{Context, ContextGuard};
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tracing::span::{Attributes, Entered, Id, Record};
use tracing::{Dispatch, Event, Subscriber};
use tracing_subscriber::layer::{self, Layer};
use tracing_subscriber::registry::LookupSpan;

/// The target of every `tracing` span that this library makes.
pub(crate) const TARGET: &str = "agentspan";

/// Makes the OpenTelemetry context of a step current whenever the step's `tracing` span is entered, also by other
/// people's `.instrument(span)` and `.in_current_span()`, and makes steps beside those spans of other people that tell of
/// calls. It records nothing itself.
#[derive(Debug)]
pub(crate) struct StepLayer {
    runtime: Arc<Runtime>,
}

impl StepLayer {
    pub(crate) fn new(runtime: Arc<Runtime>) -> Self {
        Self { runtime }
    }

    pub(crate) fn runtime(&self) -> &Arc<Runtime> {
        &self.runtime
    }

    /// What a new span of others stands in: the context, and the nearest step.
    fn around<S>(
        &self,
        attributes: &Attributes<'_>,
        cx: &layer::Context<'_, S>,
    ) -> (Context, Option<Arc<Node>>)
    where
        S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    {
        if attributes.is_contextual() {
            return (Context::current(), NodeRef::current());
        }
        let Some(parent) = attributes.parent() else { return (Context::new(), None) };
        // Steps know their context; of other spans the bridge knows it, which has to start them for that.
        let steps = cx.span(parent).and_then(|span| {
            span.scope()
                .find_map(|span| self.runtime.attached.get(span.id().into_u64(), |it| it.context.clone()))
        });
        let bridged = || tracing_opentelemetry::get_otel_context(parent, &self.runtime.dispatch()?);
        let context = steps.or_else(bridged).unwrap_or_default();
        let node = context.get::<NodeRef>().map(|node| node.0.clone());
        (context, node)
    }

    /// The step that stands beside a span of others.
    fn adopted(&self, id: &Id) -> Option<Arc<Adopted>> {
        self.runtime.attached.get(id.into_u64(), |attached| attached.adopted().cloned()).flatten()
    }

    /// Finds the span of a bridge that a step of others stands beside, the first time that this is asked.
    fn identify(&self, id: &Id, adopted: Arc<Adopted>) -> Option<Context> {
        let context = adopted.identify(id)?;
        let attached = Attached { context: context.clone(), carried: Carried::Adopted(adopted) };
        self.runtime.attached.insert(id.into_u64(), attached);
        Some(context)
    }
}

/// What a step's `tracing` span carries.
#[derive(Debug)]
pub(crate) struct Attached {
    /// With the step in it.
    context: Context,
    carried: Carried,
}

#[derive(Debug)]
enum Carried {
    Step(Arc<Node>),
    /// By a span of others that is a step.
    Adopted(Arc<Adopted>),
}

impl Attached {
    pub(crate) fn node(&self) -> &Arc<Node> {
        match &self.carried {
            Carried::Step(node) => node,
            Carried::Adopted(adopted) => &adopted.node,
        }
    }

    fn adopted(&self) -> Option<&Arc<Adopted>> {
        if let Carried::Adopted(adopted) = &self.carried { Some(adopted) } else { None }
    }
}

thread_local! {
    /// Whether the layer was told of the span that is being made.
    static TOLD: Cell<bool> = const { Cell::new(false) };
    /// The span that is being entered or left by the one who holds its context. Layers of others may enter other spans
    /// meanwhile.
    static ATTACHED: Cell<Option<u64>> = const { Cell::new(None) };
    /// Spans that others have entered on this thread, innermost last, and the contexts that this made current.
    static ENTERED: RefCell<Vec<(Id, ContextGuard)>> = const { RefCell::new(Vec::new()) };
}

/// The span of a step, entered by who has made its context current, which then need not be looked up.
pub(crate) struct EnteredAttached<'a> {
    id: Option<u64>,
    entered: Option<Entered<'a>>,
}

impl<'a> EnteredAttached<'a> {
    pub(crate) fn new(span: &'a tracing::Span) -> Self {
        let id = span.id().map(|id| id.into_u64());
        let _mark = Mark::set(id);
        Self { id, entered: Some(span.enter()) }
    }
}

impl Drop for EnteredAttached<'_> {
    fn drop(&mut self) {
        let _mark = Mark::set(self.id);
        self.entered = None;
    }
}

/// The span of an open step, entered by a step below that has made its context current and holds no handle of the span.
pub(crate) struct EnteredAbove {
    dispatch: Dispatch,
    id: Id,
}

impl EnteredAbove {
    pub(crate) fn new(node: &Arc<Node>) -> Option<Self> {
        let runtime = node.runtime();
        let dispatch = runtime.dispatch()?;
        // An open step holds its span, which a closed one must not be asked for.
        let id = node.while_open(|| {
            let key = node.tracing_id.load(Ordering::Relaxed);
            let is_it = runtime.attached.get(key, |attached| Arc::ptr_eq(attached.node(), node));
            is_it?.then(|| dispatch.clone_span(&Id::from_u64(key)))
        })?;
        let _mark = Mark::set(Some(id.into_u64()));
        dispatch.enter(&id);
        Some(Self { dispatch, id })
    }
}

impl Drop for EnteredAbove {
    fn drop(&mut self) {
        let Self { dispatch, id } = self;
        {
            let _mark = Mark::set(Some(id.into_u64()));
            dispatch.exit(id);
        }
        // The registry closes parents through the subscriber of the thread, see `Runtime::let_go`.
        tracing::dispatcher::with_default(dispatch, || dispatch.try_close(id.clone()));
    }
}

/// Says of a span that its context is taken care of; taken back also when a layer of others panics before ours has seen it.
struct Mark(Option<u64>);

impl Mark {
    fn set(id: Option<u64>) -> Self {
        Self(ATTACHED.try_with(|attached| attached.replace(id)).ok().flatten())
    }

    fn is_on(id: &Id) -> bool {
        ATTACHED.try_with(Cell::get).is_ok_and(|attached| attached == Some(id.into_u64()))
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        let _ = ATTACHED.try_with(|attached| attached.set(self.0));
    }
}

/// Makes a `tracing` span for a step, with `context` current whenever it is entered; and whether it carries the step.
pub(crate) fn tracing_span(context: Context, node: &Arc<Node>) -> (tracing::Span, bool) {
    make(context, node, || {
        let name = tracing::field::display(NameOf(node));
        if is_end_of_chain(node) {
            return tracing::error_span!(target: TARGET, parent: None, "agentspan", name);
        }
        tracing::error_span!(target: TARGET, "agentspan", name)
    })
}

/// The registry closes a span's parents recursively, and two layers of filters make that deep: an agent that goes on by
/// spawning its next step must not overflow the stack. Our own parents stand in the context, not in this chain.
const MAX_CHAIN: usize = 128;

fn is_end_of_chain(node: &Node) -> bool {
    node.depth % MAX_CHAIN == MAX_CHAIN - 1
}

/// Gives the span, and whether our layer was told of it: a filter may let it through to layers of others only.
fn make(context: Context, node: &Arc<Node>, span: impl FnOnce() -> tracing::Span) -> (tracing::Span, bool) {
    // A layer of others may make steps of its own while it is told of a span.
    let around = TOLD.try_with(|told| told.replace(false));
    let span = span();
    // Thread-local storage is gone only while a thread ends; then the span carries nothing.
    let is_told = around.and_then(|around| TOLD.try_with(|told| told.replace(around))).unwrap_or(false);
    if is_told {
        attach(&span, context, node);
    }
    (span, is_told)
}

/// Gives the span of a step the context that is current whenever it is entered.
pub(crate) fn attach(span: &tracing::Span, context: Context, node: &Arc<Node>) {
    if let Some(id) = span.id() {
        node.tracing_id.store(id.into_u64(), Ordering::Relaxed);
        let attached = Attached { context, carried: Carried::Step(node.clone()) };
        node.runtime().attached.insert(id.into_u64(), attached);
    }
}

/// Makes a `tracing` span that another bridge records, and says whether it carries the step. Its final context, which the
/// bridge makes, comes by [`attach`].
pub(crate) fn bridged_span(kind: &'static str, context: Context, node: &Arc<Node>) -> (tracing::Span, bool) {
    make(context, node, || {
        let name = node.name().to_string();
        // The bridge is told the parent of its span apart.
        if is_end_of_chain(node) {
            return tracing::error_span!(target: TARGET, parent: None, "agentspan", otel.name = name.as_str(), otel.kind = kind);
        }
        tracing::error_span!(target: TARGET, "agentspan", otel.name = name.as_str(), otel.kind = kind)
    })
}

impl<S> Layer<S> for StepLayer
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        self.runtime.set_dispatch(dispatch);
        self.runtime.look_for_foreign_bridge(dispatch);
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: layer::Context<'_, S>) {
        let metadata = attributes.metadata();
        if metadata.target() == TARGET {
            let _ = TOLD.try_with(|told| told.set(true));
        } else if is_telling(metadata) && !Context::is_current_telemetry_suppressed() {
            let (around, parent) = self.around(attributes, &cx);
            let adopted = Arc::new(Adopted::new(&self.runtime, attributes, parent));
            let context = around.with_value(NodeRef(adopted.node.clone()));
            let attached = Attached { context, carried: Carried::Adopted(adopted) };
            self.runtime.attached.insert(id.into_u64(), attached);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: layer::Context<'_, S>) {
        if let Some(adopted) = self.adopted(id) {
            adopted.record(values);
            // A span that is never entered can be found only while it is open, and at its close that is too late.
            if adopted.is_nearly_over() {
                self.identify(id, adopted);
            }
        }
    }

    /// The error of a function whose span is a step fails the step; of a span inside of it, it says nothing of the step.
    fn on_event(&self, event: &Event<'_>, cx: layer::Context<'_, S>) {
        if !tells_failure(event.metadata()) {
            return;
        }
        let current = cx.current_span();
        if let Some(adopted) = current.id().and_then(|id| self.adopted(id)) {
            adopted.gave_error();
        }
    }

    fn on_enter(&self, id: &Id, _: layer::Context<'_, S>) {
        if Mark::is_on(id) {
            return;
        }
        let attached = |attached: &Attached| (attached.context.clone(), attached.adopted().cloned());
        let Some((context, adopted)) = self.runtime.attached.get(id.into_u64(), attached) else { return };
        let identified = adopted.and_then(|adopted| self.identify(id, adopted));
        let guard = identified.unwrap_or(context).attach();
        let _ = ENTERED.try_with(|entered| entered.borrow_mut().push((id.clone(), guard)));
    }

    fn on_exit(&self, id: &Id, _: layer::Context<'_, S>) {
        if Mark::is_on(id) {
            return;
        }
        if std::thread::panicking()
            && let Some(adopted) = self.adopted(id)
        {
            adopted.panicked();
        }
        // Spans may be exited in another order than they were entered in.
        let guard = ENTERED.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            let at = entered.iter().rposition(|(entered, _)| entered == id)?;
            Some(entered.remove(at))
        });
        // The guard is dropped after the borrow has ended, since dropping it may run other people's code.
        drop(guard);
    }

    fn on_close(&self, id: Id, _: layer::Context<'_, S>) {
        let Some(attached) = self.runtime.attached.remove(id.into_u64()) else { return };
        match &attached.carried {
            Carried::Step(node) => node.on_carrier_gone(),
            Carried::Adopted(adopted) => adopted.close(),
        }
    }
}
