use crate::adapters::tower::serving::Serving;
use bytes::Buf;
use http::header::CONTENT_LENGTH;
use http::{Method, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// The body of a response of a [`Server`](super::Server), byte for byte and at once as the service gives it.
    ///
    /// What makes its pieces runs inside the span, which ends with the body. Dropped before, the client has gone away.
    pub struct ServedBody<B> {
        #[pin]
        body: B,
        serving: Option<Serving>,
        // What is still to come of a known length.
        left: Option<u64>,
    }
}

/// Puts the rest of the request around the body of its response.
pub(super) fn serve<B: Body>(
    mut serving: Serving,
    method: &Method,
    response: Response<B>,
) -> Response<ServedBody<B>> {
    let (status, headers) = (response.status(), response.headers());
    serving.answered(status, headers);
    let told = || headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
    let left = response.body().size_hint().exact().or_else(told);
    if left == Some(0) {
        serving.whole();
    }
    let is_over = response.body().is_end_stream() || !has_body(method, status);
    response.map(|body| match is_over {
        true => {
            serving.finish();
            ServedBody { body, serving: None, left }
        }
        false => ServedBody { body, serving: Some(serving), left },
    })
}

/// Whether a server sends the body that such a response has: RFC 9110, section 6.4.1.
fn has_body(method: &Method, status: StatusCode) -> bool {
    let without = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED];
    let is_tunnel = method == Method::CONNECT && status.is_success();
    method != Method::HEAD && !is_tunnel && !status.is_informational() && !without.contains(&status)
}

impl<B> Body for ServedBody<B>
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
        let Some(serving) = this.serving else { return this.body.poll_frame(cx) };
        let frame = ready!(serving.scope(|| this.body.as_mut().poll_frame(cx)));
        let mut is_over = this.body.is_end_stream();
        match &frame {
            Some(Ok(frame)) => {
                if let (Some(data), Some(left)) = (frame.data_ref(), &mut this.left) {
                    *left = left.saturating_sub(u64::try_from(data.remaining()).unwrap_or(u64::MAX));
                    if *left == 0 {
                        serving.whole();
                    }
                }
                if let Some(trailers) = frame.trailers_ref() {
                    serving.trailed(trailers);
                    is_over = true;
                }
            }
            Some(Err(error)) => this.serving.take().into_iter().for_each(|serving| serving.fail(error)),
            None => is_over = true,
        }
        if is_over {
            this.serving.take().into_iter().for_each(Serving::finish);
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

impl<B: Default> Default for ServedBody<B> {
    /// A body that nobody waits for.
    fn default() -> Self {
        Self { body: B::default(), serving: None, left: None }
    }
}

impl<B> fmt::Debug for ServedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServedBody").finish_non_exhaustive()
    }
}
