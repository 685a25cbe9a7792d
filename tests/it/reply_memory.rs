//! How much memory the reading of a reply takes at most, whatever is sent.
//!
//! It has a binary of its own, since it counts what is allocated.

use agentspan::usage::{Reply, ReplyReader};
use serde_json::{Value, json};

const MIB: usize = 1 << 20;

/// Bytes of a body that is one piece: more than is kept of any.
const BODY: usize = 100 * MIB;

/// Bytes of one event or line: more than is kept of any.
const EVENT: usize = 20 * MIB;

/// Events of a stream, each with [`TEXT`] or more.
const EVENTS: u64 = 2_500;

/// Bytes of text in one event. It fits wherever text is kept.
const TEXT: usize = 2_000;

/// Text of one reply, at most 1 MiB while its memory grows, and everything else that is kept of a stream.
const KEPT: usize = 4 * MIB;

/// One event or line of 8 MiB while its memory grows.
const OPEN: usize = 24 * MIB;

/// A body of 64 MiB while its memory grows.
const WHOLE: usize = 200 * MIB;

/// Reads pieces with all that can be asked for, and holds how much memory that took at most.
fn check(what: &str, provider: &str, most: usize, pieces: impl IntoIterator<Item: AsRef<[u8]>>) -> Reply {
    let mut read = None;
    let counted = allocation_counter::measure(|| {
        let mut reader = ReplyReader::new(provider).status(200).with_content(true).with_places(true);
        pieces.into_iter().for_each(|piece| reader.push(piece.as_ref()));
        read = Some(reader.finish());
    });
    let taken = usize::try_from(counted.bytes_max).expect("memory has an address");
    assert!(taken <= most, "{what} took {} MiB at most, allowed are {}", taken / MIB, most / MIB);
    read.expect("it was read")
}

/// A beginning, and then the same text until so much was sent.
fn endless(sent: usize, start: &str, text: &str) -> impl Iterator<Item = Vec<u8>> + use<> {
    let again = text.repeat((64 << 10) / text.len() + 1).into_bytes();
    let times = sent / again.len();
    [start.as_bytes().to_vec()].into_iter().chain(std::iter::repeat_n(again, times))
}

fn event(chunk: &Value) -> Vec<u8> {
    format!("data: {chunk}\n\n").into_bytes()
}

/// A list of zeros in an object, of so many values.
fn zeros(values: usize) -> String {
    format!("{{\"a\":[{}0]}}", "0,".repeat(values - 3))
}

#[test]
fn a_body_without_end_is_kept_up_to_64_mib() {
    let reply = check("one object", "openai", WHOLE, endless(BODY, "{\"text\":\"", "x"));
    assert!(reply.size > BODY - MIB, "{} bytes were seen", reply.size);
    check("open brackets", "openai", WHOLE, endless(BODY, "{\"a\":", "["));
    check("open objects", "openai", WHOLE, endless(BODY, "", "{\"a\":"));
    check("HTML", "openai", KEPT, endless(BODY, "<html>", "<p>busy</p>"));
    check("spaces", "openai", KEPT, endless(BODY, "", " "));
}

#[test]
fn an_event_without_end_is_kept_up_to_8_mib() {
    check("one line", "openai", OPEN, endless(EVENT, "data: {\"a\":\"", "x"));
    check("many lines", "openai", OPEN, endless(EVENT, "", "data: x\n"));
    check("no data", "openai", KEPT, endless(EVENT, "event: x\n", "id: 1\n"));
    check("brackets", "openai", OPEN, endless(EVENT, "data: ", "["));
    check("an element of a list", "gcp.gemini", OPEN, endless(EVENT, "[{\"a\":\"", "x"));
    check("brackets in a list", "gcp.gemini", OPEN, endless(EVENT, "", "["));
    let frame = [0, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0].map(char::from);
    check("a frame", "aws.bedrock", OPEN, endless(EVENT, &String::from_iter(frame), "x"));
}

#[test]
fn a_body_of_nothing_but_values_is_not_parsed() {
    // Each takes many times the memory of its text.
    let body = format!("{{\"usage\":{{\"prompt_tokens\":5}},\"a\":{}}}", zeros(31 * MIB));
    let reply = check("zeros", "openai", WHOLE, [&body]);
    assert_eq!((reply.usage, reply.size), (None, body.len()));
    // As long, in honest digits.
    let vectors = format!("[{}0]", "-0.012345678901234567,".repeat(MIB));
    let body = format!("{{\"data\":[{{\"embedding\":{vectors}}}],\"usage\":{{\"prompt_tokens\":5}}}}");
    let reply = check("vectors", "openai", WHOLE, [&body]);
    assert_eq!((reply.usage.and_then(|usage| usage.input), reply.embedding_count), (Some(5), Some(1)));
}

#[test]
fn an_event_of_nothing_but_values_is_not_parsed() {
    for (values, count) in [(MIB, 1), (MIB + 1, 0), (3 * MIB, 0)] {
        let event = format!("data: {}\n\n", zeros(values));
        let reply = check("zeros", "openai", 3 * OPEN, [&event]);
        assert_eq!(reply.chunk_count, count, "{values} values");
    }
}

#[test]
fn a_stream_without_end_keeps_a_bounded_part_of_what_it_says() {
    let text = "x".repeat(TEXT);
    let chat = |choice: Value| json!({"id": "c", "model": "m", "choices": [choice]});
    let delta = |number: u64, delta: Value| chat(json!({"index": number, "delta": delta}));
    let function = || json!({"name": text, "arguments": text});
    let call = |number: u64| json!({"index": number, "id": format!("t{number}"), "function": function()});
    let check = |what: &str, provider: &str, make: &dyn Fn(u64) -> Value| {
        check(what, provider, KEPT, (0..EVENTS).map(|number| event(&make(number))))
    };

    check("a chat", "openai", &|_| delta(0, json!({"content": text})));
    check("choices", "openai", &|number| delta(number, json!({"content": text})));
    check("calls", "openai", &|number| delta(0, json!({"tool_calls": [call(number)]})));
    check("reasons", "openai", &|number| {
        chat(json!({"index": number, "delta": {}, "finish_reason": format!("r{number}{text}")}))
    });
    let reply = check(
        "usage",
        "openai",
        &|number| json!({"choices": [], "usage": {"prompt_tokens": number, "completion_tokens": number}}),
    );
    assert_eq!(reply.usage.and_then(|usage| usage.input), Some(EVENTS - 1), "the last one counts");
    check(
        "errors",
        "openai",
        &|number| json!({"error": {"code": format!("{number}{text}"), "message": text}}),
    );
    check("keys that nobody knows", "openai", &|number| json!({format!("k{number}"): text}));
    check("words", "ollama", &|number| json!(format!("{number}{text}")));

    check("items", "openai", &|number| {
        let item = json!({"type": "function_call", "call_id": format!("t{number}"), "name": text, "arguments": text});
        json!({"type": "response.output_item.added", "output_index": number, "item": item})
    });
    let message = json!({"type": "message", "content": [{"type": "output_text", "text": text}]});
    check("responses", "openai", &|_| {
        let response = json!({"id": text, "object": "response", "output": vec![&message; 4]});
        json!({"type": "response.completed", "response": response})
    });
    check("blocks", "anthropic", &|number| {
        let block = json!({"type": "tool_use", "id": format!("t{number}"), "name": text, "input": {}});
        json!({"type": "content_block_start", "index": number, "content_block": block})
    });
    check("messages", "anthropic", &|number| {
        let message = json!({"id": format!("{number}{text}"), "model": text, "usage": {"input_tokens": 1}});
        json!({"type": "message_start", "message": message})
    });
    check("candidates", "gcp.gemini", &|number| {
        let parts = json!([{"text": text}, {"functionCall": {"name": text, "args": {"a": text}}}]);
        json!({"candidates": [{"index": number, "content": {"parts": parts}}]})
    });
    check("steps", "gcp.gemini", &|number| {
        let step = json!({"type": "function_call", "id": format!("t{number}"), "name": text, "arguments": {"a": text}});
        json!({"event_type": "step.start", "index": number, "step": step})
    });
    check("Cohere's calls", "cohere", &|number| {
        let message = json!({"tool_calls": call(number)});
        json!({"type": "tool-call-start", "index": number, "delta": {"message": message}})
    });
    check("Converse's blocks", "aws.bedrock", &|number| {
        let start = json!({"toolUse": {"toolUseId": format!("t{number}"), "name": text}});
        json!({"contentBlockStart": {"contentBlockIndex": number, "start": start}})
    });
}
