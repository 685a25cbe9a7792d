//! Requests of Gemini, Bedrock, Cohere and Ollama.

use serde_json::{Value, json};

use super::{read_request, write_system, write_tools};

fn system(body: &Value) -> String {
    let mut text = Vec::new();
    write_system(body, &mut text);
    String::from_utf8(text).expect("text goes in")
}

fn gemini() -> Value {
    json!({"systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "What is this?"}, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
                {"fileData": {"mimeType": "video/mp4", "fileUri": "gs://b/v"}}]},
            {"role": "model", "parts": [{"text": "Hm", "thought": true}, {"functionCall": {"id": "c", "name": "weather", "args": {"city": "Ulm"}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "weather", "response": {"sky": "rain"}}}]}],
        "tools": [{"functionDeclarations": [{"name": "weather", "description": "d", "parameters": {"type": "OBJECT"}},
            {"name": "time", "parametersJsonSchema": {"type": "object"}}]}, {"googleSearch": {}}],
        "generationConfig": {"temperature": 0.5, "maxOutputTokens": 100, "stopSequences": ["END"], "responseSchema": {"title": "secret"},
            "thinkingConfig": {"thinkingLevel": "low", "includeThoughts": true}},
        "labels": {"customer": "eva"}})
}

#[test]
fn gemini_requests_take_the_otel_form() {
    let request = read_request(&gemini(), true);
    assert_eq!(request.message_count, Some(3));
    assert_eq!(request.system_instructions, Some(json!([{"type": "text", "content": "Be brief."}])));
    assert_eq!(
        request.input_messages,
        Some(json!([
        {"role": "user", "parts": [{"type": "text", "content": "What is this?"},
            {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"},
            {"type": "uri", "modality": "video", "uri": "gs://b/v"}]},
        {"role": "assistant", "parts": [{"type": "reasoning", "content": "Hm"},
            {"type": "tool_call", "id": "c", "name": "weather", "arguments": {"city": "Ulm"}}]},
        {"role": "user", "parts": [{"type": "tool_call_response", "id": "weather", "response": {"sky": "rain"}}]}]))
    );
    assert_eq!(
        request.tool_definitions,
        Some(json!([
        {"type": "function", "name": "weather", "description": "d", "parameters": {"type": "OBJECT"}},
        {"type": "function", "name": "time", "parameters": {"type": "object"}},
        {"type": "googleSearch", "name": "googleSearch"}]))
    );
    let expected = json!({"generationConfig": {"temperature": 0.5, "maxOutputTokens": 100, "stopSequences": ["END"],
        "thinkingConfig": {"thinkingLevel": "low", "includeThoughts": true}}});
    assert_eq!(Value::Object(request.parameters), expected, "neither a schema nor labels");
    assert_eq!(system(&gemini()), "Be brief.\0");
    assert!(write_tools(&gemini(), &mut std::io::sink()));
    let silent = read_request(&gemini(), false);
    assert_eq!(
        (silent.input_messages, silent.system_instructions, silent.tool_definitions),
        (None, None, None)
    );
}

#[test]
fn gemini_texts_stand_for_contents() {
    let request = read_request(&json!({"contents": "Hi", "system_instruction": "Be brief."}), true);
    assert_eq!(request.message_count, Some(1));
    assert_eq!(
        request.input_messages,
        Some(json!([{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]))
    );
    assert_eq!(request.system_instructions, Some(json!([{"type": "text", "content": "Be brief."}])));
}

#[test]
fn interactions_take_the_otel_form() {
    let input = json!([{"type": "user_input", "content": [{"type": "text", "text": "Hi"}]},
        {"type": "function_call", "id": "c", "name": "f", "arguments": {"a": 1}},
        {"type": "function_result", "call_id": "c", "name": "f", "result": "rain"},
        {"type": "model_output", "content": [{"type": "text", "text": "Rain."}]}, {"type": "text", "text": "Thanks"}]);
    let request = read_request(&json!({"model": "gemini-3-flash", "input": input}), true);
    assert_eq!((request.model.as_deref(), request.message_count), (Some("gemini-3-flash"), Some(5)));
    assert_eq!(
        request.input_messages,
        Some(json!([
        {"role": "user", "parts": [{"type": "text", "content": "Hi"}]},
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "c", "name": "f", "arguments": {"a": 1}}]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c", "response": "rain"}]},
        {"role": "assistant", "parts": [{"type": "text", "content": "Rain."}]},
        {"role": "user", "parts": [{"type": "text", "content": "Thanks"}]}]))
    );
}

#[test]
fn converse_requests_take_the_otel_form() {
    let body = json!({"system": [{"text": "Be brief."}, {"cachePoint": {"type": "default"}}],
        "messages": [
            {"role": "user", "content": [{"text": "Hi"}, {"guardContent": {"text": {"text": "guarded", "qualifiers": ["query"]}}},
                {"image": {"format": "png", "source": {"bytes": "AAAA"}}},
                {"document": {"format": "pdf", "name": "d", "source": {"s3Location": {"uri": "s3://b/d"}}}}]},
            {"role": "assistant", "content": [{"reasoningContent": {"reasoningText": {"text": "Hm"}}},
                {"toolUse": {"toolUseId": "t", "name": "weather", "input": {"city": "Ulm"}}}]},
            {"role": "user", "content": [{"toolResult": {"toolUseId": "t", "content": [{"json": {"sky": "rain"}}]}}]}],
        "toolConfig": {"tools": [{"toolSpec": {"name": "weather", "description": "d", "inputSchema": {"json": {"type": "object"}}}}]},
        "inferenceConfig": {"maxTokens": 300, "temperature": 0.5, "stopSequences": ["END"]}});
    let request = read_request(&body, true);
    assert_eq!(request.message_count, Some(3));
    assert_eq!(
        request.input_messages,
        Some(json!([
        {"role": "user", "parts": [{"type": "text", "content": "Hi"}, {"type": "text", "content": "guarded"},
            {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"},
            {"type": "uri", "modality": "document", "uri": "s3://b/d"}]},
        {"role": "assistant", "parts": [{"type": "reasoning", "content": "Hm"},
            {"type": "tool_call", "id": "t", "name": "weather", "arguments": {"city": "Ulm"}}]},
        {"role": "user", "parts": [{"type": "tool_call_response", "id": "t", "response": {"sky": "rain"}}]}]))
    );
    assert_eq!(
        request.tool_definitions,
        Some(json!([
        {"type": "function", "name": "weather", "description": "d", "parameters": {"type": "object"}}]))
    );
    assert_eq!(
        request.system_instructions.expect("content")[0],
        json!({"type": "text", "content": "Be brief."})
    );
    assert_eq!(request.parameters["inferenceConfig"], body["inferenceConfig"]);
    assert_eq!(system(&body), "Be brief.\0");
    let mut tools = Vec::new();
    assert!(write_tools(&body, &mut tools));
    assert_eq!(tools, body["toolConfig"]["tools"].to_string().as_bytes());
}

#[test]
fn requests_of_cohere_and_titan_have_messages() {
    let old = json!({"model": "command", "message": "Hi", "preamble": "Be brief.", "chat_history": [{"role": "USER", "message": "a"},
        {"role": "CHATBOT", "message": "b"}], "temperature": 0.1});
    let request = read_request(&old, true);
    assert_eq!((request.model.as_deref(), request.message_count), (Some("command"), Some(3)));
    let text = |role: &str, text: &str| json!({"role": role, "parts": [{"type": "text", "content": text}]});
    assert_eq!(
        request.input_messages,
        Some(json!([text("user", "a"), text("assistant", "b"), text("user", "Hi")]))
    );
    assert_eq!(Value::Object(request.parameters), json!({"model": "command", "temperature": 0.1}));
    assert_eq!(system(&old), "Be brief.\0");
    let plan = json!({"messages": [{"role": "assistant", "tool_plan": "I will look.", "tool_calls": [
        {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}]});
    let parts = json!([{"type": "reasoning", "content": "I will look."}, {"type": "tool_call", "id": "c", "name": "f", "arguments": {}}]);
    assert_eq!(read_request(&plan, true).input_messages.expect("content")[0]["parts"], parts);
    let titan =
        json!({"inputText": "Hi", "textGenerationConfig": {"maxTokenCount": 200, "temperature": 0.5}});
    let request = read_request(&titan, true);
    assert_eq!((request.message_count, request.input_messages), (Some(1), Some(json!([text("user", "Hi")]))));
    assert_eq!(
        Value::Object(request.parameters),
        json!({"textGenerationConfig": {"maxTokenCount": 200, "temperature": 0.5}})
    );
}

#[test]
fn ollama_messages_have_images_thoughts_and_names_of_tools() {
    let body = json!({"model": "llama3", "options": {"temperature": 0.5, "num_predict": 9, "stop": ["x"]}, "messages": [
        {"role": "user", "content": "Hi", "images": ["AAAA"]},
        {"role": "assistant", "content": "", "thinking": "Hm", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]},
        {"role": "tool", "tool_name": "f", "content": "rain"}]});
    let request = read_request(&body, true);
    assert_eq!(request.parameters["options"], body["options"]);
    let messages = request.input_messages.expect("content");
    assert_eq!(messages[0]["parts"][1], json!({"type": "blob", "modality": "image", "content": "AAAA"}));
    assert_eq!(messages[1]["parts"][0], json!({"type": "reasoning", "content": "Hm"}));
    assert_eq!(messages[2]["parts"], json!([{"type": "tool_call_response", "id": "f", "response": "rain"}]));
}

#[test]
fn embedding_requests_tell_how_many_inputs_and_which_length() {
    let check = |body: Value, inputs: usize, dimensions: Option<u64>| {
        let request = read_request(&body, false);
        assert_eq!((request.embedding_input_count, request.dimensions), (Some(inputs), dimensions), "{body}");
    };
    check(json!({"content": {"parts": [{"text": "a"}]}, "outputDimensionality": 8}), 1, Some(8));
    check(json!({"requests": [{"content": {}, "outputDimensionality": 8}, {"content": {}}]}), 2, Some(8));
    check(
        json!({"instances": [{"content": "a"}, {"content": "b"}], "parameters": {"outputDimensionality": 4}}),
        2,
        Some(4),
    );
    check(json!({"texts": ["a", "b", "c"], "output_dimension": 16}), 3, Some(16));
    check(json!({"inputText": "a", "dimensions": 256}), 1, Some(256));
    check(json!({"model": "m", "input": ["a", "b"]}), 2, None);
}
