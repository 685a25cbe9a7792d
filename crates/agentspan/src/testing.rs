//! Lets a team assert in its own tests what its agent records.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let recording = agentspan::testing::record();
//!
//! let answer = agentspan::agent("support")
//!     .session("s-1")
//!     .run(async { agentspan::tool("search").run(async { Ok::<_, String>(2) }).await })
//!     .await;
//!
//! assert_eq!(answer, Ok(2));
//! assert_eq!(recording.tree(), "agent.support ok completed\n  tool.search ok\n");
//! assert_eq!(recording.span("tool.search").unwrap().text("session.id"), Some("s-1"));
//! # }
//! ```

use crate::config::Config;
use crate::cost::Books;
use crate::export::{Report, Sink, Verdict};
use crate::init::{TelemetryBuilder, builder};
use crate::pipeline::{self, Telemetry};
use crate::span::lock;
use crate::view::{self, lookup};
use agentspan_semconv::{agent, cost, error, llm};
use opentelemetry::trace::Status;
use opentelemetry::{Array, SpanId, TraceId, Value};
use opentelemetry_sdk::trace::{IdGenerator, SpanData};
use std::collections::{HashMap, HashSet};
use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt;

/// A test waits until the export thread had its turn, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// Records every step of the current thread in memory until it is dropped.
///
/// The environment is not read, ids are consecutive numbers, and the queue has no limit unless one is set. Tests with
/// recordings run side by side. On a multi-threaded runtime the steps of other threads are not seen, unless they are
/// carried there from a step by [`spawn`](crate::spawn) or [`carry`](crate::carry). In a process that has called
/// [`init`](crate::init), these belong to the telemetry of the process: leave that out of programs of tests.
pub fn record() -> Recording {
    record_with(builder())
}

/// As [`record`], with settings of one's own, such as `.with_content(true)` or prices.
///
/// # Panics
///
/// When no thread can be started.
pub fn record_with(settings: TelemetryBuilder) -> Recording {
    let spans = Arc::<Mutex<Vec<SpanData>>>::default();
    let code = settings.code();
    let is_bounded = code.batch.max_queue_size.is_some();
    let (mut config, warnings) = Config::resolve(&|_| None, code);
    if !is_bounded {
        // A test sees every step, however little time other threads leave to the export thread.
        config.batch.max_queue_size = usize::MAX;
    }
    let mut options = settings.options();
    options.sinks = Some(vec![Box::new(Memory(spans.clone()))]);
    options.ids = Some(|| Box::new(Consecutive::default()));
    let parts = pipeline::start(config, warnings, options).expect("a test can start a thread");
    let subscriber = tracing_subscriber::registry().with(pipeline::layer(&parts));
    let guard = tracing::subscriber::set_default(subscriber);
    Recording { guard: Some(guard), telemetry: parts.telemetry, spans }
}

/// What was recorded. Made by [`record`].
#[must_use = "dropping it ends the recording"]
pub struct Recording {
    guard: Option<DefaultGuard>,
    telemetry: Telemetry,
    spans: Arc<Mutex<Vec<SpanData>>>,
}

impl Recording {
    /// Every span that has ended, in the order of their beginning.
    pub fn spans(&self) -> Vec<RecordedSpan> {
        self.telemetry.flush_within(PATIENCE);
        let mut spans: Vec<_> = lock(&self.spans).iter().cloned().map(RecordedSpan).collect();
        // Ids are given in the order of beginning.
        spans.sort_by_key(|span| (span.0.start_time, span.0.span_context.span_id().to_bytes()));
        spans
    }

    /// The first span of that name.
    pub fn span(&self, name: &str) -> Option<RecordedSpan> {
        self.spans().into_iter().find(|span| span.name() == name)
    }

    /// The spans as an indented tree for snapshots: name, outcome, stop reason, tokens, cost. No times, so that it is the
    /// same in each run. A check that did not pass reads `not passed` in place of `ok`, and a model call that was tried
    /// again says how often: `2 attempts`.
    pub fn tree(&self) -> String {
        let spans = self.spans();
        let ids: HashSet<_> = spans.iter().map(|span| span.0.span_context.span_id()).collect();
        let mut children: HashMap<SpanId, Vec<&RecordedSpan>> = HashMap::new();
        for span in &spans {
            let parent = span.0.parent_span_id;
            let parent = if ids.contains(&parent) { parent } else { SpanId::INVALID };
            children.entry(parent).or_default().push(span);
        }
        let mut tree = String::new();
        let mut open: Vec<_> = children
            .remove(&SpanId::INVALID)
            .unwrap_or_default()
            .into_iter()
            .map(|span| (0, span))
            .rev()
            .collect();
        while let Some((depth, span)) = open.pop() {
            // Writing to a string cannot fail.
            let _ = writeln!(tree, "{:indent$}{span}", "", indent = 2 * depth);
            let below = children.remove(&span.0.span_context.span_id()).unwrap_or_default();
            open.extend(below.into_iter().map(|span| (depth + 1, span)).rev());
        }
        tree
    }

    /// What was spent, sampled or not.
    pub fn books(&self) -> Books {
        self.telemetry.books()
    }

    /// What became of the spans.
    pub fn report(&self) -> Report {
        self.telemetry.report()
    }

    /// Ends the recording as the end of a program would: open steps end, and steps that were waited for leave.
    pub fn shutdown(self) -> Vec<RecordedSpan> {
        let Self { guard, telemetry, spans } = self;
        telemetry.shutdown_within(PATIENCE);
        drop(guard);
        let spans = std::mem::take(&mut *lock(&spans));
        spans.into_iter().map(RecordedSpan).collect()
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tree())
    }
}

/// One ended span. Its `Display` is its line in [`Recording::tree`].
#[derive(Debug, Clone)]
pub struct RecordedSpan(SpanData);

impl RecordedSpan {
    /// The span's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The trace id as 32 hexadecimal digits.
    pub fn trace_id(&self) -> String {
        self.0.span_context.trace_id().to_string()
    }

    /// The span id as 16 hexadecimal digits.
    pub fn span_id(&self) -> String {
        self.0.span_context.span_id().to_string()
    }

    /// The parent's span id; `None` for a root.
    pub fn parent_span_id(&self) -> Option<String> {
        (self.0.parent_span_id != SpanId::INVALID).then(|| self.0.parent_span_id.to_string())
    }

    /// The span ids that this span links to.
    pub fn links(&self) -> Vec<String> {
        self.0.links.iter().map(|link| link.span_context.span_id().to_string()).collect()
    }

    /// The names of the span's events.
    pub fn events(&self) -> Vec<&str> {
        self.0.events.iter().map(|event| event.name.as_ref()).collect()
    }

    /// The text of an attribute of an event.
    pub fn event_text(&self, event: &str, key: &str) -> Option<&str> {
        let event = self.0.events.iter().find(|known| known.name == event)?;
        lookup::text(&event.attributes, key)
    }

    /// How long the span took.
    pub fn duration(&self) -> Duration {
        self.0.end_time.duration_since(self.0.start_time).unwrap_or_default()
    }

    /// The description of a failure; `None` when the span's status is not Error.
    pub fn failure(&self) -> Option<&str> {
        match &self.0.status {
            Status::Error { description } => Some(description),
            _ => None,
        }
    }

    /// The names of all attributes, in the order in which they were set.
    pub fn keys(&self) -> Vec<&str> {
        self.0.attributes.iter().map(|attribute| attribute.key.as_str()).collect()
    }

    /// An attribute that is text.
    pub fn text(&self, key: &str) -> Option<&str> {
        lookup::text(&self.0.attributes, key)
    }

    /// An attribute that is a list of texts.
    pub fn texts(&self, key: &str) -> Option<Vec<&str>> {
        match lookup::get(&self.0.attributes, key)? {
            Value::Array(Array::String(texts)) => Some(texts.iter().map(|text| text.as_str()).collect()),
            _ => None,
        }
    }

    /// An attribute that is a whole number.
    pub fn int(&self, key: &str) -> Option<i64> {
        lookup::int(&self.0.attributes, key)
    }

    /// An attribute that is a double.
    pub fn double(&self, key: &str) -> Option<f64> {
        lookup::double(&self.0.attributes, key)
    }

    /// An attribute that is true or false.
    pub fn bool(&self, key: &str) -> Option<bool> {
        lookup::bool(&self.0.attributes, key)
    }
}

impl fmt::Display for RecordedSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        let words =
            [error::ERROR_TYPE, agent::AGENT_STOP_REASON, llm::LLM_STREAM_END].map(|key| self.text(key));
        let words = [view::outcome(&self.0)].into_iter().chain(words).flatten();
        for word in words.filter(|word| *word != "complete") {
            write!(f, " {word}")?;
        }
        if let Some(attempts) = view::attempts(&self.0) {
            write!(f, " {attempts}")?;
        }
        let tokens = [llm::LLM_TOKEN_COUNT_PROMPT, llm::LLM_TOKEN_COUNT_COMPLETION].map(|key| self.int(key));
        if let [Some(prompt), Some(completion)] = tokens {
            write!(f, " {prompt}→{completion}")?;
        }
        match self.text(cost::COST_STATUS) {
            Some("known" | "zero_rated") => {}
            Some(status) => write!(f, " cost:{status}")?,
            None => {}
        }
        self.double(cost::COST_TOTAL_USD).map_or(Ok(()), |usd| write!(f, " ${usd}"))
    }
}

struct Memory(Arc<Mutex<Vec<SpanData>>>);

impl Sink for Memory {
    fn send(&mut self, batch: Vec<SpanData>) -> Verdict {
        let count = batch.len();
        lock(&self.0).extend(batch);
        Verdict::delivered(count)
    }
}

#[derive(Debug, Default)]
struct Consecutive(AtomicU64);

impl Consecutive {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl IdGenerator for Consecutive {
    fn new_trace_id(&self) -> TraceId {
        TraceId::from(u128::from(self.next()))
    }

    fn new_span_id(&self) -> SpanId {
        SpanId::from(self.next())
    }
}
