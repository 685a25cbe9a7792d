//! What a step tells the books when it has ended.

use crate::cost::{DearRun, Entry, OwnCost, Subject};
use crate::span::node::{Node, Own};
use agentspan_semconv::StopReason;
use std::sync::Arc;

/// Posts a step that has ended: a call with its figures, a run with its reason.
pub(crate) fn post(node: &Arc<Node>, own: &Own, failed: bool, stop_reason: Option<&StopReason>) {
    let books = &node.runtime().books;
    if let Some(reason) = stop_reason {
        books.run_ended(reason.as_str());
    }
    if own.is_counted_elsewhere() {
        return offer(node, node);
    }
    let subject = match (node.call.get(), tool_name(node)) {
        (Some(call), _) => Subject::Model { provider: &call.provider, model: &call.model },
        (None, Some(tool)) => Subject::Tool(tool),
        // Most steps are no calls and cost nothing.
        (None, None) if own.cost == OwnCost::None => return offer(node, node),
        (None, None) => Subject::Step,
    };
    let entry = Entry {
        subject,
        agent: node.run().map(|run| run.agent_name.as_ref()),
        cost: &own.cost,
        prompt_tokens: own.prompt_tokens,
        completion_tokens: own.completion_tokens,
        failed,
    };
    match node.run() {
        Some(run) => run.post(books, &entry),
        None => books.post(&entry, &mut None, &[]),
    }
    offer(node, node.ancestors().filter(|ancestor| ancestor.is_run).last().unwrap_or(node));
}

/// The tool's name as it stands in a span's name, so that it is the same for a step that has none.
pub(crate) fn tool_name(node: &Node) -> Option<&str> {
    node.tool_label().map(|name| name.strip_prefix("tool.").unwrap_or(name))
}

/// Offers an outermost run that has ended to the dearest ones; again when a step adds to it that outlived it.
fn offer(step: &Arc<Node>, run: &Arc<Node>) {
    let is_outermost = || run.ancestors().all(|ancestor| !ancestor.is_run);
    let is_late = !Arc::ptr_eq(step, run);
    if !run.is_run || !is_outermost() || (is_late && !run.is_ended()) {
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
        run_id: identity.id.to_string(),
        agent_name: identity.agent_name.to_string(),
        session_id: identity.session(),
        trace_id: run.valid_span_context().map(|span| span.trace_id().to_string()),
        usd,
        prompt_tokens: totals.prompt_tokens,
        completion_tokens: totals.completion_tokens,
        stop_reason: identity.stop_reason().map(|reason| reason.as_str().to_owned()).unwrap_or_default(),
    };
    books.put_run(dear);
}
