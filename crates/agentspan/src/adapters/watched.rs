//! A span of `tracing` around work that is polled, for what is served or asked and is no step of a run.

use crate::propagation::identity;
use crate::span::Extracted;
use agentspan_semconv::Outcome;
use agentspan_semconv::agent::AGENT_OUTCOME;
use agentspan_semconv::error::ERROR_TYPE;
use opentelemetry::Context;
#[cfg(feature = "rmcp")]
use opentelemetry::trace::TraceContextExt;
#[cfg(feature = "rmcp")]
use std::future::{Future, poll_fn};
#[cfg(feature = "rmcp")]
use std::pin::pin;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// One span from its beginning to its end. Its fields `agent.outcome`, `error.type` and `otel.status_code` are declared.
#[derive(Debug)]
pub(super) struct Watched {
    /// Where the work runs: that of the span, or the caller's when a filter lets no span be made.
    context: Context,
    span: Span,
    /// Whether the span is entered, or only its context made the current one.
    is_entered: bool,
    state: State,
    has_failed: bool,
    /// How it ended when it is dropped between two polls.
    when_left: Outcome,
}

#[derive(Debug, PartialEq)]
enum State {
    /// Between two polls: who drops it now has gone away.
    Waiting,
    /// Inside of a poll: only a panic drops it now.
    Working,
    Over,
}

impl Watched {
    /// Of a caller with that context. The work runs inside of the span.
    fn new(context: Context, span: Span) -> Self {
        let (state, when_left) = (State::Waiting, Outcome::Cancelled);
        Self { context, span, is_entered: true, state, has_failed: false, when_left }
    }

    /// Of what `sender` has sent: the span is below the sender's, and says whom it works for.
    pub(super) fn of_sender(sender: &Extracted, span: Span) -> Self {
        // Before it is entered, which starts it. Without a bridge in the subscriber there is nothing to tell.
        let _ = span.set_parent(sender.context().clone());
        identity(sender).into_iter().for_each(|said| span.set_attribute(said.key, said.value));
        Self::new(sender.context().clone(), span)
    }

    /// In the current context. The span is not entered, for work that leaves tasks behind: a span that such a task is
    /// instrumented with would stay open as long as the task does.
    #[cfg(feature = "rmcp")]
    pub(super) fn beside(span: Span) -> Self {
        let own = span.context();
        let context = if own.span().span_context().is_valid() { own } else { Context::current() };
        let mut watched = Self::new(context, span);
        watched.is_entered = false;
        watched
    }

    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// Polls the work inside, until it is done.
    #[cfg(feature = "rmcp")]
    pub(super) async fn within<F: Future>(&mut self, work: F) -> F::Output {
        let mut work = pin!(work);
        poll_fn(|cx| self.scope(|| work.as_mut().poll(cx))).await
    }

    /// Runs a part of the work.
    pub(super) fn scope<T>(&mut self, work: impl FnOnce() -> T) -> T {
        self.state = State::Working;
        let result = {
            let _attached = self.context.clone().attach();
            if self.is_entered { self.span.in_scope(work) } else { work() }
        };
        self.state = State::Waiting;
        result
    }

    /// Everything that matters has happened: who leaves from now on has not cancelled.
    #[cfg(feature = "tower")]
    pub(super) fn whole(&mut self) {
        self.when_left = Outcome::Ok;
    }

    /// Notes a failure. The first one counts.
    pub(super) fn failed(&mut self, error_type: &str) {
        if !std::mem::replace(&mut self.has_failed, true) {
            self.span.record(ERROR_TYPE, error_type);
            self.span.record("otel.status_code", "ERROR");
        }
    }

    /// Ends the span; after a failure that was noted, [`Outcome::Ok`] and [`Outcome::Cancelled`] are errors.
    pub(super) fn end(&mut self, outcome: Outcome) {
        if std::mem::replace(&mut self.state, State::Over) == State::Over {
            return;
        }
        let outcome = if self.has_failed && !outcome.is_failure() { Outcome::Error } else { outcome };
        self.span.record(AGENT_OUTCOME, outcome.as_str());
        // Whoever holds this on holds the span open, whose end is its last exit.
        std::mem::replace(&mut self.span, Span::none()).in_scope(|| {});
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.state == State::Working {
            self.failed("panic");
            return self.end(Outcome::Panicked);
        }
        self.end(self.when_left);
    }
}
