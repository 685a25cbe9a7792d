//! How a step ends: what its run learns of it, and what of it is recorded.

use crate::span::approval::waited;
use crate::span::books;
use crate::span::measure;
use crate::span::node::{Ended, Home, Node, Own, Recording};
use crate::span::outcome::{Ending, FailureRecord};
use crate::span::run::{Figures, Line, Run};
use crate::span::runtime::{Runtime, attribute, count};
use crate::span::unite::unite;
use crate::usage::OTHER;
use agentspan_semconv::{
    ApprovalDecision, Outcome, StepType, StopReason, agent, approval, error, event, exception, llm,
};
use opentelemetry::KeyValue;
use opentelemetry::trace::{Event, Status, TraceContextExt};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

/// Ends a step: posts its part, and writes to the span what is known only now.
pub(crate) fn finish(node: &Arc<Node>, mut ending: Ending) {
    let home @ Home { runtime, run } = node.home();
    // Nobody sees when a step ended that is neither recorded nor measured.
    let now = if node.is_sampled_out() && runtime.meter.is_none() {
        node.started
    } else {
        SystemTime::now().max(node.started)
    };
    let Some(mut at_end) = node.at_end(&mut ending) else { return };
    let told = at_end.take_error_type();
    let (ended_run, around) = match run {
        Some(run) if node.is_run => (Some(run), run.parent.as_ref()),
        around => (None, around.as_ref()),
    };
    let stop_reason = ended_run.map(|run| settle_reason(run, &mut ending));
    if let (Some(run), Some(reason)) = (ended_run, &stop_reason) {
        run.set_stop_reason(reason.clone());
    }
    let error_type = error_type(node, &ending, told, stop_reason.as_ref());
    let own = *at_end.own();
    if let Some(around) = around {
        tell_runs(around, node, &own, &ending, error_type.as_ref(), now);
    }
    at_end.post(ending.outcome);
    let ended = at_end.take_ended(|attributes, recovers_from| {
        let class = error_type.clone().or(recovers_from);
        describe(node, &ending, stop_reason.as_ref(), class, attributes);
        if node.step_type == StepType::Approval && ending.outcome == Outcome::Timeout {
            expire(node, now, attributes);
        }
    });
    // The books and the meter lock the run, and run what others wrote.
    drop(at_end);
    node.forget_open();
    books::post(node, home, &own, ending.outcome.is_failure(), stop_reason.as_ref());
    if runtime.meter.is_some() {
        measure::post(node, &own, error_type.as_deref(), stop_reason.as_ref(), now);
    }
    if let Some(ended) = ended {
        record(node, runtime, ended, &ending, error_type, now);
    }
}

/// Says how the step has ended.
fn describe(
    node: &Node,
    ending: &Ending,
    stop_reason: Option<&StopReason>,
    class: Option<Cow<'static, str>>,
    attributes: &mut Vec<KeyValue>,
) {
    attributes.push(attribute(agent::AGENT_OUTCOME, ending.outcome.as_str()));
    if let Some(reason) = stop_reason {
        attributes.push(attribute(agent::AGENT_STOP_REASON, reason.as_str().to_owned()));
    }
    if let Some(class) = class {
        attributes.push(attribute(error::ERROR_TYPE, class));
    }
    if let Some(attempts) = node.attempts() {
        attributes.push(count(llm::LLM_ATTEMPT_COUNT, attempts));
    }
}

/// Nobody has answered in time, unless somebody was said to have.
fn expire(node: &Node, now: SystemTime, attributes: &mut Vec<KeyValue>) {
    if attributes.iter().all(|known| known.key.as_str() != approval::APPROVAL_DECISION) {
        attributes.push(attribute(approval::APPROVAL_DECISION, ApprovalDecision::Expired.as_str()));
        attributes.push(waited(node, now));
    }
}

/// Hands over what was recorded of the step.
fn record(
    node: &Arc<Node>,
    runtime: &Runtime,
    ended: Ended,
    ending: &Ending,
    error_type: Option<Cow<'static, str>>,
    now: SystemTime,
) {
    let Ended { recording, mut attributes, dropped_attributes, is_complete } = ended;
    let failure = error_type.map(|error_type| recorded_failure(node, ending, error_type, now));
    match recording {
        Recording::None | Recording::Adopted => {}
        Recording::Own(mut recorded) => {
            let Some(recorder) = &runtime.recorder else { return };
            if let Some((status, event)) = failure {
                recorded.set_status(status);
                event.into_iter().for_each(|event| recorded.add_event(event, recorder.limits()));
            }
            recorder.ended(node, recorded, attributes, dropped_attributes, now);
        }
        Recording::Bridged(context) => {
            push_final_sums(node, is_complete, &mut attributes);
            unite(&mut attributes);
            let span = context.span();
            span.set_attributes(attributes);
            if let Some((status, event)) = failure {
                span.set_status(status);
                if let Some(event) = event {
                    span.add_event_with_timestamp(event.name, event.timestamp, event.attributes);
                }
            }
            span.end_with_timestamp(now);
        }
    }
}

/// Sums that are not complete are left to the cold side, which waits for them.
fn push_final_sums(node: &Arc<Node>, complete: bool, attributes: &mut Vec<KeyValue>) {
    if complete {
        return node.push_sums(None, attributes);
    }
    let id = node.span_context().map(|span| span.span_id());
    match id.filter(|_| node.runtime().waits()) {
        Some(id) => node.runtime().pending.insert(id, node),
        None => node.push_sums(node.completeness().err(), attributes),
    }
}

/// Why the run stopped; a reason that tells of failure makes a run failed whose `Result` was `Ok`.
fn settle_reason(run: &Run, ending: &mut Ending) -> StopReason {
    let told = run.stop_reason();
    match (ending.outcome, told) {
        (Outcome::Panicked, _) => StopReason::Panicked,
        (Outcome::Cancelled, told) => told.unwrap_or(StopReason::Cancelled),
        (Outcome::Timeout, None) => StopReason::Timeout,
        (Outcome::Error, None) => run.reason_of_error(),
        (_, None) => StopReason::Completed,
        (_, Some(reason)) => {
            match reason.is_success() {
                Some(true) => *ending = Ending::ok(),
                Some(false) if !ending.outcome.is_failure() => ending.outcome = outcome_of(&reason),
                _ => {}
            }
            reason
        }
    }
}

fn outcome_of(reason: &StopReason) -> Outcome {
    match reason {
        StopReason::Timeout => Outcome::Timeout,
        StopReason::Blocked => Outcome::Blocked,
        StopReason::Rejected => Outcome::Rejected,
        StopReason::Cancelled | StopReason::Shutdown => Outcome::Cancelled,
        StopReason::Panicked => Outcome::Panicked,
        _ => Outcome::Error,
    }
}

/// Runs around the step learn how it ended, and every run above gets a line for its breakdown if that is recorded.
fn tell_runs(
    around: &Run,
    node: &Node,
    own: &Own,
    ending: &Ending,
    error_type: Option<&Cow<'static, str>>,
    now: SystemTime,
) {
    if ending.outcome.is_failure() {
        around.step_failed(node.valid_span_context());
    }
    if node.is_step_of_run {
        around.step_ended(&node.step_type, &ending.outcome, error_type);
    }
    if node.is_sampled_out() {
        return;
    }
    let figures = Figures {
        count: 1,
        tokens: own.prompt_tokens.into_iter().chain(own.completion_tokens).reduce(u64::saturating_add),
        usd: own.cost.known(),
        duration: now.duration_since(node.started).unwrap_or_default(),
        failures: u64::from(ending.outcome.is_failure()),
    };
    let line = Line { name: node.name(), figures };
    let runs = std::iter::successors(Some(around), |run| run.parent.as_deref());
    runs.for_each(|run| run.add_line(&line));
}

/// The class of a failure. A run whose own error has none takes that of the step that made it fail.
fn error_type(
    node: &Node,
    ending: &Ending,
    told: Option<Cow<'static, str>>,
    stop_reason: Option<&StopReason>,
) -> Option<Cow<'static, str>> {
    let unsuccessful = stop_reason.filter(|reason| reason.is_success() == Some(false));
    if !ending.outcome.is_failure() && unsuccessful.is_none() {
        return None;
    }
    let of_error = ending.failure.as_ref().map(|failure| failure.error_type.clone());
    let of_reason = || unsuccessful.map(|reason| Cow::Owned(reason.as_str().to_owned()));
    let of_outcome = if ending.outcome == Outcome::Timeout { "timeout" } else { OTHER };
    let class = told.or(of_error).or_else(of_reason).unwrap_or(Cow::Borrowed(of_outcome));
    let of_step = matches!(stop_reason, Some(StopReason::ToolError | StopReason::LlmError))
        .then(|| node.run()?.failure_class())
        .flatten();
    Some(of_step.filter(|_| class == OTHER).unwrap_or(class))
}

/// What a failed step has besides attributes.
fn recorded_failure(
    node: &Node,
    ending: &Ending,
    error_type: Cow<'static, str>,
    now: SystemTime,
) -> (Status, Option<Event>) {
    let failure = ending.failure.as_ref();
    let texts = node.runtime().content.errors;
    let message = failure.and_then(|failure| failure.message.clone()).filter(|_| texts);
    let status = Status::error(message.clone().map_or_else(|| error_type.clone(), Cow::Owned));
    let event = failure.map(|failure| exception_event(failure, error_type, message));
    (status, event.map(|attributes| Event::new(event::EXCEPTION, now, attributes, 0)))
}

fn exception_event(
    failure: &FailureRecord,
    error_type: Cow<'static, str>,
    message: Option<String>,
) -> Vec<KeyValue> {
    let mut event = vec![attribute(exception::EXCEPTION_TYPE, error_type)];
    if let Some(message) = message {
        event.push(attribute(exception::EXCEPTION_MESSAGE, message));
        if !failure.chain.is_empty() {
            let causes: Vec<_> = failure.chain.iter().map(|cause| format!("caused by: {cause}")).collect();
            event.push(attribute(exception::EXCEPTION_STACKTRACE, causes.join("\n")));
        }
    }
    event
}

#[cfg(test)]
mod tests;
