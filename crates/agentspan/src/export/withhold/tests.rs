use super::withhold;
use crate::config::Content;
use agentspan_semconv::table::ATTRIBUTES;
use opentelemetry::KeyValue;

fn left(names: &[&'static str], content: Content) -> Vec<String> {
    let mut attributes: Vec<_> = names.iter().map(|name| KeyValue::new(*name, "said")).collect();
    withhold(&mut attributes, &content);
    attributes.into_iter().map(|attribute| attribute.key.to_string()).collect()
}

#[test]
fn nothing_that_was_said_leaves_unless_it_is_asked_for() {
    let said = [
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.system_instructions",
        "gen_ai.tool.definitions",
        "gen_ai.tool.call.arguments",
        "gen_ai.retrieval.query.text",
        "gen_ai.prompt",
        "gen_ai.completion",
        "gen_ai.prompt.0.content",
        "llm.input_messages.0.message.content",
        "input.value",
        "user.query",
    ];
    assert_eq!(left(&said, Content::default()), [""; 0]);
    let told = ["gen_ai.prompt.name", "gen_ai.request.model", "tool.name", "tool.result_size", "my.reason"];
    assert_eq!(left(&told, Content::default()), told);
}

#[test]
fn each_class_lets_its_own_names_through() {
    let classes = [
        (Content { messages: true, ..Content::default() }, "gen_ai.tool.definitions"),
        (Content { tools: true, ..Content::default() }, "gen_ai.tool.call.result"),
        (Content { queries: true, ..Content::default() }, "agent.result"),
        (Content { documents: true, ..Content::default() }, "gen_ai.retrieval.documents"),
        (Content { reasons: true, ..Content::default() }, "handoff.reason"),
        (Content { errors: true, ..Content::default() }, "exception.message"),
    ];
    let names = classes.map(|(_, name)| name);
    for (content, name) in classes {
        assert_eq!(left(&names, content), [name]);
    }
}

#[test]
fn every_name_of_content_is_in_some_class() {
    let names: Vec<_> = ATTRIBUTES.iter().filter(|row| row.content).map(|row| row.name).collect();
    assert!(names.len() > 10);
    assert_eq!(left(&names, Content::default()), [""; 0]);
}
