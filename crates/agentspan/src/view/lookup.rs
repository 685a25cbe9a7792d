//! Attributes by name.

use opentelemetry::{KeyValue, Value};

/// The attribute of that name.
pub(crate) fn get<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| attribute.key.as_str() == name).map(|attribute| &attribute.value)
}

/// An attribute that is text.
pub(crate) fn text<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a str> {
    match get(attributes, name)? {
        Value::String(text) => Some(text.as_str()),
        _ => None,
    }
}

/// An attribute that is a whole number.
pub(crate) fn int(attributes: &[KeyValue], name: &str) -> Option<i64> {
    match get(attributes, name)? {
        Value::I64(number) => Some(*number),
        _ => None,
    }
}

/// An attribute that is a double.
pub(crate) fn double(attributes: &[KeyValue], name: &str) -> Option<f64> {
    match get(attributes, name)? {
        Value::F64(number) => Some(*number),
        _ => None,
    }
}

/// An attribute that is true or false.
pub(crate) fn bool(attributes: &[KeyValue], name: &str) -> Option<bool> {
    match get(attributes, name)? {
        Value::Bool(word) => Some(*word),
        _ => None,
    }
}
