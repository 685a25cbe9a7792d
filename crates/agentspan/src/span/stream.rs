use crate::error::say;
use crate::span::model;
use crate::span::node::Node;
use crate::span::observed::{Observed, Watch};
use crate::span::outcome::{Ending, Failure, FailureRecord};
use crate::span::pace::Pace;
use crate::span::record::Active;
use crate::span::runtime::{attribute, count};
use crate::usage::{Reply, ReplyReader};
use agentspan_semconv::{StreamEnd, llm};
use futures_core::Stream;
use pin_project_lite::pin_project;
use serde::Serialize;
use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

pin_project! {
    /// The answer of a streamed model call, item for item as the client gives it. Made by
    /// [`LlmBuilder::stream`](crate::LlmBuilder::stream).
    ///
    /// The call ends with the last item, or when this is dropped. It borrows nothing that the request borrowed.
    #[must_use = "a stream that is not read was abandoned"]
    pub struct ReplyStream<S, K> {
        #[pin]
        observed: Observed<S, StreamWatch, K>,
    }
}

impl<S, K> ReplyStream<S, K> {
    pub(crate) fn new(stream: S, active: Active) -> Self {
        let watch = StreamWatch::new(active);
        Self { observed: Observed { stream, watch, kind: PhantomData } }
    }
}

impl<S, C, X, K> Stream for ReplyStream<S, K>
where
    S: Stream<Item = Result<C, X>>,
    C: Serialize,
    X: Failure<K>,
{
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        self.project().observed.poll_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.observed.size_hint()
    }
}

impl<S, K> fmt::Debug for ReplyStream<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyStream").finish_non_exhaustive()
    }
}

/// Reads a streamed reply on its way to the caller and ends the call when the stream ends.
///
/// The step is not entered for each item: entering costs more than reading a chunk, and nothing but the client's own
/// polling happens inside.
#[derive(Debug)]
pub(crate) struct StreamWatch {
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    active: Active,
    reader: ReplyReader,
    pace: Pace,
}

impl StreamWatch {
    pub(crate) fn new(active: Active) -> Self {
        let provider = active.node.call().map_or("", |call| &call.provider);
        let content = active.node.is_recording() && active.node.runtime().content.messages;
        let reader = ReplyReader::new(provider).with_content(content);
        let opened = active.began.unwrap_or_else(Instant::now);
        let pace = Pace::new(opened, active.node.is_measured());
        Self { open: Some(Open { active, reader, pace }) }
    }

    /// Ends the call as the reply says, else as it was told, else as the stream ended.
    fn end(&mut self, otherwise: StreamEnd, told: Option<Ending>) {
        let Some(open) = self.open.take() else { return };
        let Open { active, reader, pace } = open;
        let is_abandoned = otherwise == StreamEnd::Abandoned;
        let reply = if is_abandoned { reader.finish_abandoned() } else { reader.finish() };
        // A whole body that came in pieces needs no end.
        let was_read = reply.stream_end.is_none() && reply.usage.is_some();
        let stream_end = match told {
            Some(_) => otherwise,
            None if was_read => StreamEnd::Complete,
            None => reply.stream_end.unwrap_or(otherwise),
        };
        let node = active.node.clone();
        record_end(&node, stream_end, &reply, pace);
        let ending = match (&reply.error, told) {
            (Some(error), _) => Ending::failed(FailureRecord::of_reply(error)),
            (None, Some(told)) => told,
            (None, None) if stream_end == StreamEnd::Complete => Ending::ok(),
            (None, None) if stream_end == StreamEnd::Abandoned => Ending::cancelled(),
            (None, None) => Ending::failed(FailureRecord::of_type("stream_cut")),
        };
        model::record_reply(&node, &reply);
        active.finish(ending);
    }
}

/// Records how a streamed reply came and ended, whoever has read it.
pub(crate) fn record_end(node: &Node, end: StreamEnd, reply: &Reply, pace: Pace) {
    node.set(attribute(llm::LLM_STREAMING, true));
    node.set(count(llm::LLM_CHUNK_COUNT, reply.chunk_count));
    node.set_all(pace.first_s().map(|seconds| attribute(llm::LLM_TIME_TO_FIRST_CHUNK_S, seconds)));
    node.figures(|figures| figures.keep(pace));
    node.set(attribute(llm::LLM_STREAM_END, end.as_str()));
    if let Some(hint) = reply.hint {
        warn_without_usage(hint);
    }
}

/// Says once in the life of the process how to learn the tokens of streams.
fn warn_without_usage(hint: &str) {
    static WARNED: AtomicBool = AtomicBool::new(false);
    if !WARNED.swap(true, Ordering::Relaxed) {
        say(format_args!("the tokens and the cost of a streamed reply are unknown: {hint}"));
    }
}

impl<C: Serialize, X: Failure<L>, L> Watch<Result<C, X>, L> for StreamWatch {
    fn see(&mut self, item: Option<&Result<C, X>>) {
        let Some(open) = &mut self.open else { return };
        match item {
            Some(Ok(chunk)) => {
                open.reader.push_chunk(chunk);
                open.pace.note(&open.reader);
            }
            Some(Err(error)) => self.end(StreamEnd::Cut, Some(Ending::failed(error.record()))),
            None => self.end(StreamEnd::Cut, None),
        }
    }

    fn panicked(&mut self, payload: &(dyn Any + Send)) {
        self.end(StreamEnd::Cut, Some(Ending::panicked(payload)));
    }
}

impl Drop for StreamWatch {
    fn drop(&mut self) {
        self.end(StreamEnd::Abandoned, None);
    }
}
