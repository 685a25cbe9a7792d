//! Reading the score of a document and nothing else of it: its text may be long, and nobody may want it.

use crate::usage;
use serde::Serialize;
use serde::ser::{Error, Impossible, SerializeMap, SerializeStruct, Serializer};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The `score` of a document, if it has one that is a number.
pub(crate) fn score<D: Serialize>(document: &D) -> Option<f64> {
    // A `Serialize` of the caller that panics must not harm the step.
    match catch_unwind(AssertUnwindSafe(|| document.serialize(Look::Document))).ok()? {
        Ok(score) => score.filter(|score| score.is_finite()),
        Err(Unscored::Text) => {
            usage::with_json(document, |document| usage::get(document, "score")?.as_f64()).flatten()
        }
        Err(Unscored::Other) => None,
    }
}

/// What is expected of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Document,
    /// The name of a field: fails unless it is the one looked for.
    Key,
    Score,
}

/// Why a value is not what is expected of it.
#[derive(Debug)]
enum Unscored {
    /// In place of a document there is a text, which may hold JSON.
    Text,
    Other,
}

impl fmt::Display for Unscored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no score")
    }
}

impl std::error::Error for Unscored {}

impl Error for Unscored {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Other
    }
}

type Read = Result<Option<f64>, Unscored>;
type Never = Impossible<Option<f64>, Unscored>;

/// Numbers, which are scores.
macro_rules! numbers {
    ($($name:ident($number:ty);)*) => {
        $(fn $name(self, number: $number) -> Read {
            if self == Self::Score { Ok(Some(number as f64)) } else { Err(Unscored::Other) }
        })*
    };
}

/// What is neither a document nor a key nor a score.
macro_rules! others {
    ($($name:ident($($part:ty),*) -> $of:ty;)*) => {
        $(fn $name(self, $(_: $part),*) -> Result<$of, Unscored> {
            Err(Unscored::Other)
        })*
    };
}

impl Serializer for Look {
    type Ok = Option<f64>;
    type Error = Unscored;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeStructVariant = Never;

    numbers! {
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_f64(f64);
    }

    others! {
        serialize_bool(bool) -> Option<f64>;
        serialize_char(char) -> Option<f64>;
        serialize_bytes(&[u8]) -> Option<f64>;
        serialize_none() -> Option<f64>;
        serialize_unit() -> Option<f64>;
        serialize_unit_struct(&'static str) -> Option<f64>;
        serialize_unit_variant(&'static str, u32, &'static str) -> Option<f64>;
        serialize_seq(Option<usize>) -> Never;
        serialize_tuple(usize) -> Never;
        serialize_tuple_struct(&'static str, usize) -> Never;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never;
    }

    fn serialize_f32(self, number: f32) -> Read {
        // The same digits and no more: 0.83 as it is, and not as 0.829999983.
        self.serialize_f64(number.to_string().parse().unwrap_or(f64::NAN))
    }

    fn serialize_str(self, text: &str) -> Read {
        match self {
            Self::Document => Err(Unscored::Text),
            Self::Key if text == "score" => Ok(None),
            Self::Key | Self::Score => Err(Unscored::Other),
        }
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Read {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Read {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Read {
        Err(Unscored::Other)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Fields, Unscored> {
        if self == Self::Document { Ok(Fields::default()) } else { Err(Unscored::Other) }
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields, Unscored> {
        self.serialize_map(None)
    }
}

/// The fields of a document as they are given one after the other.
#[derive(Default)]
struct Fields {
    score: Option<f64>,
    is_score_next: bool,
}

impl SerializeMap for Fields {
    type Ok = Option<f64>;
    type Error = Unscored;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unscored> {
        self.is_score_next = key.serialize(Look::Key).is_ok();
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unscored> {
        if self.is_score_next {
            self.score = value.serialize(Look::Score).ok().flatten();
        }
        Ok(())
    }

    fn end(self) -> Read {
        Ok(self.score)
    }
}

impl SerializeStruct for Fields {
    type Ok = Option<f64>;
    type Error = Unscored;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Unscored> {
        SerializeMap::serialize_key(self, key)?;
        SerializeMap::serialize_value(self, value)
    }

    fn end(self) -> Read {
        SerializeMap::end(self)
    }
}
