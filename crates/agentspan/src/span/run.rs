mod breakdown;
mod identity;

pub(crate) use breakdown::{Figures, Line};
pub(crate) use identity::{Inherited, RunIdentity, identify_by_sender};

use crate::cost::{self, Ledger, RunAccount};
use crate::span::node::Node;
use crate::span::runtime::{Runtime, lock};
use agentspan_semconv::{Outcome, StepType, StopReason, session};
use breakdown::Breakdown;
use foldhash::fast::RandomState as FastHash;
use opentelemetry::trace::SpanContext;
use opentelemetry::{KeyValue, TraceId};
use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// One run of an agent: its identity, which every step of it carries, and what only the run as a whole can know.
#[derive(Debug)]
pub(crate) struct Run {
    /// Absent until somebody asks, where the caller gave none.
    id: OnceLock<Arc<str>>,
    /// What the id is made of then.
    random: TraceId,
    pub(crate) parent: Option<Arc<Run>>,
    pub(crate) agent_name: String,
    /// What steps have from the run, until a tag is added.
    inherited: Inherited,
    /// A tag was added: what is in the state has taken its place.
    is_tagged: AtomicBool,
    /// Among the outermost runs that have not ended.
    slot_of_open_runs: OnceLock<u64>,
    /// Direct steps that were given a number: those that are recorded.
    numbered: AtomicU64,
    /// A direct step has failed: as long as none has, it changes nothing that another one succeeds.
    has_failed: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Since a tag was added.
    inherited: Option<Arc<Inherited>>,
    stop_reason: Option<StopReason>,
    /// Kind and class of the last direct step that failed, until one of that kind succeeds.
    last_failure: Option<(StepType, Option<Cow<'static, str>>)>,
    last_failed: Option<SpanContext>,
    /// How often each tool was called, by hashes of tool names, and so with the same arguments, by hashes of both.
    tool_calls: HashMap<u64, u64, FastHash>,
    /// Which model call asked for which tool call.
    askers: HashMap<String, SpanContext>,
    /// Their keys, oldest first.
    asked: VecDeque<String>,
    breakdown: Breakdown,
    /// Until a tag is added, or a call goes to another telemetry.
    account: Option<RunAccount>,
}

/// Names, calls and inputs that one run remembers, so that a run without end does not grow without bound.
const MAX_REMEMBERED: usize = 4_096;

/// Room that is made at once for what is remembered of calls of tools.
const USUAL_CALLS: usize = 6;

impl Run {
    pub(crate) fn new(
        agent_name: String,
        identity: &mut RunIdentity,
        parent: Option<&Arc<Self>>,
        random: TraceId,
    ) -> Arc<Self> {
        Arc::new(Self {
            inherited: Inherited::of(identity, parent.map(|parent| &**parent)),
            id: identity.id.take().map(OnceLock::from).unwrap_or_default(),
            random,
            parent: parent.cloned(),
            agent_name,
            is_tagged: AtomicBool::new(false),
            slot_of_open_runs: OnceLock::new(),
            numbered: AtomicU64::new(0),
            has_failed: AtomicBool::new(false),
            state: Mutex::new(State {
                inherited: None,
                stop_reason: None,
                last_failure: None,
                last_failed: None,
                tool_calls: HashMap::default(),
                askers: HashMap::new(),
                asked: VecDeque::new(),
                breakdown: Breakdown::default(),
                account: None,
            }),
        })
    }

    /// The one that the caller gave, else 32 hexadecimal digits.
    pub(crate) fn id(&self) -> &Arc<str> {
        self.id.get_or_init(|| self.random.to_string().into())
    }

    fn root_id(&self) -> &Arc<str> {
        let ancestors = std::iter::successors(self.parent.as_deref(), |run| run.parent.as_deref());
        ancestors.last().unwrap_or(self).id()
    }

    /// Session, user and tags, where they are no longer those that the run began with.
    pub(crate) fn inherited(&self) -> Option<Arc<Inherited>> {
        if self.is_tagged.load(Ordering::Acquire) { lock(&self.state).inherited.clone() } else { None }
    }

    /// The attributes that stand on a span of the run, of a step that began when that was inherited.
    pub(crate) fn identity<'a>(&'a self, inherited: Option<&'a Inherited>) -> &'a [KeyValue] {
        inherited.unwrap_or(&self.inherited).identity(self)
    }

    /// Puts a tag on the run and on the steps that begin from now on; a new one beyond what there is room for is left out.
    pub(crate) fn tag(&self, tag: KeyValue) {
        let mut state = lock(&self.state);
        let inherited = state.inherited.as_deref().unwrap_or(&self.inherited);
        let Some(inherited) = inherited.with(tag) else { return };
        (state.inherited, state.account) = (Some(Arc::new(inherited)), None);
        self.is_tagged.store(true, Ordering::Release);
    }

    /// Enters a call of the run into the books; the run is locked meanwhile.
    #[inline]
    pub(crate) fn post(&self, books: &Ledger, entry: &cost::Entry<'_>) {
        let State { account, inherited, .. } = &mut *lock(&self.state);
        books.post(entry, account, inherited.as_deref().unwrap_or(&self.inherited).tags());
    }

    /// Keeps an outermost run among those that go on.
    pub(crate) fn opened(&self, node: &Arc<Node>) {
        if self.parent.is_none() {
            let _ = self.slot_of_open_runs.set(node.runtime().open_runs.insert(node));
        }
    }

    pub(crate) fn closed(&self, runtime: &Runtime) {
        if let Some(slot) = self.slot_of_open_runs.get() {
            runtime.open_runs.remove(*slot);
        }
    }

    /// The number of the next direct step, from 1.
    pub(crate) fn next_step(&self) -> u64 {
        self.numbered.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn set_stop_reason(&self, reason: StopReason) {
        lock(&self.state).stop_reason = Some(reason);
    }

    /// Session, user and tags, without a copy.
    pub(crate) fn with_inherited<T>(&self, read: impl FnOnce(&[KeyValue]) -> T) -> T {
        read(self.inherited().as_deref().unwrap_or(&self.inherited).tags())
    }

    pub(crate) fn session(&self) -> Option<String> {
        self.with_inherited(|inherited| {
            let found = inherited.iter().find(|known| known.key.as_str() == session::SESSION_ID);
            found.map(|session| session.value.as_str().into_owned())
        })
    }

    pub(crate) fn stop_reason(&self) -> Option<StopReason> {
        lock(&self.state).stop_reason.clone()
    }

    /// Why a run stopped that ended with an error: after a failed tool or model call, if nothing of that kind
    /// succeeded later.
    pub(crate) fn reason_of_error(&self) -> StopReason {
        match lock(&self.state).last_failure.as_ref().map(|(step_type, _)| step_type) {
            Some(StepType::ToolCall) => StopReason::ToolError,
            Some(StepType::LlmGenerate) => StopReason::LlmError,
            _ => StopReason::Error,
        }
    }

    /// Remembers the step that failed last, however deep in the run, for a recovery to link to.
    pub(crate) fn step_failed(&self, span: Option<&SpanContext>) {
        lock(&self.state).last_failed = span.cloned();
    }

    /// Notes how a direct step ended.
    #[inline]
    pub(crate) fn step_ended(
        &self,
        step_type: &StepType,
        outcome: &Outcome,
        error_type: Option<&Cow<'static, str>>,
    ) {
        if !outcome.is_failure() && !self.has_failed.load(Ordering::Acquire) {
            return;
        }
        let mut state = lock(&self.state);
        if outcome.is_failure() {
            state.last_failure = Some((step_type.clone(), error_type.cloned()));
            self.has_failed.store(true, Ordering::Release);
        } else if *outcome == Outcome::Ok
            && state.last_failure.as_ref().is_some_and(|(failed, _)| failed == step_type)
        {
            state.last_failure = None;
        }
    }

    /// The class of the failure of the last direct step that failed.
    pub(crate) fn failure_class(&self) -> Option<Cow<'static, str>> {
        lock(&self.state).last_failure.as_ref().and_then(|(_, class)| class.clone())
    }

    pub(crate) fn last_failed(&self) -> Option<SpanContext> {
        lock(&self.state).last_failed.clone()
    }

    /// The number of this call among the calls of the tool, from 1, unless the run has forgotten it, and whether the same
    /// arguments came before.
    pub(crate) fn tool_called(&self, tool: &str, arguments: Option<u64>) -> (Option<u64>, bool) {
        let mut state = lock(&self.state);
        // The run's own, so that the same call has the same hash.
        let hash = state.tool_calls.hasher().clone();
        if state.tool_calls.is_empty() {
            state.tool_calls.reserve(USUAL_CALLS);
        }
        let mut count = |what: u64| {
            let full = state.tool_calls.len() >= 2 * MAX_REMEMBERED;
            match state.tool_calls.entry(what) {
                Entry::Occupied(mut known) => {
                    *known.get_mut() += 1;
                    Some(*known.get())
                }
                Entry::Vacant(_) if full => None,
                Entry::Vacant(new) => Some(*new.insert(1)),
            }
        };
        let named = hash.hash_one(tool);
        let index = count(named);
        let input = arguments.map(|arguments| hash.hash_one((named, arguments)));
        (index, input.and_then(count).is_some_and(|calls| calls > 1))
    }

    /// Remembers which model call asked for a tool call.
    pub(crate) fn asked_for(&self, call_id: &str, asker: &SpanContext) {
        let mut state = lock(&self.state);
        if state.askers.insert(call_id.to_owned(), asker.clone()).is_none() {
            state.asked.push_back(call_id.to_owned());
        }
        // What was asked for long ago has been done, or never will be.
        if state.asked.len() > MAX_REMEMBERED
            && let Some(oldest) = state.asked.pop_front()
        {
            state.askers.remove(&oldest);
        }
    }

    pub(crate) fn asker(&self, call_id: &str) -> Option<SpanContext> {
        let found = lock(&self.state).askers.get(call_id).cloned();
        found.or_else(|| self.parent.as_ref()?.asker(call_id))
    }

    pub(crate) fn add_line(&self, line: &Line<'_>) {
        lock(&self.state).breakdown.add(line);
    }

    /// `agent.breakdown` as JSON, dearest rows first; `None` for a run without steps.
    pub(crate) fn breakdown(&self) -> Option<String> {
        lock(&self.state).breakdown.json()
    }
}
