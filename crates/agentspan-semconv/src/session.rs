//! The conversation.

use crate::gen_ai::GEN_AI_CONVERSATION_ID;

names! {
    /// The conversation or thread to which the run belongs, as the caller names it; never made up.
    SESSION_ID = "session.id": Str on ANY
        .gen_ai(&[GEN_AI_CONVERSATION_ID, SESSION_ID]) .openinference(&[SESSION_ID]);
}
