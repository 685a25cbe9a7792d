use super::Console;
use crate::export::Sink;
use crate::view::TreeOptions;
use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics while writing").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn span(trace: u128, id: u64, parent: u64, name: &'static str) -> SpanData {
    let (trace, span) = (TraceId::from(trace), SpanId::from(id));
    SpanData {
        span_context: SpanContext::new(trace, span, TraceFlags::SAMPLED, false, TraceState::NONE),
        parent_span_id: SpanId::from(parent),
        parent_span_is_remote: false,
        span_kind: SpanKind::Internal,
        name: name.into(),
        start_time: SystemTime::UNIX_EPOCH,
        end_time: SystemTime::UNIX_EPOCH,
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::default(),
    }
}

#[test]
fn each_trace_is_printed_when_its_root_has_ended_and_stands_apart() {
    let page = Page::default();
    let mut console = Console {
        out: Box::new(page.clone()),
        options: TreeOptions::default(),
        waiting: HashMap::new(),
        printed: false,
    };
    console.send(vec![span(1, 2, 1, "first.child"), span(2, 4, 3, "second.child")]);
    console.send(vec![span(2, 3, 0, "second"), span(3, 6, 5, "left.over"), span(1, 1, 0, "first")]);
    console.flush();
    let printed = String::from_utf8(page.0.lock().expect("no test panics while writing").clone());
    assert_eq!(
        printed.as_deref(),
        Ok("\
second                               0.0 ms
└─ second.child                      0.0 ms

first                                0.0 ms
└─ first.child                       0.0 ms

left.over                            0.0 ms
")
    );
}
