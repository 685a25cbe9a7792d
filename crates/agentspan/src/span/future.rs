use crate::span::builder::Begin;
use crate::span::outcome::{Elapsed, Ending, Failure};
use crate::span::record::Active;
use pin_project_lite::pin_project;
use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// A future inside a step, which begins with the first poll. `end` is given the step and the future's output: the step ends
/// as it says, as panicked when the future panics, and as cancelled when this is dropped before.
///
/// Written by hand, since an `async fn` keeps a future that it is given twice, as its argument and where it awaits it: steps
/// in steps would grow threefold with each.
pub(crate) fn inside<B, F, N, T>(builder: B, future: F, end: N) -> Inside<B, F, N>
where
    B: Begin,
    F: Future,
    N: FnOnce(Active, F::Output) -> T,
{
    Inside { future: Some(future), step: Progress::Ahead(builder), end: Some(end) }
}

pin_project! {
    /// Its fields are dropped in order: first what the future holds of the step, then the step.
    pub(crate) struct Inside<B, F, N> {
        #[pin]
        future: Option<F>,
        step: Progress<B>,
        end: Option<N>,
    }
}

enum Progress<B> {
    Ahead(B),
    Begun(Active),
    Over,
}

impl<B: Begin> Progress<B> {
    /// The step, which begins when this is asked for the first time.
    fn begun(&mut self) -> Option<&Active> {
        if let Self::Ahead(builder) = self {
            *self = Self::Begun(builder.begin().0);
        }
        if let Self::Begun(active) = self { Some(active) } else { None }
    }

    fn take(&mut self) -> Option<Active> {
        if let Self::Begun(active) = std::mem::replace(self, Self::Over) { Some(active) } else { None }
    }
}

impl<B, F, N, T> Future for Inside<B, F, N>
where
    B: Begin,
    F: Future,
    N: FnOnce(Active, F::Output) -> T,
{
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        const OVER: &str = "a future is not polled after it has ended";
        let mut this = self.project();
        let is_new = matches!(this.step, Progress::Ahead(_));
        let active = this.step.begun().expect(OVER);
        let poll = || {
            let polled = this.future.as_mut().as_pin_mut().expect(OVER).poll(cx);
            if polled.is_ready() {
                // What the future still holds goes inside the step, before that ends.
                this.future.set(None);
            }
            polled
        };
        match catch_unwind(AssertUnwindSafe(|| active.scope_in(is_new, poll))) {
            Ok(polled) => {
                let output = ready!(polled);
                let active = this.step.take().expect(OVER);
                let end = this.end.take().expect(OVER);
                Poll::Ready(end(active, output))
            }
            Err(payload) => panicked(this.step.take(), payload),
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

/// Runs a closure inside a step that has just begun, with the endings of [`inside`].
pub(crate) fn scope<T>(active: Active, work: impl FnOnce() -> T) -> (T, Active) {
    match catch_unwind(AssertUnwindSafe(|| active.scope_in(true, work))) {
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

/// A future that gets at most `limit` from its first poll on.
pub(crate) fn limited<F: Future>(limit: Duration, future: F) -> Limited<F> {
    Limited { future, timer: None, limit }
}

pin_project! {
    pub(crate) struct Limited<F> {
        #[pin]
        future: F,
        timer: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
        limit: Duration,
    }
}

impl<F: Future> Future for Limited<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let timer = this.timer.get_or_insert_with(|| timer(*this.limit));
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        ready!(timer.as_mut().poll(cx));
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
