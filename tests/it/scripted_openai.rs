//! The scripted OpenAI server that the examples and the tests talk to.

use agentspan_examples::{OpenAi, Reply, weather};
use agentspan_tests::client::{Response, post};
use serde_json::{Value, json};
use std::net::SocketAddr;

fn ask(server: &OpenAi, request: &Value) -> Response {
    try_ask(server, request).expect("an answer")
}

fn try_ask(server: &OpenAi, request: &Value) -> std::io::Result<Response> {
    let base = server.base_url();
    let address: SocketAddr =
        base.trim_start_matches("http://").trim_end_matches("/v1").parse().expect("an address");
    let headers = [("content-type", "application/json")];
    post(address, "/v1/chat/completions", &headers, request.to_string().as_bytes())
}

fn json_of(response: &Response) -> Value {
    serde_json::from_slice(&response.body).expect("JSON")
}

/// The data lines of a streamed answer.
fn events(response: &Response) -> Vec<String> {
    response.text().lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned).collect()
}

#[test]
fn the_weather_story_asks_for_the_tool_and_then_answers() {
    let server = weather::quick_server().expect("a port");
    let first =
        json_of(&ask(&server, &json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "?"}]})));
    assert_eq!(first["model"], "gpt-4o-2024-08-06");
    assert_eq!(first["choices"][0]["finish_reason"], "tool_calls");
    let call = &first["choices"][0]["message"]["tool_calls"][0];
    assert_eq!(call["function"], json!({"name": "get_weather", "arguments": r#"{"city":"Ulm"}"#}));
    assert_eq!(
        (&first["usage"]["prompt_tokens"], &first["usage"]["completion_tokens"]),
        (&json!(412), &json!(54))
    );

    let told = json!({"model": "gpt-4o-mini", "messages": [{"role": "tool", "content": "4", "tool_call_id": "call_1"}]});
    let second = json_of(&ask(&server, &told));
    assert_eq!(second["model"], "gpt-4o-mini-2024-07-18");
    assert_eq!(second["choices"][0]["message"]["content"], weather::ANSWER);
    assert_eq!(second["usage"]["total_tokens"], 1_278);
    assert_eq!(server.requests()[1], told);
}

#[test]
fn a_stream_ends_with_usage_only_when_it_was_asked_for() {
    let server = OpenAi::answering(|_| Reply::text("It will rain.").usage(9, 4)).expect("a port");
    let mut request = json!({"model": "gpt-4o", "messages": [], "stream": true});
    let without = events(&ask(&server, &request));
    assert_eq!(without.last().map(String::as_str), Some("[DONE]"));
    assert!(!without.join("").contains("usage"), "{without:?}");

    request["stream_options"] = json!({"include_usage": true});
    let with = events(&ask(&server, &request));
    assert_eq!(with.len(), without.len() + 1);
    let usage: Value = serde_json::from_str(&with[with.len() - 2]).expect("JSON");
    assert_eq!((&usage["choices"], &usage["usage"]["total_tokens"]), (&json!([]), &json!(13)));
    let text: String = with[..with.len() - 1]
        .iter()
        .map(|event| serde_json::from_str::<Value>(event).expect("JSON"))
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(text, "It will rain.");
}

#[test]
fn a_streamed_tool_call_comes_in_parts_joined_by_their_index() {
    let reply = Reply::tool_call("a", &json!({"x": 1})).and_tool_call("call_2", "b", r#"{"city": "Ulm", "#);
    let server = OpenAi::script([reply]).expect("a port");
    let mut joined = vec![(String::new(), String::new()); 2];
    for event in events(&ask(&server, &json!({"model": "m", "stream": true}))) {
        let Ok(chunk) = serde_json::from_str::<Value>(&event) else { continue };
        let Some(part) = chunk["choices"][0]["delta"]["tool_calls"].get(0) else { continue };
        let (name, arguments) = &mut joined[part["index"].as_u64().expect("an index") as usize];
        name.push_str(part["function"]["name"].as_str().unwrap_or_default());
        arguments.push_str(part["function"]["arguments"].as_str().unwrap_or_default());
    }
    let expected = [("a", r#"{"x":1}"#), ("b", r#"{"city": "Ulm", "#)];
    assert_eq!(joined, expected.map(|(name, arguments)| (name.to_owned(), arguments.to_owned())));
}

#[test]
fn refusals_look_like_those_of_the_api() {
    let server = OpenAi::script([Reply::error(429, "rate_limit_exceeded", "Slow down.").retry_after(2)])
        .expect("a port");
    let refused = ask(&server, &json!({"model": "gpt-4o"}));
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("2")));
    assert_eq!(json_of(&refused)["error"]["code"], "rate_limit_exceeded");
    let ended = ask(&server, &json!({"model": "gpt-4o"}));
    assert_eq!((ended.status, json_of(&ended)["error"]["code"].as_str()), (500, Some("script_ended")));
}

#[test]
fn a_cut_reply_ends_the_connection_before_its_end() {
    let server = OpenAi::answering(|_| Reply::text("It will rain.").cut_after(2)).expect("a port");
    for request in [json!({"model": "gpt-4o"}), json!({"model": "gpt-4o", "stream": true})] {
        try_ask(&server, &request).expect_err("the reply was cut");
    }
}
