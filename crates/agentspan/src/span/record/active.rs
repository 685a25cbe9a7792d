//! A step under way: what runs in it, and that it ends.

use crate::span::current::{Light, Scope};
use crate::span::finish::finish;
use crate::span::layer::{EnteredAbove, EnteredAttached};
use crate::span::node::Node;
use crate::span::outcome::Ending;
use opentelemetry::Context;
use std::sync::Arc;
use std::time::Instant;

/// A step under way: it ends when it is finished or, as cancelled, when it is dropped.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) node: Arc<Node>,
    /// With the step's span, if there is one, and the step itself.
    pub(crate) context: Context,
    pub(crate) span: tracing::Span,
    /// When a call began whose reply comes as a stream, for waiting times; the wall clock may jump.
    pub(crate) began: Option<Instant>,
    /// It is finished by hand, in the code that does the step's work.
    pub(crate) is_by_hand: bool,
    is_finished: bool,
}

impl Active {
    pub(super) fn new(node: Arc<Node>, context: Context, span: tracing::Span) -> Self {
        Self { node, context, span, began: None, is_by_hand: false, is_finished: false }
    }

    pub(crate) fn finish(mut self, ending: Ending) {
        self.end(ending);
    }

    fn end(&mut self, ending: Ending) {
        self.is_finished = true;
        self.context = Context::new();
        let span = std::mem::replace(&mut self.span, tracing::Span::none());
        let runtime = self.node.runtime();
        if runtime.recorder_in_force().is_some() && !self.node.is_sampled_out() {
            // The handle goes first: whoever still holds the span afterwards carries the step on.
            runtime.let_go(span);
            finish(&self.node, ending);
        } else {
            // Another bridge ends its span with the last handle, and takes nothing more afterwards. A step that passes by
            // has its span as long as it is open, see `span_above`.
            finish(&self.node, ending);
            runtime.let_go(span);
        }
    }

    /// Runs `work` inside the step.
    pub(crate) fn scope<T>(&self, work: impl FnOnce() -> T) -> T {
        self.scope_in(false, work)
    }

    /// The same; `is_new` where nothing has happened since the step began: then the context of a light one is still the
    /// current one.
    pub(crate) fn scope_in<T>(&self, is_new: bool, work: impl FnOnce() -> T) -> T {
        let _attached = (!is_new || !self.node.is_light).then(|| self.context.clone().attach());
        let _light = Light::enter(&self.node);
        if self.span.is_disabled() {
            let _carrier = if is_new { None } else { self.span_above() };
            return work();
        }
        let _scope = self.node.is_sampled_out().then(|| Scope::enter(&self.node));
        let _entered = EnteredAttached::new(&self.span);
        work()
    }

    /// Enters the `tracing` span of the step that a light one stands below, where the thread is not in it: the light one may have
    /// gone to another thread, and what `tracing` carries on from there must stay in the run. Of a span of others nobody holds
    /// a handle that could be entered.
    fn span_above(&self) -> Option<EnteredAbove> {
        if !self.node.is_light {
            return None;
        }
        let base = self.node.ancestors().find(|ancestor| !ancestor.is_light)?;
        if base.is_adopted() || Scope::is_of(base) { None } else { EnteredAbove::new(base) }
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        if !self.is_finished && !self.node.is_ended() {
            // A future may be dropped since another one panics, which cancels it; a guard is dropped by the code that
            // panics.
            let panics = self.is_by_hand && std::thread::panicking();
            self.end(if panics { Ending::unwinding() } else { Ending::cancelled() });
        }
    }
}
