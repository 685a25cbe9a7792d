//! What a program has spent, whether or not its traces are kept.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::totals::add_known;
use super::{OwnCost, Usd};
use crate::usage::short_name;
use agentspan_semconv::session::SESSION_ID;
use agentspan_semconv::user::USER_ID;
use foldhash::fast::RandomState as FastHash;
use opentelemetry::KeyValue;

/// What a program has spent since its telemetry started: the same whatever was sampled, sent or lost.
///
/// A call enters when it ends. Lists are sorted by cost, the dearest first; each has at most 1,000 lines of its own, and a
/// last one named `other` for everything beyond them.
///
/// ```
/// let recording = agentspan::testing::record(); // in a program: `let telemetry = agentspan::init();`
/// agentspan::tool("search").cost_usd(0.25).in_scope(|| {});
/// let books = recording.books();
/// assert_eq!(books.total.usd.to_string(), "0.25");
/// assert_eq!(books.tools[0].name, "search");
/// for run in &books.dearest_runs {
///     println!("{} {} {:?}", run.usd, run.agent_name, run.trace_id);
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Books {
    /// Everything.
    pub total: Spend,
    /// By `<provider>/<model>`, the model as it was asked for.
    pub models: Vec<BookLine>,
    /// By name of the tool.
    pub tools: Vec<BookLine>,
    /// By the name of the nearest agent; a call outside any run has no line here.
    pub agents: Vec<BookLine>,
    /// By `<key>=<value>` of the tags that stand on a run.
    pub tags: Vec<BookLine>,
    /// Ended runs by stop reason, the commonest first.
    pub stop_reasons: Vec<(String, u64)>,
    /// The twenty outermost runs that cost most, with their trace: the way from an alert to Jaeger. What a step adds that
    /// outlives its run is added here, too.
    pub dearest_runs: Vec<DearRun>,
}

/// One line of the [`Books`].
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct BookLine {
    /// What the line is about.
    pub name: String,
    /// What it has spent.
    pub spend: Spend,
}

/// What calls of models and tools have cost together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spend {
    /// The exact sum of the costs that are known.
    pub usd: Usd,
    /// Tokens of prompts, with cached ones; `None` when no call told any.
    pub prompt_tokens: Option<u64>,
    /// Tokens of completions, with reasoning; `None` when no call told any.
    pub completion_tokens: Option<u64>,
    /// Calls that ended.
    pub calls: u64,
    /// Of these the ones whose cost is not known, or not wholly: the sum is too low by them.
    pub unpriced_calls: u64,
    /// Of these the ones that failed.
    pub failed_calls: u64,
}

/// An outermost run among the dearest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DearRun {
    /// `agent.run_id`.
    pub run_id: String,
    /// `agent.name`.
    pub agent_name: String,
    /// `session.id`, when one was given.
    pub session_id: Option<String>,
    /// The trace, in hexadecimal; also of one that was not kept. `None` when no trace was begun.
    pub trace_id: Option<String>,
    /// What the run and everything below it has cost, as far as it is known.
    pub usd: Usd,
    /// Tokens of prompts of the run and everything below it.
    pub prompt_tokens: Option<u64>,
    /// Tokens of completions of the run and everything below it.
    pub completion_tokens: Option<u64>,
    /// `agent.stop_reason`.
    pub stop_reason: String,
}

impl Spend {
    fn add(&mut self, other: &Self) {
        self.usd += other.usd;
        add_known(&mut self.prompt_tokens, other.prompt_tokens);
        add_known(&mut self.completion_tokens, other.completion_tokens);
        self.calls += other.calls;
        self.unpriced_calls += other.unpriced_calls;
        self.failed_calls += other.failed_calls;
    }
}

/// What was called.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subject<'a> {
    Model {
        provider: &'a str,
        model: &'a str,
    },
    Tool(&'a str),
    /// A step of another kind that was told what it cost.
    Step,
}

/// One call that has ended.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) subject: Subject<'a>,
    pub(crate) agent: Option<&'a str>,
    pub(crate) cost: OwnCost,
    pub(crate) prompt_tokens: Option<u64>,
    pub(crate) completion_tokens: Option<u64>,
    pub(crate) failed: bool,
}

impl Entry<'_> {
    fn spend(&self) -> Spend {
        Spend {
            usd: self.cost.known().unwrap_or(Usd::ZERO),
            prompt_tokens: self.prompt_tokens,
            completion_tokens: self.completion_tokens,
            calls: 1,
            unpriced_calls: u64::from(matches!(self.cost, OwnCost::Partial(_) | OwnCost::Unknown)),
            failed_calls: u64::from(self.failed),
        }
    }
}

/// Where the books are kept while the program runs.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Accounts>);

#[derive(Debug, Default)]
struct Accounts {
    models: Lines,
    tools: Lines,
    /// Of steps that call neither. Each call enters here, at a model or at a tool, so these add up to the total.
    steps: Spend,
    agents: Lines,
    tags: Lines,
    stop_reasons: HashMap<String, u64, FastHash>,
    dearest_runs: Vec<DearRun>,
    /// For names that are put together of parts.
    name: String,
}

/// Names with a line of their own; a program that puts an id into a name must not grow without bound.
const MAX_LINES: usize = 1_000;

/// The line of everything that has none of its own.
const OTHER: &str = "other";

const MAX_RUNS: usize = 20;

#[derive(Debug, Default)]
struct Lines {
    places: HashMap<String, usize, FastHash>,
    lines: Vec<BookLine>,
    other: Option<Spend>,
}

/// Where a line stands in its list; `None` for the line of all that have none of their own.
type Place = Option<usize>;

/// The lines to which calls of a run are posted, so that their names are looked up once.
#[derive(Debug)]
pub(crate) struct RunLines {
    agent: Place,
    tags: Vec<Place>,
    /// Of the model that was called last, and is likely to be called again.
    model: Place,
}

impl Lines {
    fn place(&mut self, name: &str) -> Place {
        // Models make up names of tools, too.
        let name = short_name(name);
        if let Some(place) = self.places.get(name) {
            return Some(*place);
        }
        let place = self.lines.len();
        if place >= MAX_LINES {
            return None;
        }
        self.lines.push(BookLine { name: name.to_owned(), spend: Spend::default() });
        self.places.insert(name.to_owned(), place);
        Some(place)
    }

    /// Whether a place is that of a name which these parts make.
    fn is_at(&self, place: usize, parts: [&str; 3]) -> bool {
        let name = self.lines.get(place).map(|line| line.name.as_str());
        parts.into_iter().try_fold(name.unwrap_or(""), str::strip_prefix) == Some("")
    }

    fn add(&mut self, place: Place, spend: &Spend) {
        match place.and_then(|place| self.lines.get_mut(place)) {
            Some(line) => line.spend.add(spend),
            None => self.other.get_or_insert_default().add(spend),
        }
    }

    fn sorted(&self) -> Vec<BookLine> {
        let mut lines = self.lines.clone();
        lines.sort_by(|one, other| {
            other.spend.usd.cmp(&one.spend.usd).then_with(|| one.name.cmp(&other.name))
        });
        lines.extend(self.other.map(|spend| BookLine { name: OTHER.to_owned(), spend }));
        lines
    }
}

impl Ledger {
    /// Posts a call of the run that `lines` was kept for, which is filled by the first one from `inherited`: session, user
    /// and tags of the run.
    pub(crate) fn post(&self, entry: &Entry<'_>, lines: &mut Option<RunLines>, inherited: &[KeyValue]) {
        let mut accounts = self.lock();
        let Accounts { models, tools, steps, agents, tags, name, .. } = &mut *accounts;
        let mut put_together = |parts: [&str; 3], lines: &mut Lines| {
            name.clear();
            parts.iter().for_each(|part| name.push_str(part));
            lines.place(name)
        };
        let spend = &entry.spend();
        if let Some(agent) = entry.agent {
            let lines = lines.get_or_insert_with(|| {
                // Sessions and users are too many, and nobody's business here.
                let is_tag = |known: &&KeyValue| ![SESSION_ID, USER_ID].contains(&known.key.as_str());
                let tag = |tag: &KeyValue| put_together([tag.key.as_str(), "=", &tag.value.as_str()], tags);
                let tags = inherited.iter().filter(is_tag).map(tag).collect();
                RunLines { agent: agents.place(agent), tags, model: None }
            });
            agents.add(lines.agent, spend);
            lines.tags.iter().for_each(|place| tags.add(*place, spend));
        }
        match entry.subject {
            Subject::Model { provider, model } => {
                let parts = [provider, "/", model];
                let last = lines.as_ref().and_then(|lines| lines.model);
                let place = last.filter(|place| models.is_at(*place, parts));
                let place = place.or_else(|| put_together(parts, models));
                if let Some(lines) = lines {
                    lines.model = place;
                }
                models.add(place, spend);
            }
            Subject::Tool(tool) => {
                let place = tools.place(tool);
                tools.add(place, spend);
            }
            Subject::Step => steps.add(spend),
        }
    }

    pub(crate) fn run_ended(&self, stop_reason: &str) {
        let reasons = &mut self.lock().stop_reasons;
        match reasons.get_mut(stop_reason) {
            Some(count) => *count += 1,
            None => {
                let name = if reasons.len() < MAX_LINES { stop_reason } else { OTHER };
                *reasons.entry(name.to_owned()).or_default() += 1;
            }
        }
    }

    /// Whether an outermost run that cost so much belongs to the dearest. Of runs that cost the same the first ones stay;
    /// `is_late` is told of one that may be among them.
    pub(crate) fn is_dear(&self, usd: Usd, is_late: bool) -> bool {
        let runs = &self.lock().dearest_runs;
        let dearer = |cheapest: &DearRun| usd > cheapest.usd || (is_late && usd == cheapest.usd);
        runs.len() < MAX_RUNS || runs.last().is_some_and(dearer)
    }

    /// Takes an ended outermost run among the dearest, in place of what is known of it. Threads that end steps of one run
    /// may come here in another order than they added to it; since sums only grow, the greatest is the latest.
    pub(crate) fn put_run(&self, run: DearRun) {
        let sums = |run: &DearRun| (run.usd, run.prompt_tokens, run.completion_tokens);
        let runs = &mut self.lock().dearest_runs;
        if let Some(place) = runs.iter().position(|known| known.run_id == run.run_id) {
            if sums(&runs[place]) > sums(&run) {
                return;
            }
            runs.remove(place);
        }
        let place = runs.partition_point(|known| known.usd >= run.usd);
        runs.insert(place, run);
        runs.truncate(MAX_RUNS);
    }

    pub(crate) fn books(&self) -> Books {
        let accounts = self.lock();
        let mut stop_reasons: Vec<_> =
            accounts.stop_reasons.iter().map(|(reason, count)| (reason.clone(), *count)).collect();
        stop_reasons.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        let mut total = accounts.steps;
        for lines in [&accounts.models, &accounts.tools] {
            lines.lines.iter().for_each(|line| total.add(&line.spend));
            lines.other.iter().for_each(|other| total.add(other));
        }
        Books {
            total,
            models: accounts.models.sorted(),
            tools: accounts.tools.sorted(),
            agents: accounts.agents.sorted(),
            tags: accounts.tags.sorted(),
            stop_reasons,
            dearest_runs: accounts.dearest_runs.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Accounts> {
        // Every change is a sum, so what a panicking thread left behind is still sound.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
