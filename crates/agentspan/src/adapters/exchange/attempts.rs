//! Retries inside one exchange, seen by a second layer below the one that retries.

use crate::span::{Close, FailureRecord, Node, SpanHandle, lock};
use crate::usage::{Endpoint, ReplyReader};
use opentelemetry::{Context, ContextGuard};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// What the attempts of one exchange have in common.
#[derive(Debug)]
pub(super) struct Attempts {
    url: Box<str>,
    handle: SpanHandle,
    /// The nearest call that this exchange or one around it tells of.
    call: Option<Arc<Node>>,
    /// The last failure: an attempt that failed and was repeated is told only when the next one begins, since the last
    /// one is the call's own end.
    failed: Mutex<Option<Failed>>,
    begun: AtomicU64,
}

#[derive(Debug)]
struct Failed {
    /// Which attempt, from 0.
    attempt: u64,
    failure: FailureRecord,
    status: Option<u16>,
    at: Instant,
}

/// The exchange that is under way, as it stands in the OpenTelemetry context.
#[derive(Debug)]
struct Current(Arc<Attempts>);

impl Attempts {
    pub(super) fn new(url: &str, handle: SpanHandle, call: Option<Arc<Node>>) -> Self {
        Self { url: url.into(), handle, call, failed: Mutex::default(), begun: AtomicU64::new(0) }
    }

    pub(super) fn call(&self) -> Option<&Arc<Node>> {
        self.call.as_ref()
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Those of the exchange around.
    pub(super) fn around() -> Option<Arc<Self>> {
        Context::map_current(|context| Some(context.get::<Current>()?.0.clone()))
    }

    pub(super) fn attach(self: Arc<Self>) -> ContextGuard {
        Context::current_with_value(Current(self)).attach()
    }

    /// The class and the text that the provider gave, in place of those of the client's error, which has lost them.
    pub(super) fn explain(&self, failure: FailureRecord) -> FailureRecord {
        match lock(&self.failed).take() {
            Some(failed) if failed.status.is_some() => FailureRecord {
                error_type: failed.failure.error_type,
                message: failed.failure.message.or(failure.message),
                refused: failed.status.is_some_and(|status| status >= 400),
                is_vague: false,
                ..failure
            },
            _ => failure,
        }
    }
}

/// One attempt, whose reply is read only for its error.
#[derive(Debug)]
pub(super) struct Attempt {
    around: Arc<Attempts>,
    number: u64,
    status: Option<u16>,
    reader: Option<ReplyReader>,
    provider: Box<str>,
}

impl Attempt {
    pub(super) fn begin(around: Arc<Attempts>, endpoint: Option<&Endpoint>) -> Self {
        if let Some(failed) = lock(&around.failed).take() {
            around.handle.attempt_failed_as(failed.failure, failed.status, Some(failed.at.elapsed()));
        }
        let provider = endpoint.and_then(|endpoint| endpoint.provider.as_deref()).unwrap_or_default();
        let number = around.begun.fetch_add(1, Ordering::Relaxed);
        Self { around, number, status: None, reader: None, provider: provider.into() }
    }

    pub(super) fn answered(&mut self, status: u16) {
        self.status = Some(status);
        if status >= 400 {
            let unread = || ReplyReader::new(&self.provider).status(status);
            // A retry layer may hold the response, unread, until the next attempt has been answered.
            let error = unread().finish().error;
            let error_type = error.map_or_else(|| status.to_string(), |error| error.error_type);
            self.note(FailureRecord::of_type(error_type));
            self.reader = Some(unread());
        }
    }

    pub(super) fn header(&mut self, name: &str, value: &str) {
        self.reader = self.reader.take().map(|reader| reader.header(name, value));
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        if let Some(reader) = &mut self.reader {
            reader.push(bytes);
        }
    }

    pub(super) fn close(mut self, close: Close) {
        let was_told =
            || lock(&self.around.failed).as_ref().is_none_or(|failed| failed.attempt != self.number);
        if self.reader.is_some() && was_told() {
            return;
        }
        let error = self.reader.take().and_then(|reader| reader.finish().error);
        match (error, close) {
            (Some(error), _) => self.note(FailureRecord::of_reply(&error)),
            (None, Close::Failed(failure)) => self.note(failure),
            (None, _) => {}
        }
    }

    /// Keeps the failure for the next attempt to tell of.
    fn note(&self, failure: FailureRecord) {
        let Self { around, number: attempt, status, .. } = self;
        let failed = Failed { attempt: *attempt, failure, status: *status, at: Instant::now() };
        *lock(&around.failed) = Some(failed);
    }
}
