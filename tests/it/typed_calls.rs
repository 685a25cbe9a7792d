//! Calls with the types of a client: requests, replies and streams of async-openai as they are.

use crate::fixtures::the;
use crate::model_calls::request;
use agentspan::testing::record;
use agentspan_examples::{OpenAi, Reply};
use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::CreateChatCompletionRequest;
use async_openai::types::responses::{Response, ResponseStreamEvent};
use futures_util::StreamExt;
use serde_json::json;

fn client(server: &OpenAi) -> Client<OpenAIConfig> {
    Client::with_config(OpenAIConfig::new().with_api_base(server.base_url()).with_api_key("none"))
}

fn typed_request() -> CreateChatCompletionRequest {
    let mut request = request();
    request["stream_options"] = json!({"include_usage": true});
    request["tools"][0]["function"]["description"] = "The weather.".into();
    serde_json::from_value(request).expect("a request of the client's own type")
}

#[tokio::test]
async fn typed_requests_and_replies_of_async_openai_work_as_they_are() {
    let server =
        OpenAi::script([Reply::tool_call("get_weather", &json!({"city": "Ulm"})).usage(412, 54).cached(256)]);
    let server = server.expect("a port");
    let client = client(&server);
    let recording = record();
    let mut request = typed_request();
    request.stream_options = None;
    let reply = agentspan::llm("openai", "gpt-4o-mini")
        .request(&request)
        .call(client.chat().create(request.clone()))
        .await
        .expect("the server answers");
    assert_eq!(reply.usage.map(|usage| usage.total_tokens), Some(466));
    let span = the(&recording, "llm.openai.gpt-4o-mini");
    assert_eq!(span.text("llm.model_name"), Some("gpt-4o-mini-2024-07-18"));
    assert_eq!(span.int("llm.token_count.prompt"), Some(412));
    assert_eq!(span.int("llm.token_count.completion"), Some(54));
    assert_eq!(span.int("llm.token_count.prompt_details.cache_read"), Some(256));
    assert_eq!(span.texts("llm.tool_call_names"), Some(vec!["get_weather"]));
    assert_eq!(span.text("llm.finish_class"), Some("tool_call"));
    assert_eq!(span.int("llm.message_count"), Some(2));
    assert_eq!(span.text("cost.status"), Some("known"));
}

#[tokio::test]
async fn typed_streams_of_async_openai_work_as_they_are() {
    let server = OpenAi::script([Reply::text("It will rain.").usage(1_208, 70)]).expect("a port");
    let client = client(&server);
    let recording = record();
    let request = typed_request();
    let mut stream = agentspan::llm("openai", "gpt-4o-mini")
        .request(&request)
        .stream(client.chat().create_stream(request.clone()))
        .await
        .expect("the server answers");
    let mut text = String::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.expect("a chunk");
        text.extend(chunk.choices.into_iter().filter_map(|choice| choice.delta.content));
    }
    assert_eq!(text, "It will rain.");
    let span = the(&recording, "llm.openai.gpt-4o-mini");
    assert_eq!(span.to_string(), "llm.openai.gpt-4o-mini ok 1208→70 $0.0002232");
    assert_eq!(span.text("llm.finish_class"), Some("stop"));
    assert_eq!(span.text("llm.stream_end"), Some("complete"));
}

#[tokio::test]
async fn typed_responses_and_their_events_of_async_openai_are_read() {
    let call = json!({"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "get_weather",
        "arguments": "{\"city\":\"Ulm\"}", "status": "completed"});
    let response = json!({"id": "resp_1", "object": "response", "created_at": 1, "model": "gpt-4o-mini-2024-07-18",
        "status": "completed", "output": [call], "service_tier": "default", "parallel_tool_calls": true,
        "usage": {"input_tokens": 412, "input_tokens_details": {"cached_tokens": 256}, "output_tokens": 54,
            "output_tokens_details": {"reasoning_tokens": 10}, "total_tokens": 466}});
    let whole: Response = serde_json::from_value(response.clone()).expect("the client's own type");
    let events = [
        json!({"type": "response.output_item.done", "sequence_number": 1, "output_index": 0, "item": call}),
        json!({"type": "response.completed", "sequence_number": 2, "response": response}),
    ];
    let events = events.map(|event| serde_json::from_value::<ResponseStreamEvent>(event).expect("an event"));
    let recording = record();
    agentspan::llm("openai", "gpt-4o-mini")
        .call(async { Ok::<_, String>(whole) })
        .await
        .expect("it is there");
    let stream = futures_util::stream::iter(events.map(Ok::<_, String>));
    let mut stream = agentspan::llm("openai", "gpt-4o-mini")
        .stream(async { Ok::<_, String>(stream) })
        .await
        .expect("it is there");
    while stream.next().await.is_some() {}
    drop(stream);
    for span in recording.spans() {
        assert_eq!(span.text("llm.model_name"), Some("gpt-4o-mini-2024-07-18"));
        assert_eq!(span.int("llm.token_count.prompt"), Some(412));
        assert_eq!(span.int("llm.token_count.completion"), Some(54));
        assert_eq!(span.int("llm.token_count.prompt_details.cache_read"), Some(256));
        assert_eq!(span.int("llm.token_count.completion_details.reasoning"), Some(10));
        assert_eq!(span.texts("llm.tool_call_names"), Some(vec!["get_weather"]));
        assert_eq!(span.text("llm.finish_reason"), Some("completed"));
        assert_eq!(span.text("llm.finish_class"), Some("tool_call"));
        assert_eq!(span.text("cost.status"), Some("known"));
    }
    assert_eq!(recording.spans().len(), 2);
}

#[tokio::test]
async fn typed_errors_of_async_openai_end_the_call() {
    let server = OpenAi::script([Reply::error(400, "context_length_exceeded", "Too long.")]).expect("a port");
    let client = client(&server);
    let chat = client.chat();
    let recording = record();
    let mut request = typed_request();
    request.stream_options = None;
    let reply = agentspan::llm("openai", "gpt-4o-mini").call(chat.create(request)).await;
    assert!(reply.is_err());
    assert_eq!(recording.tree(), "llm.openai.gpt-4o-mini error OpenAIError cost:unknown\n");
}
