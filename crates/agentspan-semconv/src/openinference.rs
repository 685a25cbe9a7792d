//! Names of OpenInference that are not canonical here already, into which canonical names are translated.
//!
//! A list of objects is flattened there: `<list>.<index from 0>.<name of the element>`, as in
//! `llm.input_messages.0.message.role`. The names of elements stand in this module, those of the lists where
//! the canonical attribute stands.

/// The kind of span, as in `LLM` or `TOOL` (string); OpenInference wants it on every span.
pub const OPENINFERENCE_SPAN_KIND: &str = "openinference.span.kind";
/// The family of the interface, as in `openai`; never a prompt (string).
pub const LLM_SYSTEM: &str = "llm.system";
/// The tools on offer, a list of elements [`TOOL_JSON_SCHEMA`].
pub const LLM_TOOLS: &str = "llm.tools";
/// What the span was given. Content.
pub const INPUT_VALUE: &str = "input.value";
/// The type of the input: `text/plain` or `application/json` (string).
pub const INPUT_MIME_TYPE: &str = "input.mime_type";
/// What the span gave back. Content.
pub const OUTPUT_VALUE: &str = "output.value";
/// The type of the output: `text/plain` or `application/json` (string).
pub const OUTPUT_MIME_TYPE: &str = "output.mime_type";
/// Further facts, as a JSON object.
pub const METADATA: &str = "metadata";
/// The model of an embedding call (string).
pub const EMBEDDING_MODEL_NAME: &str = "embedding.model_name";
/// The id of the call in the model's reply (string).
pub const TOOL_ID: &str = "tool.id";
/// The arguments of the call, as a JSON object. Content.
pub const TOOL_PARAMETERS: &str = "tool.parameters";
/// The cost of the call (double, USD).
pub const LLM_COST_TOTAL: &str = "llm.cost.total";
/// The cost of the input (double, USD).
pub const LLM_COST_PROMPT: &str = "llm.cost.prompt";
/// The cost of the output (double, USD).
pub const LLM_COST_COMPLETION: &str = "llm.cost.completion";
/// The cost of reading the cache (double, USD).
pub const LLM_COST_PROMPT_DETAILS_CACHE_READ: &str = "llm.cost.prompt_details.cache_read";
/// The cost of writing the cache (double, USD).
pub const LLM_COST_PROMPT_DETAILS_CACHE_WRITE: &str = "llm.cost.prompt_details.cache_write";
/// The cost of audio in the input (double, USD).
pub const LLM_COST_PROMPT_DETAILS_AUDIO: &str = "llm.cost.prompt_details.audio";
/// The cost of reasoning (double, USD).
pub const LLM_COST_COMPLETION_DETAILS_REASONING: &str = "llm.cost.completion_details.reasoning";
/// The cost of audio in the output (double, USD).
pub const LLM_COST_COMPLETION_DETAILS_AUDIO: &str = "llm.cost.completion_details.audio";
/// Element of messages: the role (string).
pub const MESSAGE_ROLE: &str = "message.role";
/// Element of messages: the text, when it is nothing but text. Content.
pub const MESSAGE_CONTENT: &str = "message.content";
/// Element of messages: the parts, a list of elements `message_content.*`. Content.
pub const MESSAGE_CONTENTS: &str = "message.contents";
/// Element of messages: the name of who speaks (string).
pub const MESSAGE_NAME: &str = "message.name";
/// Element of messages: the call that a tool's message answers (string).
pub const MESSAGE_TOOL_CALL_ID: &str = "message.tool_call_id";
/// Element of messages: the tools asked for, a list of elements `tool_call.*`. Content.
pub const MESSAGE_TOOL_CALLS: &str = "message.tool_calls";
/// Element of parts: text, image, audio, video, document, reasoning (string).
pub const MESSAGE_CONTENT_TYPE: &str = "message_content.type";
/// Element of parts: the text. Content.
pub const MESSAGE_CONTENT_TEXT: &str = "message_content.text";
/// Element of parts: an image, with [`IMAGE_URL`] below it. Content.
pub const MESSAGE_CONTENT_IMAGE: &str = "message_content.image";
/// Element of parts: a sound, with [`AUDIO_URL`] below it. Content.
pub const MESSAGE_CONTENT_AUDIO: &str = "message_content.audio";
/// Element of parts: a film, with [`VIDEO_URL`] below it. Content.
pub const MESSAGE_CONTENT_VIDEO: &str = "message_content.video";
/// Element of images: the URL, or the data as a URL. Content.
pub const IMAGE_URL: &str = "image.url";
/// Element of sounds: the URL, or the data as a URL. Content.
pub const AUDIO_URL: &str = "audio.url";
/// Element of films: the URL, or the data as a URL. Content.
pub const VIDEO_URL: &str = "video.url";
/// Element of tool calls: the id (string).
pub const TOOL_CALL_ID: &str = "tool_call.id";
/// Element of tool calls: the tool (string).
pub const TOOL_CALL_FUNCTION_NAME: &str = "tool_call.function.name";
/// Element of tool calls: the arguments, as a JSON text. Content.
pub const TOOL_CALL_FUNCTION_ARGUMENTS: &str = "tool_call.function.arguments";
/// Element of tools on offer: the definition, as a JSON text. Content.
pub const TOOL_JSON_SCHEMA: &str = "tool.json_schema";
/// Element of documents: the id (string).
pub const DOCUMENT_ID: &str = "document.id";
/// Element of documents: the score (double).
pub const DOCUMENT_SCORE: &str = "document.score";
/// Element of documents: the text. Content.
pub const DOCUMENT_CONTENT: &str = "document.content";
/// Element of documents: further facts, as a JSON object. Content.
pub const DOCUMENT_METADATA: &str = "document.metadata";
/// Element of documents: where it is (string).
pub const DOCUMENT_URL: &str = "document.url";
/// Element of documents: its type (string).
pub const DOCUMENT_MIME_TYPE: &str = "document.mime_type";
/// Element of documents: its name (string).
pub const DOCUMENT_NAME: &str = "document.name";

/// The names of elements, which stand only inside flattened lists and so are no equivalents of their own.
pub const ELEMENTS: &[&str] = &[
    MESSAGE_ROLE,
    MESSAGE_CONTENT,
    MESSAGE_CONTENTS,
    MESSAGE_NAME,
    MESSAGE_TOOL_CALL_ID,
    MESSAGE_TOOL_CALLS,
    MESSAGE_CONTENT_TYPE,
    MESSAGE_CONTENT_TEXT,
    MESSAGE_CONTENT_IMAGE,
    MESSAGE_CONTENT_AUDIO,
    MESSAGE_CONTENT_VIDEO,
    IMAGE_URL,
    AUDIO_URL,
    VIDEO_URL,
    TOOL_CALL_ID,
    TOOL_CALL_FUNCTION_NAME,
    TOOL_CALL_FUNCTION_ARGUMENTS,
    TOOL_JSON_SCHEMA,
    DOCUMENT_ID,
    DOCUMENT_SCORE,
    DOCUMENT_CONTENT,
    DOCUMENT_METADATA,
    DOCUMENT_URL,
    DOCUMENT_MIME_TYPE,
    DOCUMENT_NAME,
];

/// Whether a value under this name is content, flattened lists included.
pub(crate) fn is_content(name: &str) -> bool {
    if matches!(name, INPUT_VALUE | OUTPUT_VALUE | TOOL_PARAMETERS) {
        return true;
    }
    [
        crate::llm::LLM_INPUT_MESSAGES,
        crate::llm::LLM_OUTPUT_MESSAGES,
        LLM_TOOLS,
        crate::retrieval::RETRIEVAL_DOCUMENTS,
    ]
    .into_iter()
    .any(|list| name.strip_prefix(list).is_some_and(|rest| rest.starts_with('.')))
}
