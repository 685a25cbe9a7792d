use serde_json::{Value, json};

use super::super::Usage;
use super::{read, reader};
use agentspan_semconv::FinishClass;

fn run(status: &str, usage: Value) -> Value {
    json!({"id": "run_1", "object": "thread.run", "model": "gpt-4o-mini", "status": status, "last_error": null,
        "required_action": null, "usage": usage})
}

fn counts(prompt: u64, completion: u64) -> Value {
    json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
        "prompt_token_details": {"cached_tokens": 5}})
}

#[test]
fn a_streamed_run_has_its_own_usage_and_not_that_of_its_last_step() {
    let step = |usage: Value| json!({"id": "step_1", "object": "thread.run.step", "status": "completed", "usage": usage});
    let delta = |text: &str| {
        let part = json!({"index": 0, "type": "text", "text": {"value": text}});
        json!({"id": "msg_1", "object": "thread.message.delta", "delta": {"content": [part]}})
    };
    let events = [
        run("queued", json!(null)),
        step(counts(10, 2)),
        delta("Hel"),
        delta("lo"),
        step(counts(20, 3)),
        run("completed", counts(30, 5)),
    ];
    assert!(!reader("openai", &events[..5]).is_complete());
    let reply = reader("openai", &events).into_reply();
    assert_eq!(reply.usage, Some(Usage::new().input(30).output(5).total(35).cache_read(5)));
    assert_eq!((reply.id.as_deref(), reply.model.as_deref()), (Some("run_1"), Some("gpt-4o-mini")));
    assert_eq!(
        (reply.finish_reasons[0].as_str(), reply.finish_class),
        ("completed", Some(FinishClass::Stop))
    );
    assert_eq!(reply.output_messages.expect("content is on")[0]["parts"][0]["content"], "Hello");
    assert_eq!(reply.size, 5);
}

#[test]
fn a_run_that_waits_for_tools_names_them_and_one_that_failed_says_why() {
    let mut waiting = run("requires_action", json!(null));
    let call = json!({"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Ulm\"}"}});
    waiting["required_action"] =
        json!({"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [call]}});
    let reply = reader("openai", &[waiting.clone(), waiting.clone()]).into_reply();
    assert_eq!(reply, read("openai", waiting));
    assert_eq!((reply.tool_calls.len(), &reply.tool_calls[0].arguments), (1, &Some(json!({"city": "Ulm"}))));
    assert_eq!(
        (reply.finish_reasons[0].as_str(), reply.finish_class),
        ("requires_action", Some(FinishClass::ToolCall))
    );
    let mut failed = run("failed", json!(null));
    failed["last_error"] = json!({"code": "rate_limit_exceeded", "message": "m"});
    assert_eq!(
        read("openai", failed).error.map(|error| error.error_type),
        Some("rate_limit_exceeded".to_owned())
    );
    assert_eq!(read("openai", run("queued", json!(null))).finish_reasons, [""; 0]);
}
