use serde_json::{Value, json};

use super::super::{StreamReader, Usage};
use super::{push, read, reader, usage_of};
use agentspan_semconv::FinishClass;

fn output() -> Value {
    json!([
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "x"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "Ulm"}},
        {"type": "web_search_call", "id": "ws_2", "status": "completed", "action": {"type": "open_page", "url": "u"}},
        {"type": "message", "id": "msg_1", "role": "assistant", "content": [
            {"type": "output_text", "text": "Let me look.", "annotations": []}]},
        {"type": "function_call", "id": "fc_1", "call_id": "call_9", "name": "weather", "arguments": "{\"city\":\"Ulm\"}"},
        {"type": "custom_tool_call", "id": "ct_1", "call_id": "call_10", "name": "shell", "input": "ls"},
    ])
}

fn usage() -> Value {
    json!({"input_tokens": 300, "input_tokens_details": {"cached_tokens": 256, "cache_write_tokens": 12},
        "output_tokens": 90, "output_tokens_details": {"reasoning_tokens": 64}, "total_tokens": 390})
}

fn response(output: Value) -> Value {
    json!({"id": "resp_1", "object": "response", "model": "gpt-5-2025-08-07", "status": "completed", "error": null,
        "incomplete_details": null, "output": output, "usage": usage(), "service_tier": "priority",
        "instructions": null, "previous_response_id": null})
}

fn event(kind: &str, fields: Value) -> Value {
    let mut event = json!({ "type": kind, "sequence_number": 1 });
    for (key, value) in fields.as_object().into_iter().flatten() {
        event[key] = value.clone();
    }
    event
}

/// The events of a stream, whose last one has this output.
fn stream(last: Value) -> Vec<Value> {
    let mut head = response(json!([]));
    head["status"] = "in_progress".into();
    head["usage"] = Value::Null;
    head["service_tier"] = "auto".into();
    let mut events = vec![event("response.created", json!({ "response": head }))];
    for (index, item) in output().as_array().into_iter().flatten().enumerate() {
        let mut empty = item.clone();
        for (key, start) in
            [("content", json!([])), ("summary", json!([])), ("arguments", json!("")), ("input", json!(""))]
        {
            if empty.get(key).is_some() {
                empty[key] = start;
            }
        }
        events.push(event("response.output_item.added", json!({"output_index": index, "item": empty})));
        let pieces: &[(&str, &str)] = match item["type"].as_str() {
            Some("reasoning") => &[("reasoning_summary_text", "h"), ("reasoning_summary_text", "m")],
            Some("message") => &[("output_text", "Let me "), ("output_text", "look.")],
            Some("function_call") => {
                &[("function_call_arguments", "{\"city\":"), ("function_call_arguments", "\"Ulm\"}")]
            }
            Some("custom_tool_call") => &[("custom_tool_call_input", "ls")],
            _ => &[],
        };
        for (kind, piece) in pieces {
            let kind = format!("response.{kind}.delta");
            events.push(event(&kind, json!({"output_index": index, "item_id": item["id"], "delta": piece})));
        }
        events.push(event("response.output_item.done", json!({"output_index": index, "item": item})));
    }
    events.push(event("response.completed", json!({ "response": response(last) })));
    events
}

#[test]
fn a_whole_response_gives_usage_identity_status_and_tool_calls() {
    let reply = read("openai", response(output()));
    let expected =
        Usage::new().input(300).output(90).total(390).cache_read(256).cache_write(12).reasoning(64);
    assert_eq!(reply.usage, Some(expected.web_searches(1)), "the page that was opened is no search");
    assert_eq!((reply.id.as_deref(), reply.model.as_deref()), (Some("resp_1"), Some("gpt-5-2025-08-07")));
    assert_eq!(reply.service_tier.as_deref(), Some("priority"));
    assert_eq!(reply.finish_reasons, ["completed"]);
    assert_eq!(reply.finish_class, Some(FinishClass::ToolCall));
    let calls: Vec<_> = reply
        .tool_calls
        .iter()
        .map(|call| (call.id.as_deref(), call.name.as_str(), call.arguments.clone()))
        .collect();
    let arguments = json!({"city": "Ulm"});
    assert_eq!(
        calls,
        [(Some("call_9"), "weather", Some(arguments.clone())), (Some("call_10"), "shell", Some(json!("ls")))]
    );
    assert_eq!(
        reply.output_messages,
        Some(json!([{"role": "assistant", "finish_reason": "tool_call", "parts": [
            {"type": "reasoning", "content": "hm"},
            {"type": "server_tool_call", "id": "ws_1", "name": "web_search", "server_tool_call": output()[1]},
            {"type": "server_tool_call", "id": "ws_2", "name": "web_search", "server_tool_call": output()[2]},
            {"type": "text", "content": "Let me look."},
            {"type": "tool_call", "id": "call_9", "name": "weather", "arguments": arguments},
            {"type": "tool_call", "id": "call_10", "name": "shell", "arguments": "ls"},
        ]}]))
    );
    assert_eq!(reply.size, "hmLet me look.weather{\"city\":\"Ulm\"}shellls".len());
    assert_eq!(reply.error, None);
}

#[test]
fn a_stream_reads_like_the_same_response_sent_whole() {
    let whole = read("openai", response(output()));
    assert_eq!(reader("openai", &stream(output())).into_reply(), whole);
    // The ChatGPT back end: nothing but the events of the items tells the output.
    assert_eq!(reader("openai", &stream(json!([]))).into_reply(), whole);
    let without_items: Vec<_> = stream(output())
        .into_iter()
        .filter(|event| !event["type"].as_str().unwrap_or_default().contains("output_"))
        .collect();
    assert_eq!(reader("openai", &without_items).into_reply(), whole, "the last event wins");
}

#[test]
fn a_stream_is_complete_at_its_last_event_and_what_came_before_a_cut_is_kept() {
    let events = stream(output());
    assert!(reader("openai", &events).is_complete());
    let cut = reader("openai", &events[..events.len() - 1]);
    assert!(!cut.is_complete());
    let reply = cut.into_reply();
    assert_eq!(reply.usage, Some(Usage::new().web_searches(1)), "tokens are unknown and not 0");
    assert_eq!((reply.finish_reasons.len(), reply.tool_calls.len()), (0, 2));
    let within = events.iter().position(|event| event["delta"] == "look.").expect("the fixture has it");
    let reply = reader("openai", &events[..within]).into_reply();
    let message = &reply.output_messages.expect("content is on")[0];
    assert_eq!(
        (&message["parts"][3]["content"], &message["finish_reason"]),
        (&json!("Let me "), &json!("error"))
    );
    assert_eq!(reply.size, "hmLet me ".len());
}

#[test]
fn how_a_response_ended_is_its_status_or_why_it_is_incomplete() {
    let ended = |status: &str, details: Value, output: Value| {
        let mut body = response(output);
        body["status"] = status.into();
        body["incomplete_details"] = details;
        let reply = read("openai", body);
        (reply.finish_reasons.first().cloned(), reply.finish_class)
    };
    let text = || json!([{"type": "message", "content": [{"type": "output_text", "text": "x"}]}]);
    let word = |word: &str| Some(word.to_owned());
    assert_eq!(ended("completed", json!(null), text()), (word("completed"), Some(FinishClass::Stop)));
    let cut = json!({"reason": "max_output_tokens"});
    assert_eq!(
        ended("incomplete", cut.clone(), text()),
        (word("max_output_tokens"), Some(FinishClass::Length))
    );
    assert_eq!(ended("incomplete", cut, output()), (word("max_output_tokens"), Some(FinishClass::Length)));
    let filtered = json!({"reason": "content_filter"});
    assert_eq!(
        ended("incomplete", filtered, text()),
        (word("content_filter"), Some(FinishClass::ContentFilter))
    );
    assert_eq!(ended("incomplete", json!(null), text()), (word("incomplete"), None));
    assert_eq!(ended("cancelled", json!(null), text()), (word("cancelled"), None));
    assert_eq!(ended("queued", json!(null), json!([])), (None, None), "it has not ended");
}

#[test]
fn a_failed_response_is_an_error_with_its_code() {
    let mut failed = response(json!([]));
    failed["status"] = "failed".into();
    failed["error"] = json!({"code": "server_error", "message": "m"});
    let whole = read("openai", failed.clone());
    assert_eq!(whole.error.as_ref().map(|error| error.error_type.as_str()), Some("server_error"));
    assert_eq!((whole.finish_reasons[0].as_str(), whole.finish_class), ("failed", Some(FinishClass::Error)));
    let events = [event("response.failed", json!({ "response": failed.clone() }))];
    let streamed = reader("openai", &events);
    assert!(!streamed.is_complete());
    assert_eq!(streamed.error().map(|error| error.message.as_str()), Some("m"));
    assert_eq!(streamed.into_reply(), whole);
    failed["error"] = Value::Null;
    assert_eq!(read("openai", failed).error.map(|error| error.error_type), Some("_OTHER".to_owned()));
}

#[test]
fn an_error_event_is_an_error_in_both_its_forms() {
    let flat = json!({"code": "rate_limit_exceeded", "message": "m", "param": null});
    let nested =
        json!({"error": {"type": "invalid_request_error", "code": "rate_limit_exceeded", "message": "m"}});
    for fields in [flat, nested] {
        let events = [stream(json!([])).remove(0), event("error", fields)];
        let reader = reader("openai", &events);
        assert!(!reader.is_complete());
        assert_eq!(reader.error().map(|error| error.error_type.as_str()), Some("rate_limit_exceeded"));
    }
}

#[test]
fn searches_are_those_that_the_provider_counts_or_else_the_items() {
    let mut body = response(output());
    body["tool_usage"] = json!({"web_search": {"num_requests": 3}, "image_gen": {"input_tokens": 0}});
    assert_eq!(usage_of("openai", body.clone()).web_searches, Some(3));
    body["usage"]["server_side_tool_usage_details"] = json!({"web_search_calls": 2, "x_search_calls": 1});
    assert_eq!(usage_of("xai", body).web_searches, Some(2));
    assert_eq!(usage_of("openai", response(json!([]))).web_searches, None);
}

#[test]
fn compatible_responses_give_their_own_counts_and_costs() {
    let counted = |provider: &str, usage: Value| {
        usage_of(
            provider,
            json!({"id": "r", "model": "m", "status": "completed", "output": [], "usage": usage}),
        )
    };
    let mut xai = usage();
    xai["cost_in_usd_ticks"] = json!(12_000_000_000_u64);
    let read = counted("xai", xai);
    assert_eq!((read.output, read.provider_cost_usd), (Some(90), Some(1.2)), "reasoning is contained here");
    let openrouter = json!({"input_tokens": 10, "output_tokens": 2, "cost": 0.0005, "is_byok": false});
    assert_eq!(counted("openrouter", openrouter).provider_cost_usd, Some(0.0005));
    let perplexity = json!({"input_tokens": 10, "output_tokens": 2, "cost": {"currency": "USD", "total_cost": 0.02},
        "input_tokens_details": {"cache_read_input_tokens": 4}, "tool_calls_details": {"search_web": {"invocation": 2}}});
    let read = counted("perplexity", perplexity);
    assert_eq!((read.cache_read, read.web_searches, read.provider_cost_usd), (Some(4), Some(2), Some(0.02)));
    let kept = json!({"input_tokens": 9, "input_tokens_details": {"cache_write_tokens_details": {"ttl_30m_tokens": 3, "ttl_12h_tokens": 4}}});
    assert_eq!(counted("openai", kept).cache_write, Some(7));
}

#[test]
fn calls_of_built_in_tools_are_the_callers_unless_the_provider_runs_them() {
    let body = response(json!([
        {"type": "computer_call", "call_id": "c1", "action": {"type": "click", "x": 1}},
        {"type": "local_shell_call", "call_id": "c2", "action": {"command": ["ls"]}},
        {"type": "shell_call", "call_id": "c3", "action": {"commands": ["ls"]}, "environment": null},
        {"type": "shell_call", "call_id": "c4", "action": {}, "environment": {"type": "container_reference"}},
        {"type": "apply_patch_call", "call_id": "c5", "operation": {"type": "delete_file", "path": "p"}},
        {"type": "mcp_call", "id": "m1", "name": "search", "arguments": "{}", "output": "x"},
        {"type": "image_generation_call", "id": "i1", "result": "AAAA"},
        {"type": "compaction", "encrypted_content": "x"},
    ]));
    let reply = read("openai", body);
    let names: Vec<_> = reply.tool_calls.iter().map(|call| call.name.as_str()).collect();
    assert_eq!(names, ["computer", "local_shell", "shell", "apply_patch"]);
    let parts = &reply.output_messages.expect("content is on")[0]["parts"];
    assert_eq!(parts[3]["name"], "shell");
    assert_eq!(parts[5]["server_tool_call"]["output"], "x");
    assert_eq!(parts[6], json!({"type": "blob", "modality": "image", "content": "AAAA"}));
    assert_eq!(parts[7], json!({"type": "compaction"}));
}

#[test]
fn memory_is_bounded_whatever_is_streamed() {
    let piece = "ö".repeat(50_000);
    let mut reader = StreamReader::new("openai", true);
    for index in 0..1000 {
        let delta = json!({"output_index": index, "delta": piece});
        push(&mut reader, &event("response.output_text.delta", delta.clone()));
        push(&mut reader, &event("response.output_text.delta", delta));
        let item = json!({"type": "message", "content": [{"type": "output_text", "text": piece}]});
        push(&mut reader, &event("response.output_item.done", json!({"output_index": index, "item": item})));
    }
    let reply = reader.into_reply();
    assert_eq!(reply.size, 384 * piece.len(), "a whole item stands in place of its pieces");
    assert!(reply.output_messages.is_some_and(|messages| messages.to_string().len() < 2 << 20));
}
