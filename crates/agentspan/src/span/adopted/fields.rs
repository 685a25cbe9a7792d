//! What a span of other people says of its call, under the names of OpenTelemetry's GenAI conventions or ours.

use crate::usage::Usage;
use agentspan_semconv::metric::GEN_AI_WORKFLOW_NAME;
use agentspan_semconv::server::{SERVER_ADDRESS, SERVER_PORT};
use agentspan_semconv::{cost, error, gen_ai, llm, retrieval, tool};
use std::fmt::{self, Write as _};
use tracing::field::{Field, Visit};

/// The short name that people write by hand.
pub(super) const LLM_MODEL: &str = "llm.model";

/// The older name of the provider.
const GEN_AI_SYSTEM: &str = "gen_ai.system";

/// How rig names the class of a tool's failure.
const TOOL_ERROR_TYPE: &str = "gen_ai.tool.error.type";

/// The bridge's word for the status of a span.
const STATUS_CODE: &str = "otel.status_code";

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

    fn text(&mut self, name: &str, text: &str) {
        let text = text.trim();
        let text = start(text, MAX_TEXT);
        let place = match name {
            gen_ai::GEN_AI_OPERATION_NAME | llm::LLM_OPERATION => &mut self.operation,
            gen_ai::GEN_AI_PROVIDER_NAME | GEN_AI_SYSTEM | llm::LLM_PROVIDER => &mut self.provider,
            gen_ai::GEN_AI_REQUEST_MODEL | llm::LLM_REQUEST_MODEL_NAME | llm::LLM_MODEL_NAME | LLM_MODEL => {
                &mut self.requested
            }
            gen_ai::GEN_AI_RESPONSE_MODEL | llm::LLM_RESPONSE_MODEL_NAME => &mut self.served,
            gen_ai::OPENAI_RESPONSE_SERVICE_TIER | llm::LLM_SERVICE_TIER => &mut self.tier,
            gen_ai::GEN_AI_TOOL_NAME | tool::TOOL_NAME => &mut self.tool,
            gen_ai::GEN_AI_DATA_SOURCE_ID | retrieval::RETRIEVAL_SOURCE => &mut self.source,
            gen_ai::GEN_AI_AGENT_NAME => &mut self.agent,
            GEN_AI_WORKFLOW_NAME => &mut self.workflow,
            SERVER_ADDRESS => &mut self.address,
            error::ERROR_TYPE | TOOL_ERROR_TYPE => {
                self.failed = true;
                &mut self.error_type
            }
            gen_ai::GEN_AI_RESPONSE_FINISH_REASONS => {
                self.tells_end = true;
                return;
            }
            STATUS_CODE => {
                self.failed |= text.eq_ignore_ascii_case("error");
                return;
            }
            cost::COST_SELF_USD | tool::TOOL_COST_USD => {
                self.usd = text.parse().ok().or(self.usd);
                return;
            }
            // A count that was recorded with `%` or `?`, or as a string.
            _ => return text.parse().map_or((), |number| self.count(name, number)),
        };
        if !text.is_empty() {
            *place = Some(text.to_owned());
        }
    }

    fn count(&mut self, name: &str, number: u64) {
        if name == SERVER_PORT {
            self.port = number.try_into().ok();
            return;
        }
        let usage = &mut self.usage;
        let place = match name {
            gen_ai::GEN_AI_USAGE_INPUT_TOKENS
            | llm::LLM_TOKEN_COUNT_PROMPT
            | "gen_ai.usage.prompt_tokens" => &mut usage.input,
            gen_ai::GEN_AI_USAGE_OUTPUT_TOKENS
            | llm::LLM_TOKEN_COUNT_COMPLETION
            | "gen_ai.usage.completion_tokens" => &mut usage.output,
            llm::LLM_TOKEN_COUNT_TOTAL => &mut usage.total,
            gen_ai::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS | llm::LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_READ => {
                &mut usage.cache_read
            }
            gen_ai::GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS
            | gen_ai::GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS
            | llm::LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_WRITE => &mut usage.cache_write,
            llm::LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_WRITE_1H => &mut usage.cache_write_1h,
            gen_ai::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS
            | llm::LLM_TOKEN_COUNT_COMPLETION_DETAILS_REASONING
            | "gen_ai.usage.reasoning_tokens" => &mut usage.reasoning,
            gen_ai::GEN_AI_USAGE_AUDIO_INPUT_TOKENS | llm::LLM_TOKEN_COUNT_PROMPT_DETAILS_AUDIO => {
                &mut usage.input_audio
            }
            gen_ai::GEN_AI_USAGE_IMAGE_INPUT_TOKENS | llm::LLM_TOKEN_COUNT_PROMPT_DETAILS_IMAGE => {
                &mut usage.input_image
            }
            gen_ai::GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS | llm::LLM_TOKEN_COUNT_COMPLETION_DETAILS_AUDIO => {
                &mut usage.output_audio
            }
            gen_ai::GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS | llm::LLM_TOKEN_COUNT_COMPLETION_DETAILS_IMAGE => {
                &mut usage.output_image
            }
            _ => return,
        };
        if number <= MAX_COUNT {
            *place = Some(number);
            self.tells_end = true;
        }
    }

    /// Whether a value under this name is looked at; nothing else is formatted.
    fn wants(name: &str) -> bool {
        super::callsite::USAGE.iter().any(|start| name.starts_with(start))
            || [
                gen_ai::GEN_AI_OPERATION_NAME,
                gen_ai::GEN_AI_PROVIDER_NAME,
                GEN_AI_SYSTEM,
                gen_ai::GEN_AI_REQUEST_MODEL,
                gen_ai::GEN_AI_RESPONSE_MODEL,
                gen_ai::GEN_AI_RESPONSE_FINISH_REASONS,
                gen_ai::OPENAI_RESPONSE_SERVICE_TIER,
                gen_ai::GEN_AI_TOOL_NAME,
                gen_ai::GEN_AI_DATA_SOURCE_ID,
                gen_ai::GEN_AI_AGENT_NAME,
                GEN_AI_WORKFLOW_NAME,
                SERVER_ADDRESS,
                SERVER_PORT,
                llm::LLM_OPERATION,
                llm::LLM_PROVIDER,
                llm::LLM_REQUEST_MODEL_NAME,
                llm::LLM_RESPONSE_MODEL_NAME,
                llm::LLM_MODEL_NAME,
                LLM_MODEL,
                llm::LLM_SERVICE_TIER,
                tool::TOOL_NAME,
                tool::TOOL_COST_USD,
                retrieval::RETRIEVAL_SOURCE,
                cost::COST_SELF_USD,
                error::ERROR_TYPE,
                TOOL_ERROR_TYPE,
                STATUS_CODE,
            ]
            .contains(&name)
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        if let Ok(number) = u64::try_from(value) {
            self.record_u64(field, number);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            // Dollars, of which far fewer are spent than a double can count.
            cost::COST_SELF_USD | tool::TOOL_COST_USD => self.usd = Some(value as f64),
            name => self.count(name, value),
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        match field.name() {
            cost::COST_SELF_USD | tool::TOOL_COST_USD => self.usd = Some(value),
            gen_ai::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK => self.first_chunk_s = Some(value),
            name if value.fract() == 0.0 && (0.0..=MAX_COUNT as f64).contains(&value) => {
                self.count(name, value as u64);
            }
            _ => {}
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == gen_ai::GEN_AI_REQUEST_STREAM {
            self.is_streamed = value;
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if Self::wants(field.name()) {
            let mut short = Short::default();
            // It refuses what is too long, and has what came before.
            let _ = write!(short, "{value:?}");
            self.text(field.name(), short.0.trim_matches('"'));
        }
    }
}

/// The beginning of a text.
#[derive(Default)]
struct Short(String);

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = (2 * MAX_TEXT).saturating_sub(self.0.len());
        self.0.push_str(start(text, room));
        if text.len() > room { Err(fmt::Error) } else { Ok(()) }
    }
}

/// At most so many bytes, cut between characters.
fn start(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
