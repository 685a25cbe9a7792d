use agentspan_semconv::FinishClass;
use serde_json::json;

use super::super::Usage;
use super::{read, reader, same};

#[test]
fn steps_of_a_stream_read_like_the_interaction_whole() {
    let usage = json!({"total_input_tokens": 20, "total_tool_use_tokens": 3, "total_output_tokens": 7, "total_thought_tokens": 11,
        "total_cached_tokens": 4, "total_tokens": 41, "input_tokens_by_modality": [{"modality": "audio", "tokens": 6}],
        "grounding_tool_count": [{"type": "google_search", "count": 2}, {"type": "google_maps", "count": 9}]});
    let chunks = [
        json!({"event_type": "interaction.created", "interaction": {"id": "v1_a", "object": "interaction", "model": "m", "status": "in_progress"}}),
        json!({"event_type": "step.start", "index": 0, "step": {"type": "thought"}}),
        json!({"event_type": "step.delta", "index": 0, "delta": {"type": "thought_signature", "signature": "s"}}),
        json!({"event_type": "step.delta", "index": 0, "delta": {"type": "thought_summary", "content": {"type": "text", "text": "Hm"}}}),
        json!({"event_type": "step.start", "index": 1, "step": {"type": "model_output"}}),
        json!({"event_type": "step.delta", "index": 1, "delta": {"type": "text", "text": "Let me "}}),
        json!({"event_type": "step.delta", "index": 1, "delta": {"type": "text", "text": "see."}}),
        json!({"event_type": "step.start", "index": 2, "step": {"type": "function_call", "id": "c", "name": "f", "arguments": {}}}),
        json!({"event_type": "step.delta", "index": 2, "delta": {"type": "arguments_delta", "arguments": "{\"a\":"}}),
        json!({"event_type": "step.delta", "index": 2, "delta": {"type": "arguments_delta", "arguments": "1}"}}),
        json!({"event_type": "step.stop", "index": 2}),
        json!({"event_type": "interaction.completed", "interaction": {"id": "v1_a", "object": "interaction", "model": "m",
            "status": "requires_action", "service_tier": "flex", "usage": usage}}),
    ];
    let whole = json!({"id": "v1_a", "object": "interaction", "model": "m", "status": "requires_action", "service_tier": "flex",
        "steps": [{"type": "thought", "signature": "s", "summary": [{"type": "text", "text": "Hm"}]},
            {"type": "model_output", "content": [{"type": "text", "text": "Let me see."}]},
            {"type": "function_call", "id": "c", "name": "f", "arguments": {"a": 1}}], "usage": usage});
    let reply = same("gcp.gemini", &chunks, whole);
    let expected = Usage::new().input(23).output(18).total(41).cache_read(4).reasoning(11);
    assert_eq!(reply.usage, Some(expected.input_audio(6).web_searches(2)));
    assert_eq!(
        (reply.finish_reasons.as_slice(), reply.finish_class),
        (&["requires_action".to_owned()][..], Some(FinishClass::ToolCall))
    );
    assert_eq!(reply.tool_calls[0].arguments, Some(json!({"a": 1})));
    assert_eq!((reply.service_tier.as_deref(), reply.model.as_deref()), (Some("flex"), Some("m")));
}

#[test]
fn the_older_outputs_are_read_whole_and_streamed() {
    let usage = json!({"total_input_tokens": 2, "total_output_tokens": 3, "total_tokens": 5});
    let chunks = [
        json!({"event_type": "interaction.start", "interaction": {"id": "i", "object": "interaction", "status": "in_progress"}}),
        json!({"event_type": "content.start", "index": 0, "content": {"type": "text"}}),
        json!({"event_type": "content.delta", "index": 0, "delta": {"type": "text", "text": "a"}}),
        json!({"event_type": "content.delta", "index": 0, "delta": {"type": "text", "text": "b"}}),
        json!({"event_type": "content.start", "index": 1, "content": {"type": "function_call"}}),
        json!({"event_type": "content.delta", "index": 1, "delta": {"type": "function_call", "id": "c", "name": "f", "arguments": {"a": 1}}}),
        json!({"event_type": "interaction.complete", "interaction": {"id": "i", "status": "completed", "usage": usage}}),
    ];
    let whole = json!({"id": "i", "object": "interaction", "status": "completed", "usage": usage, "outputs": [
        {"type": "text", "text": "ab"}, {"type": "function_call", "id": "c", "name": "f", "arguments": {"a": 1}}]});
    let reply = same("gcp.gemini", &chunks, whole);
    assert_eq!(reply.usage, Some(Usage::new().input(2).output(3).total(5)));
    assert_eq!((reply.tool_calls.len(), reply.finish_class), (1, Some(FinishClass::Stop)));
}

#[test]
fn failures_are_errors_and_a_cut_stream_is_not_whole() {
    let failed = read(
        "gcp.gemini",
        json!({"id": "i", "object": "interaction", "status": "failed", "errors": [{"code": "internal", "message": "m"}]}),
    );
    assert_eq!(failed.error.map(|error| error.error_type).as_deref(), Some("internal"));
    assert_eq!(failed.finish_class, Some(FinishClass::Error));
    let start =
        json!({"event_type": "interaction.created", "interaction": {"id": "i", "status": "in_progress"}});
    let cut = reader("gcp.gemini", std::slice::from_ref(&start));
    assert!(!cut.is_complete());
    assert_eq!(cut.into_reply().finish_reasons, [""; 0]);
    let stream = reader(
        "gcp.gemini",
        &[start, json!({"event_type": "error", "error": {"code": "quota", "message": "m"}})],
    );
    assert_eq!(stream.error().map(|error| error.error_type.as_str()), Some("quota"));
}

#[test]
fn counts_that_cannot_be_read_make_their_sum_unknown() {
    for bad in [json!(-1), json!(1e30), json!("many")] {
        let reply = read(
            "gcp.gemini",
            json!({"object": "interaction", "status": "completed", "usage": {
            "total_input_tokens": 5, "total_tool_use_tokens": bad, "total_output_tokens": "3", "total_thought_tokens": null}}),
        );
        assert_eq!(reply.usage, Some(Usage::new().output(3)), "{bad}");
    }
}
