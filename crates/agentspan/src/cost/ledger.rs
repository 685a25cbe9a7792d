//! Where the books are kept while the program runs.

mod groups;
mod lines;

use super::books::{Books, DearRun, Spend};
use super::{OwnCost, Usd};
use foldhash::fast::RandomState as FastHash;
use groups::{Account, Groups};
use lines::{Lines, MAX_LINES, OTHER};
use opentelemetry::KeyValue;
use std::collections::HashMap;
use std::iter;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

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
#[derive(Debug)]
pub(crate) struct Ledger {
    /// Its number among the ledgers of the process.
    number: u64,
    accounts: Mutex<Accounts>,
}

#[derive(Debug, Default)]
struct Accounts {
    models: Lines,
    tools: Lines,
    /// Of steps that call neither. Each call enters here, at a model or at a tool, so these add up to the total.
    steps: Spend,
    runs: Groups,
    stop_reasons: HashMap<String, u64, FastHash>,
    dearest_runs: Vec<DearRun>,
    /// For names that are put together of parts.
    name: String,
}

pub(crate) const MAX_RUNS: usize = 20;

/// Where calls of a run are posted, so that names are looked up once.
#[derive(Debug)]
pub(crate) struct RunAccount {
    /// The number of the ledger: a run may have steps of several telemetries.
    ledger: u64,
    account: Account,
}

impl Default for Ledger {
    fn default() -> Self {
        static LEDGERS: AtomicU64 = AtomicU64::new(0);
        Self { number: LEDGERS.fetch_add(1, Ordering::Relaxed), accounts: Mutex::default() }
    }
}

impl Ledger {
    /// Posts a call of the run that `kept` is the account of, which is filled by the first one from `inherited`: session, user
    /// and tags of the run.
    pub(crate) fn post(&self, entry: &Entry<'_>, kept: &mut Option<RunAccount>, inherited: &[KeyValue]) {
        let Accounts { models, tools, steps, runs, name, .. } = &mut *self.lock();
        let spend = &entry.spend();
        let mut unknown = None;
        let model = match entry.agent {
            Some(agent) => {
                if kept.as_ref().is_some_and(|kept| kept.ledger != self.number) {
                    *kept = None;
                }
                let kept = kept.get_or_insert_with(|| RunAccount {
                    ledger: self.number,
                    account: runs.account(agent, inherited, name),
                });
                runs.add(&mut kept.account, spend)
            }
            None => &mut unknown,
        };
        match entry.subject {
            Subject::Model { provider, model: called } => {
                let parts = [provider, "/", called];
                if !models.is_at(*model, parts) {
                    *model = models.place_of(parts, name);
                }
                models.add(*model, spend);
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
        put(&mut self.lock().dearest_runs, run);
    }

    /// The books, with runs among the dearest that go on.
    pub(crate) fn read(&self, open: impl Iterator<Item = DearRun>) -> Books {
        // These are asked for before the books are locked, as when one of them ends.
        let open: Vec<_> = open.collect();
        let accounts = self.lock();
        let mut stop_reasons: Vec<_> =
            accounts.stop_reasons.iter().map(|(reason, count)| (reason.clone(), *count)).collect();
        stop_reasons.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        let mut total = accounts.steps;
        accounts.models.spends().chain(accounts.tools.spends()).for_each(|spend| total.add(spend));
        let mut dearest_runs = accounts.dearest_runs.clone();
        // Of one that has ended meanwhile the ended one stays.
        open.into_iter().for_each(|run| put(&mut dearest_runs, run));
        Books {
            total,
            models: accounts.models.sorted(iter::empty()),
            tools: accounts.tools.sorted(iter::empty()),
            agents: accounts.runs.agents(),
            tags: accounts.runs.tags(),
            stop_reasons,
            dearest_runs,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Accounts> {
        // A line and a group stand in their lists before anything points to them, and all else are sums: what a panicking
        // thread left behind is still sound.
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts a run in its place among the dearest, unless as much is known of it.
fn put(runs: &mut Vec<DearRun>, run: DearRun) {
    let sums = |run: &DearRun| (run.usd, run.prompt_tokens, run.completion_tokens);
    if let Some(place) = runs.iter().position(|known| known.run_id == run.run_id) {
        if sums(&runs[place]) >= sums(&run) {
            return;
        }
        runs.remove(place);
    }
    let place = runs.partition_point(|known| known.usd >= run.usd);
    runs.insert(place, run);
    runs.truncate(MAX_RUNS);
}
