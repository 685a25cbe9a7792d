//! OpenAI's interfaces beside Chat Completions, and who else speaks them.

use super::fixture::Column::{Cached, FinishReason, Reasoning, Stream, ToolCalls, Written};
use super::fixture::Fixture;
use super::row::{Absent, NO_AUDIO, NO_COST, NO_WRITES, Row};
use super::typed::{NOT_TRIED, Types};
use super::wire::Wire;
use agentspan::Usage;
use serde_json::{Value, json};

pub(super) fn rows() -> Vec<Row> {
    vec![responses(), xai_responses(), openrouter_responses(), runs(), embeddings(), media()]
}

fn response(model: &str, status: &str, output: Value, usage: Value) -> Value {
    json!({"id": "resp_1", "object": "response", "created_at": 1_760_000_000, "model": model, "status": status, "error": null,
        "incomplete_details": null, "output": output, "parallel_tool_calls": true, "tools": [], "usage": usage})
}

fn items() -> [Value; 3] {
    let text = json!({"type": "output_text", "text": "Let me look.", "annotations": []});
    [
        json!({"type": "reasoning", "id": "rs_1", "summary": []}),
        json!({"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [text]}),
        json!({"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather", "arguments": "{\"city\":\"Köln\"}", "status": "completed"}),
    ]
}

fn event(kind: &str, index: usize, item: &str, members: Value) -> Value {
    let mut event = json!({"type": kind, "sequence_number": 1, "output_index": index, "item_id": item});
    event.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    event
}

fn responses_fixture(url: &'static str, model: &str, counts: Value, usage: Usage) -> Fixture {
    let [thought, text, call] = items();
    let begin = |mut item: Value, key: &str, empty: Value| {
        item[key] = empty;
        item["status"] = "in_progress".into();
        item
    };
    let delta = |index: usize, item: &str, kind: &str, text: &str| {
        event(&format!("response.{kind}.delta"), index, item, json!({"content_index": 0, "delta": text}))
    };
    let added =
        |index: usize, item: Value| event("response.output_item.added", index, "", json!({ "item": item }));
    let done =
        |index: usize, item: &Value| event("response.output_item.done", index, "", json!({ "item": item }));
    let of_all =
        |kind: &str, response: Value| json!({"type": kind, "sequence_number": 0, "response": response});
    let chunks = vec![
        of_all("response.created", response(model, "in_progress", json!([]), Value::Null)),
        added(0, thought.clone()),
        done(0, &thought),
        added(1, begin(text.clone(), "content", json!([]))),
        delta(1, "msg_1", "output_text", "Let me"),
        delta(1, "msg_1", "output_text", " look."),
        done(1, &text),
        added(2, begin(call.clone(), "arguments", json!(""))),
        delta(2, "fc_1", "function_call_arguments", "{\"city\":"),
        delta(2, "fc_1", "function_call_arguments", "\"Köln\"}"),
        done(2, &call),
        of_all(
            "response.completed",
            response(model, "completed", json!([thought, text, call]), counts.clone()),
        ),
    ];
    Fixture {
        url,
        whole: Some(response(model, "completed", json!(items()), counts)),
        stream: Some((Wire::Events, chunks)),
        usage,
        finish: Some("completed"),
        tools: &["weather"],
    }
}

fn responses() -> Row {
    let counts = json!({"input_tokens": 300, "input_tokens_details": {"cached_tokens": 256, "cache_write_tokens": 12},
        "output_tokens": 90, "output_tokens_details": {"reasoning_tokens": 64}, "total_tokens": 390});
    let usage = Usage::new().input(300).output(90).total(390).cache_read(256).cache_write(12).reasoning(64);
    let fixture = responses_fixture("https://api.openai.com/v1/responses", "gpt-5-2025-08-07", counts, usage);
    Row {
        family: "OpenAI Responses",
        fixtures: vec![fixture],
        absent: vec![NO_AUDIO, NO_COST],
        types: Types::Responses,
    }
}

fn xai_responses() -> Row {
    let counts = json!({"input_tokens": 300, "input_tokens_details": {"cached_tokens": 128},
        "output_tokens": 90, "output_tokens_details": {"reasoning_tokens": 64}, "total_tokens": 390,
        "num_sources_used": 0, "num_server_side_tools_used": 0, "cost_in_usd_ticks": 1_250_000});
    let usage = Usage::new()
        .input(300)
        .output(90)
        .total(390)
        .cache_read(128)
        .reasoning(64)
        .provider_cost_usd(0.000_125);
    let fixture = responses_fixture("https://api.x.ai/v1/responses", "grok-4", counts, usage);
    Row {
        family: "xAI Responses",
        fixtures: vec![fixture],
        absent: vec![NO_WRITES, NO_AUDIO],
        types: Types::Responses,
    }
}

fn openrouter_responses() -> Row {
    let counts = json!({"input_tokens": 300, "input_tokens_details": {"cached_tokens": 200, "cache_write_tokens": 50},
        "output_tokens": 90, "output_tokens_details": {"reasoning_tokens": 64}, "total_tokens": 390,
        "cost": 0.001_5, "is_byok": false, "cost_details": {"upstream_inference_cost": null}});
    let usage = Usage::new().input(300).output(90).total(390).cache_read(200).cache_write(50).reasoning(64);
    let url = "https://openrouter.ai/api/v1/responses";
    let fixture = responses_fixture(url, "openai/gpt-5", counts, usage.provider_cost_usd(0.001_5));
    // It ends its stream like Chat Completions.
    let (_, chunks) = fixture.stream.unwrap_or_else(|| unreachable!("it was just made"));
    let fixture = Fixture { stream: Some((Wire::EventsAndDone, chunks)), ..fixture };
    Row {
        family: "OpenRouter Responses",
        fixtures: vec![fixture],
        absent: vec![NO_AUDIO],
        types: Types::Responses,
    }
}

fn runs() -> Row {
    let run = |status: &str, action: Value, usage: Value| {
        json!({"id": "run_1", "object": "thread.run", "model": "o3-mini-2025-01-31", "status": status, "last_error": null,
            "required_action": action, "usage": usage})
    };
    let call = json!({"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Köln\"}"}});
    let action = json!({"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [call]}});
    let counts = json!({"prompt_tokens": 700, "completion_tokens": 90, "total_tokens": 790,
        "prompt_token_details": {"cached_tokens": 512}, "completion_tokens_details": {"reasoning_tokens": 64}});
    let whole = run("requires_action", action, counts);
    let queued = run("queued", Value::Null, Value::Null);
    let fixture = Fixture {
        url: "https://api.openai.com/v1/threads/thread_1/runs",
        whole: Some(whole.clone()),
        stream: Some((Wire::EventsAndDone, vec![queued, whole])),
        usage: Usage::new().input(700).output(90).total(790).cache_read(512).reasoning(64),
        finish: Some("requires_action"),
        tools: &["weather"],
    };
    Row {
        family: "OpenAI runs of assistants",
        fixtures: vec![fixture],
        absent: vec![NO_WRITES, NO_AUDIO, NO_COST],
        types: NOT_TRIED,
    }
}

/// What vectors are made of has no output and is sent at once.
pub(super) const ONLY_INPUT: Absent = (
    &[Cached, Written, Reasoning, Stream, ToolCalls, FinishReason],
    "Vectors and ranks come at once, from an input that is not cached, and end for no reason.",
);

fn embeddings() -> Row {
    let fixture = |url, model: &str, counts: Value, usage| Fixture {
        url,
        whole: Some(
            json!({"object": "list", "model": model, "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}],
            "usage": counts}),
        ),
        stream: None,
        usage,
        finish: None,
        tools: &[],
    };
    let openai = json!({"prompt_tokens": 8, "total_tokens": 8});
    let openrouter = json!({"prompt_tokens": 8, "total_tokens": 8, "cost": 0.000_000_16});
    let usage = Usage::new().input(8).total(8);
    let fixtures = vec![
        fixture("https://api.openai.com/v1/embeddings", "text-embedding-3-small", openai, usage.clone()),
        fixture(
            "https://openrouter.ai/api/v1/embeddings",
            "openai/text-embedding-3-small",
            openrouter,
            usage.provider_cost_usd(0.000_000_16),
        ),
    ];
    let absent = vec![ONLY_INPUT, NO_AUDIO];
    Row {
        family: "OpenAI Embeddings, also of OpenRouter and others",
        fixtures,
        absent,
        types: Types::Embeddings,
    }
}

fn media() -> Row {
    let counts = json!({"type": "tokens", "input_tokens": 14, "output_tokens": 45, "total_tokens": 59,
        "input_token_details": {"text_tokens": 4, "audio_tokens": 10}});
    let chunks = vec![
        json!({"type": "transcript.text.delta", "delta": "Hel"}),
        json!({"type": "transcript.text.delta", "delta": "lo"}),
        json!({"type": "transcript.text.done", "text": "Hello", "usage": counts}),
    ];
    let spoken = Fixture {
        url: "https://api.openai.com/v1/audio/transcriptions",
        whole: Some(json!({"text": "Hello", "usage": counts})),
        stream: Some((Wire::Events, chunks)),
        usage: Usage::new().input(14).output(45).total(59).input_audio(10),
        finish: None,
        tools: &[],
    };
    let counts = json!({"input_tokens": 50, "output_tokens": 4160, "total_tokens": 4210,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 40}});
    let chunks = vec![
        json!({"type": "image_generation.partial_image", "b64_json": "AA", "partial_image_index": 0}),
        json!({"type": "image_generation.completed", "b64_json": "AAAA", "usage": counts}),
    ];
    let drawn = Fixture {
        url: "https://api.openai.com/v1/images/generations",
        whole: Some(json!({"created": 1_760_000_000, "data": [{"b64_json": "AAAA"}], "usage": counts})),
        stream: Some((Wire::Events, chunks)),
        usage: Usage::new().input(50).output(4160).total(4210).input_image(40),
        finish: None,
        tools: &[],
    };
    let nothing: Absent = (
        &[Cached, Written, Reasoning, ToolCalls, FinishReason],
        "Images and speech are made from an input that is not cached, without tools, and end for no reason.",
    );
    let absent = vec![nothing, NO_COST];
    Row {
        family: "OpenAI transcriptions, speech and images",
        fixtures: vec![spoken, drawn],
        absent,
        types: NOT_TRIED,
    }
}
