//! Names of metrics, of OTel's GenAI conventions and of our own, and of the attributes that only they carry.
//!
//! The conventions gave several metrics new names in 2026, while most viewers read the older ones; both stand here.

/// How long an operation took, in seconds; of calls of models the older name (histogram).
pub const GEN_AI_CLIENT_OPERATION_DURATION: &str = "gen_ai.client.operation.duration";
/// Time to the first chunk of a streamed reply, in seconds; the older name (histogram).
pub const GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK: &str = "gen_ai.client.operation.time_to_first_chunk";
/// Time from one chunk of a streamed reply to the next, in seconds; the older name (histogram).
pub const GEN_AI_CLIENT_OPERATION_TIME_PER_OUTPUT_CHUNK: &str =
    "gen_ai.client.operation.time_per_output_chunk";
/// Tokens of a call, by [`GEN_AI_TOKEN_TYPE`]; the older name (histogram).
pub const GEN_AI_CLIENT_TOKEN_USAGE: &str = "gen_ai.client.token.usage";
/// How long a call of a model took, in seconds (histogram).
pub const GEN_AI_CLIENT_INFERENCE_DURATION: &str = "gen_ai.client.inference.duration";
/// Time to the first chunk of a streamed reply, in seconds (histogram).
pub const GEN_AI_CLIENT_INFERENCE_TIME_TO_FIRST_CHUNK: &str = "gen_ai.client.inference.time_to_first_chunk";
/// Time from one chunk of a streamed reply to the next, in seconds (histogram).
pub const GEN_AI_CLIENT_INFERENCE_TIME_PER_OUTPUT_CHUNK: &str =
    "gen_ai.client.inference.time_per_output_chunk";
/// Input tokens, cached ones included, by [`GEN_AI_TOKEN_MODALITY`] (counter).
pub const GEN_AI_CLIENT_INFERENCE_USAGE_INPUT_TOKENS: &str = "gen_ai.client.inference.usage.input_tokens";
/// Output tokens, reasoning included, by [`GEN_AI_TOKEN_MODALITY`] (counter).
pub const GEN_AI_CLIENT_INFERENCE_USAGE_OUTPUT_TOKENS: &str = "gen_ai.client.inference.usage.output_tokens";
/// Input tokens read from the cache, by [`GEN_AI_TOKEN_MODALITY`] (counter).
pub const GEN_AI_CLIENT_INFERENCE_USAGE_CACHE_READ_INPUT_TOKENS: &str =
    "gen_ai.client.inference.usage.cache_read.input_tokens";
/// Input tokens written to the cache, by [`GEN_AI_TOKEN_MODALITY`] (counter).
pub const GEN_AI_CLIENT_INFERENCE_USAGE_CACHE_WRITE_INPUT_TOKENS: &str =
    "gen_ai.client.inference.usage.cache_write.input_tokens";
/// Reasoning tokens of the output, by [`GEN_AI_TOKEN_MODALITY`] (counter).
pub const GEN_AI_CLIENT_INFERENCE_USAGE_REASONING_OUTPUT_TOKENS: &str =
    "gen_ai.client.inference.usage.reasoning.output_tokens";
/// Input tokens of one call (histogram).
pub const GEN_AI_CLIENT_INFERENCE_OPERATION_INPUT_TOKENS: &str =
    "gen_ai.client.inference.operation.input_tokens";
/// Output tokens of one call (histogram).
pub const GEN_AI_CLIENT_INFERENCE_OPERATION_OUTPUT_TOKENS: &str =
    "gen_ai.client.inference.operation.output_tokens";
/// How long a tool took, in seconds (histogram).
pub const GEN_AI_EXECUTE_TOOL_DURATION: &str = "gen_ai.execute_tool.duration";
/// How long a run took, in seconds (histogram).
pub const GEN_AI_INVOKE_AGENT_DURATION: &str = "gen_ai.invoke_agent.duration";
/// How long a workflow of several agents took, in seconds; the older name (histogram).
pub const GEN_AI_WORKFLOW_DURATION: &str = "gen_ai.workflow.duration";
/// How long a workflow of several agents took, in seconds (histogram).
pub const GEN_AI_INVOKE_WORKFLOW_DURATION: &str = "gen_ai.invoke_workflow.duration";
/// Calls of models in one run and below it (histogram).
pub const GEN_AI_INVOKE_AGENT_INFERENCE_CALLS: &str = "gen_ai.invoke_agent.inference_calls";
/// Calls of tools in one run and below it (histogram).
pub const GEN_AI_INVOKE_AGENT_TOOL_CALLS: &str = "gen_ai.invoke_agent.tool_calls";

/// What was spent, in USD (counter). Invented: no convention has a metric of cost.
pub const AGENTSPAN_COST: &str = "agentspan.cost";
/// Calls whose cost is not known, or not wholly, so that [`AGENTSPAN_COST`] is too low by them (counter).
/// Invented: without it an unknown cost looks like none.
pub const AGENTSPAN_COST_UNPRICED_CALLS: &str = "agentspan.cost.unpriced_calls";
/// Ended runs by `agent.stop_reason` (counter). Invented: no convention says why a run stopped.
pub const AGENTSPAN_RUNS: &str = "agentspan.runs";
/// Ended steps that stand under `other`, since there are more names, or sets of names, than metrics have room for
/// (counter). Invented: it is there only when the other metrics no longer tell everything apart.
pub const AGENTSPAN_METRICS_OTHER: &str = "agentspan.metrics.other";

/// The workflow of [`GEN_AI_INVOKE_WORKFLOW_DURATION`] (string).
pub const GEN_AI_WORKFLOW_NAME: &str = "gen_ai.workflow.name";
/// Whether tokens are `input` or `output` (string).
pub const GEN_AI_TOKEN_TYPE: &str = "gen_ai.token.type";
/// What tokens stand for: `text`, `image`, `audio`, or `unknown` (string).
pub const GEN_AI_TOKEN_MODALITY: &str = "gen_ai.token.modality";
