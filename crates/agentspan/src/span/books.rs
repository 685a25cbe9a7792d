//! What a step tells the books when it has ended.

use crate::cost::{DearRun, Entry, OwnCost, Subject};
use crate::span::node::{Node, Own};
use agentspan_semconv::StopReason;
use std::sync::Arc;

/// Posts a step that has ended: a call with its figures, a run with its reason.
pub(crate) fn post(node: &Arc<Node>, own: &Own, failed: bool, stop_reason: Option<&StopReason>) {
    if let Some(reason) = stop_reason {
        node.runtime().books.run_ended(reason.as_str());
    }
    let tool = node.tool_name();
    let subject = subject(node, own, tool.as_deref());
    if let Some(subject) = subject {
        post_call(node, own, failed, subject);
    }
    if subject.is_some() || node.is_run {
        offer(node, subject.is_some());
    }
}

/// What was called; `None` for most steps, which are no calls and cost nothing, and for a call that is told of elsewhere.
fn subject<'a>(node: &'a Node, own: &Own, tool: Option<&'a str>) -> Option<Subject<'a>> {
    if own.is_counted_elsewhere() {
        return None;
    }
    if let Some(call) = node.call() {
        return Some(Subject::Model { provider: &call.provider, model: &call.model });
    }
    tool.map(Subject::Tool).or_else(|| (own.cost != OwnCost::None).then_some(Subject::Step))
}

fn post_call(node: &Node, own: &Own, failed: bool, subject: Subject<'_>) {
    let run = node.run();
    let entry = Entry {
        subject,
        agent: run.map(|run| run.agent_name.as_str()),
        cost: own.cost,
        prompt_tokens: own.prompt_tokens,
        completion_tokens: own.completion_tokens,
        failed,
    };
    let books = &node.runtime().books;
    match run {
        Some(run) => run.post(books, &entry),
        None => books.post(&entry, &mut None, &[]),
    }
}

/// Offers the outermost run around a step to the dearest ones when it ends itself; again when a step has added to it that
/// outlived it.
fn offer(step: &Arc<Node>, has_added: bool) {
    let Some(run) = std::iter::once(step).chain(step.ancestors()).filter(|node| node.is_run).last() else {
        return;
    };
    let is_late = !Arc::ptr_eq(step, run);
    if is_late && !(has_added && run.is_ended()) {
        return;
    }
    let (Some(identity), totals) = (run.run(), run.totals()) else { return };
    let Some(usd) = totals.known_cost() else { return };
    let books = &run.runtime().books;
    if !books.is_dear(usd, is_late) {
        return;
    }
    // Put together before the books are locked: a call is posted with its run locked, so no run may be asked then.
    let dear = DearRun {
        run_id: identity.id().to_string(),
        agent_name: identity.agent_name.clone(),
        session_id: identity.session(),
        trace_id: run.valid_span_context().map(|span| span.trace_id().to_string()),
        usd,
        prompt_tokens: totals.prompt_tokens,
        completion_tokens: totals.completion_tokens,
        stop_reason: identity.stop_reason().map(|reason| reason.as_str().to_owned()).unwrap_or_default(),
    };
    books.put_run(dear);
}
