//! The weather story of the field's guides: a model asks for a tool, gets its result, and puts it into words.

use crate::openai::tool_definition;
use crate::{OpenAi, Reply};
use serde_json::{Value, json};
use std::io;
use std::time::Duration;

/// The tool that the first model asks for.
pub const TOOL: &str = "get_weather";

/// What the first model is told of the tool.
pub fn definition() -> Value {
    tool_definition(TOOL, "Tells the weather of today", "city")
}

/// The answer of the second model.
pub const ANSWER: &str = "Yes, take an umbrella: 4 mm of rain are expected in Ulm this afternoon.";

/// A server that plays the story with the delays of a real one, about one and a half seconds in all.
///
/// # Errors
/// When no port can be had.
pub fn server() -> io::Result<OpenAi> {
    OpenAi::answering(reply)
}

/// The same without delays, for tests.
///
/// # Errors
/// When no port can be had.
pub fn quick_server() -> io::Result<OpenAi> {
    OpenAi::answering(|request| reply(request).delay(Duration::ZERO).chunk_delay(Duration::ZERO))
}

/// A request that holds no tool result yet is answered with the demand for the tool (412 + 54 tokens),
/// one that does with [`ANSWER`] (1,208 + 70 tokens).
pub fn reply(request: &Value) -> Reply {
    let told = request["messages"].as_array().is_some_and(|all| all.iter().any(|one| one["role"] == "tool"));
    if told {
        return Reply::text(ANSWER)
            .usage(1_208, 70)
            .delay(Duration::from_millis(540))
            .chunk_delay(Duration::from_millis(25));
    }
    Reply::tool_call(TOOL, &json!({"city": "Ulm"})).usage(412, 54).delay(Duration::from_millis(960))
}
