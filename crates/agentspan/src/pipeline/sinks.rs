//! Where finished spans go.

use crate::config::{Config, TracesExporter};
use crate::error::Error;
use crate::export::{Console, Deadline, Finish, OtlpSender, Sink, Verdict};
use crate::view::TreeOptions;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;
use std::sync::Arc;

/// Where spans go, and how the senders among them are told to hurry.
pub(super) type Sinks = (Vec<Box<dyn Sink>>, Deadline);

/// Those that the settings name.
pub(super) fn make_sinks(
    config: &Config,
    resource: &Resource,
    finish: &Arc<Finish>,
    tree: TreeOptions,
) -> Result<Sinks, Error> {
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    let mut deadline = Deadline::default();
    if config.exporters.contains(&TracesExporter::Otlp) {
        let sender = OtlpSender::new(&config.otlp, resource)?;
        deadline = sender.deadline().clone();
        sinks.push(Box::new(OtlpSink { sender, finish: finish.clone() }));
    }
    if config.exporters.contains(&TracesExporter::Console) {
        sinks.push(Box::new(Console::new(tree)));
    }
    Ok((sinks, deadline))
}

/// Sends spans in the dialects that the settings name.
struct OtlpSink {
    sender: OtlpSender,
    finish: Arc<Finish>,
}

impl Sink for OtlpSink {
    fn send(&mut self, mut batch: Vec<SpanData>) -> Verdict {
        batch.iter_mut().for_each(|span| self.finish.translate(span));
        self.sender.send(batch)
    }
}
