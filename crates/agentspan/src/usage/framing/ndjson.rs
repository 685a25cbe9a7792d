//! One JSON value on each line, as Ollama and Cohere's first interface stream it.

use super::lines::{Line, Lines};
use super::{MAX_PAYLOAD, Payload, Sink};

/// Splits lines of JSON; empty lines are nothing.
#[derive(Debug, Default)]
pub(in crate::usage) struct Ndjson {
    lines: Lines,
}

impl Ndjson {
    pub(super) fn push(&mut self, mut bytes: &[u8], sink: &mut Sink<'_>) {
        while let Some(line) = self.lines.next(&mut bytes) {
            give(&line, sink);
        }
    }

    pub(super) fn finish(&mut self, sink: &mut Sink<'_>) {
        if let Some(line) = self.lines.rest() {
            give(&line, sink);
        }
    }
}

fn give(line: &Line<'_>, sink: &mut Sink<'_>) {
    if let Line::Text(line) = line {
        let text = line.trim_ascii();
        if !text.is_empty() && text.len() <= MAX_PAYLOAD {
            sink(Payload::Text(text));
        }
    }
}
