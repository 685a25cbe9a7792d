use crate::span::future;
use crate::span::handle::SpanHandle;
use crate::span::outcome::{Ending, Failure};
use crate::span::record::Active;
use pin_project_lite::pin_project;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A step that is finished by hand: made by `.start()`, never entered, free to live across `.await`.
///
/// It is a [`SpanHandle`] as well. Dropped without an ending, the step is recorded as cancelled, and as panicked
/// when a panic drops it.
///
/// ```
/// let call = agentspan::llm("ollama", "llama3.2").start();
/// let reply = serde_json::json!({"model": "llama3.2", "usage": {"prompt_tokens": 26, "completion_tokens": 298}});
/// call.reply(&reply);
/// call.finish();
/// ```
#[must_use = "a guard that is dropped at once records a cancelled step"]
#[derive(Debug)]
pub struct SpanGuard {
    active: Active,
    handle: SpanHandle,
}

impl SpanGuard {
    pub(crate) fn new(mut active: Active) -> Self {
        active.is_by_hand = true;
        Self { handle: SpanHandle { node: Some(active.node.clone()) }, active }
    }

    /// Ends the step as successful.
    pub fn finish(self) {
        self.active.finish(Ending::ok());
    }

    /// Ends the step with an error.
    pub fn fail<E: Failure<K>, K>(self, error: &E) {
        self.active.finish(Ending::failed(error.record()));
    }

    /// Ends the step as the `Result` says, and gives the `Result` back.
    pub fn finish_with<T, E: Failure<K>, K>(self, result: Result<T, E>) -> Result<T, E> {
        self.active.finish(future::ending(&result));
        result
    }

    /// Runs a closure inside the step, so that steps made in it are its children. The step goes on.
    pub fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        self.active.scope(work)
    }

    /// Polls a future inside the step, so that steps made in it are its children. The step goes on, also
    /// when the future gives an `Err`, which [`finish_with`](Self::finish_with) records.
    pub fn within<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        Within { active: &self.active, future }
    }

    /// A handle to tell the step from elsewhere.
    pub fn handle(&self) -> SpanHandle {
        self.handle.clone()
    }
}

pin_project! {
    /// Written by hand, since an `async fn` would keep the future twice.
    struct Within<'guard, F> {
        active: &'guard Active,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Within<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.active.scope(|| this.future.poll(cx))
    }
}

impl Deref for SpanGuard {
    type Target = SpanHandle;

    fn deref(&self) -> &SpanHandle {
        &self.handle
    }
}
