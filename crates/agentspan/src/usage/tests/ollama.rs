use agentspan_semconv::FinishClass;
use serde_json::{Value, json};

use super::super::Usage;
use super::{read, reader, same};

fn line(message: Value) -> Value {
    json!({"model": "llama3.2", "created_at": "2026-11-20T00:00:00Z", "message": message, "done": false})
}

fn end(mut line: Value, usage: Value) -> Value {
    line["done"] = json!(true);
    line["done_reason"] = json!("stop");
    line.as_object_mut().expect("a line").extend(usage.as_object().cloned().expect("counts"));
    line
}

#[test]
fn a_chat_reads_the_same_whole_and_in_lines() {
    let counts = json!({"prompt_eval_count": 26, "eval_count": 298, "total_duration": 4883583458_u64});
    let call = json!([{"function": {"index": 0, "name": "f", "arguments": {"a": 1}}}]);
    let chunks = [
        line(json!({"role": "assistant", "content": "", "thinking": "H"})),
        line(json!({"role": "assistant", "content": "", "thinking": "m"})),
        line(json!({"role": "assistant", "content": "R"})),
        line(json!({"role": "assistant", "content": "ain"})),
        line(json!({"role": "assistant", "content": "", "tool_calls": call})),
        end(line(json!({"role": "assistant", "content": ""})), counts.clone()),
    ];
    let whole = end(
        line(json!({"role": "assistant", "content": "Rain", "thinking": "Hm", "tool_calls": call})),
        counts,
    );
    let reply = same("ollama", &chunks, whole);
    assert_eq!(reply.usage, Some(Usage::new().input(26).output(298)));
    assert_eq!((reply.model.as_deref(), reply.id.as_deref()), (Some("llama3.2"), None));
    assert_eq!(
        (reply.finish_reasons.as_slice(), reply.finish_class),
        (&["stop".to_owned()][..], Some(FinishClass::Stop))
    );
    assert_eq!(
        (reply.tool_calls[0].id.as_deref(), &reply.tool_calls[0].arguments),
        (None, &Some(json!({"a": 1})))
    );
    let cut = reader("ollama", &chunks[..5]);
    assert!(!cut.is_complete());
    assert_eq!(cut.into_reply().usage, None);
}

#[test]
fn a_generation_reads_the_same_whole_and_in_lines() {
    let chunks = [
        json!({"model": "m", "response": "Ra", "done": false}),
        json!({"model": "m", "response": "in", "done": false}),
        json!({"model": "m", "response": "", "done": true, "done_reason": "length", "context": [1, 2], "eval_count": 2}),
    ];
    let whole = json!({"model": "m", "response": "Rain", "done": true, "done_reason": "length", "context": [1, 2], "eval_count": 2});
    let reply = same("ollama", &chunks, whole);
    assert_eq!(reply.usage, Some(Usage::new().output(2)), "a prompt from the cache has no count");
    assert_eq!((reply.finish_class, reply.size), (Some(FinishClass::Length), 4));
}

#[test]
fn counts_that_cannot_be_read_are_unknown() {
    for bad in [json!(-1), json!(1e30), json!("many"), json!(null)] {
        let body =
            json!({"model": "m", "response": "x", "done": true, "prompt_eval_count": bad, "eval_count": "4"});
        assert_eq!(read("ollama", body).usage, Some(Usage::new().output(4)), "{bad}");
    }
}

#[test]
fn vectors_of_both_endpoints_are_read() {
    let reply =
        read("ollama", json!({"model": "m", "embeddings": [[0.5, 0.5], [0.5, 0.5]], "prompt_eval_count": 8}));
    assert_eq!(reply.usage, Some(Usage::new().input(8)));
    assert_eq!((reply.embedding_count, reply.embedding_dimensions, reply.size), (Some(2), Some(2), 16));
    let reply = read("ollama", json!({"embedding": [0.5, 0.5, 0.5]}));
    assert_eq!((reply.usage, reply.embedding_count, reply.embedding_dimensions), (None, Some(1), Some(3)));
}

#[test]
fn a_line_with_an_error_is_an_error() {
    let failed = reader("ollama", &[line(json!({"content": "R"})), json!({"error": "out of memory"})]);
    assert!(!failed.is_complete());
    assert_eq!(failed.error().map(|error| error.message.as_str()), Some("out of memory"));
    assert_eq!(
        read("ollama", json!({"error": "model 'x' not found"}))
            .error
            .map(|error| error.error_type)
            .as_deref(),
        Some("_OTHER")
    );
}
