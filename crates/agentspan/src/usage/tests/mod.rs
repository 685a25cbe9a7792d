//! Small fixtures of our own; recorded exchanges are read only when their folder is named.

mod anthropic;
mod errors;
mod json;
mod numbers;
mod openai;
mod recordings;
mod requests;
mod robustness;
mod streams;

use serde_json::Value;

use super::{Reply, StreamReader, Usage, read_reply};

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
    chunks.iter().for_each(|chunk| reader.push(chunk));
    reader
}
