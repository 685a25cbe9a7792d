//! Where each count stands in a body, proved by putting numbers there.

use serde_json::{Value, json};

use super::super::json::Json;
use super::super::{ReplyReader, Usage, places_of};

fn field(usage: &Usage, name: &str) -> Option<f64> {
    let count = |count: Option<u64>| count.map(|count| count as f64);
    match name {
        "input" => count(usage.input),
        "output" => count(usage.output),
        "total" => count(usage.total),
        "cache_read" => count(usage.cache_read),
        "cache_write" => count(usage.cache_write),
        "cache_write_5m" => count(usage.cache_write_5m),
        "cache_write_1h" => count(usage.cache_write_1h),
        "reasoning" => count(usage.reasoning),
        "input_audio" => count(usage.input_audio),
        "cache_audio_read" => count(usage.cache_audio_read),
        "output_audio" => count(usage.output_audio),
        "input_image" => count(usage.input_image),
        "output_image" => count(usage.output_image),
        "input_video" => count(usage.input_video),
        "output_video" => count(usage.output_video),
        "web_searches" => count(usage.web_searches),
        "file_searches" => count(usage.file_searches),
        "seconds" => usage.seconds,
        "provider_cost_usd" => usage.provider_cost_usd,
        other => panic!("no field {other}"),
    }
}

/// Puts 7 at a place, or at each part of a sum.
fn put(body: &mut Value, path: &str) {
    let last = path.split('.').fold(body, |at, step| match step.split_once('[') {
        Some((key, word)) => {
            let word = word.trim_end_matches(']');
            if at[key].is_null() {
                let words = json!({ "modality": word, "ttl": word, "type": word });
                at[key] = match word {
                    "" if path.ends_with("[]") => json!(["query"]),
                    "" => json!([{}]),
                    _ => json!([words]),
                };
            }
            &mut at[key][0]
        }
        None => &mut at[step],
    });
    if last.is_null() {
        *last = 7.into();
    }
}

/// What is read when a count stands at a place of a body, and the places that are told for it.
fn read(body: &Value, (name, place): (&str, &str)) -> (Option<f64>, Vec<String>) {
    let mut body = body.clone();
    place.split(" + ").for_each(|part| put(&mut body, part));
    let mut reader = ReplyReader::new("openrouter").with_places(true);
    reader.push(body.to_string().as_bytes());
    let reply = reader.finish();
    let told = reply.places().filter(|(told, _)| *told == name).map(|(_, place)| place.to_owned()).collect();
    (field(&reply.usage.unwrap_or_default(), name), told)
}

/// Every place of the family that reads bodies like these, in at least one of them.
fn check(bodies: &[Value]) {
    let parsed = Json::from(&bodies[0]);
    let places = places_of("openrouter", parsed.as_object().expect("a body is an object"));
    assert!(!places.is_empty(), "{parsed:?}");
    for place in places {
        let count = if place.1.ends_with(']') { 1.0 } else { 7.0 * place.1.split(" + ").count() as f64 };
        let expected = (Some(count), vec![place.1.to_owned()]);
        let all: Vec<_> = bodies.iter().map(|body| read(body, *place)).collect();
        assert!(all.contains(&expected), "{place:?} of {parsed:?}: {all:?}");
    }
}

#[test]
fn every_count_is_read_from_its_places_and_says_so() {
    let metrics = "amazon-bedrock-invocationMetrics";
    check(&[json!({ "choices": [{}] })]);
    check(&[json!({ "object": "response" })]);
    check(&[json!({ "object": "thread.run" })]);
    check(&[json!({ "data": [{ "embedding": [0.5] }] })]);
    check(&[json!({ "text": "x", "task": "transcribe" })]);
    check(&[json!({ "type": "message", "content": [] })]);
    // Parts alone are no counts.
    check(&[json!({ "candidates": [{}], "usageMetadata": { "cachedContentTokenCount": 7 } })]);
    check(&[
        json!({ "embedding": { "values": [0.5] } }),
        json!({ "embedding": { "values": [0.5] }, "usageMetadata": { "promptTokenCount": 7 } }),
        json!({ "predictions": [{ "embeddings": { "values": [0.5] } }] }),
    ]);
    check(&[json!({ "object": "interaction" })]);
    check(&[json!({ "output": { "message": {} } })]);
    let message = json!({ "message": {}, "finish_reason": "COMPLETE" });
    let counted =
        json!({ "message": {}, "finish_reason": "COMPLETE", "usage": { "tokens": { "input_tokens": 7 } } });
    check(&[message, counted]);
    check(&[json!({ "embeddings": [[0.5]], "meta": {} })]);
    check(&[
        json!({ "generation": "x", "stop_reason": "stop" }),
        json!({ "results": [{ "outputText": "x" }] }),
        json!({ metrics: { "inputTokenCount": 0 } }),
    ]);
    check(&[json!({ "response": "x", "done": true })]);
}

#[test]
fn a_stream_tells_the_place_of_the_last_word() {
    let mut reader = ReplyReader::new("anthropic").with_places(true);
    let start =
        json!({ "type": "message_start", "message": { "usage": { "input_tokens": 5, "output_tokens": 1 } } });
    let delta = json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 9 } });
    for event in [start, delta] {
        reader.push(format!("data: {event}\n\n").as_bytes());
    }
    let reply = reader.finish();
    let told: Vec<_> = reply.places().collect();
    assert_eq!(told, [("input", "message.usage.input_tokens"), ("output", "usage.output_tokens")]);
}

#[test]
fn a_place_is_told_as_the_body_writes_it() {
    let mut reader = ReplyReader::new("").with_places(true);
    reader.push(br#"{"candidates":[{}],"usage_metadata":{"prompt_token_count":3}}"#);
    let reply = reader.finish();
    assert_eq!(reply.places().collect::<Vec<_>>(), [("input", "usage_metadata.prompt_token_count")]);
}

#[test]
fn places_are_noted_only_when_asked_for() {
    let mut reader = ReplyReader::new("openai");
    reader.push(br#"{"choices":[],"usage":{"prompt_tokens":1}}"#);
    assert_eq!(reader.finish().places().count(), 0);
}
