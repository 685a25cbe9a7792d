use agentspan_semconv::FinishClass;
use serde_json::{Value, json};

use super::super::Usage;
use super::{read, reader, same, usage_of};

fn usage(metadata: Value) -> Usage {
    usage_of("gcp.gemini", json!({"candidates": [{"finishReason": "STOP"}], "usageMetadata": metadata}))
}

#[test]
fn thoughts_and_what_tools_put_in_are_added() {
    let read =
        usage(json!({"promptTokenCount": 5000, "cachedContentTokenCount": 4000, "candidatesTokenCount": 300,
        "thoughtsTokenCount": 1700, "toolUsePromptTokenCount": 50, "totalTokenCount": 7050}));
    let expected = Usage::new().input(5050).output(2000).total(7050).cache_read(4000).reasoning(1700);
    assert_eq!(read, expected);
}

#[test]
fn thoughts_inside_the_candidates_count_once_when_the_total_proves_it() {
    let read = usage(
        json!({"promptTokenCount": 10, "candidatesTokenCount": 30, "thoughtsTokenCount": 20, "totalTokenCount": 40}),
    );
    assert_eq!(read, Usage::new().input(10).output(30).total(40).reasoning(20));
}

#[test]
fn modalities_have_counts_of_their_own_and_an_entry_may_lack_its_count() {
    let read = usage(json!({"promptTokenCount": 100, "candidatesTokenCount": 50, "totalTokenCount": 157,
        "toolUsePromptTokenCount": 7, "cachedContentTokenCount": 40,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 30}, {"modality": "AUDIO", "tokenCount": 50},
            {"modality": "IMAGE", "tokenCount": 12}, {"modality": "DOCUMENT", "tokenCount": 8}, {"modality": "VIDEO"}],
        "toolUsePromptTokensDetails": [{"modality": "AUDIO", "tokenCount": 3}],
        "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 25}, {"modality": "TEXT", "tokenCount": 15}],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 40}, {"modality": "AUDIO"}]}));
    let expected =
        Usage::new().input(107).output(50).total(157).cache_read(40).input_audio(53).input_image(20);
    assert_eq!(read, expected.cache_audio_read(25).output_image(40));
}

#[test]
fn proto_json_in_snake_case_and_counts_as_text_are_read() {
    let body = json!({"response_id": "r", "model_version": "gemini-2.5-pro", "candidates": [{"finish_reason": "MAX_TOKENS",
            "content": {"parts": [{"function_call": {"name": "weather", "args": {"city": "Ulm"}}}]}}],
        "usage_metadata": {"prompt_token_count": "12", "candidates_token_count": 3.0, "total_token_count": 15,
            "traffic_type": "ON_DEMAND_PRIORITY", "prompt_tokens_details": [{"modality": "AUDIO", "token_count": "4"}]}});
    let reply = read("gcp.vertex_ai", body);
    assert_eq!(reply.usage, Some(Usage::new().input(12).output(3).total(15).input_audio(4)));
    assert_eq!((reply.id.as_deref(), reply.model.as_deref()), (Some("r"), Some("gemini-2.5-pro")));
    assert_eq!(reply.service_tier.as_deref(), Some("ON_DEMAND_PRIORITY"));
    assert_eq!(reply.finish_class, Some(FinishClass::Length));
    assert_eq!((reply.tool_calls[0].id.as_deref(), reply.tool_calls[0].name.as_str()), (None, "weather"));
}

#[test]
fn counts_that_cannot_be_read_make_their_sum_unknown() {
    for bad in [json!(-1), json!(1e30), json!("many"), json!(0.5), json!([]), json!(u64::MAX)] {
        let read =
            usage(json!({"promptTokenCount": 5, "candidatesTokenCount": 3, "thoughtsTokenCount": bad}));
        assert_eq!((read.input, read.output, read.reasoning), (Some(5), None, None), "{bad}");
        let read =
            usage(json!({"promptTokenCount": 5, "toolUsePromptTokenCount": bad, "candidatesTokenCount": 3}));
        assert_eq!((read.input, read.output), (None, Some(3)), "{bad}");
        let read = usage(json!({"promptTokenCount": 5, "candidatesTokenCount": bad, "totalTokenCount": 5}));
        assert_eq!(read.input, Some(5), "{bad}");
    }
    let read = usage(json!({"promptTokenCount": 5, "candidatesTokenCount": 3, "thoughtsTokenCount": null}));
    assert_eq!((read.input, read.output), (Some(5), Some(3)));
}

fn text(text: &str) -> Value {
    json!({"content": {"role": "model", "parts": [{"text": text}]}, "index": 0})
}

#[test]
fn a_stream_reads_like_the_same_reply_whole() {
    let mut last = text("r.");
    last["finishReason"] = json!("STOP");
    last["groundingMetadata"] = json!({"webSearchQueries": ["ulm weather", "ulm rain", ""]});
    let metadata = json!({"promptTokenCount": 5, "candidatesTokenCount": 4, "thoughtsTokenCount": 6, "totalTokenCount": 15});
    let chunks = [
        json!({"candidates": [{"content": {"parts": [{"text": "Hm", "thought": true}]}}], "responseId": "r", "modelVersion": "m",
            "usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 5}}),
        json!({"candidates": [{"content": {"parts": [{"text": "m.", "thought": true}, {"text": "Rain o"}]}}],
            "usageMetadata": {"trafficType": "ON_DEMAND"}}),
        json!({"candidates": [last], "usageMetadata": metadata}),
        // A second reason in one stream.
        json!({"candidates": [{"content": {"parts": [{"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}}]},
            "finishReason": "MAX_TOKENS", "index": 0}], "usageMetadata": {"trafficType": "ON_DEMAND"}}),
    ];
    let parts = json!([{"text": "Hmm.", "thought": true}, {"text": "Rain or."}, {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}}]);
    let mut metadata = metadata;
    metadata["trafficType"] = json!("ON_DEMAND");
    let whole = json!({"candidates": [{"content": {"parts": parts}, "finishReason": "MAX_TOKENS",
        "groundingMetadata": {"webSearchQueries": ["ulm weather", "ulm rain"]}}],
        "usageMetadata": metadata, "responseId": "r", "modelVersion": "m"});
    let reply = same("gcp.gemini", &chunks, whole);
    let expected = Usage::new().input(5).output(10).total(15).reasoning(6).web_searches(2);
    assert_eq!(reply.usage, Some(expected));
    assert_eq!(reply.finish_reasons, ["MAX_TOKENS"]);
    assert_eq!(reply.tool_calls[0].arguments, Some(json!({"a": 1})));
    assert_eq!(
        reply.output_messages,
        Some(json!([{"role": "assistant", "finish_reason": "length", "parts": [
        {"type": "reasoning", "content": "Hmm."}, {"type": "text", "content": "Rain or."},
        {"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": 1}}]}]))
    );
    assert_eq!(read("gcp.gemini", Value::Array(chunks.to_vec())), reply, "a stream that came as one list");
}

#[test]
fn a_stream_that_was_cut_has_no_output_count() {
    let chunk =
        json!({"candidates": [text("R")], "usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 5}});
    let cut = reader("gcp.gemini", &[chunk]);
    assert!(!cut.is_complete());
    assert_eq!(cut.into_reply().usage, Some(Usage::new().input(5).total(5)));
}

#[test]
fn a_blocked_prompt_is_whole_filtered_and_without_output() {
    let body = json!({"promptFeedback": {"blockReason": "OTHER"}, "modelVersion": "m",
        "usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 5}});
    let reply = same("gcp.gemini", std::slice::from_ref(&body), body.clone());
    assert_eq!(
        (reply.finish_reasons, reply.finish_class),
        (vec!["OTHER".to_owned()], Some(FinishClass::ContentFilter))
    );
    assert_eq!(reply.usage, Some(Usage::new().input(5).output(0).total(5)));
}

#[test]
fn errors_are_read_also_from_a_list() {
    let error = json!({"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}});
    for body in [error.clone(), json!([error])] {
        let error = read("gcp.gemini", body).error.expect("an error");
        assert_eq!((error.error_type.as_str(), error.message.as_str()), ("RESOURCE_EXHAUSTED", "slow down"));
    }
    let stream = reader("gcp.gemini", &[json!({"candidates": [text("R")]}), error]);
    assert!(!stream.is_complete());
    assert_eq!(stream.error().map(|error| error.error_type.as_str()), Some("RESOURCE_EXHAUSTED"));
}

#[test]
fn several_candidates_keep_apart() {
    let candidate = |index: u64, text: &str| json!({"index": index, "content": {"parts": [{"text": text}]}});
    let end = |index: u64, reason: &str| json!({"index": index, "finishReason": reason});
    let chunks = [
        json!({"candidates": [candidate(0, "a"), candidate(1, "x")]}),
        json!({"candidates": [candidate(1, "y"), candidate(0, "b")]}),
        json!({"candidates": [end(0, "STOP"), end(1, "SAFETY")]}),
    ];
    let mut first = candidate(0, "ab");
    first["finishReason"] = json!("STOP");
    let mut second = candidate(1, "xy");
    second["finishReason"] = json!("SAFETY");
    let reply = same("gcp.gemini", &chunks, json!({"candidates": [first, second]}));
    assert_eq!(reply.finish_reasons, ["STOP", "SAFETY"]);
    assert_eq!(reply.usage, None);
}

#[test]
fn images_and_code_become_parts_of_the_message() {
    let reply = read(
        "gcp.gemini",
        json!({"candidates": [{"finishReason": "STOP", "content": {"parts": [
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}, {"executableCode": {"language": "PYTHON", "code": "1"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK"}}, {"thoughtSignature": "s"}]}}]}),
    );
    assert_eq!(
        reply.output_messages.expect("content")[0]["parts"],
        json!([
        {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"},
        {"type": "server_tool_call", "name": "code_execution", "server_tool_call": {"language": "PYTHON", "code": "1"}},
        {"type": "server_tool_call_response", "server_tool_call_response": {"outcome": "OUTCOME_OK"}}])
    );
    assert_eq!(reply.tool_calls, []);
}

#[test]
fn embeddings_of_gemini_and_vertex_have_input_only() {
    let one = json!({"embedding": {"values": [0.5, 0.25]},
        "usageMetadata": {"promptTokenCount": 9, "promptTokenDetails": [{"modality": "IMAGE", "tokenCount": 4}]}});
    let reply = read("gcp.gemini", one);
    assert_eq!(reply.usage, Some(Usage::new().input(9).input_image(4)));
    assert_eq!((reply.embedding_count, reply.embedding_dimensions, reply.size), (Some(1), Some(2), 8));
    let many = json!({"embeddings": [{"values": [1, 2, 3]}, {"values": [1, 2, 3]}]});
    let reply = read("gcp.gemini", many);
    assert_eq!((reply.usage, reply.embedding_count, reply.size), (None, Some(2), 24));
    let vertex = |count: Value| {
        json!({"predictions": [
        {"embeddings": {"values": [0.5], "statistics": {"token_count": 4, "truncated": false}}},
        {"embeddings": {"values": [0.5], "statistics": {"token_count": count}}}]})
    };
    assert_eq!(usage_of("gcp.vertex_ai", vertex(json!(5.0))), Usage::new().input(9));
    assert_eq!(read("gcp.vertex_ai", vertex(json!(-1))).usage, None, "a sum with an unknown part is unknown");
}
