//! Recorded exchanges of Gemini, Bedrock, Cohere and Ollama, when `AGENTSPAN_RECORDINGS` names their folder.
//!
//! What is expected is looked up in the raw bodies by plain paths, one list of paths for each API.

use std::path::Path;

use serde_json::{Value, json};

use super::super::counts::count;
use super::super::json::Json;
use super::super::{Reply, StreamReader, Usage};
use super::{push, read_reply, read_request};

pub(super) struct Exchange {
    pub(super) name: String,
    pub(super) url: String,
    request: Value,
    pub(super) bodies: Vec<Value>,
    pub(super) is_stream: bool,
}

pub(super) fn exchange(path: &Path) -> Option<Exchange> {
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()?;
    let url = file["url"].as_str()?.to_owned();
    let (bodies, is_stream) = match file["response_text"].as_str() {
        None => (frames(&base64(file["response_base64"].as_str()?)), true),
        Some(text) => match serde_json::from_str(text) {
            Ok(whole) => (vec![whole], false),
            Err(_) => {
                let lines = text.lines().map(|line| line.strip_prefix("data:").unwrap_or(line));
                (lines.filter_map(|line| serde_json::from_str(line).ok()).collect(), true)
            }
        },
    };
    let name = path.file_name()?.to_str()?.to_owned();
    Some(Exchange { name, url, request: file["request"].clone(), bodies, is_stream })
}

/// The payloads of an AWS event stream, each under its event's type, and those of `chunk` as they are inside.
fn frames(mut bytes: &[u8]) -> Vec<Value> {
    let number = |at: &[u8]| u32::from_be_bytes(at[..4].try_into().expect("four bytes")) as usize;
    let mut events = Vec::new();
    while bytes.len() > 16 {
        let (frame, rest) = bytes.split_at(number(bytes));
        let (headers, payload) = frame[12..frame.len() - 4].split_at(number(&frame[4..]));
        let headers = String::from_utf8_lossy(headers);
        let kind =
            headers.split_once(":event-type").and_then(|(_, after)| after.split_once(':')).expect("a type").0;
        let kind: String = kind.chars().filter(char::is_ascii_alphabetic).collect();
        let payload: Value = serde_json::from_slice(payload).expect("a payload of JSON");
        events.push(match payload["bytes"].as_str() {
            Some(inner) => serde_json::from_slice(&base64(inner)).expect("a chunk of JSON"),
            None => json!({ kind: payload }),
        });
        bytes = rest;
    }
    events
}

pub(super) fn base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.bytes().filter_map(|byte| LETTERS.iter().position(|letter| *letter == byte));
    let bits: Vec<bool> =
        digits.flat_map(|digit| (0..6).rev().map(move |bit| digit >> bit & 1 == 1)).collect();
    bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect()
}

/// The paths of an API: the parts whose sum is the input, those of the output, the total, cache read and write,
/// reasoning; and the finish reason.
struct Paths {
    input: &'static [&'static str],
    output: &'static [&'static str],
    total: &'static str,
    cache: [&'static str; 2],
    reasoning: &'static str,
    finish: &'static [&'static str],
}

const NONE: Paths = Paths { input: &[], output: &[], total: "", cache: ["", ""], reasoning: "", finish: &[] };

fn paths_of(exchange: &Exchange) -> Option<Paths> {
    let has = |part: &str| exchange.url.contains(part);
    Some(match exchange.name.split('-').next()? {
        "google" => Paths {
            input: &["/usageMetadata/promptTokenCount", "/usageMetadata/toolUsePromptTokenCount"],
            output: &["/usageMetadata/candidatesTokenCount", "/usageMetadata/thoughtsTokenCount"],
            total: "/usageMetadata/totalTokenCount",
            cache: ["/usageMetadata/cachedContentTokenCount", ""],
            reasoning: "/usageMetadata/thoughtsTokenCount",
            finish: &["/candidates/0/finishReason"],
        },
        "bedrock" if has("/converse-stream") => Paths {
            input: &["/metadata/usage/inputTokens"],
            output: &["/metadata/usage/outputTokens"],
            total: "/metadata/usage/totalTokens",
            finish: &["/messageStop/stopReason"],
            ..NONE
        },
        "bedrock" if has("/converse") => Paths {
            input: &["/usage/inputTokens", "/usage/cacheReadInputTokens", "/usage/cacheWriteInputTokens"],
            output: &["/usage/outputTokens"],
            total: "/usage/totalTokens",
            cache: ["/usage/cacheReadInputTokens", "/usage/cacheWriteInputTokens"],
            finish: &["/stopReason"],
            ..NONE
        },
        "bedrock" if has("anthropic") && has("stream") => Paths {
            input: &["/message/usage/input_tokens"],
            output: &["/usage/output_tokens"],
            finish: &["/delta/stop_reason"],
            ..NONE
        },
        "bedrock" if has("anthropic") => Paths {
            input: &[
                "/usage/input_tokens",
                "/usage/cache_read_input_tokens",
                "/usage/cache_creation_input_tokens",
            ],
            output: &["/usage/output_tokens"],
            cache: ["/usage/cache_read_input_tokens", "/usage/cache_creation_input_tokens"],
            finish: &["/stop_reason"],
            ..NONE
        },
        "bedrock" if has("titan") && has("stream") => Paths {
            input: &["/amazon-bedrock-invocationMetrics/inputTokenCount"],
            output: &["/amazon-bedrock-invocationMetrics/outputTokenCount"],
            finish: &["/completionReason"],
            ..NONE
        },
        "bedrock" if has("titan") => Paths {
            input: &["/inputTextTokenCount"],
            output: &["/results/0/tokenCount"],
            finish: &["/results/0/completionReason"],
            ..NONE
        },
        "bedrock" => Paths { finish: &["/completions/0/finishReason/reason"], ..NONE },
        "cohere" if has("/v2/chat") && exchange.is_stream => Paths {
            input: &["/delta/usage/billed_units/input_tokens"],
            output: &["/delta/usage/billed_units/output_tokens"],
            finish: &["/delta/finish_reason"],
            ..NONE
        },
        "cohere" if has("/v2/chat") => Paths {
            input: &["/usage/billed_units/input_tokens"],
            output: &["/usage/billed_units/output_tokens"],
            finish: &["/finish_reason"],
            ..NONE
        },
        "cohere" if exchange.is_stream => Paths {
            input: &["/response/meta/billed_units/input_tokens"],
            output: &["/response/meta/billed_units/output_tokens"],
            finish: &["/response/finish_reason"],
            ..NONE
        },
        "cohere" => Paths {
            input: &["/meta/billed_units/input_tokens"],
            output: &["/meta/billed_units/output_tokens"],
            finish: &["/finish_reason", "/generations/0/finish_reason"],
            ..NONE
        },
        "ollama" => Paths {
            input: &["/prompt_eval_count"],
            output: &["/eval_count"],
            finish: &["/done_reason"],
            ..NONE
        },
        _ => return None,
    })
}

fn at<'a>(exchange: &'a Exchange, path: &str) -> Option<&'a Value> {
    let found =
        exchange.bodies.iter().rev().find_map(|body| body.pointer(path).filter(|value| !value.is_null()));
    found.filter(|_| !path.is_empty())
}

fn read(exchange: &Exchange, content: bool) -> Reply {
    let provider = exchange.name.split('-').next().unwrap_or_default();
    if !exchange.is_stream {
        return read_reply(provider, &exchange.bodies[0], content);
    }
    let mut reader = StreamReader::new(provider, content);
    exchange.bodies.iter().for_each(|body| push(&mut reader, body));
    assert!(reader.is_complete(), "{}", exchange.name);
    reader.into_reply()
}

#[test]
fn every_recorded_reply_of_gemini_bedrock_cohere_and_ollama_is_read() {
    let Some(folder) = std::env::var_os("AGENTSPAN_RECORDINGS") else {
        eprintln!("AGENTSPAN_RECORDINGS is not set: recorded exchanges are not read");
        return;
    };
    let mut checked = 0;
    for file in std::fs::read_dir(folder).expect("AGENTSPAN_RECORDINGS names a folder") {
        let Some(exchange) = exchange(&file.expect("a file").path()) else { continue };
        let Some(paths) = paths_of(&exchange) else { continue };
        checked += 1;
        let (name, reply) = (&exchange.name, read(&exchange, true));
        let number = |path: &str| at(&exchange, path).and_then(|value| count(&Json::from(value)));
        let sum = |paths: &[&str]| paths.iter().filter_map(|path| number(path)).reduce(|all, one| all + one);
        let expected = Usage {
            input: sum(paths.input),
            output: sum(paths.output),
            total: number(paths.total),
            cache_read: number(paths.cache[0]),
            cache_write: number(paths.cache[1]),
            reasoning: number(paths.reasoning),
            ..Usage::new()
        };
        assert_eq!(reply.usage.clone().unwrap_or_default(), expected, "{name}");
        assert_eq!(reply.error, None, "{name}");
        let finish = paths.finish.iter().find_map(|path| at(&exchange, path)).and_then(Value::as_str);
        assert_eq!(reply.finish_reasons.first().map(String::as_str), finish, "{name}");
        assert_eq!(reply.finish_class.is_some(), finish.is_some(), "{name}: {finish:?}");
        assert_eq!(reply.output_messages.is_some(), finish.is_some(), "{name}");
        let asks = reply.finish_class == Some(agentspan_semconv::FinishClass::ToolCall);
        assert_eq!(!reply.tool_calls.is_empty(), asks, "{name}: {:?}", reply.tool_calls);
        let is_object = |arguments: &Option<Value>| arguments.as_ref().is_some_and(Value::is_object);
        assert!(
            reply.tool_calls.iter().all(|call| call.id.is_some() && is_object(&call.arguments)),
            "{name}"
        );
        assert!(reply.size > 0, "{name}");
        let vectors =
            exchange.url.contains("/embed").then_some(exchange.request["texts"].as_array()).flatten();
        assert_eq!(reply.embedding_count, vectors.map(Vec::len), "{name}");
        let silent = read(&exchange, false);
        assert_eq!(
            (silent.usage, silent.size, silent.output_messages),
            (reply.usage, reply.size, None),
            "{name}"
        );
        let request = read_request(&exchange.request, true);
        assert_eq!(request.model.as_deref(), exchange.request["model"].as_str(), "{name}");
        if exchange.request["messages"].is_array() || exchange.request["contents"].is_array() {
            let count = request.input_messages.as_ref().and_then(Value::as_array).map(Vec::len);
            assert_eq!(count, request.message_count, "{name}");
        }
    }
    assert!(checked > 0, "the folder has recordings of these providers");
}
