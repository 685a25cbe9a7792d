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
