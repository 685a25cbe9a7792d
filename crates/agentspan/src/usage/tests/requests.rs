use serde_json::{Value, json};

use super::super::Request;
use super::{read_request, write_system, write_tools};

fn request(body: &Value) -> Request {
    read_request(body, true)
}

fn system(body: Value) -> String {
    let mut text = Vec::new();
    assert_eq!(write_system(&body, &mut text), !text.is_empty());
    String::from_utf8(text).expect("text goes in")
}

fn body() -> Value {
    json!({"model": "gpt-4o", "temperature": 0.5, "max_tokens": 100, "stream": true, "top_p": null,
        "stream_options": {"include_usage": true}, "service_tier": "flex", "user": "eva@example.org",
        "metadata": {"customer": "eva"}, "mcp_servers": [{"authorization_token": "secret"}],
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "name": "eva", "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Ulm\"}"}}]},
            {"role": "tool", "tool_call_id": "call_1", "content": "rain"}],
        "tools": [{"type": "function", "function": {"name": "weather", "description": "d", "strict": true,
            "parameters": {"type": "object"}}}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "x".repeat(5000)}}})
}

#[test]
fn parameters_hold_neither_content_nor_identity_nor_secrets() {
    let request = request(&body());
    let parameters = json!({"model": "gpt-4o", "temperature": 0.5, "max_tokens": 100, "stream": true,
        "stream_options": {"include_usage": true}, "service_tier": "flex", "response_format": {"type": "json_schema"}});
    assert_eq!(Value::Object(request.parameters), parameters);
    assert_eq!(request.model.as_deref(), Some("gpt-4o"));
    assert!(request.stream);
    assert_eq!(request.message_count, Some(4));
    assert_eq!(request.size, body().to_string().len());
}

#[test]
fn single_words_of_content_or_identity_are_no_parameters() {
    let request = request(
        &json!({"model": "m", "question": "why", "text": "hello", "user_id": "u-7", "email": "e@x", "UserName": "eva", "extra": {"customerId": 7, "depth": 2},
        "options": {"user": "u-7", "text": "hello", "num_ctx": 8, "mode": "fast"}}),
    );
    let kept = json!({"model": "m", "extra": {"depth": 2}, "options": {"num_ctx": 8, "mode": "fast"}});
    assert_eq!(Value::Object(request.parameters), kept);
    let settings = json!({"model": "m", "text": {"verbosity": "low"}});
    assert_eq!(Value::Object(self::request(&settings).parameters), settings);
}

#[test]
fn parameters_are_bounded() {
    let entries = (0..10_000).map(|index| (format!("key_{index}"), json!("x".repeat(1000))));
    let request = request(&Value::Object(entries.collect()));
    assert!(Value::Object(request.parameters).to_string().len() <= 16 << 10);
}

#[test]
fn messages_of_openai_take_the_otel_form() {
    let request = request(&body());
    assert_eq!(
        request.input_messages,
        Some(json!([
            {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
            {"role": "user", "name": "eva", "parts": [
                {"type": "text", "content": "What is this?"},
                {"type": "uri", "modality": "image", "uri": "https://example.org/a.png"},
                {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"}]},
            {"role": "assistant", "parts": [
                {"type": "tool_call", "id": "call_1", "name": "weather", "arguments": {"city": "Ulm"}}]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "call_1", "response": "rain"}]},
        ]))
    );
    assert_eq!(
        request.tool_definitions,
        Some(
            json!([{"type": "function", "name": "weather", "description": "d", "parameters": {"type": "object"}}])
        )
    );
    assert_eq!(request.system_instructions, None);
}

#[test]
fn messages_of_anthropic_take_the_otel_form() {
    let big = "A".repeat(10_000);
    let body = json!({"model": "claude-x", "max_tokens": 5,
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "redacted_thinking", "data": "zzz"},
                {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Ulm"}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "rain"}]},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": big}},
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "doc"}}]}],
        "tools": [{"name": "weather", "description": "d", "input_schema": {"type": "object"}},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
            {"type": "mcp", "server_url": "https://example.org", "headers": {"Authorization": "secret"}}]});
    let request = request(&body);
    assert_eq!(
        request.input_messages,
        Some(json!([
            {"role": "user", "parts": [{"type": "text", "content": "Hi"}]},
            {"role": "assistant", "parts": [
                {"type": "reasoning", "content": "hm"},
                {"type": "redacted_thinking"},
                {"type": "tool_call", "id": "t1", "name": "weather", "arguments": {"city": "Ulm"}}]},
            {"role": "user", "parts": [
                {"type": "tool_call_response", "id": "t1", "response": "rain"},
                {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "", "size": 10_000},
                {"type": "text", "content": "doc"}]},
        ]))
    );
    assert_eq!(request.system_instructions, Some(json!([{"type": "text", "content": "Be brief."}])));
    assert_eq!(
        request.tool_definitions,
        Some(json!([
            {"type": "function", "name": "weather", "description": "d", "parameters": {"type": "object"}},
            {"type": "web_search_20250305", "name": "web_search"},
            {"type": "mcp", "name": "mcp"},
        ]))
    );
}

#[test]
fn without_content_only_what_is_no_text_is_read() {
    let request = read_request(&body(), false);
    assert_eq!(
        (request.input_messages, request.system_instructions, request.tool_definitions),
        (None, None, None)
    );
    assert_eq!(request.message_count, Some(4));
}

#[test]
fn the_same_system_prompt_gives_the_same_bytes_in_every_form() {
    let text = "Be brief.\0";
    assert_eq!(system(json!({"system": "Be brief."})), text);
    assert_eq!(system(json!({"instructions": "Be brief.", "input": "Hi"})), text);
    assert_eq!(system(json!({"system": [{"type": "text", "text": "Be brief.", "cache_control": {}}]})), text);
    assert_eq!(system(body()), text);
    assert_eq!(system(json!({"messages": [{"role": "user", "content": "Hi"}]})), "");
    assert_eq!(system(json!("text")), "");
}

#[test]
fn tool_definitions_can_be_hashed_without_content() {
    let written = |body: Value| {
        let mut text = Vec::new();
        write_tools(&body, &mut text).then(|| String::from_utf8(text).expect("JSON is text"))
    };
    assert_eq!(written(json!({"tools": [{"name": "a"}]})).as_deref(), Some("[{\"name\":\"a\"}]"));
    assert_eq!(written(json!({"functions": [{"name": "a"}]})).as_deref(), Some("[{\"name\":\"a\"}]"));
    assert_eq!(written(json!({"tools": []})), None);
    assert_eq!(written(json!({"tools": null})), None);
    assert_eq!(written(json!([])), None);
}

#[test]
fn inputs_to_embed_are_counted() {
    let count = |input: Value| {
        request(&json!({"model": "m", "input": input, "dimensions": 256})).embedding_input_count
    };
    assert_eq!(count(json!("a")), Some(1));
    assert_eq!(count(json!(["a", "b"])), Some(2));
    assert_eq!(count(json!([1, 2, 3])), Some(1));
    assert_eq!(count(json!([[1, 2], [3]])), Some(2));
    assert_eq!(count(json!([{"role": "user"}])), None);
    assert_eq!(count(json!(null)), None);
    assert_eq!(request(&json!({"dimensions": 256})).dimensions, Some(256));
}

#[test]
fn prompts_of_text_completions_are_messages() {
    let request = |prompt: Value| request(&json!({ "prompt": prompt }));
    assert_eq!(request(json!("Hi")).message_count, Some(1));
    let two = request(json!(["Hi", "Ho"]));
    assert_eq!(two.message_count, Some(2));
    assert_eq!(two.input_messages.expect("content is on")[1]["parts"][0]["content"], "Ho");
    assert_eq!(request(json!([1, 2, 3])).message_count, Some(1));
}

#[test]
fn a_request_of_responses_is_read_with_its_items() {
    let body = json!({"model": "gpt-5", "instructions": "Be brief.", "max_output_tokens": 100, "store": false,
        "reasoning": {"effort": "low", "summary": "auto"}, "previous_response_id": "resp_1",
        "text": {"verbosity": "low", "format": {"type": "json_schema", "schema": {"title": "secret"}}},
        "prompt": {"id": "pmpt_1", "variables": {"name": "Eva"}}, "safety_identifier": "eva",
        "tools": [{"type": "function", "name": "weather", "parameters": {"type": "object"}},
            {"type": "mcp", "server_label": "s", "authorization": "secret"}],
        "input": [
            {"role": "developer", "content": "No jokes."},
            {"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": "What is this?"},
                {"type": "input_image", "image_url": "data:image/png;base64,AAAA"},
                {"type": "input_file", "file_url": "https://example.org/a.pdf"}]},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "x"},
            {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather", "arguments": "{\"city\":\"Ulm\"}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "rain"},
            {"type": "computer_call_output", "call_id": "call_2",
                "output": {"type": "computer_screenshot", "image_url": format!("data:image/png;base64,{}", "A".repeat(10_000))}},
            {"type": "item_reference", "id": "rs_1"}]});
    let request = request(&body);
    assert_eq!((request.model.as_deref(), request.message_count), (Some("gpt-5"), Some(7)));
    assert_eq!(request.embedding_input_count, None);
    assert_eq!(
        Value::Object(request.parameters),
        json!({"model": "gpt-5", "max_output_tokens": 100, "store": false, "previous_response_id": "resp_1",
            "reasoning": {"effort": "low", "summary": "auto"}, "text": {"verbosity": "low"}})
    );
    assert_eq!(
        request.input_messages,
        Some(json!([
            {"role": "system", "parts": [{"type": "text", "content": "No jokes."}]},
            {"role": "user", "parts": [
                {"type": "text", "content": "What is this?"},
                {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"},
                {"type": "uri", "modality": "document", "uri": "https://example.org/a.pdf"}]},
            {"role": "assistant", "parts": [{"type": "reasoning", "content": "hm"}]},
            {"role": "assistant", "parts": [
                {"type": "tool_call", "id": "call_1", "name": "weather", "arguments": {"city": "Ulm"}}]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "call_1", "response": "rain"}]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "call_2", "response":
                {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "", "size": 10_000}}]},
            {"role": "assistant", "parts": [{"type": "item_reference", "id": "rs_1"}]},
        ]))
    );
    assert_eq!(request.system_instructions, Some(json!([{"type": "text", "content": "Be brief."}])));
    assert_eq!(system(body), "Be brief.\0No jokes.\0");
    let definitions = request.tool_definitions.map(|tools| tools.to_string()).unwrap_or_default();
    assert!(definitions.contains("weather") && !definitions.contains("secret"));
}

#[test]
fn the_input_of_a_response_may_be_one_text_and_texts_to_embed_are_no_messages() {
    let one = request(&json!({"model": "m", "input": "Hi"}));
    let message = json!([{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]);
    assert_eq!((one.message_count, one.input_messages), (Some(1), Some(message)));
    let texts = request(&json!({"model": "m", "input": ["a", "b"]}));
    assert_eq!((texts.message_count, texts.input_messages), (None, None));
}
