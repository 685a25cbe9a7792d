//! How a step ends: what its run learns of it, and what of it is recorded.

use crate::span::books;
use crate::span::measure;
use crate::span::node::{Ended, Node, Own, Recording};
use crate::span::outcome::{Ending, FailureRecord, OTHER};
use crate::span::run::{Figures, Line, Run};
use crate::span::runtime::{attribute, count};
use crate::span::unite::unite;
use agentspan_semconv::{Outcome, StopReason, agent, error, event, exception, llm};
use opentelemetry::KeyValue;
use opentelemetry::trace::{Event, Status, TraceContextExt};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

/// Ends a step: posts its part, and writes to the span what is known only now.
pub(crate) fn finish(node: &Arc<Node>, mut ending: Ending) {
    let runtime = node.runtime();
    // Nobody sees when a step ended that is neither recorded nor measured.
    let now = if node.is_sampled_out() && runtime.meter.is_none() {
        node.started
    } else {
        SystemTime::now().max(node.started)
    };
    let settle = |ending: &mut Ending, own: &Own, told: Option<Cow<'static, str>>| {
        let run = node.run().filter(|_| node.is_run);
        let stop_reason = run.map(|run| settle_reason(run, ending));
        if let (Some(run), Some(reason)) = (run, &stop_reason) {
            run.set_stop_reason(reason.clone());
        }
        let error_type = error_type(node, ending, told, stop_reason.as_ref());
        tell_runs(node, own, ending, error_type.as_ref(), now);
        (stop_reason, error_type)
    };
    let Some((own, (stop_reason, error_type))) = node.end(&mut ending, settle) else { return };
    books::post(node, &own, ending.outcome.is_failure(), stop_reason.as_ref());
    if node.is_measured() {
        measure::post(node, &own, error_type.as_deref(), stop_reason.as_ref(), now);
    }
    if node.is_recording() {
        record(node, &ending, stop_reason, error_type, now);
    }
}

/// Writes to the span how the step has ended.
fn record(
    node: &Arc<Node>,
    ending: &Ending,
    stop_reason: Option<StopReason>,
    error_type: Option<Cow<'static, str>>,
    now: SystemTime,
) {
    let Ended { recording, mut attributes, dropped_attributes, recovers_from, is_complete } =
        node.take_ended();
    attributes.push(attribute(agent::AGENT_OUTCOME, ending.outcome.as_str()));
    if let Some(reason) = stop_reason {
        attributes.push(attribute(agent::AGENT_STOP_REASON, reason.as_str().to_owned()));
    }
    let class = error_type.clone().or(recovers_from);
    attributes.extend(class.map(|class| attribute(error::ERROR_TYPE, class)));
    attributes.extend(node.attempts().map(|attempts| count(llm::LLM_ATTEMPT_COUNT, attempts)));
    let failure = error_type.map(|error_type| recorded_failure(node, ending, error_type, now));
    match recording {
        Recording::None => {}
        Recording::Adopted => node.leave(attributes),
        Recording::Own(mut recorded) => {
            let Some(recorder) = &node.runtime().recorder else { return };
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
    node: &Node,
    own: &Own,
    ending: &Ending,
    error_type: Option<&Cow<'static, str>>,
    now: SystemTime,
) {
    let Some(around) = node.parent.as_ref().and_then(|parent| parent.run()) else { return };
    if ending.outcome.is_failure() {
        around.step_failed(node.valid_span_context());
    }
    let line = (!node.is_sampled_out()).then(|| {
        let tokens = own.prompt_tokens.into_iter().chain(own.completion_tokens).reduce(u64::saturating_add);
        let duration = now.duration_since(node.started).unwrap_or_default();
        let failures = u64::from(ending.outcome.is_failure());
        Line {
            name: node.name(),
            figures: Figures { count: 1, tokens, usd: own.cost.known(), duration, failures },
        }
    });
    if node.is_step_of_run {
        around.step_ended(&node.step_type, &ending.outcome, error_type, line.as_ref());
    } else if let Some(line) = &line {
        around.add_line(line);
    }
    if let Some(line) = line {
        let outer = std::iter::successors(around.parent.as_ref(), |run| run.parent.as_ref());
        outer.for_each(|run| run.add_line(&line));
    }
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
