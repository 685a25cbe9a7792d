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

/// The counts of a body as its provider gives them, by plain look-ups in the last `usage` of its kind.
fn expected_usage(exchange: &Exchange, kind: Kind) -> Option<Usage> {
    let number = |key: &str| last(exchange, key).and_then(|value| count(&(&value).into()));
    let [input, output, input_details, output_details] = match kind {
        Kind::Anthropic => {
            let parts =
                ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"].map(number);
            let input = parts[0].map(|_| parts.iter().flatten().sum());
            let usage = Usage {
                input,
                output: number("output_tokens"),
                cache_read: parts[1],
                cache_write: parts[2],
                cache_write_5m: number("ephemeral_5m_input_tokens"),
                cache_write_1h: number("ephemeral_1h_input_tokens"),
                ..Usage::new()
            };
            return (usage != Usage::new()).then_some(usage);
        }
        Kind::Responses => ["input_tokens", "output_tokens", "input_tokens_details", "output_tokens_details"],
        Kind::Chat | Kind::Run => {
            ["prompt_tokens", "completion_tokens", "prompt_tokens_details", "completion_tokens_details"]
        }
    };
    let detail = |of: &str, key: &str| last(exchange, of)?.get(key)?.as_u64();
    let singular = |key: &str| detail("prompt_token_details", key);
    let usage = Usage {
        input: number(input),
        output: number(output).filter(|_| !exchange.url.contains("embeddings")),
        total: number("total_tokens"),
        cache_read: detail(input_details, "cached_tokens").or_else(|| singular("cached_tokens")),
        input_audio: detail(input_details, "audio_tokens"),
        reasoning: detail(output_details, "reasoning_tokens"),
        output_audio: detail(output_details, "audio_tokens"),
        ..Usage::new()
    };
    (usage != Usage::new()).then_some(usage)
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Anthropic,
    Responses,
    /// A run of an assistant.
    Run,
    /// Everything in the shape of Chat Completions, and embeddings.
    Chat,
}

fn kind_of(exchange: &Exchange) -> Option<Kind> {
    let has = |part: &str| exchange.url.contains(part);
    let is_anthropic = has("/messages") && has("anthropic")
        || has("/complete") && has("anthropic.com")
        || exchange.name.starts_with("anthropic-");
    Some(match () {
        () if is_anthropic => Kind::Anthropic,
        () if has("/responses") => Kind::Responses,
        () if has("/threads/") && exchange.url.ends_with("/runs") => Kind::Run,
        () if has("completions") || has("/embeddings") => Kind::Chat,
        () => return None,
    })
}

#[test]
fn every_recorded_chat_response_run_embedding_and_message_is_read() {
    let mut count = 0;
    for exchange in exchanges() {
        let Some(kind) = kind_of(&exchange) else { continue };
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
        assert_eq!(reply.usage, expected_usage(&exchange, kind), "{name}");
        assert_eq!(
            reply.model.as_deref(),
            last(&exchange, "model").as_ref().and_then(Value::as_str),
            "{name}: model"
        );
        assert_eq!(
            reply.service_tier,
            last(&exchange, "service_tier").map(|tier| tier.as_str().unwrap_or_default().to_owned()),
            "{name}"
        );
        check_output(&exchange, kind, &reply);
        let silent = read(&exchange, false);
        assert_eq!(
            (silent.usage, silent.size, silent.output_messages),
            (reply.usage, reply.size, None),
            "{name}"
        );
        check_request(&exchange);
    }
    if count > 0 {
        println!("{count} recorded exchanges were read");
    }
}

fn check_output(exchange: &Exchange, kind: Kind, reply: &Reply) {
    let name = &exchange.name;
    if exchange.url.contains("embeddings") {
        assert!(reply.embedding_count >= Some(1) && reply.embedding_dimensions > Some(100), "{name}");
        return;
    }
    let word = match kind {
        Kind::Anthropic => "stop_reason",
        Kind::Chat => "finish_reason",
        Kind::Responses | Kind::Run => "status",
    };
    let finish = last(exchange, word).filter(|word| word != "queued");
    assert_eq!(reply.finish_reasons.last().map(|word| json!(word)), finish, "{name}");
    if finish.is_none() {
        return;
    }
    assert!(reply.size > 0, "{name}: size");
    assert!(reply.finish_class.is_some(), "{name}: {:?}", reply.finish_reasons);
    assert!(reply.output_messages.is_some(), "{name}");
    let asks = match kind {
        Kind::Responses => {
            let items = last(exchange, "output").expect("a response has output");
            items.as_array().into_iter().flatten().filter(|item| item["type"] == "function_call").count() > 0
        }
        _ => ["tool_calls", "function_call", "tool_use"].contains(&reply.finish_reasons[0].as_str()),
    };
    assert_eq!(!reply.tool_calls.is_empty(), asks, "{name}");
    let named = |call: &crate::usage::reply::ToolCall| {
        !call.name.is_empty() && call.arguments.as_ref().is_some_and(Value::is_object)
    };
    assert!(reply.tool_calls.iter().all(named), "{name}: {:?}", reply.tool_calls);
}

fn check_request(exchange: &Exchange) {
    let name = &exchange.name;
    let request = read_request(&exchange.request, true);
    let body = &exchange.request;
    assert_eq!(request.model.as_deref(), body["model"].as_str(), "{name}");
    let messages = body["messages"].as_array().map(Vec::len).or_else(|| body.get("prompt").map(|_| 1));
    let messages = messages.or_else(|| match body.get("input")? {
        Value::String(_) => Some(1),
        Value::Array(items) => items.iter().any(Value::is_object).then_some(items.len()),
        _ => None,
    });
    assert_eq!(request.message_count, messages, "{name}");
    let read = request.input_messages.as_ref().and_then(Value::as_array).map(Vec::len);
    assert_eq!(read, messages, "{name}");
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
