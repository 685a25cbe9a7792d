use crate::span::outcome::{Elapsed, Ending, Failure};
use crate::span::record::Active;
use futures_core::Stream;
use pin_project_lite::pin_project;
use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// Polls a future inside a step, which begins with the first poll.
///
/// The step ends as panicked when the future panics, and as cancelled when this is dropped before the end; any
/// other ending is the caller's, who gets the step back with the future's output.
pub(crate) async fn inside<F: Future>(start: impl FnOnce() -> Active, future: F) -> (F::Output, Active) {
    Inside { future, active: Some(start()) }.await
}

pin_project! {
    struct Inside<F> {
        #[pin]
        future: F,
        active: Option<Active>,
    }
}

impl<F: Future> Future for Inside<F> {
    type Output = (F::Output, Active);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let active = this.active.as_ref().expect("a future is not polled after it has ended");
        let polled = catch_unwind(AssertUnwindSafe(|| active.scope(|| this.future.poll(cx))));
        match polled {
            Ok(polled) => {
                let output = ready!(polled);
                let active = this.active.take().expect("taken only here, when the future has ended");
                Poll::Ready((output, active))
            }
            Err(payload) => panicked(this.active.take(), payload),
        }
    }
}

/// Records a panic and passes it on unchanged.
fn panicked(active: Option<Active>, payload: Box<dyn Any + Send>) -> ! {
    if let Some(active) = active {
        active.finish(Ending::panicked(payload.as_ref()));
    }
    resume_unwind(payload)
}

/// Runs a closure inside a step, with the endings of [`inside`].
pub(crate) fn scope<T>(active: Active, work: impl FnOnce() -> T) -> (T, Active) {
    match catch_unwind(AssertUnwindSafe(|| active.scope(work))) {
        Ok(output) => (output, active),
        Err(payload) => panicked(Some(active), payload),
    }
}

/// How a `Result` ends a step.
pub(crate) fn ending<T, E: Failure<K>, K>(result: &Result<T, E>) -> Ending {
    match result {
        Ok(_) => Ending::ok(),
        Err(error) => Ending::failed(error.record()),
    }
}

/// Ends with [`Elapsed`] when the future takes longer than `limit`, whose time begins with the first poll.
pub(crate) async fn limited<F: Future>(limit: Duration, future: F) -> Result<F::Output, Elapsed> {
    Limited { future, timer: timer(limit), limit }.await
}

pin_project! {
    struct Limited<F> {
        #[pin]
        future: F,
        timer: Pin<Box<dyn Future<Output = ()> + Send>>,
        limit: Duration,
    }
}

impl<F: Future> Future for Limited<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        ready!(this.timer.as_mut().poll(cx));
        Poll::Ready(Err(Elapsed(*this.limit)))
    }
}

/// Tokio's clock inside Tokio, so that a paused clock in a test works as usual; a clock of its own elsewhere.
fn timer(limit: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    // A runtime without timers panics when one is asked for, and a step must not.
    let in_tokio = tokio::runtime::Handle::try_current()
        .ok()
        .and_then(|_| catch_unwind(|| tokio::time::sleep(limit)).ok());
    match in_tokio {
        Some(sleep) => Box::pin(sleep),
        None => Box::pin(futures_timer::Delay::new(limit)),
    }
}

pin_project! {
    /// A stream whose items are looked at on their way to the caller.
    pub(crate) struct Observed<S, W, K> {
        #[pin]
        pub(crate) stream: S,
        pub(crate) watch: W,
        pub(crate) kind: PhantomData<fn() -> K>,
    }
}

/// Looks at what a stream yields. `K` is the kind of its items' errors, see [`Failure`].
pub(crate) trait Watch<I, K> {
    /// Called for each item, and once with `None` when the stream has ended.
    fn see(&mut self, item: Option<&I>);

    /// Called when polling the stream panicked.
    fn panicked(&mut self, payload: &(dyn Any + Send));
}

impl<S: Stream, W: Watch<S::Item, K>, K> Stream for Observed<S, W, K> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let item = match catch_unwind(AssertUnwindSafe(|| this.stream.poll_next(cx))) {
            Ok(polled) => ready!(polled),
            Err(payload) => {
                this.watch.panicked(payload.as_ref());
                resume_unwind(payload)
            }
        };
        this.watch.see(item.as_ref());
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}
