use crate::usage;
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The `score` of a document, if it has one that is a number. `json` is room to write in.
pub(crate) fn score<D: Serialize>(document: &D, json: &mut Vec<u8>) -> Option<f64> {
    json.clear();
    // A `Serialize` of the caller that panics must not harm the step.
    let written = catch_unwind(AssertUnwindSafe(|| serde_json::to_writer(&mut *json, document)));
    written.ok()?.ok()?;
    if json.first() == Some(&b'"') {
        return usage::with_json(document, |document| usage::get(document, "score")?.as_f64()).flatten();
    }
    serde_json::from_slice::<Scored>(json).ok()?.0
}

/// Reads one field and steps over all others, so that the text of a document is not put together once more.
struct Scored(Option<f64>);

impl<'de> Deserialize<'de> for Scored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Scored;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Scored, A::Error> {
        let mut score = None;
        while let Some(IsScore(is_score)) = fields.next_key()? {
            if is_score {
                score = fields.next_value()?;
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Scored(score))
    }
}

/// Whether the name of a field is the one looked for.
struct IsScore(bool);

impl<'de> Deserialize<'de> for IsScore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Name)
    }
}

struct Name;

impl Visitor<'_> for Name {
    type Value = IsScore;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<IsScore, E> {
        Ok(IsScore(name == "score"))
    }
}
