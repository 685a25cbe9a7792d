//! Names of OTel's GenAI conventions, and the few of OpenAI's own, into which canonical names are translated.
//!
//! They are in development there and no release is stable, so they may change with any version of this crate.

/// What is done, as in `chat` or `execute_tool` (string).
pub const GEN_AI_OPERATION_NAME: &str = "gen_ai.operation.name";
/// The provider in OTel's word, as in `gcp.gemini` (string).
pub const GEN_AI_PROVIDER_NAME: &str = "gen_ai.provider.name";
/// The conversation (string).
pub const GEN_AI_CONVERSATION_ID: &str = "gen_ai.conversation.id";
/// The agent's name (string).
pub const GEN_AI_AGENT_NAME: &str = "gen_ai.agent.name";
/// The agent's version (string).
pub const GEN_AI_AGENT_VERSION: &str = "gen_ai.agent.version";
/// The model as asked for (string).
pub const GEN_AI_REQUEST_MODEL: &str = "gen_ai.request.model";
/// The sampling temperature (double).
pub const GEN_AI_REQUEST_TEMPERATURE: &str = "gen_ai.request.temperature";
/// The share of probability that is sampled from (double).
pub const GEN_AI_REQUEST_TOP_P: &str = "gen_ai.request.top_p";
/// How many candidates are sampled from (int).
pub const GEN_AI_REQUEST_TOP_K: &str = "gen_ai.request.top_k";
/// The most tokens that the reply may have (int).
pub const GEN_AI_REQUEST_MAX_TOKENS: &str = "gen_ai.request.max_tokens";
/// The seed (int).
pub const GEN_AI_REQUEST_SEED: &str = "gen_ai.request.seed";
/// Texts at which the reply stops (list of strings).
pub const GEN_AI_REQUEST_STOP_SEQUENCES: &str = "gen_ai.request.stop_sequences";
/// The penalty on frequent tokens (double).
pub const GEN_AI_REQUEST_FREQUENCY_PENALTY: &str = "gen_ai.request.frequency_penalty";
/// The penalty on tokens that occurred (double).
pub const GEN_AI_REQUEST_PRESENCE_PENALTY: &str = "gen_ai.request.presence_penalty";
/// How many choices are asked for, only when it is not 1 (int).
pub const GEN_AI_REQUEST_CHOICE_COUNT: &str = "gen_ai.request.choice.count";
/// The reasoning effort exactly as sent (string).
pub const GEN_AI_REQUEST_REASONING_LEVEL: &str = "gen_ai.request.reasoning.level";
/// Whether a stream is asked for, only when true (bool).
pub const GEN_AI_REQUEST_STREAM: &str = "gen_ai.request.stream";
/// The encodings asked for in an embedding call (list of strings).
pub const GEN_AI_REQUEST_ENCODING_FORMATS: &str = "gen_ai.request.encoding_formats";
/// The earlier response on which the request builds (string).
pub const GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID: &str = "gen_ai.request.previous_response.id";
/// The kind of output asked for: text, json, image, speech (string).
pub const GEN_AI_OUTPUT_TYPE: &str = "gen_ai.output.type";
/// The name of a managed prompt (string).
pub const GEN_AI_PROMPT_NAME: &str = "gen_ai.prompt.name";
/// The version of a managed prompt (string).
pub const GEN_AI_PROMPT_VERSION: &str = "gen_ai.prompt.version";
/// The messages sent, as a JSON text. Content.
pub const GEN_AI_INPUT_MESSAGES: &str = "gen_ai.input.messages";
/// The messages received, as a JSON text. Content.
pub const GEN_AI_OUTPUT_MESSAGES: &str = "gen_ai.output.messages";
/// The system prompt as a list of parts, as a JSON text. Content.
pub const GEN_AI_SYSTEM_INSTRUCTIONS: &str = "gen_ai.system_instructions";
/// The tools on offer, as a JSON text. Content.
pub const GEN_AI_TOOL_DEFINITIONS: &str = "gen_ai.tool.definitions";
/// Input tokens, cached ones included (int).
pub const GEN_AI_USAGE_INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
/// Output tokens, reasoning included (int).
pub const GEN_AI_USAGE_OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
/// Input tokens read from the cache (int).
pub const GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
/// Input tokens written to the cache (int).
pub const GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS: &str = "gen_ai.usage.cache_write.input_tokens";
/// The older name of input tokens written to the cache, which many viewers still read (int).
pub const GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS: &str = "gen_ai.usage.cache_creation.input_tokens";
/// Audio tokens of the input (int).
pub const GEN_AI_USAGE_AUDIO_INPUT_TOKENS: &str = "gen_ai.usage.audio.input_tokens";
/// Image tokens of the input (int).
pub const GEN_AI_USAGE_IMAGE_INPUT_TOKENS: &str = "gen_ai.usage.image.input_tokens";
/// Reasoning tokens of the output (int).
pub const GEN_AI_USAGE_REASONING_OUTPUT_TOKENS: &str = "gen_ai.usage.reasoning.output_tokens";
/// Audio tokens of the output (int).
pub const GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS: &str = "gen_ai.usage.audio.output_tokens";
/// Image tokens of the output (int).
pub const GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS: &str = "gen_ai.usage.image.output_tokens";
/// Why each choice ended, in the provider's words (list of strings).
pub const GEN_AI_RESPONSE_FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
/// The id of the reply (string).
pub const GEN_AI_RESPONSE_ID: &str = "gen_ai.response.id";
/// The model as served (string).
pub const GEN_AI_RESPONSE_MODEL: &str = "gen_ai.response.model";
/// Seconds from the call to the first chunk (double).
pub const GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";
/// How many dimensions a vector has (int).
pub const GEN_AI_EMBEDDINGS_DIMENSION_COUNT: &str = "gen_ai.embeddings.dimension.count";
/// The tool's name (string).
pub const GEN_AI_TOOL_NAME: &str = "gen_ai.tool.name";
/// What the tool is for (string).
pub const GEN_AI_TOOL_DESCRIPTION: &str = "gen_ai.tool.description";
/// Who runs the tool: function, extension, datastore (string).
pub const GEN_AI_TOOL_TYPE: &str = "gen_ai.tool.type";
/// The id of the call in the model's reply (string).
pub const GEN_AI_TOOL_CALL_ID: &str = "gen_ai.tool.call.id";
/// The arguments of the call, as a JSON text. Content.
pub const GEN_AI_TOOL_CALL_ARGUMENTS: &str = "gen_ai.tool.call.arguments";
/// What the tool answered. Content.
pub const GEN_AI_TOOL_CALL_RESULT: &str = "gen_ai.tool.call.result";
/// The store that was searched (string).
pub const GEN_AI_DATA_SOURCE_ID: &str = "gen_ai.data_source.id";
/// What was searched for. Content.
pub const GEN_AI_RETRIEVAL_QUERY_TEXT: &str = "gen_ai.retrieval.query.text";
/// How many documents were asked for (int).
pub const GEN_AI_RETRIEVAL_TOP_K: &str = "gen_ai.retrieval.top_k";
/// The documents found, as a JSON text. Content.
pub const GEN_AI_RETRIEVAL_DOCUMENTS: &str = "gen_ai.retrieval.documents";
/// The service tier asked for, only of OpenAI and only when not `auto` (string).
pub const OPENAI_REQUEST_SERVICE_TIER: &str = "openai.request.service_tier";
/// The service tier served, only of OpenAI (string).
pub const OPENAI_RESPONSE_SERVICE_TIER: &str = "openai.response.service_tier";

/// Whether a value under this name is content.
pub(crate) fn is_content(name: &str) -> bool {
    matches!(
        name,
        GEN_AI_INPUT_MESSAGES
            | GEN_AI_OUTPUT_MESSAGES
            | GEN_AI_SYSTEM_INSTRUCTIONS
            | GEN_AI_TOOL_DEFINITIONS
            | GEN_AI_TOOL_CALL_ARGUMENTS
            | GEN_AI_TOOL_CALL_RESULT
            | GEN_AI_RETRIEVAL_QUERY_TEXT
            | GEN_AI_RETRIEVAL_DOCUMENTS
    ) || is_older_content(name)
}

/// What the conventions had before lists of messages: `gen_ai.prompt`, `gen_ai.completion`, and their numbered parts, such as
/// `gen_ai.prompt.0.content`. Beside these, `gen_ai.prompt.name` is no content.
fn is_older_content(name: &str) -> bool {
    ["gen_ai.prompt", "gen_ai.completion"].into_iter().filter_map(|whole| name.strip_prefix(whole)).any(
        |rest| {
            let mut rest = rest.chars();
            rest.next()
                .is_none_or(|first| first == '.' && rest.next().is_some_and(|digit| digit.is_ascii_digit()))
        },
    )
}
