//! Builds a borrowed value from whatever `serde` reads.
//!
//! Each value is written where it will stay: handing values up through results takes an eighth of the time of a reply.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::value::{Json, Number, Object};

/// The key under which `serde_json` hands on numbers as text when any crate of the program has turned on its feature
/// `arbitrary_precision`: <https://docs.rs/crate/serde_json/1.0.154/source/src/number.rs>
const NUMBER: &str = "$serde_json::private::Number";

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = Json::Null;
        deserializer.deserialize_any(Place(&mut value))?;
        Ok(value)
    }
}

/// Where a value goes.
struct Place<'p, 'de>(&'p mut Json<'de>);

impl<'de> Visitor<'de> for Place<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    #[inline]
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    #[inline]
    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        *self.0 = Json::Bool(value);
        Ok(())
    }

    #[inline]
    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        *self.0 = Json::Number(Number::Whole(value));
        Ok(())
    }

    #[inline]
    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        *self.0 = Json::Number(u64::try_from(value).map_or(Number::Negative(value), Number::Whole));
        Ok(())
    }

    #[inline]
    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        *self.0 = Json::Number(Number::Float(value));
        Ok(())
    }

    #[inline]
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<(), E> {
        *self.0 = Json::Str(Cow::Borrowed(text));
        Ok(())
    }

    #[inline]
    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        *self.0 = Json::Str(Cow::Owned(text.to_owned()));
        Ok(())
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let mut items = Vec::new();
        while access.next_element_seed(Item(&mut items))?.is_some() {}
        *self.0 = Json::Array(items);
        Ok(())
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let mut members = Vec::new();
        while access.next_key_seed(Key(&mut members))?.is_some() {
            access.next_value_seed(Value(&mut members))?;
        }
        *self.0 = match members.as_slice() {
            [(key, Json::Str(digits))] if key == NUMBER => number(digits),
            _ => Json::Object(Object(members)),
        };
        Ok(())
    }
}

/// The number that a text holds; nothing when it is larger than any, as when the parser does not take it.
fn number(digits: &str) -> Json<'static> {
    let whole = digits.parse().map(Number::Whole);
    let number = whole.or_else(|_| digits.parse().map(Number::Negative)).ok();
    let float = || digits.parse().ok().filter(|value: &f64| value.is_finite()).map(Number::Float);
    number.or_else(float).map_or(Json::Null, Json::Number)
}

/// Adds an item to a list.
struct Item<'p, 'de>(&'p mut Vec<Json<'de>>);

impl<'de> DeserializeSeed<'de> for Item<'_, 'de> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.push(Json::Null);
        let item = self.0.last_mut().expect("it was just added");
        deserializer.deserialize_any(Place(item))
    }
}

type Members<'de> = Vec<(Cow<'de, str>, Json<'de>)>;

/// Adds a member to an object, without a value.
struct Key<'p, 'de>(&'p mut Members<'de>);

impl<'de> DeserializeSeed<'de> for Key<'_, 'de> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key of an object")
    }

    #[inline]
    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<(), E> {
        self.0.push((Cow::Borrowed(key), Json::Null));
        Ok(())
    }

    #[inline]
    fn visit_str<E>(self, key: &str) -> Result<(), E> {
        self.0.push((Cow::Owned(key.to_owned()), Json::Null));
        Ok(())
    }
}

/// Reads the value of the last member.
struct Value<'p, 'de>(&'p mut Members<'de>);

impl<'de> DeserializeSeed<'de> for Value<'_, 'de> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let (_, value) = self.0.last_mut().expect("its key was just added");
        deserializer.deserialize_any(Place(value))
    }
}
