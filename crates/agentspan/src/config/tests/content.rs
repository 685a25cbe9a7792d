use super::{check, check_env};
use crate::config::{Content, ContentOverrides, Overrides};

const NAME: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";
const ALL: Content =
    Content { messages: true, tools: true, queries: true, documents: true, reasons: true, errors: true };
const NONE: Content = Content {
    messages: false,
    tools: false,
    queries: false,
    documents: false,
    reasons: false,
    errors: false,
};

fn with(content: ContentOverrides) -> Overrides {
    Overrides { content, ..Overrides::default() }
}

#[test]
fn content_is_off_until_somebody_asks() {
    assert_eq!(check_env(&[], &[]).content, NONE);
    assert_eq!(check(&[], &with(ContentOverrides::all(true)), &[]).content, ALL);
    let tools = ContentOverrides { tools: Some(true), ..ContentOverrides::default() };
    assert_eq!(check(&[], &with(tools), &[]).content, Content { tools: true, ..NONE });
}

#[test]
fn the_environment_asks_in_any_case_and_in_older_words() {
    for on in ["SPAN_ONLY", "span_only", "SPAN_AND_EVENT", "Span_And_Event", "true", "TRUE", " true "] {
        assert_eq!(check_env(&[(NAME, on)], &[]).content, ALL, "{on}");
    }
}

#[test]
fn the_environment_turns_off_what_code_asked_for() {
    for off in ["NO_CONTENT", "no_content", "false", "False"] {
        assert_eq!(check(&[(NAME, off)], &with(ContentOverrides::all(true)), &[]).content, NONE, "{off}");
    }
}

#[test]
fn the_environment_cannot_turn_on_what_code_forbids() {
    let code = ContentOverrides { queries: Some(false), tools: Some(true), ..ContentOverrides::default() };
    let config = check(&[(NAME, "true")], &with(code), &[]);
    assert_eq!(config.content, Content { queries: false, ..ALL });
    assert_eq!(check(&[(NAME, "SPAN_ONLY")], &with(ContentOverrides::all(false)), &[]).content, NONE);
}

#[test]
fn a_word_that_is_not_understood_records_nothing() {
    let cases = [
        (
            "EVENT_ONLY",
            "`OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=EVENT_ONLY` asks for content in events, which \
             are not written; using `NO_CONTENT`, so no content is recorded",
        ),
        (
            "yes",
            "ignoring `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=yes`: expected `NO_CONTENT`, \
             `SPAN_ONLY` or `SPAN_AND_EVENT`; using `NO_CONTENT`, so no content is recorded",
        ),
    ];
    for (given, warning) in cases {
        let config = check(&[(NAME, given)], &with(ContentOverrides::all(true)), &[warning]);
        assert_eq!(config.content, NONE);
    }
}

#[test]
fn events_with_content_are_refused_aloud() {
    const EVENTS: &str = "OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT";
    check_env(&[(EVENTS, "false")], &[]);
    check_env(
        &[(EVENTS, "True")],
        &[
            "ignoring `OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT=true`: events with the details of a model call are \
           not written; using span attributes",
        ],
    );
    check_env(
        &[(EVENTS, "1")],
        &["ignoring `OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT=1`: expected `true` or `false`; using `false`"],
    );
}
