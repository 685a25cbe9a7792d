//! Message lists and documents in each dialect.

use opentelemetry::KeyValue;

use super::{ALL, GEN_AI, OPENINFERENCE, changes, check, text};

fn messages() -> Vec<KeyValue> {
    vec![
        text("agent.step_type", "llm_generate"),
        text("llm.finish_class", "tool_call"),
        text("llm.system_instructions", r#"[{"type":"text","content":"Be brief."}]"#),
        text(
            "llm.input_messages",
            r#"[{"role":"user","name":"Ada","parts":[{"type":"text","content":"Look"},
                {"type":"blob","modality":"image","mime_type":"image/png","content":"AAAA"}]},
               {"role":"tool","parts":[{"type":"tool_call_response","id":"c0","response":{"mm":2}},
                {"type":"tool_call_response","id":"c1","response":"dry"}]}]"#,
        ),
        text(
            "llm.output_messages",
            r#"[{"role":"assistant","parts":[{"type":"text","content":"One moment"},
                {"type":"tool_call","id":"c2","name":"get_weather","arguments":{"city":"Ulm"}}]}]"#,
        ),
        text("llm.tool_definitions", r#"[{"type":"function","name":"get_weather","description":"Rain"}]"#),
    ]
}

#[test]
fn message_lists_are_renamed_and_each_reply_gets_a_finish_reason() {
    let drawn = changes(&messages(), GEN_AI);
    for name in
        ["llm.input_messages", "llm.output_messages", "llm.system_instructions", "llm.tool_definitions"]
    {
        assert!(drawn.contains(&format!("{name} is gone")), "`{name}`");
    }
    assert!(drawn.contains("gen_ai.system_instructions = [{\"content\":\"Be brief.\",\"type\":\"text\"}]"));
    assert!(drawn.contains("gen_ai.input.messages = [{\"name\":\"Ada\""));
    assert!(drawn.contains("gen_ai.output.messages = [{\"finish_reason\":\"tool_call\""));
    assert!(drawn.contains("gen_ai.tool.definitions = "));
}

#[test]
fn message_lists_are_flattened_for_openinference() {
    check(
        &messages(),
        OPENINFERENCE,
        r#"llm.input_messages is gone
         llm.input_messages.0.message.content = Be brief.
         llm.input_messages.0.message.role = system
         llm.input_messages.1.message.contents.0.message_content.text = Look
         llm.input_messages.1.message.contents.0.message_content.type = text
         llm.input_messages.1.message.contents.1.message_content.image.image.url = data:image/png;base64,AAAA
         llm.input_messages.1.message.contents.1.message_content.type = image
         llm.input_messages.1.message.name = Ada
         llm.input_messages.1.message.role = user
         llm.input_messages.2.message.content = {"mm":2}
         llm.input_messages.2.message.role = tool
         llm.input_messages.2.message.tool_call_id = c0
         llm.input_messages.3.message.content = dry
         llm.input_messages.3.message.role = tool
         llm.input_messages.3.message.tool_call_id = c1
         llm.output_messages is gone
         llm.output_messages.0.message.content = One moment
         llm.output_messages.0.message.role = assistant
         llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments = {"city":"Ulm"}
         llm.output_messages.0.message.tool_calls.0.tool_call.function.name = get_weather
         llm.output_messages.0.message.tool_calls.0.tool_call.id = c2
         llm.system_instructions is gone
         llm.tool_definitions is gone
         llm.tools.0.tool.description = Rain
         llm.tools.0.tool.json_schema = {"description":"Rain","name":"get_weather","type":"function"}
         llm.tools.0.tool.name = get_weather
         openinference.span.kind = LLM"#,
    );
}

#[test]
fn both_dialects_together_have_the_renamed_and_the_flattened_form() {
    let drawn = changes(&messages(), ALL);
    assert!(drawn.contains("gen_ai.input.messages = "));
    assert!(drawn.contains("llm.input_messages.0.message.content = Be brief."));
    assert!(drawn.contains("llm.input_messages is gone"));
}

#[test]
fn documents_are_copied_and_flattened() {
    let retrieval = [
        text("agent.step_type", "retrieval"),
        text("retrieval.source", "docs"),
        text("retrieval.query", "rain"),
        KeyValue::new("retrieval.top_k", 2),
        text(
            "retrieval.documents",
            r#"[{"id":7,"score":0.5,"content":"wet","metadata":{"page":1}},"plain"]"#,
        ),
    ];
    check(
        &retrieval,
        ALL,
        r#"gen_ai.data_source.id = docs
         gen_ai.operation.name = retrieval
         gen_ai.retrieval.documents = [{"content":"wet","id":7,"metadata":{"page":1},"score":0.5},"plain"]
         gen_ai.retrieval.query.text = rain
         gen_ai.retrieval.top_k = 2
         input.mime_type = text/plain
         input.value = rain
         openinference.span.kind = RETRIEVER
         retrieval.documents.0.document.content = wet
         retrieval.documents.0.document.id = 7
         retrieval.documents.0.document.metadata = {"page":1}
         retrieval.documents.0.document.score = 0.5
         retrieval.documents.1.document.content = plain"#,
    );
}
