use crate::export::Counts;
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
        if let Err(reason) = self.queue.push(finished) {
            self.counts.drop_spans(reason, 1);
        }
        // Last, since a shutdown waits for it and then closes the queue.
        self.counts.ended();
    }
}

#[deny(clippy::missing_trait_methods)]
impl SpanProcessor for Processor {
    fn on_start(&self, span: &mut Span, _cx: &Context) {
        if span.span_context().is_sampled() {
            self.counts.began_elsewhere();
            self.began();
        }
    }

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() {
            self.ended(Finished { span, node: None, inherited: None });
            self.counts.ended_elsewhere();
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
