use crate::span::node::Carrier;
use opentelemetry::{Context, context::FutureExt};
use std::future::Future;
use tokio::task::JoinHandle;
use tracing::Instrument;

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
    let future = future.with_context(Context::current()).in_current_span();
    async move {
        let _carrier = carrier;
        future.await
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
    let span = tracing::Span::current();
    move || {
        let _carrier = carrier;
        let _entered = span.entered();
        let _attached = context.attach();
        work()
    }
}
