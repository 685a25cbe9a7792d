//! Recorded exchanges, when `AGENTSPAN_RECORDINGS` names their folder; left out when it does not.

use std::path::Path;

use serde_json::{Value, json};

use super::super::counts::count;
use super::super::{Reply, StreamReader, Usage};
use super::{push, read_reply, read_request};

struct Exchange {
    name: String,
    url: String,
    request: Value,
    /// One body, or the chunks of a stream.
    chunks: Vec<Value>,
    is_stream: bool,
}

fn exchange(path: &Path) -> Option<Exchange> {
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()?;
    let text = file["response_text"].as_str()?;
    let is_stream = text.starts_with("data:") || text.starts_with("event:");
    let lines = text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim);
    let chunks = match is_stream {
        true => lines
            .filter(|line| *line != "[DONE]")
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect(),
        false => vec![serde_json::from_str(text).ok()?],
    };
    let name = path.file_name()?.to_str()?.to_owned();
    Some(Exchange {
        name,
        url: file["url"].as_str()?.to_owned(),
        request: file["request"].clone(),
        chunks,
        is_stream,
    })
}

fn exchanges() -> Vec<Exchange> {
    let Some(folder) = std::env::var_os("AGENTSPAN_RECORDINGS") else {
        eprintln!("AGENTSPAN_RECORDINGS is not set: recorded exchanges are not read");
        return Vec::new();
    };
    let files = std::fs::read_dir(folder).expect("AGENTSPAN_RECORDINGS names a folder");
    files.filter_map(|file| exchange(&file.ok()?.path())).collect()
}

fn read(exchange: &Exchange, content: bool) -> Reply {
    let provider = exchange.name.split('-').next().unwrap_or_default();
    if !exchange.is_stream {
        return read_reply(provider, &exchange.chunks[0], content);
    }
    let mut reader = StreamReader::new(provider, content);
    exchange.chunks.iter().for_each(|chunk| push(&mut reader, chunk));
    assert!(reader.is_complete(), "{}", exchange.name);
    reader.into_reply()
}

/// All values under a key anywhere, in order: a second way to find what the readers find.
fn find<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get(key).filter(|value| !value.is_null()));
            map.values().for_each(|inner| find(inner, key, found));
        }
        Value::Array(list) => list.iter().for_each(|inner| find(inner, key, found)),
        _ => {}
    }
}

fn last(exchange: &Exchange, key: &str) -> Option<Value> {
    let mut found = Vec::new();
    exchange.chunks.iter().for_each(|chunk| find(chunk, key, &mut found));
    found.last().map(|value| (*value).clone())
}

fn expected_usage(exchange: &Exchange, is_anthropic: bool) -> Option<Usage> {
    let number = |key: &str| last(exchange, key).and_then(|value| count(&(&value).into()));
    let usage = if is_anthropic {
        let parts = ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"].map(number);
        let input = parts[0].map(|_| parts.iter().flatten().sum());
        Usage {
            input,
            output: number("output_tokens"),
            cache_read: parts[1],
            cache_write: parts[2],
            ..Usage::new()
        }
    } else {
        let output = number("completion_tokens").filter(|_| !exchange.url.contains("embeddings"));
        Usage { input: number("prompt_tokens"), output, total: number("total_tokens"), ..Usage::new() }
    };
    (usage != Usage::new()).then_some(usage)
}

#[test]
fn every_recorded_chat_embedding_and_message_is_read() {
    let mut count = 0;
    for exchange in exchanges() {
        let is_anthropic = exchange.url.contains("/messages") && exchange.url.contains("anthropic")
            || exchange.url.contains("/complete") && exchange.url.contains("anthropic.com")
            || exchange.name.starts_with("anthropic-");
        let is_openai = exchange.url.contains("completions") || exchange.url.contains("/embeddings");
        if !(is_anthropic || is_openai) {
            continue;
        }
        count += 1;
        let name = &exchange.name;
        let reply = read(&exchange, true);
        if last(&exchange, "error").is_some() {
            let code =
                ["code", "type"].into_iter().find_map(|key| last(&exchange, key)).expect("a code or a type");
            assert_eq!(reply.error.map(|error| json!(error.error_type)), Some(code), "{name}");
            continue;
        }
        assert_eq!(reply.error, None, "{name}");
        let expected = expected_usage(&exchange, is_anthropic);
        let read_usage = reply.usage.clone();
        let core = read_usage.map(|usage| Usage {
            input: usage.input,
            output: usage.output,
            total: usage.total,
            cache_read: usage.cache_read.filter(|_| is_anthropic),
            cache_write: usage.cache_write.filter(|_| is_anthropic),
            ..Usage::new()
        });
        assert_eq!(core, expected, "{name}");
        assert!(reply.model.is_some(), "{name}: model");
        assert!(reply.size > 0, "{name}: size");
        if exchange.url.contains("embeddings") {
            assert!(reply.embedding_count >= Some(1) && reply.embedding_dimensions > Some(100), "{name}");
        } else {
            assert!(reply.finish_class.is_some(), "{name}: {:?}", reply.finish_reasons);
            let finish = last(&exchange, if is_anthropic { "stop_reason" } else { "finish_reason" });
            assert_eq!(reply.finish_reasons.last().map(|word| json!(word)), finish, "{name}");
            assert!(reply.output_messages.is_some(), "{name}");
            let asks =
                ["tool_calls", "function_call", "tool_use"].contains(&reply.finish_reasons[0].as_str());
            assert_eq!(!reply.tool_calls.is_empty(), asks, "{name}");
            let named = |call: &crate::usage::reply::ToolCall| {
                !call.name.is_empty() && call.arguments.as_ref().is_some_and(Value::is_object)
            };
            assert!(reply.tool_calls.iter().all(named), "{name}: {:?}", reply.tool_calls);
        }
        let silent = read(&exchange, false);
        assert_eq!(
            (silent.usage, silent.size, silent.output_messages),
            (reply.usage, reply.size, None),
            "{name}"
        );
        let request = read_request(&exchange.request, true);
        let model = exchange.request["model"].as_str();
        assert_eq!(request.model.as_deref(), model, "{name}");
        let messages = exchange.request["messages"].as_array().map(Vec::len);
        assert_eq!(request.message_count, messages.or(exchange.request.get("prompt").map(|_| 1)), "{name}");
    }
    if count > 0 {
        println!("{count} recorded exchanges were read");
    }
}

#[test]
fn recorded_replies_of_other_families_do_no_harm() {
    for exchange in exchanges() {
        let mut reader = StreamReader::new("openai", true);
        for chunk in &exchange.chunks {
            push(&mut reader, chunk);
            let _ = read_reply("openai", chunk, true);
        }
        let _ = (reader.into_reply(), read_request(&exchange.request, true));
    }
}
