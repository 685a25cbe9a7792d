//! The body of a response, for the adapters whose clients speak `http_body`.

use crate::adapters::Exchange;
use crate::adapters::http::{tell_head, tell_headers};
use crate::span::{Failure, FailureRecord, record_by_type};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::any::Any;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Tells an exchange the head of a response, and puts it around the body.
pub(super) fn observe<B: Body>(
    mut exchange: Exchange,
    response: http::Response<B>,
) -> http::Response<ObservedBody<B>> {
    tell_head(&mut exchange, response.status(), response.headers());
    response.map(|body| ObservedBody::new(body, exchange))
}

pin_project! {
    /// The body of a response, byte for byte and at once as the client receives it, read on its way.
    ///
    /// The span ends with the body, or when this is dropped.
    pub struct ObservedBody<B> {
        #[pin]
        body: B,
        exchange: Option<Exchange>,
    }
}

impl<B: Body> ObservedBody<B> {
    fn new(body: B, exchange: Exchange) -> Self {
        if body.is_end_stream() {
            exchange.finish();
            return Self { body, exchange: None };
        }
        Self { body, exchange: Some(exchange) }
    }
}

impl<B> Body for ObservedBody<B>
where
    B: Body,
    B::Error: 'static,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.body.as_mut().poll_frame(cx));
        if let Some(exchange) = this.exchange {
            match &frame {
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        each_piece(data, |piece| exchange.push(piece));
                    }
                    if let Some(trailers) = frame.trailers_ref() {
                        tell_headers(exchange, trailers);
                    }
                }
                Some(Err(error)) => {
                    let failure = failure_of(error);
                    this.exchange.take().into_iter().for_each(|exchange| exchange.fail_with(failure.clone()));
                }
                None => this.exchange.take().into_iter().for_each(Exchange::finish),
            }
        }
        // Who knows the length does not ask once more.
        if this.exchange.is_some() && this.body.is_end_stream() {
            this.exchange.take().into_iter().for_each(Exchange::finish);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: Default> Default for ObservedBody<B> {
    /// A body that nobody observes.
    fn default() -> Self {
        Self { body: B::default(), exchange: None }
    }
}

impl<B> fmt::Debug for ObservedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedBody").finish_non_exhaustive()
    }
}

/// The bytes of a buffer without taking them.
fn each_piece(data: &impl bytes::Buf, mut see: impl FnMut(&[u8])) {
    let first = data.chunk();
    if first.len() == data.remaining() {
        return see(first);
    }
    // Bodies of more than these parts in one frame are not known; what lies beyond is not read.
    let mut pieces = [std::io::IoSlice::new(&[]); 64];
    let count = data.chunks_vectored(&mut pieces);
    pieces.iter().take(count).for_each(|piece| see(piece));
}

/// An error whose type is not known to be one: those that bodies have keep their chain, any other its name.
pub(super) fn failure_of<E: 'static>(error: &E) -> FailureRecord {
    let error: &dyn Any = error;
    if let Some(boxed) = error.downcast_ref::<Box<dyn Error + Send + Sync>>() {
        return boxed.record();
    }
    if let Some(error) = error.downcast_ref::<std::io::Error>() {
        return error.record();
    }
    #[cfg(feature = "_reqwest")]
    if let Some(error) = error.downcast_ref::<reqwest::Error>() {
        return error.record();
    }
    record_by_type::<E>()
}
