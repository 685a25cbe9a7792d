//! Small fixtures of our own; recorded exchanges are read only when their folder is named.

mod anthropic;
mod bedrock;
mod cohere;
mod compatible;
mod errors;
mod gemini;
mod genai;
mod interactions;
mod json;
mod media;
mod numbers;
mod ollama;
mod openai;
mod places;
mod recordings;
mod recordings_cuts;
mod recordings_others;
mod recordings_rest;
mod requests;
mod requests_others;
mod responses;
mod robustness;
mod runs;
mod streams;

use std::io::Write;

use serde_json::Value;

use super::json::{Json, Number, Object};
use super::{Reply, Request, StreamReader, Usage};

impl<'a> From<&'a Value> for Json<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(match (number.as_u64(), number.as_i64()) {
                (Some(whole), _) => Number::Whole(whole),
                (None, Some(negative)) => Number::Negative(negative),
                (None, None) => Number::Float(number.as_f64().expect("it is a number")),
            }),
            Value::String(text) => Self::Str(text.into()),
            Value::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Value::Object(map) => Self::Object(
                map.iter().map(|(key, value)| (key.as_str(), value.into())).collect::<Object<'_>>(),
            ),
        }
    }
}

fn read_reply(provider: &str, body: &Value, content: bool) -> Reply {
    super::read_reply(provider, &Json::from(body), content)
}

fn read_request(body: &Value, content: bool) -> Request {
    super::read_request(&Json::from(body), content)
}

fn write_system(body: &Value, out: &mut dyn Write) -> bool {
    super::write_system(&Json::from(body), out)
}

fn write_tools(body: &Value, out: &mut dyn Write) -> bool {
    super::write_tools(&Json::from(body), out)
}

fn push(reader: &mut StreamReader, chunk: &Value) {
    reader.push(&Json::from(chunk));
}

/// Reads a whole reply with content.
fn read(provider: &str, body: Value) -> Reply {
    read_reply(provider, &body, true)
}

fn usage_of(provider: &str, body: Value) -> Usage {
    read(provider, body).usage.expect("the fixture has usage")
}

/// Reads a stream to its end, with content.
fn reader(provider: &str, chunks: &[Value]) -> StreamReader {
    let mut reader = StreamReader::new(provider, true);
    chunks.iter().for_each(|chunk| push(&mut reader, chunk));
    reader
}

/// The reply of a stream that ended, which must read like the same reply sent whole.
fn same(provider: &str, chunks: &[Value], whole: Value) -> Reply {
    let streamed = reader(provider, chunks);
    assert!(streamed.is_complete(), "{streamed:?}");
    let (streamed, whole) = (streamed.into_reply(), read(provider, whole));
    assert_eq!(streamed, whole);
    let mut silent = StreamReader::new(provider, false);
    chunks.iter().for_each(|chunk| push(&mut silent, chunk));
    let silent = silent.into_reply();
    assert_eq!((&silent.usage, silent.size, silent.output_messages), (&whole.usage, whole.size, None));
    whole
}
