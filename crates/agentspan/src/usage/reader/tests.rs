use agentspan_semconv::{FinishClass, StreamEnd};
use serde_json::json;

use super::super::{Reply, Usage};
use super::ReplyReader;

mod errors;

const CHAT: &str = "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Gr\u{fc}\u{df}e\"}}]}\n\n\
    : keep-alive\n\n\
    data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\n\
    data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1,\"total_tokens\":10}}\n\n\
    data: [DONE]";

fn read(provider: &str, body: &[u8], length: usize) -> Reply {
    let mut reader = ReplyReader::new(provider).with_content(true);
    body.chunks(length).for_each(|piece| reader.push(piece));
    reader.finish()
}

/// Reads a body whole and in every cut, which must not matter.
fn in_every_cut(provider: &str, body: &[u8]) -> Reply {
    let whole = read(provider, body, usize::MAX);
    for at in 0..=body.len() {
        let mut reader = ReplyReader::new(provider).with_content(true);
        reader.push(&body[..at]);
        reader.push(&body[at..]);
        assert_eq!(reader.finish(), whole, "cut at {at}");
    }
    assert_eq!(read(provider, body, 1), whole, "in single bytes");
    whole
}

#[test]
fn a_stream_of_events_is_read_in_every_cut_like_the_reply_sent_whole() {
    let stream = in_every_cut("openai", CHAT.as_bytes());
    assert_eq!((stream.stream_end, stream.chunk_count), (Some(StreamEnd::Complete), 3));
    let whole = json!({"id": "c", "model": "m",
        "choices": [{"index": 0, "message": {"content": "Gr\u{fc}\u{df}e"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}});
    let whole = in_every_cut("openai", serde_json::to_string_pretty(&whole).expect("it is JSON").as_bytes());
    assert_eq!(whole.stream_end, None);
    assert_eq!(Reply { stream_end: None, chunk_count: 0, ..stream }, whole);
}

#[test]
fn the_body_decides_what_it_is() {
    let line = json!({"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2}});
    let complete = Some(StreamEnd::Complete);
    let cases = [
        (format!("{line}"), None),
        (format!("\u{feff} \n{line}\n \n"), None),
        (format!("{line}\n{line}"), complete),
        (format!("  {line}\r\n{line}\r\n"), complete),
        (format!("[{line},\n{line}]"), complete),
        (format!("[{line}"), Some(StreamEnd::Cut)),
        (format!(":\ndata:{line}"), complete),
        (format!("\n\nevent: x\ndata: {line}\n\n"), complete),
    ];
    for (body, end) in cases {
        let reply = in_every_cut("openai", body.as_bytes());
        assert_eq!(reply.stream_end, end, "{body}");
        let usage = reply.usage.filter(|_| end != Some(StreamEnd::Cut));
        let expected = (end != Some(StreamEnd::Cut)).then(|| Usage::new().input(1).output(2));
        assert_eq!(usage, expected, "{body}");
    }
}

#[test]
fn what_is_no_reply_says_nothing_and_keeps_its_size() {
    let deep = format!("{{\"choices\":{}", "[".repeat(100_000));
    for body in ["<html>busy</html>", "{\"choices\":[{\"mess", "plain", deep.as_str()] {
        let reply = read("openai", body.as_bytes(), 1000);
        assert_eq!(reply, Reply { size: body.len(), ..Reply::default() });
    }
    assert_eq!(in_every_cut("openai", b""), Reply::default());
}

#[test]
fn a_gigantic_body_is_counted_and_not_kept() {
    let piece = vec![b'x'; 1 << 20];
    let mut reader = ReplyReader::new("openai");
    reader.push(b"{\"text\":\"");
    (0..100).for_each(|_| reader.push(&piece));
    let reply = reader.finish();
    assert_eq!((reply.size, reply.usage), ((100 << 20) + 9, None));
}

#[test]
fn a_body_too_large_to_be_kept_reads_the_same_however_much_comes_at_once() {
    let line = json!({"choices": [{"index": 0, "delta": {"content": "x".repeat(1 << 20)}}]}).to_string();
    let lines = format!("{line}\n").repeat(70);
    let object = format!("{{\"error\":\"{}", "x".repeat(70 << 20));
    for (body, chunks) in [(lines, 70), (object, 0)] {
        let read = |length: usize| {
            let mut reader = ReplyReader::new("openai").status(500);
            body.as_bytes().chunks(length).for_each(|piece| reader.push(piece));
            reader.finish()
        };
        let whole = read(usize::MAX);
        assert_eq!(whole.chunk_count, chunks);
        assert_eq!(read(1_000_003), whole);
        let message = whole.error.expect("the status says so").message;
        assert!(chunks > 0 || message.starts_with("{\"error\":\"xxx"), "{message}");
    }
}

#[test]
fn how_much_empty_space_may_stand_before_a_body_does_not_depend_on_its_cut() {
    for spaces in [4_090, 4_095, 4_096, 4_097] {
        for text in ["{\"model\":\"m\"}", "data: {\"model\":\"m\",\"choices\":[]}\n\n"] {
            let body = format!("{}{text}", "\n".repeat(spaces));
            let whole = read("openai", body.as_bytes(), usize::MAX);
            assert_eq!(read("openai", body.as_bytes(), 1), whole, "{spaces} before {text}");
            assert_eq!(whole.model.is_some(), spaces <= 4_096, "{spaces} before {text}");
        }
    }
}

#[test]
fn a_stream_that_ends_early_is_cut_and_one_that_nobody_reads_is_abandoned() {
    let mut reader = ReplyReader::new("openai");
    reader.push(&CHAT.as_bytes()[..80]);
    assert!(!reader.is_complete());
    assert_eq!(reader.finish().stream_end, Some(StreamEnd::Cut));
    let mut reader = ReplyReader::new("openai");
    reader.push(&CHAT.as_bytes()[..80]);
    assert_eq!(reader.finish_abandoned().stream_end, Some(StreamEnd::Abandoned));
    let mut reader = ReplyReader::new("openai");
    reader.push(CHAT.as_bytes());
    assert_eq!(reader.finish_abandoned().stream_end, Some(StreamEnd::Complete), "all was read");
}

#[test]
fn headers_tell_what_the_body_of_bedrock_does_not() {
    let mut reader = ReplyReader::new("aws.bedrock")
        .header("X-Amzn-RequestId", "r-1")
        .header("x-amzn-bedrock-input-token-count", "10")
        .header("X-Amzn-Bedrock-Output-Token-Count", "4")
        .header("x-amzn-bedrock-cache-read-input-token-count", "100")
        .header("content-type", "application/json");
    reader.push(b"{\"generation\":\"Hi\"}");
    let reply = reader.finish();
    assert_eq!(reply.id.as_deref(), Some("r-1"));
    assert_eq!(reply.usage, Some(Usage::new().input(110).output(4).cache_read(100)));
    let mut reader =
        ReplyReader::new("aws").status(429).header("x-amzn-ErrorType", "ThrottlingException:http://x");
    reader.push(b"{\"message\":\"Too many\"}");
    let error = reader.finish().error.expect("the status says so");
    assert_eq!((error.error_type.as_str(), error.message.as_str()), ("ThrottlingException", "Too many"));
}

#[test]
fn parsed_chunks_are_read_like_their_bytes() {
    let mut reader = ReplyReader::new("openai").with_content(true);
    for chunk in CHAT.split("\n").filter_map(|line| line.trim().strip_prefix("data: ")) {
        match serde_json::from_str::<serde_json::Value>(chunk) {
            Ok(chunk) => reader.push_chunk(&chunk),
            Err(_) => reader.push_chunk(chunk),
        }
    }
    let reply = reader.finish();
    let of_bytes = read("openai", CHAT.as_bytes(), 7);
    assert_eq!(Reply { chunk_count: of_bytes.chunk_count, ..reply }, of_bytes);
    assert_eq!(of_bytes.finish_class, Some(FinishClass::Stop));
}

#[test]
fn a_stream_without_usage_says_how_to_ask_for_it() {
    let without = CHAT.replace(
        "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1,\"total_tokens\":10}",
        "\"usage\":null",
    );
    let reply = read("openai", without.as_bytes(), 10);
    assert_eq!(reply.usage, None);
    assert!(reply.hint.is_some_and(|hint| hint.contains("include_usage")));
    assert_eq!(read("openai", CHAT.as_bytes(), 10).hint, None);
}

#[test]
fn the_first_chunk_of_responses_is_its_first_delta() {
    let mut reader = ReplyReader::new("openai");
    reader.push(b"data: {\"type\":\"response.created\",\"response\":{\"id\":\"r\"}}\n\n");
    assert!(!reader.has_output());
    reader.push(b"data: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\"}\n\n");
    assert!(reader.has_output());
}

#[test]
fn announcements_are_no_output() {
    let cases: [(&str, &[&str], &str); 5] = [
        (
            "bedrock",
            &[
                r#"{"messageStart":{"role":"assistant"}}"#,
                r#"{"contentBlockStart":{"start":{},"contentBlockIndex":0}}"#,
            ],
            r#"{"contentBlockDelta":{"delta":{"text":"Hi"},"contentBlockIndex":0}}"#,
        ),
        (
            "bedrock",
            &[r#"{"messageStart":{"role":"assistant"}}"#],
            r#"{"contentBlockStart":{"start":{"toolUse":{"toolUseId":"t","name":"weather"}},"contentBlockIndex":0}}"#,
        ),
        (
            "cohere",
            &[
                r#"{"type":"message-start","id":"m","delta":{"message":{"role":"assistant"}}}"#,
                r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}"#,
            ],
            r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"Hi"}}}}"#,
        ),
        (
            "cohere",
            &[r#"{"is_finished":false,"event_type":"stream-start","generation_id":"g"}"#],
            r#"{"is_finished":false,"event_type":"text-generation","text":"Hi"}"#,
        ),
        (
            "anthropic",
            &[
                r#"{"type":"message_start","message":{"id":"m","usage":{"input_tokens":1,"output_tokens":1}}}"#,
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
                r#"{"type":"ping"}"#,
            ],
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#,
        ),
    ];
    for (provider, opening, output) in cases {
        let mut reader = ReplyReader::new(provider);
        for chunk in opening {
            reader.push_chunk(*chunk);
            assert!(!reader.has_output(), "{provider}: {chunk}");
        }
        reader.push_chunk(output);
        assert!(reader.has_output(), "{provider}: {output}");
    }
}

#[test]
fn the_first_of_many_lines_is_given_at_its_end() {
    let first = r#"{"model":"llama3.2","message":{"role":"assistant","content":"Hi"},"done":false}"#;
    let last = r#"{"model":"llama3.2","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":26,"eval_count":2}"#;
    for end in ["\n", "\r\n"] {
        let mut reader = ReplyReader::new("ollama").status(200);
        reader.push(first.as_bytes());
        assert!(!reader.has_output(), "its line may go on");
        reader.push(end.as_bytes());
        assert!(reader.has_output(), "{end:?}");
        assert!(!reader.is_complete());
        reader.push(format!("{last}{end}").as_bytes());
        assert!(reader.is_complete());
        let reply = reader.finish();
        assert_eq!((reply.stream_end, reply.chunk_count), (Some(StreamEnd::Complete), 2));
        assert_eq!(reply.usage.and_then(|usage| usage.input), Some(26));
    }
    // One that was cut behind its first line is no whole reply, and a whole reply is no stream.
    let reply = read("ollama", format!("{first}\n").as_bytes(), 1000);
    assert_eq!(reply.stream_end, Some(StreamEnd::Cut));
    let mut whole = ReplyReader::new("ollama");
    whole.push(format!("{last}\n").as_bytes());
    assert!(!whole.has_output());
    assert_eq!(whole.finish().stream_end, None);
}

#[test]
fn a_number_that_cannot_be_does_not_hide_the_others() {
    let cases = [
        (r#"{"prompt_tokens": 1e400, "completion_tokens": 10}"#, None, Some(10)),
        (r#"{"prompt_tokens": NaN, "completion_tokens": 10}"#, None, Some(10)),
        (r#"{"prompt_tokens": 7, "completion_tokens": -Infinity}"#, Some(7), None),
        (
            r#"{"prompt_tokens": 7, "completion_tokens": 1, "x": [Infinity, "NaN \" NaN", -1.5e999]}"#,
            Some(7),
            Some(1),
        ),
    ];
    for (usage, input, output) in cases {
        let body = format!(r#"{{"id": "c-1", "model": "gpt-4o", "choices": [], "usage": {usage}}}"#);
        let reply = in_every_cut("openai", body.as_bytes());
        assert_eq!(reply.model.as_deref(), Some("gpt-4o"), "{body}");
        let found = reply.usage.expect("a count is known");
        assert_eq!((found.input, found.output), (input, output), "{body}");
    }
    let broken = in_every_cut("openai", br#"{"model": "gpt-4o", "usage": {"prompt_tokens": NaN"#);
    assert_eq!((broken.model, broken.usage), (None, None));
}

#[test]
fn nothing_behind_the_end_mark_is_read() {
    let chunk = |tokens: u32| {
        format!(
            "data: {{\"choices\": [], \"usage\": {{\"prompt_tokens\": {tokens}, \"completion_tokens\": 4}}}}\n\n"
        )
    };
    let body = format!("{}data: [DONE]\n\n{}data: [DONE]\n\n", chunk(9), chunk(99));
    let reply = in_every_cut("openai", body.as_bytes());
    assert_eq!(reply.usage.and_then(|usage| usage.input), Some(9));
    assert_eq!(reply.stream_end, Some(StreamEnd::Complete));
}

#[test]
fn a_late_event_takes_nothing_of_an_end_away() {
    let event = |status: &str, usage: &str| {
        format!(
            "data: {{\"type\":\"response.{status}\",\"response\":{{\"id\":\"r\",\"object\":\"response\",\"status\":\"{status}\",\"usage\":{usage}}}}}\n\n"
        )
    };
    let end = event("completed", r#"{"input_tokens": 9, "output_tokens": 4}"#);
    let reply = in_every_cut("openai", format!("{end}{}", event("in_progress", "null")).as_bytes());
    assert_eq!(reply.finish_class, Some(FinishClass::Stop));
    assert_eq!(reply.usage.and_then(|usage| usage.input), Some(9));
}
