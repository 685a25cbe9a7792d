//! What the fields of other people's spans say, by their names: the one list of what is read of them.

use agentspan_semconv::metric::GEN_AI_WORKFLOW_NAME;
use agentspan_semconv::server::{SERVER_ADDRESS, SERVER_PORT};
use agentspan_semconv::{cost, error, gen_ai, llm, retrieval, tool};
use foldhash::fast::RandomState as FastHash;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What a field says of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Operation,
    Provider,
    Requested,
    Served,
    Tier,
    Tool,
    Source,
    Agent,
    Workflow,
    Address,
    Port,
    IsStreamed,
    FirstChunk,
    FinishReasons,
    Status,
    ErrorType,
    Usd,
    ToolUsd,
    Count(Count),
}

/// Tokens of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    Input,
    Output,
    Total,
    CacheRead,
    CacheWrite,
    CacheWrite1h,
    Reasoning,
    InputAudio,
    InputImage,
    OutputAudio,
    OutputImage,
}

const NAMES: [(&str, Said); 49] = [
    (gen_ai::GEN_AI_OPERATION_NAME, Said::Operation),
    (llm::LLM_OPERATION, Said::Operation),
    (gen_ai::GEN_AI_PROVIDER_NAME, Said::Provider),
    (llm::LLM_PROVIDER, Said::Provider),
    (gen_ai::GEN_AI_REQUEST_MODEL, Said::Requested),
    (llm::LLM_REQUEST_MODEL_NAME, Said::Requested),
    (llm::LLM_MODEL_NAME, Said::Requested),
    // The short name that people write by hand.
    ("llm.model", Said::Requested),
    (gen_ai::GEN_AI_RESPONSE_MODEL, Said::Served),
    (llm::LLM_RESPONSE_MODEL_NAME, Said::Served),
    (gen_ai::OPENAI_RESPONSE_SERVICE_TIER, Said::Tier),
    (llm::LLM_SERVICE_TIER, Said::Tier),
    (gen_ai::GEN_AI_TOOL_NAME, Said::Tool),
    (tool::TOOL_NAME, Said::Tool),
    (gen_ai::GEN_AI_DATA_SOURCE_ID, Said::Source),
    (retrieval::RETRIEVAL_SOURCE, Said::Source),
    (gen_ai::GEN_AI_AGENT_NAME, Said::Agent),
    (GEN_AI_WORKFLOW_NAME, Said::Workflow),
    (SERVER_ADDRESS, Said::Address),
    (SERVER_PORT, Said::Port),
    (gen_ai::GEN_AI_REQUEST_STREAM, Said::IsStreamed),
    (gen_ai::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK, Said::FirstChunk),
    (gen_ai::GEN_AI_RESPONSE_FINISH_REASONS, Said::FinishReasons),
    // The bridge's word for the status of a span.
    ("otel.status_code", Said::Status),
    (error::ERROR_TYPE, Said::ErrorType),
    // How rig names the class of a tool's failure.
    ("gen_ai.tool.error.type", Said::ErrorType),
    (cost::COST_SELF_USD, Said::Usd),
    (tool::TOOL_COST_USD, Said::ToolUsd),
    (gen_ai::GEN_AI_USAGE_INPUT_TOKENS, Said::Count(Count::Input)),
    (llm::LLM_TOKEN_COUNT_PROMPT, Said::Count(Count::Input)),
    (gen_ai::GEN_AI_USAGE_OUTPUT_TOKENS, Said::Count(Count::Output)),
    (llm::LLM_TOKEN_COUNT_COMPLETION, Said::Count(Count::Output)),
    (llm::LLM_TOKEN_COUNT_TOTAL, Said::Count(Count::Total)),
    (gen_ai::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, Said::Count(Count::CacheRead)),
    (llm::LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_READ, Said::Count(Count::CacheRead)),
    (gen_ai::GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS, Said::Count(Count::CacheWrite)),
    (gen_ai::GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS, Said::Count(Count::CacheWrite)),
    (llm::LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_WRITE, Said::Count(Count::CacheWrite)),
    (llm::LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_WRITE_1H, Said::Count(Count::CacheWrite1h)),
    (gen_ai::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS, Said::Count(Count::Reasoning)),
    (llm::LLM_TOKEN_COUNT_COMPLETION_DETAILS_REASONING, Said::Count(Count::Reasoning)),
    (gen_ai::GEN_AI_USAGE_AUDIO_INPUT_TOKENS, Said::Count(Count::InputAudio)),
    (llm::LLM_TOKEN_COUNT_PROMPT_DETAILS_AUDIO, Said::Count(Count::InputAudio)),
    (gen_ai::GEN_AI_USAGE_IMAGE_INPUT_TOKENS, Said::Count(Count::InputImage)),
    (llm::LLM_TOKEN_COUNT_PROMPT_DETAILS_IMAGE, Said::Count(Count::InputImage)),
    (gen_ai::GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS, Said::Count(Count::OutputAudio)),
    (llm::LLM_TOKEN_COUNT_COMPLETION_DETAILS_AUDIO, Said::Count(Count::OutputAudio)),
    (gen_ai::GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS, Said::Count(Count::OutputImage)),
    (llm::LLM_TOKEN_COUNT_COMPLETION_DETAILS_IMAGE, Said::Count(Count::OutputImage)),
];

/// Names that the GenAI conventions had before, each with the canonical name of the same thing.
pub(crate) const OLDER_NAMES: [(&str, &str); 4] = [
    ("gen_ai.system", llm::LLM_PROVIDER),
    ("gen_ai.usage.prompt_tokens", llm::LLM_TOKEN_COUNT_PROMPT),
    ("gen_ai.usage.completion_tokens", llm::LLM_TOKEN_COUNT_COMPLETION),
    ("gen_ai.usage.reasoning_tokens", llm::LLM_TOKEN_COUNT_COMPLETION_DETAILS_REASONING),
];

/// Whether a name is that of a count, also of one that is not read.
pub(crate) fn is_usage(name: &str) -> bool {
    ["gen_ai.usage.", "llm.token_count."].iter().any(|start| name.starts_with(start))
}

impl Said {
    /// By the name of a field; nothing else of a span is looked at.
    pub(super) fn of(name: &str) -> Option<Self> {
        static SAID: LazyLock<HashMap<&str, Said, FastHash>> = LazyLock::new(|| {
            let mut said: HashMap<_, _, _> = NAMES.into_iter().collect();
            for (old, name) in OLDER_NAMES {
                said.extend(said.get(name).copied().map(|same| (old, same)));
            }
            said
        });
        SAID.get(name).copied()
    }

    pub(super) fn is_count(self) -> bool {
        matches!(self, Self::Count(_))
    }

    pub(super) fn names_model(self) -> bool {
        matches!(self, Self::Operation | Self::Requested | Self::Served)
    }

    pub(super) fn names_tool(self) -> bool {
        matches!(self, Self::Tool | Self::ToolUsd)
    }

    /// Whether a span with such a field is a step. What stands on any span, as `session.id` and `error.type` do, makes none.
    pub(super) fn makes_step(self) -> bool {
        self.is_count() || self.names_model() || self.names_tool() || matches!(self, Self::Source | Self::Usd)
    }
}
