//! Recorded exchanges of OpenAI's assistants and of Replicate, against what stands in their bodies.

use super::super::{Endpoints, Reply, ReplyReader};
use agentspan_semconv::StreamEnd;
use serde_json::Value;

struct Exchange {
    name: String,
    endpoint: Option<super::super::Endpoint>,
    text: String,
}

/// Those whose URL has one of these parts; none where the folder is not named.
fn exchanges(parts: &[&str]) -> Vec<Exchange> {
    let Some(folder) = std::env::var_os("AGENTSPAN_RECORDINGS") else {
        eprintln!("AGENTSPAN_RECORDINGS is not set: recorded exchanges are not read");
        return Vec::new();
    };
    let files = std::fs::read_dir(folder).expect("AGENTSPAN_RECORDINGS names a folder");
    let read = files.filter_map(|file| {
        let path = file.ok()?.path();
        let file: Value = serde_json::from_str(&std::fs::read_to_string(&path).ok()?).ok()?;
        let url = file["url"].as_str().filter(|url| parts.iter().any(|part| url.contains(part)))?;
        let name = path.file_name()?.to_str()?.to_owned();
        let endpoint = Endpoints::new().recognise("POST", url);
        Some(Exchange { name, endpoint, text: file["response_text"].as_str()?.to_owned() })
    });
    let read: Vec<_> = read.collect();
    assert!(!read.is_empty(), "the folder has recordings of {parts:?}");
    read
}

fn read(provider: &str, text: &str) -> Reply {
    let mut reader = ReplyReader::new(provider).status(200).with_content(true);
    text.as_bytes().chunks(97).for_each(|piece| reader.push(piece));
    reader.finish()
}

/// The JSON of the last event with this name.
fn event(text: &str, name: &str) -> Option<Value> {
    let after = text.rsplit_once(&format!("event: {name}\n"))?.1;
    serde_json::from_str(after.lines().next()?.strip_prefix("data:")?).ok()
}

#[test]
fn recorded_runs_of_assistants_have_the_figures_of_their_last_event() {
    let (mut streamed, mut queued) = (0, 0);
    for Exchange { name, endpoint, text } in exchanges(&["/runs"]) {
        let reply = read("openai", &text);
        let operation = endpoint.and_then(|endpoint| endpoint.operation);
        assert_eq!(operation.as_deref(), Some("invoke_agent"), "{name}");
        let Some(run) = event(&text, "thread.run.completed") else {
            // One that is only begun has spent nothing that is told.
            let run: Value = serde_json::from_str(&text).expect("a run");
            assert_eq!((&run["status"], &run["usage"]), (&Value::from("queued"), &Value::Null), "{name}");
            assert_eq!((reply.usage, reply.stream_end, reply.error), (None, None, None), "{name}");
            assert_eq!(
                (reply.id.as_deref(), reply.model.as_deref()),
                (run["id"].as_str(), run["model"].as_str())
            );
            assert!(reply.finish_reasons.is_empty(), "{name}: {:?}", reply.finish_reasons);
            queued += 1;
            continue;
        };
        streamed += 1;
        let counts = reply.usage.as_ref().map(|usage| (usage.input, usage.output, usage.total));
        let told =
            ["prompt_tokens", "completion_tokens", "total_tokens"].map(|key| run["usage"][key].as_u64());
        assert!(told.iter().all(Option::is_some), "{name}: {run}");
        assert_eq!(counts, Some(told.into()), "{name}");
        assert_eq!(
            (reply.id.as_deref(), reply.model.as_deref()),
            (run["id"].as_str(), run["model"].as_str())
        );
        assert_eq!(reply.finish_reasons, ["completed"], "{name}");
        assert_eq!((reply.stream_end, reply.error), (Some(StreamEnd::Complete), None), "{name}");
        let answer = event(&text, "thread.message.completed").expect("an answer");
        let answer = answer["content"][0]["text"]["value"].as_str().expect("a text");
        let messages = reply.output_messages.expect("content is kept").to_string();
        let quoted = Value::from(answer).to_string();
        assert!(messages.contains(quoted.trim_matches('"')), "{name}: {messages}");
        let events = text.matches("\ndata: {").count() as u64 + u64::from(text.starts_with("data: {"));
        assert_eq!(reply.chunk_count, events, "{name}");
    }
    assert_eq!(streamed > 0, queued > 0, "both kinds are recorded, or none is read");
}

#[test]
fn recorded_requests_that_call_no_model_have_no_figures() {
    for Exchange { name, endpoint, text } in exchanges(&["/v1/threads", "/v1/assistants"]) {
        if text.contains("thread.run") {
            continue;
        }
        assert_eq!(endpoint.and_then(|endpoint| endpoint.operation), None, "{name}");
        let reply = read("openai", &text);
        assert_eq!((reply.usage, reply.error, reply.stream_end), (None, None, None), "{name}");
        assert!(reply.finish_reasons.is_empty() && reply.tool_calls.is_empty(), "{name}");
    }
}

#[test]
fn recorded_predictions_of_replicate_are_begun_and_not_counted() {
    for Exchange { name, endpoint, text } in exchanges(&["api.replicate.com"]) {
        let body: Value = serde_json::from_str(&text).expect("a prediction");
        assert_eq!((&body["status"], &body["error"]), (&Value::from("starting"), &Value::Null), "{name}");
        let endpoint = endpoint.expect("Replicate is known");
        assert_eq!(endpoint.provider.as_deref(), Some("replicate"), "{name}");
        assert_eq!(endpoint.operation.as_deref(), Some("generate_content"), "{name}");
        let model = name.contains("llama").then_some("meta/llama-2-70b-chat");
        assert_eq!(endpoint.model.as_deref(), model, "{name}");
        let reply = read("replicate", &text);
        assert_eq!((reply.usage, reply.error, reply.stream_end), (None, None, None), "{name}");
        assert!(reply.finish_reasons.is_empty() && reply.tool_calls.is_empty(), "{name}");
        assert_eq!(
            (reply.id.as_deref(), reply.model.as_deref()),
            (body["id"].as_str(), body["model"].as_str())
        );
    }
}
