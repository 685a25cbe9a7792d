//! Cohere and Ollama.

use super::fixture::Column::{Cached, ProviderCost, Written};
use super::fixture::Fixture;
use super::openai::ONLY_INPUT;
use super::row::{Absent, NO_AUDIO, NO_COST, NO_REASONING, NO_WRITES, Row};
use super::typed::NOT_OPENAI;
use super::wire::Wire;
use agentspan::Usage;
use serde_json::{Value, json};

pub(super) fn rows() -> Vec<Row> {
    let row = |family, fixtures, absent| Row { family, fixtures, absent, types: NOT_OPENAI };
    let caches: Absent = (&[Cached, Written], "A prompt that is in its cache has no count at all.");
    let local: Absent =
        (&[ProviderCost], "It runs on a machine of the caller; tell its rates by an override.");
    vec![
        row("Cohere chat, versions 1 and 2", chats(), vec![NO_WRITES, NO_REASONING, NO_AUDIO, NO_COST]),
        row("Cohere embed and rerank", vec![embed()], vec![ONLY_INPUT, NO_AUDIO, NO_COST]),
        row("Ollama", vec![ollama()], vec![caches, NO_REASONING, NO_AUDIO, local]),
    ]
}

fn cohere(counts: &Value, usage: Usage) -> Fixture {
    let event = |kind: &str, index: u64, message: Value| json!({"type": kind, "index": index, "delta": {"message": message}});
    let call = |arguments: &str| json!({"id": "t0", "type": "function", "function": {"name": "weather", "arguments": arguments}});
    let chunks = vec![
        json!({"id": "c", "type": "message-start", "delta": {"message": {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}}}),
        json!({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I will "}}}),
        json!({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "look."}}}),
        event("tool-call-start", 0, json!({ "tool_calls": call("") })),
        event("tool-call-delta", 0, json!({"tool_calls": {"function": {"arguments": "{\"city\":"}}})),
        event("tool-call-delta", 0, json!({"tool_calls": {"function": {"arguments": "\"Köln\"}"}}})),
        json!({"type": "tool-call-end", "index": 0}),
        json!({"type": "message-end", "delta": {"finish_reason": "TOOL_CALL", "usage": counts}}),
    ];
    let message = json!({"role": "assistant", "tool_plan": "I will look.", "tool_calls": [call("{\"city\":\"Köln\"}")]});
    Fixture {
        url: "https://api.cohere.com/v2/chat",
        whole: Some(json!({"id": "c", "finish_reason": "TOOL_CALL", "message": message, "usage": counts})),
        stream: Some((Wire::EventsAndDone, chunks)),
        usage,
        finish: Some("TOOL_CALL"),
        tools: &["weather"],
    }
}

fn chats() -> Vec<Fixture> {
    // What is billed goes before all tokens, and holds no cached ones.
    let billed = json!({"billed_units": {"input_tokens": 27.0, "output_tokens": 5.0},
        "tokens": {"input_tokens": 556.0, "output_tokens": 6.0}, "cached_tokens": 480.0});
    let unbilled = json!({"tokens": {"input_tokens": 556.0, "output_tokens": 6.0}, "cached_tokens": 480.0});
    let meta = json!({"billed_units": {"input_tokens": 7, "output_tokens": 9}, "tokens": {"input_tokens": 69, "output_tokens": 9}});
    let whole = json!({"response_id": "r", "generation_id": "g", "text": "Ahoy", "finish_reason": "COMPLETE", "meta": meta});
    let chunks = vec![
        json!({"is_finished": false, "event_type": "stream-start", "generation_id": "g"}),
        json!({"is_finished": false, "event_type": "text-generation", "text": "Ah"}),
        json!({"is_finished": false, "event_type": "text-generation", "text": "oy"}),
        json!({"is_finished": true, "event_type": "stream-end", "response": whole, "finish_reason": "COMPLETE"}),
    ];
    let older = Fixture {
        url: "https://api.cohere.com/v1/chat",
        whole: Some(whole),
        stream: Some((Wire::Lines, chunks)),
        usage: Usage::new().input(7).output(9),
        finish: Some("COMPLETE"),
        tools: &[],
    };
    vec![
        cohere(&billed, Usage::new().input(27).output(5)),
        cohere(&unbilled, Usage::new().input(556).output(6).cache_read(480)),
        older,
    ]
}

fn embed() -> Fixture {
    let whole = json!({"id": "e", "embeddings": {"float": [[0.5, 0.5]]}, "texts": ["a"], "response_type": "embeddings_by_type",
        "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 208}}});
    let usage = Usage::new().input(208);
    Fixture {
        url: "https://api.cohere.com/v2/embed",
        whole: Some(whole),
        stream: None,
        usage,
        finish: None,
        tools: &[],
    }
}

fn ollama() -> Fixture {
    let line = |message: Value, done: bool| json!({"model": "llama3.2", "created_at": "2026-11-20T00:00:00Z", "message": message, "done": done});
    let end = |mut line: Value| {
        let members = json!({"done_reason": "stop", "prompt_eval_count": 26, "eval_count": 298, "total_duration": 4_883_583_458_u64});
        line.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        line
    };
    let calls = json!([{"function": {"index": 0, "name": "weather", "arguments": {"city": "Köln"}}}]);
    let chunks = vec![
        line(json!({"role": "assistant", "content": "", "thinking": "Hm."}), false),
        line(json!({"role": "assistant", "content": "Let me"}), false),
        line(json!({"role": "assistant", "content": " look."}), false),
        line(json!({"role": "assistant", "content": "", "tool_calls": calls}), false),
        end(line(json!({"role": "assistant", "content": ""}), true)),
    ];
    let whole = line(
        json!({"role": "assistant", "content": "Let me look.", "thinking": "Hm.", "tool_calls": calls}),
        true,
    );
    Fixture {
        url: "http://localhost:11434/api/chat",
        whole: Some(end(whole)),
        stream: Some((Wire::Lines, chunks)),
        usage: Usage::new().input(26).output(298),
        finish: Some("stop"),
        tools: &["weather"],
    }
}
