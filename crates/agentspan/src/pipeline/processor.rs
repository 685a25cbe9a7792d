use crate::export::{Counts, DropReason};
use crate::pipeline::queue::Queue;
use crate::span::{Finished, Outlet};
use opentelemetry::Context;
use opentelemetry::trace::Span as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use std::sync::Arc;
use std::time::Duration;

/// Counts every sampled span and puts finished ones into the queue of the export thread.
///
/// The SDK's own batch processor drops spans without telling anybody, cannot hold one back, and ends for good when its
/// exporter panics.
#[derive(Debug, Clone)]
pub(crate) struct Processor {
    pub(crate) queue: Arc<Queue>,
    pub(crate) counts: Arc<Counts>,
}

impl Outlet for Processor {
    fn began(&self) {
        self.counts.created();
    }

    fn ended(&self, finished: Finished) {
        self.counts.ended();
        if !self.queue.push(finished) {
            self.counts.drop_spans(DropReason::QueueFull, 1);
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl SpanProcessor for Processor {
    fn on_start(&self, span: &mut Span, _cx: &Context) {
        if span.span_context().is_sampled() {
            self.began();
        }
    }

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() {
            self.ended(Finished { span, node: None, inherited: None });
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        self.queue.stop();
        Ok(())
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.shutdown_with_timeout(Duration::ZERO)
    }

    fn set_resource(&mut self, _resource: &Resource) {}
}
