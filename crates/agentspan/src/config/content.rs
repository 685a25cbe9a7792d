use super::reader::Reader;
use super::value::shown;
use super::{Content, ContentOverrides};

const NAME: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";
const NONE: &str = "using `NO_CONTENT`, so no content is recorded";

/// The one setting where the environment does not simply win: both sides can only take away for good.
pub(super) fn resolve(reader: &mut Reader<'_>, code: &ContentOverrides) -> Content {
    let asked = asked(reader);
    let class = |code: Option<bool>| match asked {
        Some(environment) => environment && code != Some(false),
        None => code == Some(true),
    };
    Content {
        messages: class(code.messages),
        tools: class(code.tools),
        queries: class(code.queries),
        documents: class(code.documents),
        reasons: class(code.reasons),
        errors: class(code.errors),
    }
}

/// What the environment says; a word that is not understood must never record more than was meant.
fn asked(reader: &mut Reader<'_>) -> Option<bool> {
    let given = reader.get(NAME)?;
    Some(match given.to_ascii_lowercase().as_str() {
        // Older instrumentations know only `true` and `false`. Log events with content are not written, so
        // the half of `SPAN_AND_EVENT` that exists is what it means.
        "span_only" | "span_and_event" | "true" => true,
        "no_content" | "false" => false,
        "event_only" => {
            reader
                .warn(format!("`{NAME}={given}` asks for content in events, which are not written; {NONE}"));
            false
        }
        _ => {
            let given = shown(&given);
            reader.warn(format!(
                "ignoring `{NAME}={given}`: expected `NO_CONTENT`, `SPAN_ONLY` or `SPAN_AND_EVENT`; {NONE}"
            ));
            false
        }
    })
}
