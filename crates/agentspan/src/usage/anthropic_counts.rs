//! The counts of Anthropic's `usage`, whole and in the events of a stream.

use super::counts::{Usage, count_at, is_bad_count, sum};
use super::json::{self, Json, Object};

/// The counts as Anthropic gives them, whose input leaves out what was read from or written to a cache.
#[derive(Debug, Default)]
pub(super) struct Counts {
    input: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    cache_write_5m: Option<u64>,
    cache_write_1h: Option<u64>,
    output: Option<u64>,
    thinking: Option<u64>,
    web_searches: Option<u64>,
    /// A part of the input could not be read, so that its sum is unknown.
    is_input_bad: bool,
    /// The sum of the passes that compacted the context.
    compaction: Option<Usage>,
}

impl Counts {
    /// Takes the counts of a whole message, or those of a `message_delta`, which are cumulative: they replace
    /// what the start of the stream said, and what they lack stays. The 1-hour part of cache writes, for
    /// example, may stand only at the start.
    pub(super) fn replace(&mut self, usage: &Object<'_>) {
        let set = |place: &mut Option<u64>, from: Option<&Object<'_>>, key: &str| {
            *place = from.and_then(|from| count_at(from, key)).or(*place);
        };
        let usage = Some(usage);
        let nested = |key: &str| usage.and_then(|usage| json::object(usage, key));
        set(&mut self.input, usage, INPUT[0]);
        set(&mut self.cache_read, usage, INPUT[1]);
        set(&mut self.cache_write, usage, INPUT[2]);
        set(&mut self.cache_write_5m, nested("cache_creation"), "ephemeral_5m_input_tokens");
        set(&mut self.cache_write_1h, nested("cache_creation"), "ephemeral_1h_input_tokens");
        set(&mut self.output, usage, "output_tokens");
        set(&mut self.thinking, nested("output_tokens_details"), "thinking_tokens");
        set(&mut self.web_searches, nested("server_tool_use"), "web_search_requests");
        let passes = usage.map(|usage| json::list(usage, "iterations")).unwrap_or_default();
        if !passes.is_empty() {
            self.compaction = compaction(passes);
        }
        self.is_input_bad |= usage.is_some_and(|usage| INPUT.iter().any(|key| is_bad_count(usage, key)));
    }

    /// Takes Bedrock's own counts at the end of a stream, where the model gave none: the older completions.
    pub(super) fn fill(&mut self, metrics: &Object<'_>, is_output_counted: bool) {
        self.output = self.output.filter(|_| is_output_counted);
        let set = |place: &mut Option<u64>, key: &str| *place = place.or_else(|| count_at(metrics, key));
        set(&mut self.input, "inputTokenCount");
        set(&mut self.output, "outputTokenCount");
        set(&mut self.cache_read, "cacheReadInputTokenCount");
        set(&mut self.cache_write, "cacheWriteInputTokenCount");
    }

    /// The normal form: input is the sum of the uncached rest, cache reads and cache writes.
    pub(super) fn usage(&self) -> Option<Usage> {
        let parts = [self.cache_write_5m, self.cache_write_1h];
        let of_parts =
            || parts.iter().any(Option::is_some).then(|| sum(parts.map(Option::unwrap_or_default)));
        let cache_write = self.cache_write.or_else(|| of_parts().flatten());
        let input = self.input.filter(|_| !self.is_input_bad);
        let whole = |input| sum([input, self.cache_read.unwrap_or(0), cache_write.unwrap_or(0)]);
        let usage = Usage {
            input: input.and_then(whole),
            output: self.output,
            cache_read: self.cache_read,
            cache_write,
            cache_write_5m: self.cache_write_5m,
            cache_write_1h: self.cache_write_1h,
            reasoning: self.thinking,
            web_searches: self.web_searches,
            ..Usage::default()
        };
        match &self.compaction {
            Some(passes) => plus(usage, passes).if_any(),
            None => usage.if_any(),
        }
    }
}

/// The passes that compacted the context. They are billed like the others and, unlike these, stand only in the
/// list: https://platform.claude.com/docs/en/build-with-claude/compaction, under usage.
fn compaction(passes: &[Json<'_>]) -> Option<Usage> {
    let passes = passes.iter().filter_map(Json::as_object);
    let of_pass = |pass: &Object<'_>| {
        let mut counts = Counts::default();
        counts.replace(pass);
        counts.usage()
    };
    let compacting = passes.filter(|pass| json::text(pass, "type") == Some("compaction"));
    compacting.filter_map(of_pass).reduce(|all, pass| plus(all, &pass))
}

/// Adds the counts of a pass; what neither has stays unknown.
fn plus(mut usage: Usage, pass: &Usage) -> Usage {
    // A sum of tokens is known when both are, while a part that one pass lacks was not used in it.
    usage.input = usage.input.zip(pass.input).and_then(|(all, one)| sum([all, one]));
    usage.output = usage.output.zip(pass.output).and_then(|(all, one)| sum([all, one]));
    let add = |all: &mut Option<u64>, one: Option<u64>| {
        if let Some(one) = one {
            *all = sum([all.unwrap_or(0), one]);
        }
    };
    add(&mut usage.cache_read, pass.cache_read);
    add(&mut usage.cache_write, pass.cache_write);
    add(&mut usage.cache_write_5m, pass.cache_write_5m);
    add(&mut usage.cache_write_1h, pass.cache_write_1h);
    add(&mut usage.reasoning, pass.reasoning);
    usage
}

const INPUT: [&str; 3] = ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"];
