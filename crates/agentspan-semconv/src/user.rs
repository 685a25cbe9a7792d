//! The end user and what he asked.

use crate::gen_ai::GEN_AI_INPUT_MESSAGES;
use crate::openinference::{INPUT_MIME_TYPE, INPUT_VALUE};

names! {
    /// The end user for whom the run works.
    USER_ID = "user.id": Str on ANY .gen_ai(&[USER_ID]) .openinference(&[USER_ID]);
    /// What the user asked.
    USER_QUERY = "user.query": Str on AGENT
        .content() .gen_ai(&[GEN_AI_INPUT_MESSAGES]) .openinference(&[INPUT_VALUE, INPUT_MIME_TYPE]);
}
