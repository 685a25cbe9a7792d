use crate::span::{current, current_run};
use std::fmt;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// A log line that leads to its trace: time, level, target, message, and inside a run the trace id and run id.
#[derive(Debug)]
pub(crate) struct LogLine;

impl<S, N> FormatEvent<S, N> for LogLine
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        cx: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        SystemTime.format_time(&mut line)?;
        let metadata = event.metadata();
        write!(line, " {:>5} {}: ", metadata.level(), metadata.target())?;
        cx.field_format().format_fields(line.by_ref(), event)?;
        if let Some(trace) = current().trace_id() {
            write!(line, " trace_id={trace}")?;
        }
        if let Some(run) = current_run().id() {
            write!(line, " run_id={run}")?;
        }
        writeln!(line)
    }
}
