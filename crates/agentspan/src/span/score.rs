//! Reading the score of a document and nothing else of it: its text may be long, and nobody may want it.

use crate::usage::{self, Nothing, Pick, Refused, pick};
use serde::Serialize;
use serde::ser::SerializeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The `score` of a document, if it has one that is a number.
pub(crate) fn score<D: Serialize>(document: &D) -> Option<f64> {
    // A `Serialize` of the caller that panics must not harm the step.
    match catch_unwind(AssertUnwindSafe(|| pick(document, Document))).ok()?.ok()? {
        Seen::Fields(score) => score.filter(|score| score.is_finite()),
        Seen::Text => {
            usage::with_json(document, |document| usage::get(document, "score")?.as_f64()).flatten()
        }
    }
}

struct Document;

/// What a document is.
enum Seen {
    /// With their score.
    Fields(Option<f64>),
    /// It may hold JSON.
    Text,
}

impl Pick for Document {
    type Picked = Seen;
    type Items = Nothing<Seen>;
    type Fields = Fields;

    fn text(self, _: &str) -> Result<Seen, Refused> {
        Ok(Seen::Text)
    }

    fn fields(self) -> Result<Fields, Refused> {
        Ok(Fields::default())
    }
}

/// The fields of a document as they are given one after the other.
#[derive(Default)]
struct Fields {
    score: Option<f64>,
    is_score_next: bool,
}

impl SerializeMap for Fields {
    type Ok = Seen;
    type Error = Refused;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refused> {
        self.is_score_next = pick(key, Key).unwrap_or(false);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        if self.is_score_next {
            self.score = pick(value, Score).ok();
        }
        Ok(())
    }

    fn end(self) -> Result<Seen, Refused> {
        Ok(Seen::Fields(self.score))
    }
}

/// Whether the name of a field is the one looked for.
struct Key;

impl Pick for Key {
    type Picked = bool;
    type Items = Nothing<bool>;
    type Fields = Nothing<bool>;

    fn text(self, name: &str) -> Result<bool, Refused> {
        Ok(name == "score")
    }
}

struct Score;

impl Pick for Score {
    type Picked = f64;
    type Items = Nothing<f64>;
    type Fields = Nothing<f64>;

    fn integer(self, number: i128) -> Result<f64, Refused> {
        Ok(number as f64)
    }

    fn float(self, number: f64) -> Result<f64, Refused> {
        Ok(number)
    }
}
