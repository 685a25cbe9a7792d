use futures_core::Stream;
use pin_project_lite::pin_project;
use std::any::Any;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// A stream whose items are looked at on their way to the caller.
    pub(crate) struct Observed<S, W, K> {
        #[pin]
        pub(crate) stream: S,
        pub(crate) watch: W,
        pub(crate) kind: PhantomData<fn() -> K>,
    }
}

/// Looks at what a stream yields. `K` is the kind of its items' errors, see [`Failure`](crate::Failure).
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
