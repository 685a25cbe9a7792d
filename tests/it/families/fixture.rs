//! One exchange with what must be read from it.

use super::typed::Types;
use super::wire::Wire;
use agentspan::Usage;
use agentspan::semconv::StreamEnd;
use agentspan::usage::{Endpoint, Reply, ReplyReader};
use serde_json::Value;

/// What is read from a reply: a column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Tokens,
    Cached,
    Written,
    Reasoning,
    Audio,
    Stream,
    ToolCalls,
    FinishReason,
    ProviderCost,
}

impl Column {
    pub(super) const ALL: [Self; 9] = [
        Self::Tokens,
        Self::Cached,
        Self::Written,
        Self::Reasoning,
        Self::Audio,
        Self::Stream,
        Self::ToolCalls,
        Self::FinishReason,
        Self::ProviderCost,
    ];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Cached => "cached",
            Self::Written => "written",
            Self::Reasoning => "reasoning",
            Self::Audio => "audio",
            Self::Stream => "stream",
            Self::ToolCalls => "tool calls",
            Self::FinishReason => "finish reason",
            Self::ProviderCost => "provider cost",
        }
    }

    /// Whether a reply has more than nothing there.
    fn is_in(self, reply: &Reply) -> bool {
        let usage = reply.usage.clone().unwrap_or_default();
        let any = |counts: &[Option<u64>]| counts.iter().any(|count| count.is_some_and(|count| count > 0));
        let positive = |amount: Option<f64>| amount.is_some_and(|amount| amount > 0.0);
        match self {
            Self::Tokens => any(&[usage.input, usage.output]),
            Self::Cached => any(&[usage.cache_read]),
            Self::Written => any(&[usage.cache_write]),
            Self::Reasoning => any(&[usage.reasoning]),
            Self::Audio => {
                any(&[usage.input_audio, usage.output_audio, usage.cache_audio_read])
                    || positive(usage.seconds)
            }
            Self::Stream => reply.stream_end == Some(StreamEnd::Complete),
            Self::ToolCalls => !reply.tool_calls.is_empty(),
            Self::FinishReason => !reply.finish_reasons.is_empty(),
            Self::ProviderCost => positive(usage.provider_cost_usd),
        }
    }

    fn all_in(reply: &Reply) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|column| column.is_in(reply))
    }
}

/// One reply, whole or streamed or both ways with the same content.
#[derive(Debug, Clone)]
pub(super) struct Fixture {
    pub(super) url: &'static str,
    pub(super) whole: Option<Value>,
    pub(super) stream: Option<(Wire, Vec<Value>)>,
    pub(super) usage: Usage,
    pub(super) finish: Option<&'static str>,
    pub(super) tools: &'static [&'static str],
}

impl Fixture {
    pub(super) fn reader(&self) -> ReplyReader {
        let endpoint = Endpoint::recognise(self.url).expect("the URL of a fixture is known");
        ReplyReader::new("").endpoint(&endpoint).status(200).with_content(true)
    }

    pub(super) fn read<'a>(&self, pieces: impl IntoIterator<Item = &'a [u8]>) -> Reply {
        let mut reader = self.reader();
        pieces.into_iter().for_each(|piece| reader.push(piece));
        reader.finish()
    }

    fn of_whole(&self) -> Option<Reply> {
        let body = self.whole.as_ref()?.to_string();
        Some(self.read([body.as_bytes()]))
    }

    pub(super) fn of_stream(&self) -> Option<Reply> {
        let (wire, chunks) = self.stream.as_ref()?;
        Some(self.read([&wire.bytes(chunks)[..]]))
    }

    pub(super) fn given(&self) -> Vec<Column> {
        let replies = [self.of_whole(), self.of_stream()];
        replies.iter().flatten().flat_map(Column::all_in).collect()
    }

    /// What is lost when it goes through the types of a client; `None` when they refuse it or make a count false.
    pub(super) fn lost(&self, types: Types) -> Option<Vec<Column>> {
        let lost = |chunks: &[Value], full: &Reply| {
            let mut reader = self.reader();
            let is_taken = chunks.iter().all(|chunk| types.push(chunk, &mut reader));
            let reply = reader.finish();
            let counts = reply.usage.as_ref().map(Usage::counts).unwrap_or_default();
            let is_true = counts.iter().all(|count| self.usage.counts().contains(count));
            let lost = Column::all_in(full).filter(|column| !column.is_in(&reply)).collect::<Vec<_>>();
            (is_taken && is_true).then_some(lost)
        };
        let whole = self.whole.as_slice();
        let whole = self.of_whole().map_or(Some(Vec::new()), |full| lost(whole, &full))?;
        let chunks = self.stream.as_ref().map_or(&[][..], |(_, chunks)| chunks);
        let stream = self.of_stream().map_or(Some(Vec::new()), |full| lost(chunks, &full))?;
        Some([whole, stream].concat())
    }

    pub(super) fn check(&self, family: &str) {
        let name = format!("{family}, {}", self.url);
        let whole = self.of_whole();
        let stream = self.of_stream();
        for reply in [&whole, &stream].into_iter().flatten() {
            assert_eq!(reply.usage.as_ref(), Some(&self.usage), "{name}");
            assert_eq!(reply.finish_reasons, self.finish.as_slice(), "{name}");
            assert_eq!(reply.finish_class.is_some(), self.finish.is_some(), "{name}");
            let tools: Vec<_> = reply.tool_calls.iter().map(|call| &call.name[..]).collect();
            assert_eq!(tools, self.tools, "{name}");
            let known = reply
                .tool_calls
                .iter()
                .all(|call| call.arguments == Some(serde_json::json!({"city": "Köln"})));
            assert!(known, "{name}: {:?}", reply.tool_calls);
            assert_eq!(reply.error, None, "{name}");
        }
        let (Some(stream), Some((wire, chunks))) = (stream, &self.stream) else { return };
        assert_eq!(stream.stream_end, Some(StreamEnd::Complete), "{name}");
        assert_eq!(stream.chunk_count, chunks.len() as u64, "{name}");
        let bytes = wire.bytes(chunks);
        // Single bytes are all cuts at once; a few of them alone are what networks do.
        for at in (1..bytes.len()).step_by(7) {
            assert_eq!(self.read([&bytes[..at], &bytes[at..]]), stream, "{name}, cut at {at}");
        }
        assert_eq!(self.read(bytes.chunks(1)), stream, "{name}, in single bytes");
        let mut parsed = self.reader();
        chunks.iter().for_each(|chunk| parsed.push_chunk(chunk));
        assert_eq!(parsed.finish(), stream, "{name}, parsed by the client");
        if let Some(whole) = whole {
            assert_eq!(as_whole(stream), whole, "{name}");
        }
    }
}

/// A streamed reply without what only streams have.
fn as_whole(mut reply: Reply) -> Reply {
    reply.stream_end = None;
    reply.chunk_count = 0;
    reply
}
