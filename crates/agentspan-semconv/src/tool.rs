//! The tool call.

use crate::gen_ai::{
    GEN_AI_TOOL_CALL_ARGUMENTS, GEN_AI_TOOL_CALL_ID, GEN_AI_TOOL_CALL_RESULT, GEN_AI_TOOL_DESCRIPTION,
    GEN_AI_TOOL_NAME, GEN_AI_TOOL_TYPE,
};
use crate::openinference::{
    INPUT_MIME_TYPE, INPUT_VALUE, LLM_COST_TOTAL, OUTPUT_MIME_TYPE, OUTPUT_VALUE, TOOL_ID, TOOL_PARAMETERS,
};

names! {
    /// The name under which the model knows the tool, also in the span name.
    TOOL_NAME = "tool.name": Str on TOOL .gen_ai(&[GEN_AI_TOOL_NAME]) .openinference(&[TOOL_NAME]);
    /// What the tool is for, as told to the model.
    TOOL_DESCRIPTION = "tool.description": Str on TOOL
        .gen_ai(&[GEN_AI_TOOL_DESCRIPTION]) .openinference(&[TOOL_DESCRIPTION]);
    /// Who runs the tool, a word of [`ToolType`](crate::ToolType).
    TOOL_TYPE = "tool.type": Str on TOOL .gen_ai(&[GEN_AI_TOOL_TYPE]);
    /// The id of the call in the model's reply, which links the tool to the model call that asked for it.
    /// Invented: OpenInference's `tool.id` reads like an id of the tool.
    TOOL_CALL_ID = "tool.call_id": Str on TOOL
        .invented() .gen_ai(&[GEN_AI_TOOL_CALL_ID]) .openinference(&[TOOL_ID]);
    /// The arguments of the call, usually a JSON object.
    TOOL_ARGUMENTS = "tool.arguments": Json on TOOL
        .content() .gen_ai(&[GEN_AI_TOOL_CALL_ARGUMENTS])
        .openinference(&[INPUT_VALUE, INPUT_MIME_TYPE, TOOL_PARAMETERS]);
    /// What the tool answered, JSON or plain text.
    TOOL_RESULT = "tool.result": Json on TOOL
        .content() .gen_ai(&[GEN_AI_TOOL_CALL_RESULT]) .openinference(&[OUTPUT_VALUE, OUTPUT_MIME_TYPE]);
    /// The length of the arguments; recorded with and without content.
    /// Invented: a trace without content must still explain itself.
    TOOL_ARGUMENTS_SIZE = "tool.arguments_size": Int ["By"] on TOOL .invented();
    /// The length of the result; recorded with and without content.
    /// Invented: a trace without content must still explain itself.
    TOOL_RESULT_SIZE = "tool.result_size": Int ["By"] on TOOL .invented();
    /// The how-many-eth call of this tool in the run, from 1. Invented: it makes loops visible.
    TOOL_CALL_INDEX = "tool.call_index": Int on TOOL .invented();
    /// True when an earlier call in the run had the same name and arguments, compared by keyed hash.
    /// Invented: it makes loops visible without content.
    TOOL_REPEATED = "tool.repeated": Bool on TOOL .invented();
    /// What the tool cost outside, for example at a search service; contained in `cost.self_usd`.
    TOOL_COST_USD = "tool.cost_usd": Double ["USD"] on TOOL .openinference(&[LLM_COST_TOTAL]);
}
