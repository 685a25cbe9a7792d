use opentelemetry::{Array, StringValue, Value};
use std::borrow::Cow;

/// A value for [`attribute`](crate::SpanHandle::attribute) and [`tag`](crate::AgentBuilder::tag).
///
/// OpenTelemetry knows text, 64-bit signed integers, doubles, booleans and lists of text. An integer that does not
/// fit into 64 signed bits is recorded as text, since a cut number would be a false one.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeValue(pub(crate) Value);

impl From<AttributeValue> for Value {
    fn from(value: AttributeValue) -> Self {
        value.0
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {
        $(impl From<$integer> for AttributeValue {
            fn from(value: $integer) -> Self {
                Self(i64::try_from(value).map_or_else(|_| Value::from(value.to_string()), Value::I64))
            }
        })*
    };
}

integers!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);

impl From<bool> for AttributeValue {
    fn from(value: bool) -> Self {
        Self(Value::Bool(value))
    }
}

impl From<f64> for AttributeValue {
    fn from(value: f64) -> Self {
        Self(Value::F64(value))
    }
}

impl From<f32> for AttributeValue {
    fn from(value: f32) -> Self {
        Self(Value::F64(value.into()))
    }
}

impl From<&str> for AttributeValue {
    fn from(value: &str) -> Self {
        Self(Value::String(value.to_owned().into()))
    }
}

impl From<&String> for AttributeValue {
    fn from(value: &String) -> Self {
        Self(Value::String(value.clone().into()))
    }
}

impl From<String> for AttributeValue {
    fn from(value: String) -> Self {
        Self(Value::String(value.into()))
    }
}

impl From<Cow<'static, str>> for AttributeValue {
    fn from(value: Cow<'static, str>) -> Self {
        Self(Value::String(value.into()))
    }
}

impl From<std::sync::Arc<str>> for AttributeValue {
    fn from(value: std::sync::Arc<str>) -> Self {
        Self(Value::String(value.into()))
    }
}

impl From<Vec<String>> for AttributeValue {
    fn from(values: Vec<String>) -> Self {
        Self(Value::Array(Array::String(values.into_iter().map(StringValue::from).collect())))
    }
}
