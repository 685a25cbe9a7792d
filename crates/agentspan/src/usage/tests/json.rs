use std::collections::HashMap;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::super::json::{fits, size};
use super::super::with_json;

fn to_json<T: Serialize + ?Sized>(value: &T) -> Option<Value> {
    with_json(value, |json| json.into())
}

struct Bytes(&'static [u8]);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

struct Failing;

impl Serialize for Failing {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no"))
    }
}

struct Panicking;

impl Serialize for Panicking {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("a fault in the caller's type")
    }
}

#[derive(Serialize)]
struct Wrapped(Vec<u8>);

#[test]
fn text_and_bytes_that_hold_json_are_parsed() {
    let text = r#" {"a": [1]}"#;
    let parsed = Some(json!({"a": [1]}));
    assert_eq!(to_json(text), parsed);
    assert_eq!(to_json(&text.to_owned()), parsed);
    assert_eq!(to_json(&Some(text)), parsed);
    assert_eq!(to_json(&Value::from(text)), parsed);
    assert_eq!(to_json(text.as_bytes()), parsed);
    assert_eq!(to_json(&Wrapped(text.into())), parsed);
    assert_eq!(to_json(&Bytes(b"[1, 2]")), Some(json!([1, 2])));
    assert_eq!(to_json(b"{}"), Some(json!({})));
    assert_eq!(to_json("\u{feff}{}"), Some(json!({})));
    assert_eq!(to_json(&json!([123, 125])), Some(json!({})), "bytes as a list of numbers");
}

#[test]
fn other_text_stays_text_and_other_lists_stay_lists() {
    for text in ["", "hello", "12", "null", "<html></html>", "{broken", "[DONE]", "   "] {
        assert_eq!(to_json(text), Some(json!(text)));
    }
    assert_eq!(to_json(&[1, 2, 3]), Some(json!([1, 2, 3])));
    assert_eq!(to_json(&[123_u8, 0]), Some(json!("{\0")), "bytes that begin like JSON are a text");
    assert_eq!(to_json(&Bytes(b"hello")), Some(json!("hello")));
    assert_eq!(to_json(&Bytes(b"\xff")), Some(json!([255])));
    assert_eq!(to_json(&[0.5]), Some(json!([0.5])));
    assert_eq!(to_json(&Vec::<u8>::new()), Some(json!([])));
    assert_eq!(to_json(&f64::NAN), Some(json!(null)));
    assert_eq!(to_json(&()), Some(json!(null)));
    assert_eq!(to_json(&json!({"a": 1})), Some(json!({"a": 1})));
}

#[test]
fn what_cannot_be_json_is_none_and_never_a_panic() {
    assert_eq!(to_json(&Failing), None);
    assert_eq!(to_json(&Panicking), None);
    assert_eq!(to_json(&HashMap::from([((1, 2), 3)])), None);
    let deep = "[".repeat(100_000);
    assert_eq!(to_json(&deep), Some(Value::from(deep)));
    let nested = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    assert_eq!(to_json(&nested), Some(Value::from(nested)));
}

#[test]
fn sizes_are_those_of_the_compact_text() {
    for value in [json!({"a": [1, 2.5, "ö\n\"", null], "b": {}}), json!([]), json!("x")] {
        let text = value.to_string();
        assert_eq!(size(&value), text.len());
        assert!(fits(&value, text.len()) && !fits(&value, text.len() - 1));
    }
    let deep = (0..2000).fold(json!(1), |inner, _| Value::Array(vec![inner]));
    assert_eq!(size(&deep), 256);
    assert!(!fits(&deep, 1 << 20));
}

#[test]
fn of_keys_that_are_there_twice_the_last_one_counts_as_it_does_for_every_client() {
    let twice = r#"{"id": "a", "model": "m", "choices": [{"finish_reason": "length", "finish_reason": "stop", "message": {}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "prompt_tokens": 30}, "id": "b"}"#;
    let whole: Value = serde_json::from_str(twice).expect("it is JSON");
    assert_eq!(whole["usage"]["prompt_tokens"], 30);
    let mut chunk = crate::usage::ReplyReader::new("openai");
    chunk.push(format!("data: {}\n\ndata: [DONE]\n\n", twice.replace('\n', " ")).as_bytes());
    let mut body = crate::usage::ReplyReader::new("openai");
    body.push(twice.as_bytes());
    for reply in [body.finish(), chunk.finish(), super::read("openai", whole)] {
        let usage = reply.usage.expect("it has usage");
        assert_eq!((usage.input, usage.output), (Some(30), Some(4)));
        assert_eq!(
            (reply.id.as_deref(), reply.finish_reasons.as_slice()),
            (Some("b"), &["stop".to_owned()][..])
        );
    }
}

#[test]
fn of_keys_in_camel_case_that_are_there_twice_the_last_one_counts_too() {
    let twice = r#"{"candidates": [], "usageMetadata": {"promptTokenCount": 1},
        "usageMetadata": {"promptTokenCount": 2, "prompt_token_count": 9, "promptTokenCount": 5, "candidatesTokenCount": 1,
        "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 7, "tokenCount": 1}]}}"#;
    let mut body = crate::usage::ReplyReader::new("gcp.gemini");
    body.push(twice.as_bytes());
    let usage = body.finish().usage.expect("it has usage");
    assert_eq!((usage.input, usage.output, usage.output_audio), (Some(5), Some(1), Some(1)));
}

#[test]
fn values_read_as_serde_json_reads_them() {
    let texts = [
        r#"{"a": [1, -1, 0, -0, 1.5, 1e3, 18446744073709551615, -9223372036854775808, 18446744073709551616]}"#,
        r#"{"": [], "k\u00f6\n": "v\"\ud83d\ude00", "o": {"x": {}, "y": [[], null, true, false]}}"#,
        "[]",
        "\"x\"",
        "null",
    ];
    for text in texts {
        let value: Value = serde_json::from_str(text).expect("it is JSON");
        let json: super::Json<'_> = serde_json::from_str(text).expect("it is JSON");
        assert_eq!(Value::from(&json), value);
        assert_eq!(json, super::Json::from(&value));
        assert_eq!(serde_json::to_string(&json).ok(), serde_json::to_string(&value).ok());
    }
}

#[test]
fn numbers_that_come_as_text_since_another_crate_asked_for_it_are_numbers() {
    let number = |text: &str| {
        let text = format!(r#"{{"$serde_json::private::Number": "{text}"}}"#);
        serde_json::from_str::<super::Json<'_>>(&text).map(|json| Value::from(&json)).ok()
    };
    assert_eq!(number("412"), Some(json!(412)));
    assert_eq!(number("-3"), Some(json!(-3)));
    assert_eq!(number("12.0"), Some(json!(12.0)));
    assert_eq!(number("1e400"), Some(Value::Null));
}
