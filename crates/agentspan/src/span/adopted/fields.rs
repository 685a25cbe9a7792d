//! What a span of other people says of its call, under the names of OpenTelemetry's GenAI conventions or ours.

use super::said::{Count, Said};
use crate::usage::{Usage, prefix};
use std::fmt::{self, Write as _};
use tracing::field::{Field, Visit};

/// More characters than this no name has that is looked at.
const MAX_TEXT: usize = 256;

/// A count above this is a fault of whoever recorded it; one such count would spoil the sum of its run.
const MAX_COUNT: u64 = 1 << 32;

/// What is known of a call so far.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) operation: Option<String>,
    pub(super) provider: Option<String>,
    pub(super) requested: Option<String>,
    pub(super) served: Option<String>,
    pub(super) tier: Option<String>,
    pub(super) tool: Option<String>,
    pub(super) source: Option<String>,
    pub(super) agent: Option<String>,
    pub(super) workflow: Option<String>,
    pub(super) address: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) usage: Usage,
    /// An amount that somebody states.
    pub(super) usd: Option<f64>,
    pub(super) failed: bool,
    pub(super) panicked: bool,
    pub(super) error_type: Option<String>,
    /// Whether the reply was asked for as a stream.
    pub(super) is_streamed: bool,
    /// Whether the span tells why the reply ended, or what it came to, as nobody can before its end.
    pub(super) tells_end: bool,
    pub(super) first_chunk_s: Option<f64>,
}

impl Fields {
    pub(super) fn has_usage(&self) -> bool {
        self.usage != Usage::default()
    }

    /// The usage in its normal form. The conventions want cached tokens inside the input; counts that cannot be meant so
    /// stand beside it.
    pub(super) fn normal_usage(&self) -> Usage {
        let mut usage = self.usage.clone();
        let cached = usage.cache_read.unwrap_or(0).saturating_add(usage.cache_write.unwrap_or(0));
        usage.input =
            usage.input.map(|input| if cached > input { input.saturating_add(cached) } else { input });
        let reasoning = usage.reasoning.unwrap_or(0);
        usage.output = usage
            .output
            .map(|output| if reasoning > output { output.saturating_add(reasoning) } else { output });
        usage
    }

    fn text(&mut self, said: Said, text: &str) {
        let text = prefix(text.trim(), MAX_TEXT);
        let place = match said {
            Said::Operation => &mut self.operation,
            Said::Provider => &mut self.provider,
            Said::Requested => &mut self.requested,
            Said::Served => &mut self.served,
            Said::Tier => &mut self.tier,
            Said::Tool => &mut self.tool,
            Said::Source => &mut self.source,
            Said::Agent => &mut self.agent,
            Said::Workflow => &mut self.workflow,
            Said::Address => &mut self.address,
            Said::ErrorType => {
                self.failed = true;
                &mut self.error_type
            }
            Said::FinishReasons => {
                self.tells_end = true;
                return;
            }
            Said::Status => {
                self.failed |= text.eq_ignore_ascii_case("error");
                return;
            }
            Said::Usd | Said::ToolUsd => {
                self.usd = text.parse().ok().or(self.usd);
                return;
            }
            // A count that was recorded with `%` or `?`, or as a string.
            _ => return text.parse().map_or((), |number| self.count(said, number)),
        };
        if !text.is_empty() {
            *place = Some(text.to_owned());
        }
    }

    fn count(&mut self, said: Said, number: u64) {
        let usage = &mut self.usage;
        let count = match said {
            Said::Port => {
                self.port = number.try_into().ok();
                return;
            }
            Said::Count(count) => count,
            _ => return,
        };
        let place = match count {
            Count::Input => &mut usage.input,
            Count::Output => &mut usage.output,
            Count::Total => &mut usage.total,
            Count::CacheRead => &mut usage.cache_read,
            Count::CacheWrite => &mut usage.cache_write,
            Count::CacheWrite1h => &mut usage.cache_write_1h,
            Count::Reasoning => &mut usage.reasoning,
            Count::InputAudio => &mut usage.input_audio,
            Count::InputImage => &mut usage.input_image,
            Count::OutputAudio => &mut usage.output_audio,
            Count::OutputImage => &mut usage.output_image,
        };
        if number <= MAX_COUNT {
            *place = Some(number);
            self.tells_end = true;
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        if let Some(said) = Said::of(field.name()) {
            self.text(said, value);
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        if let Ok(number) = u64::try_from(value) {
            self.record_u64(field, number);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match Said::of(field.name()) {
            // Dollars, of which far fewer are spent than a double can count.
            Some(Said::Usd | Said::ToolUsd) => self.usd = Some(value as f64),
            Some(said) => self.count(said, value),
            None => {}
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        match Said::of(field.name()) {
            Some(Said::Usd | Said::ToolUsd) => self.usd = Some(value),
            Some(Said::FirstChunk) => self.first_chunk_s = Some(value),
            Some(said) if value.fract() == 0.0 && (0.0..=MAX_COUNT as f64).contains(&value) => {
                self.count(said, value as u64);
            }
            _ => {}
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if Said::of(field.name()) == Some(Said::IsStreamed) {
            self.is_streamed = value;
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Nothing else is formatted.
        if let Some(said) = Said::of(field.name()) {
            let mut short = Short::default();
            // It refuses what is too long, and has what came before.
            let _ = write!(short, "{value:?}");
            self.text(said, short.0.trim_matches('"'));
        }
    }
}

/// The beginning of a text.
#[derive(Default)]
struct Short(String);

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = (2 * MAX_TEXT).saturating_sub(self.0.len());
        self.0.push_str(prefix(text, room));
        if text.len() > room { Err(fmt::Error) } else { Ok(()) }
    }
}
