//! Model calls and embeddings: who was asked what, the tokens, the reply and its end.
//!
//! Token counts are inclusive: the prompt contains cached tokens, the completion contains reasoning.

use crate::gen_ai::*;
use crate::openinference::{EMBEDDING_MODEL_NAME, LLM_SYSTEM, LLM_TOOLS};

names! {
    /// The host of the model in OpenInference's word, also in the span name; see [`provider`](crate::provider).
    /// OpenInference wants the API family in `llm.system` beside it.
    LLM_PROVIDER = "llm.provider": Str on MODEL
        .gen_ai(&[GEN_AI_PROVIDER_NAME]) .openinference(&[LLM_PROVIDER, LLM_SYSTEM]);
    /// The model that replied, else the requested one. The span name uses the requested one.
    LLM_MODEL_NAME = "llm.model_name": Str on MODEL .openinference(&[LLM_MODEL_NAME, EMBEDDING_MODEL_NAME]);
    /// The model as it was asked for.
    LLM_REQUEST_MODEL_NAME = "llm.request.model_name": Str on MODEL
        .gen_ai(&[GEN_AI_REQUEST_MODEL]) .openinference(&[LLM_REQUEST_MODEL_NAME]);
    /// The model as it was served.
    LLM_RESPONSE_MODEL_NAME = "llm.response.model_name": Str on MODEL
        .gen_ai(&[GEN_AI_RESPONSE_MODEL]) .openinference(&[LLM_RESPONSE_MODEL_NAME]);
    /// What the model is asked to do, a word of [`Operation`](crate::Operation).
    /// Invented: OpenInference tells only calls from embeddings.
    LLM_OPERATION = "llm.operation": Str on MODEL .invented() .gen_ai(&[GEN_AI_OPERATION_NAME]);
    /// What the call is for in the agent, such as `intent_analysis`. Invented: no convention names the intent.
    LLM_PURPOSE = "llm.purpose": Str on MODEL .invented();
    /// The parameters of the request without its messages.
    LLM_INVOCATION_PARAMETERS = "llm.invocation_parameters": Json on MODEL
        .gen_ai(&[
            GEN_AI_REQUEST_TEMPERATURE, GEN_AI_REQUEST_TOP_P, GEN_AI_REQUEST_TOP_K, GEN_AI_REQUEST_MAX_TOKENS,
            GEN_AI_REQUEST_SEED, GEN_AI_REQUEST_STOP_SEQUENCES, GEN_AI_REQUEST_FREQUENCY_PENALTY,
            GEN_AI_REQUEST_PRESENCE_PENALTY, GEN_AI_REQUEST_CHOICE_COUNT, GEN_AI_REQUEST_REASONING_LEVEL,
            GEN_AI_REQUEST_STREAM, GEN_AI_REQUEST_ENCODING_FORMATS, GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID,
            GEN_AI_EMBEDDINGS_DIMENSION_COUNT, GEN_AI_OUTPUT_TYPE, OPENAI_REQUEST_SERVICE_TIER,
        ])
        .openinference(&[LLM_INVOCATION_PARAMETERS]);
    /// The name of a managed prompt. Invented: OpenInference's `prompt.id` names a version in one product.
    LLM_PROMPT_NAME = "llm.prompt.name": Str on LLM .invented() .gen_ai(&[GEN_AI_PROMPT_NAME]);
    /// The version of a managed prompt. Invented, as its name.
    LLM_PROMPT_VERSION = "llm.prompt.version": Str on LLM .invented() .gen_ai(&[GEN_AI_PROMPT_VERSION]);
    /// The messages of the request, in the JSON form of OTel. They leave once: under OTel's name when its dialect
    /// is on; in OpenInference the list is flattened.
    LLM_INPUT_MESSAGES = "llm.input_messages": Json on LLM
        .content() .gen_ai(&[GEN_AI_INPUT_MESSAGES]) .openinference(&[LLM_INPUT_MESSAGES]);
    /// The messages of the reply, in the JSON form of OTel. They leave once, as the messages of the request do.
    LLM_OUTPUT_MESSAGES = "llm.output_messages": Json on LLM
        .content() .gen_ai(&[GEN_AI_OUTPUT_MESSAGES]) .openinference(&[LLM_OUTPUT_MESSAGES]);
    /// The system prompt when it stands apart from the messages, a list of parts in the JSON form of OTel.
    /// In OpenInference it becomes the first message.
    LLM_SYSTEM_INSTRUCTIONS = "llm.system_instructions": Json on LLM
        .content() .gen_ai(&[GEN_AI_SYSTEM_INSTRUCTIONS]) .openinference(&[LLM_INPUT_MESSAGES]);
    /// The tools that the model may ask for, a list of definitions in the JSON form of OTel.
    LLM_TOOL_DEFINITIONS = "llm.tool_definitions": Json on LLM
        .content() .gen_ai(&[GEN_AI_TOOL_DEFINITIONS]) .openinference(&[LLM_TOOLS]);
    /// How many messages the request has; recorded with and without content.
    /// Invented: a trace without content must still explain itself.
    LLM_MESSAGE_COUNT = "llm.message_count": Int ["{message}"] on LLM .invented();
    /// The length of the request; recorded with and without content. Invented, as the count of messages.
    LLM_INPUT_SIZE = "llm.input_size": Int ["By"] on MODEL .invented();
    /// The length of the reply; recorded with and without content. Invented, as the count of messages.
    LLM_OUTPUT_SIZE = "llm.output_size": Int ["By"] on MODEL .invented();
    /// A short keyed hash of the system prompt: the same prompt has the same hash.
    /// Invented: it shows that a prompt changed without showing the prompt.
    LLM_SYSTEM_HASH = "llm.system_hash": Str on LLM .invented();
    /// A short keyed hash of the tool definitions. Invented, as the hash of the system prompt.
    LLM_TOOL_DEFINITIONS_HASH = "llm.tool_definitions_hash": Str on LLM .invented();
    /// Input tokens, those read from and written to the cache included.
    LLM_TOKEN_COUNT_PROMPT = "llm.token_count.prompt": Int ["{token}"] on MODEL
        .gen_ai(&[GEN_AI_USAGE_INPUT_TOKENS]) .openinference(&[LLM_TOKEN_COUNT_PROMPT]);
    /// Output tokens, reasoning included.
    LLM_TOKEN_COUNT_COMPLETION = "llm.token_count.completion": Int ["{token}"] on MODEL
        .gen_ai(&[GEN_AI_USAGE_OUTPUT_TOKENS]) .openinference(&[LLM_TOKEN_COUNT_COMPLETION]);
    /// Input and output tokens.
    LLM_TOKEN_COUNT_TOTAL = "llm.token_count.total": Int ["{token}"] on MODEL
        .openinference(&[LLM_TOKEN_COUNT_TOTAL]);
    /// Of the prompt: tokens read from the provider's cache.
    LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_READ = "llm.token_count.prompt_details.cache_read": Int ["{token}"] on MODEL
        .gen_ai(&[GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS])
        .openinference(&[LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_READ]);
    /// Of the prompt: tokens written to the provider's cache. OTel's older name is a switch of its own.
    LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_WRITE = "llm.token_count.prompt_details.cache_write": Int ["{token}"] on MODEL
        .gen_ai(&[GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS, GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS])
        .openinference(&[LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_WRITE]);
    /// Of the tokens written to the cache: those that live for an hour.
    /// Invented: they have a price of their own.
    LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_WRITE_1H = "llm.token_count.prompt_details.cache_write_1h":
        Int ["{token}"] on MODEL .invented();
    /// Of the prompt: audio tokens.
    LLM_TOKEN_COUNT_PROMPT_DETAILS_AUDIO = "llm.token_count.prompt_details.audio": Int ["{token}"] on MODEL
        .gen_ai(&[GEN_AI_USAGE_AUDIO_INPUT_TOKENS]) .openinference(&[LLM_TOKEN_COUNT_PROMPT_DETAILS_AUDIO]);
    /// Of the prompt: image tokens. Invented: OpenInference has audio only.
    LLM_TOKEN_COUNT_PROMPT_DETAILS_IMAGE = "llm.token_count.prompt_details.image": Int ["{token}"] on MODEL
        .invented() .gen_ai(&[GEN_AI_USAGE_IMAGE_INPUT_TOKENS])
        .openinference(&[LLM_TOKEN_COUNT_PROMPT_DETAILS_IMAGE]);
    /// Of the completion: reasoning tokens.
    LLM_TOKEN_COUNT_COMPLETION_DETAILS_REASONING = "llm.token_count.completion_details.reasoning":
        Int ["{token}"] on MODEL .gen_ai(&[GEN_AI_USAGE_REASONING_OUTPUT_TOKENS])
        .openinference(&[LLM_TOKEN_COUNT_COMPLETION_DETAILS_REASONING]);
    /// Of the completion: audio tokens.
    LLM_TOKEN_COUNT_COMPLETION_DETAILS_AUDIO = "llm.token_count.completion_details.audio": Int ["{token}"] on MODEL
        .gen_ai(&[GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS]) .openinference(&[LLM_TOKEN_COUNT_COMPLETION_DETAILS_AUDIO]);
    /// Of the completion: image tokens. Invented: OpenInference has audio only.
    LLM_TOKEN_COUNT_COMPLETION_DETAILS_IMAGE = "llm.token_count.completion_details.image": Int ["{token}"] on MODEL
        .invented() .gen_ai(&[GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS])
        .openinference(&[LLM_TOKEN_COUNT_COMPLETION_DETAILS_IMAGE]);
    /// An estimate of the input tokens where the provider told none.
    /// Invented: an estimate must never be mixed with counts.
    LLM_TOKEN_COUNT_ESTIMATED_PROMPT = "llm.token_count.estimated.prompt": Int ["{token}"] on MODEL .invented();
    /// An estimate of the output tokens where the provider told none.
    /// Invented: an estimate must never be mixed with counts.
    LLM_TOKEN_COUNT_ESTIMATED_COMPLETION = "llm.token_count.estimated.completion": Int ["{token}"] on MODEL
        .invented();
    /// Why the first choice ended, in the provider's own word.
    LLM_FINISH_REASON = "llm.finish_reason": Str on LLM
        .gen_ai(&[GEN_AI_RESPONSE_FINISH_REASONS]) .openinference(&[LLM_FINISH_REASON]);
    /// Why the first choice ended, a word of [`FinishClass`](crate::FinishClass).
    /// Invented: providers have some thirty words for five cases.
    LLM_FINISH_CLASS = "llm.finish_class": Str on LLM .invented();
    /// The tools that the reply asks for; recorded with and without content.
    /// Invented: a trace without content must still explain itself.
    LLM_TOOL_CALL_NAMES = "llm.tool_call_names": StrList on LLM .invented();
    /// The id that the provider gave the reply.
    LLM_RESPONSE_ID = "llm.response.id": Str on MODEL .gen_ai(&[GEN_AI_RESPONSE_ID]);
    /// Whether the reply was streamed. Invented: OpenInference has no name for it.
    LLM_STREAMING = "llm.streaming": Bool on LLM .invented() .gen_ai(&[GEN_AI_REQUEST_STREAM]);
    /// How many chunks of the stream were read. Invented: no convention counts them.
    LLM_CHUNK_COUNT = "llm.chunk_count": Int ["{chunk}"] on LLM .invented();
    /// The time from the call to the first chunk. Invented: OpenInference has no name for it.
    LLM_TIME_TO_FIRST_CHUNK_S = "llm.time_to_first_chunk_s": Double ["s"] on LLM
        .invented() .gen_ai(&[GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK]);
    /// How the stream ended, a word of [`StreamEnd`](crate::StreamEnd).
    /// Invented: a stream that was cut looks whole otherwise.
    LLM_STREAM_END = "llm.stream_end": Str on LLM .invented();
    /// Attempts inside this call, the successful one included; each failed one is an event.
    /// Invented: conventions count HTTP requests and not attempts.
    LLM_ATTEMPT_COUNT = "llm.attempt_count": Int ["{attempt}"] on MODEL .invented();
    /// The service tier as it was served. Invented: OTel's name belongs to OpenAI alone.
    LLM_SERVICE_TIER = "llm.service_tier": Str on MODEL .invented() .gen_ai(&[OPENAI_RESPONSE_SERVICE_TIER]);
    /// Whether the call went through a batch interface, as the caller tells.
    /// Invented: replies do not show it, and it halves the price.
    LLM_BATCH = "llm.batch": Bool on MODEL .invented();
    /// How many tokens the model can take. Invented: it gives the token counts their measure.
    LLM_CONTEXT_WINDOW = "llm.context_window": Int ["{token}"] on MODEL .invented();
}
