//! A model call that is seen from its transport: the bytes of its reply are read while they pass.

use crate::span::current::NodeRef;
use crate::span::model::{self, RequestRecord, Server};
use crate::span::node::Node;
use crate::span::outcome::{Ending, FailureRecord};
use crate::span::pace::Pace;
use crate::span::record::Active;
use crate::span::stream::record_end;
use crate::usage::{Reply, ReplyReader};
use agentspan_semconv::{Outcome, StreamEnd};
use std::sync::Arc;
use std::time::Instant;

/// How an exchange came to its end.
#[derive(Debug)]
pub(crate) enum Close {
    /// The body has ended.
    Ended,
    /// Request or body failed.
    Failed(FailureRecord),
    /// The caller stopped reading, or dropped the request.
    Dropped,
}

/// One model call and the reader of its reply.
#[derive(Debug)]
pub(crate) struct ModelExchange {
    step: Step,
    reader: ReplyReader,
    answer: Answer,
    pace: Pace,
}

#[derive(Debug)]
enum Step {
    /// Begun for this exchange, and ended with it.
    Own(Active),
    /// The caller's own step around the call, which is told what was read and ends by itself.
    Joined {
        node: Arc<Node>,
        /// The exchange is among those of the step that may have been charged for.
        is_counted: bool,
    },
}

impl Step {
    fn node(&self) -> &Arc<Node> {
        match self {
            Self::Own(active) => &active.node,
            Self::Joined { node, .. } => node,
        }
    }
}

/// What the status of the reply says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// None has come.
    None,
    Given,
    /// It is that of an error, before which nothing was made that could be charged for.
    Refused,
    /// The request goes on elsewhere, and is charged for there.
    Redirected,
}

impl ModelExchange {
    pub(crate) fn own(active: Active, reader: ReplyReader) -> Self {
        Self::new(Step::Own(active), reader, Instant::now())
    }

    /// The step of a model call that the caller is in and that has not ended; `outer` is that of the exchange around, if any,
    /// which then tells of the same request.
    pub(crate) fn joined(reader: impl FnOnce() -> ReplyReader, outer: Option<&Arc<Node>>) -> Option<Self> {
        let current = NodeRef::current()?;
        // A client's own span inside of a step of ours tells of the same call, which is told to our step.
        let around = current
            .parent
            .as_ref()
            .filter(|around| current.is_adopted() && !around.is_adopted() && current.is_same_call(around));
        let node = around.cloned().unwrap_or(current);
        if !node.is_model_call() || node.is_ended() || !node.claim() {
            return None;
        }
        let is_counted = outer.is_none_or(|outer| !Arc::ptr_eq(outer, &node));
        if is_counted {
            node.exchange_begun();
        }
        Some(Self::new(Step::Joined { node, is_counted }, reader(), Instant::now()))
    }

    /// Tells the step around where the request goes, unless its caller said so, and a client's own span what it does not
    /// say of the request.
    pub(crate) fn requested(&self, request: Option<&str>, server: Server) {
        let Step::Joined { node, .. } = &self.step else { return };
        let is_told = node.call().is_some_and(|call| call.server.is_some());
        let mut attributes: Vec<_> = if is_told { Vec::new() } else { server.attributes().collect() };
        node.figures(|figures| figures.server = Some(server));
        if !node.is_recording() {
            return;
        }
        if let Some(request) = request.filter(|_| node.is_adopted()) {
            let content = node.runtime().content.messages;
            RequestRecord::read(request, content).of_messages().attributes(node.runtime(), &mut attributes);
        }
        node.set_all(attributes);
    }

    fn new(step: Step, reader: ReplyReader, opened: Instant) -> Self {
        let node = step.node();
        let content = node.is_recording() && node.runtime().content.messages;
        let pace = Pace::new(opened, node.is_measured());
        let reader = reader.with_content(content);
        Self { step, reader, answer: Answer::None, pace }
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        self.step.node()
    }

    pub(crate) fn scope<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.step {
            Step::Own(active) => active.scope(work),
            Step::Joined { .. } => work(),
        }
    }

    pub(crate) fn answered(&mut self, status: u16) {
        self.answer = match status {
            400.. => Answer::Refused,
            300.. => Answer::Redirected,
            _ => Answer::Given,
        };
        self.reader.set_status(status);
    }

    pub(crate) fn header(&mut self, name: &str, value: &str) {
        self.reader.set_header(name, value);
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.reader.push(bytes);
        self.pace.note(&self.reader);
    }

    /// Ends the exchange as its body ended, unless the reply itself says how.
    pub(crate) fn close(self, close: Close) {
        let Self { step, reader, answer, pace } = self;
        let dropped = matches!(close, Close::Dropped);
        // Whatever the body looks like: some write a refusal as an event of a stream.
        let refused = answer == Answer::Refused && !reader.has_output();
        let reply = if dropped { reader.finish_abandoned() } else { reader.finish() };
        // Counts that came before the body broke are all there is to know; a whole body that was read needs no end, of
        // which a client need not wait for. That it broke is an error for who reads it nevertheless.
        let was_read = reply.usage.is_some() && reply.stream_end.is_none();
        let is_complete = reply.stream_end == Some(StreamEnd::Complete);
        let broke = reply.error.is_none() && !is_complete && matches!(close, Close::Failed(_));
        let ending = match (&reply.error, close) {
            (Some(error), _) => {
                let mut record = FailureRecord::of_reply(error);
                record.refused = model::is_refusal(&reply) || (refused && reply.usage.is_none());
                Ending::failed(record)
            }
            (None, Close::Failed(record)) if !is_complete => Ending::failed(record),
            (None, Close::Dropped) if !is_complete && !was_read => Ending::cancelled(),
            (None, Close::Ended) if reply.stream_end == Some(StreamEnd::Cut) => {
                Ending::failed(FailureRecord::of_type("stream_cut"))
            }
            _ => Ending::ok(),
        };
        let refusal = ending.failure.as_ref().filter(|failure| failure.refused);
        if let Step::Joined { node, is_counted: true } = &step
            && (answer == Answer::Redirected || refusal.is_some())
        {
            node.exchange_uncharged(refusal.map(|failure| failure.error_type.clone()));
        }
        let has_reply = answer != Answer::None;
        match step {
            Step::Own(active) => {
                if has_reply {
                    record(&active.node, reply, pace);
                }
                active.finish(ending);
            }
            Step::Joined { node, .. } if node.is_adopted() => {
                tell_adopted(&node, has_reply.then_some(reply), pace, ending);
            }
            // What failed may be tried again by the caller, who alone knows how the step ends.
            Step::Joined { node, .. } if has_reply && (ending.failure.is_none() || (broke && was_read)) => {
                node.figures(|figures| figures.keep(pace));
                model::record_reply(&node, &reply);
            }
            Step::Joined { node, .. } => node.unclaim(),
        }
    }
}

/// A span of others does not know how its call ended; the last exchange of it does.
fn tell_adopted(node: &Arc<Node>, reply: Option<Reply>, pace: Pace, ending: Ending) {
    let failed = ending.outcome != Outcome::Ok;
    node.tell(|told| {
        told.outcome = failed.then_some(ending.outcome);
        told.error_type = ending.failure.map(|failure| failure.error_type);
    });
    if let Some(reply) = reply {
        record(node, reply, pace);
    }
    if failed {
        node.unclaim();
    }
}

fn record(node: &Arc<Node>, reply: Reply, pace: Pace) {
    if let Some(end) = reply.stream_end {
        record_end(node, end, &reply, pace);
    }
    model::record_reply(node, &reply);
}
