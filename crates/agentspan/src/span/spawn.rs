use crate::span::current::{Light, NodeRef};
use crate::span::node::Node;
use opentelemetry::{Context, context::FutureExt};
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};
use tokio::task::JoinHandle;

/// Spawns a future on Tokio as part of the current step: what it does stands below that step, and the run's sums
/// wait for it.
///
/// A bare `tokio::spawn` begins apart, in a trace of its own.
///
/// # Panics
///
/// Outside a Tokio runtime, as `tokio::spawn` does.
///
/// ```
/// # async fn embed(_: &str) -> Result<(), String> { Ok(()) }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// agentspan::agent("indexer").run(async {
///     let one = agentspan::spawn(embed("a"));
///     let two = agentspan::spawn(embed("b"));
///     one.await.unwrap()?;
///     two.await.unwrap()
/// })
/// .await.unwrap();
/// # }
/// ```
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(carried(future))
}

fn carried<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let carrier = Carrier::current();
    // The context goes inside: it is the nearer one where the two differ.
    Carried { future: future.with_context(Context::current()), carrier }
}

pin_project! {
    /// Its fields are dropped in order: first what the future holds of the step, then what keeps the step.
    struct Carried<F> {
        #[pin]
        future: F,
        carrier: Carrier,
    }
}

impl<F: Future> Future for Carried<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.carrier.span.enter();
        let _light = this.carrier.node.as_ref().map(Light::enter);
        this.future.poll(cx)
    }
}

/// Keeps the sums of the nearest step waiting for a task or a closure that may go on with it.
///
/// It counts by itself: on a thread without our subscriber there is no current `tracing` span to hold.
#[derive(Debug)]
struct Carrier {
    span: tracing::Span,
    node: Option<Arc<Node>>,
}

impl Carrier {
    fn current() -> Self {
        let node = NodeRef::current().inspect(|node| node.expect_carrier());
        Self { span: tracing::Span::current(), node }
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        if let Some(node) = &self.node {
            let span = std::mem::replace(&mut self.span, tracing::Span::none());
            node.runtime().let_go(span);
            node.on_carrier_gone();
        }
    }
}

/// Carries the current step into a closure that runs elsewhere: `spawn_blocking`, a thread, a pool.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let sum = tokio::task::spawn_blocking(agentspan::carry(|| 1 + 1)).await.unwrap();
/// # assert_eq!(sum, 2); }
/// ```
pub fn carry<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let carrier = Carrier::current();
    let context = Context::current();
    move || {
        let _entered = carrier.span.enter();
        let _attached = context.attach();
        let _light = carrier.node.as_ref().map(Light::enter);
        work()
    }
}
