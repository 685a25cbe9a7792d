//! What a step tells the books when it has ended.

use crate::cost::{DearRun, Entry, OwnCost, Subject, Totals};
use crate::span::node::{Home, Node, Own};
use agentspan_semconv::StopReason;
use std::sync::Arc;

/// Posts a step that has ended: a call with its figures, a run with its reason.
#[inline]
pub(crate) fn post(node: &Arc<Node>, home: &Home, own: &Own, failed: bool, stop_reason: Option<&StopReason>) {
    if let Some(reason) = stop_reason {
        home.runtime.books.run_ended(reason.as_str());
    }
    let is_call = post_call(node, home, own, failed);
    if is_call || node.is_run {
        offer(node, is_call);
    }
    // Last, so that whoever reads the books meanwhile finds the run in one of the two places at least.
    if node.is_run
        && let Some(run) = &home.run
    {
        run.closed(&home.runtime);
    }
}

/// Posts a call; gives whether it is one. Most steps are none and cost nothing, and some calls are told of elsewhere.
#[inline]
fn post_call(node: &Node, Home { runtime, run }: &Home, own: &Own, failed: bool) -> bool {
    if own.is_counted_elsewhere() {
        return false;
    }
    let tool;
    let subject = if let Some(call) = node.call() {
        Subject::Model { provider: &call.provider, model: &call.model }
    } else if let Some(named) = node.tool_name() {
        tool = named;
        Subject::Tool(&tool)
    } else if own.cost != OwnCost::None {
        Subject::Step
    } else {
        return false;
    };
    let entry = Entry {
        subject,
        agent: run.as_ref().map(|run| run.agent_name.as_str()),
        cost: own.cost,
        prompt_tokens: own.prompt_tokens,
        completion_tokens: own.completion_tokens,
        failed,
    };
    match run {
        Some(run) => run.post(&runtime.books, &entry),
        None => runtime.books.post(&entry, &mut None, &[]),
    }
    true
}

/// Offers the outermost run around a step to the dearest ones when it ends itself; again when a step has added to it that
/// outlived it.
#[inline]
fn offer(step: &Arc<Node>, has_added: bool) {
    let around = step.ancestors().filter(|node| node.is_run).last();
    let is_late = around.is_some();
    let Some(run) = around.or(Some(step).filter(|step| step.is_run)) else { return };
    if !is_late || (has_added && run.is_ended()) {
        offer_run(run, is_late);
    }
}

fn offer_run(run: &Node, is_late: bool) {
    let books = &run.runtime().books;
    // Put together before the books are locked: a call is posted with its run locked, so no run may be asked then.
    let totals = run.totals();
    if totals.known_cost().is_some_and(|usd| books.is_dear(usd, is_late))
        && let Some(dear) = dear_run(run, totals)
    {
        books.put_run(dear);
    }
}

/// What an outermost run has cost so far, by its totals; `None` where nothing is known of it.
pub(crate) fn dear_run(run: &Node, totals: Totals) -> Option<DearRun> {
    let (identity, usd) = (run.run()?, totals.known_cost()?);
    Some(DearRun {
        run_id: identity.id().to_string(),
        agent_name: identity.agent_name.clone(),
        session_id: identity.session(),
        trace_id: run.valid_span_context().map(|span| span.trace_id().to_string()),
        usd,
        prompt_tokens: totals.prompt_tokens,
        completion_tokens: totals.completion_tokens,
        stop_reason: identity.stop_reason().map(|reason| reason.as_str().to_owned()).unwrap_or_default(),
    })
}
