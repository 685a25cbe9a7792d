use serde_json::{Value, json};

use super::read;

#[test]
fn the_providers_most_telling_word_is_the_type_of_an_error() {
    let cases: &[(&str, Value, &str, &str)] = &[
        (
            "OpenAI",
            json!({"error": {"message": "m", "type": "invalid_request_error", "param": null, "code": "invalid_api_key"}}),
            "invalid_api_key",
            "m",
        ),
        (
            "OpenAI, no code",
            json!({"error": {"message": "m", "type": "invalid_request_error", "code": null}}),
            "invalid_request_error",
            "m",
        ),
        (
            "Anthropic",
            json!({"type": "error", "error": {"type": "overloaded_error", "message": "m"}}),
            "overloaded_error",
            "m",
        ),
        ("Azure", json!({"error": {"code": "401", "message": "m"}}), "401", "m"),
        (
            "llama.cpp",
            json!({"error": {"code": 500, "type": "server_error", "message": "m"}}),
            "server_error",
            "m",
        ),
        (
            "Gemini",
            json!({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "m"}}),
            "RESOURCE_EXHAUSTED",
            "m",
        ),
        (
            "OpenRouter",
            json!({"error": {"code": 502, "message": "m", "metadata": {"error_type": "provider_unavailable"}}}),
            "provider_unavailable",
            "m",
        ),
        (
            "DeepSeek",
            json!({"error": {"code": "invalid_request_error", "type": "authentication_error", "message": "m"}}),
            "authentication_error",
            "m",
        ),
        ("xAI", json!({"code": "invalid-argument", "error": "m"}), "invalid-argument", "m"),
        ("Ollama, Venice", json!({"error": "m"}), "_OTHER", "m"),
        (
            "Mistral",
            json!({"object": "error", "type": "invalid_model", "message": "m", "code": "1500"}),
            "invalid_model",
            "m",
        ),
        ("Mistral, validation", json!({"detail": [{"msg": "x"}]}), "_OTHER", "[{\"msg\":\"x\"}]"),
        ("Mistral, text", json!({"detail": "m"}), "_OTHER", "m"),
        (
            "Doubleword",
            json!({"error": {"code": 400, "type": "Bad Request", "message": "m"}}),
            "Bad Request",
            "m",
        ),
        ("number alone", json!({"error": {"code": 400}}), "400", ""),
        (
            "a sentence is no class",
            json!({"error": {"code": "the service is busy, \"try\" later"}}),
            "_OTHER",
            "",
        ),
        ("strange", json!({"error": [1]}), "_OTHER", "[1]"),
    ];
    for (name, body, error_type, message) in cases {
        let error = read("openai", body.clone()).error.unwrap_or_else(|| panic!("{name}: no error"));
        assert_eq!((error.error_type.as_str(), error.message.as_str()), (*error_type, *message), "{name}");
    }
}

#[test]
fn an_empty_error_is_none() {
    for error in [json!(null), json!(false), json!(""), json!({}), json!([])] {
        assert_eq!(read("openai", json!({"choices": [], "error": error})).error, None);
    }
}

#[test]
fn the_text_of_an_error_is_cut_between_characters() {
    let error = read("openai", json!({"error": {"message": "ö".repeat(10_000)}})).error;
    assert_eq!(error.map(|error| error.message.len()), Some(4096));
    let error = read("openai", json!({"error": {"message": ["ö".repeat(10_000)]}})).error;
    assert!(error.is_some_and(|error| error.message.len() <= 4100));
}
