//! Streams of a body as it came, which the client has not parsed.

use crate::fixtures::{openai_chunks, tree};
use agentspan::testing::{Recording, record};
use futures_util::StreamExt;
use serde_json::json;

/// As `bytes::Bytes` writes itself.
struct Piece(Vec<u8>);

impl serde::Serialize for Piece {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

/// Reads a body that the client gives as it came.
async fn read_raw<C: serde::Serialize>(provider: &str, items: impl IntoIterator<Item = C>) -> Recording {
    let items: Vec<Result<C, String>> = items.into_iter().map(Ok).collect();
    let (recording, count) = (record(), items.len());
    let stream = agentspan::llm(provider, "gpt-4o")
        .stream(async { Ok::<_, String>(futures_util::stream::iter(items)) })
        .await
        .expect("it opens");
    assert_eq!(stream.collect::<Vec<_>>().await.len(), count, "the caller gets every item");
    recording
}

#[tokio::test]
async fn a_client_that_gives_the_bytes_of_server_sent_events_has_its_tokens_in_every_cut() {
    let mut body: String = openai_chunks().iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    body.push_str("data: [DONE]\n\n");
    let expected = "llm.openai.gpt-4o ok 9→4 $0.0000625";
    for length in [1, 2, 7, 100, body.len()] {
        let pieces = || body.as_bytes().chunks(length).map(<[u8]>::to_vec);
        let read = read_raw("openai", pieces()).await;
        assert_eq!(tree(&read), expected, "lists of numbers in pieces of {length}");
        let read = read_raw("openai", pieces().map(Piece)).await;
        assert_eq!(tree(&read), expected, "bytes in pieces of {length}");
        let read = read.spans().remove(0);
        assert_eq!((read.int("llm.chunk_count"), read.text("llm.stream_end")), (Some(5), Some("complete")));
    }
}

#[tokio::test]
async fn a_client_that_gives_the_text_of_server_sent_events_has_its_tokens() {
    let events = || openai_chunks().into_iter().map(|chunk| format!("data: {chunk}\n\n"));
    let expected = "llm.openai.gpt-4o ok 9→4 $0.0000625";
    assert_eq!(tree(&read_raw("openai", events()).await), expected, "event by event");
    assert_eq!(tree(&read_raw("openai", [events().collect::<String>()]).await), expected, "at once");
    let comment = std::iter::once(": OPENROUTER PROCESSING\n\n".to_owned());
    assert_eq!(tree(&read_raw("openai", comment.chain(events())).await), expected, "after a comment");
    let lines = || openai_chunks().into_iter().map(|chunk| format!("data: {chunk}"));
    assert_eq!(tree(&read_raw("openai", lines()).await), expected, "line by line");
    let lines = lines().flat_map(|line| ["event: chunk".to_owned(), line, String::new()]);
    assert_eq!(tree(&read_raw("openai", lines).await), expected, "line by line with names and empty lines");
    let json = openai_chunks().into_iter().map(|chunk| chunk.to_string());
    assert_eq!(tree(&read_raw("openai", json).await), expected, "the JSON of each event");
}

#[tokio::test]
async fn a_client_that_gives_the_lines_of_ollama_as_they_came_has_its_tokens() {
    let lines = "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},\"done\":false}\n\
        {\"model\":\"m\",\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":26,\"eval_count\":3}\n";
    for length in [1, 10, lines.len()] {
        let read = read_raw("ollama", lines.as_bytes().chunks(length).map(<[u8]>::to_vec)).await;
        assert_eq!(tree(&read), "llm.ollama.gpt-4o ok 26→3 cost:unknown", "in pieces of {length}");
    }
    let read = read_raw("ollama", [lines.to_owned()]).await;
    assert_eq!(tree(&read), "llm.ollama.gpt-4o ok 26→3 cost:unknown", "as one text");
}

#[tokio::test]
async fn a_client_that_gives_a_whole_reply_in_pieces_has_its_tokens() {
    let body = json!({"id": "c", "model": "gpt-4o-2024-08-06", "object": "chat.completion",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}})
    .to_string();
    let read = read_raw("openai", body.as_bytes().chunks(20).map(<[u8]>::to_vec)).await;
    assert_eq!(tree(&read), "llm.openai.gpt-4o ok 9→4 $0.0000625");
}

#[tokio::test]
async fn an_answer_in_plain_text_is_an_answer_whatever_it_begins_with() {
    for first in ["{\"", "[", ":", ": ", "data", "data:", "id:", "event: the end", "da", "<html>"] {
        let read = read_raw("local", [first, "city\"", " Ulm"]).await;
        let read = read.spans().remove(0);
        assert_eq!(read.text("llm.stream_end"), Some("complete"), "{first}");
        assert_eq!(read.int("llm.chunk_count"), Some(3), "{first}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_stream_we_know_are_an_answer_of_unknown_shape() {
    for items in [["d", "ear"], ["hello", " Ulm"], ["<html>", "</html>"]] {
        let read = read_raw("local", items.map(|item| item.as_bytes().to_vec())).await;
        assert_eq!(tree(&read), "llm.local.gpt-4o ok cost:unknown", "{items:?}");
        let read = read_raw("local", items.map(|item| Piece(item.into()))).await;
        assert_eq!(tree(&read), "llm.local.gpt-4o ok cost:unknown", "{items:?}");
    }
}
