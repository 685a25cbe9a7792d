//! Where in a body each count was read, for people who wonder about a figure.

use super::json::{Json, Object};
use super::keys;

/// The name of a field of [`Usage`](super::Usage) and a place where a family reads it: keys with dots between them, `[]`
/// after a list, `[word]` after a list of which the item with that word is meant, ` + ` between the parts of a sum. Of
/// several places of a field the first one that is there counts.
pub(super) type Place = (&'static str, &'static str);

/// The places that were there, of one reply. It holds at most one for each field.
#[derive(Debug, Default)]
pub(super) struct Places(Vec<Found>);

#[derive(Debug)]
struct Found {
    field: &'static str,
    rank: usize,
    parts: usize,
    path: String,
}

impl Places {
    /// Looks which places are there in a body or in a chunk, of which a later one replaces what an earlier one said.
    pub(super) fn note(&mut self, places: &'static [Place], body: &Object<'_>) {
        for (rank, (field, place)) in places.iter().enumerate() {
            let parts: Vec<String> = place.split(" + ").filter_map(|part| wrapped(body, part)).collect();
            if parts.is_empty() {
                continue;
            }
            let found = Found { field, rank, parts: parts.len(), path: parts.join(" + ") };
            match self.0.iter_mut().find(|known| known.field == *field) {
                None => self.0.push(found),
                // What a later chunk lacks of a sum stays as it was.
                Some(known) if (rank, known.parts) <= (known.rank, found.parts) => *known = found,
                Some(_) => {}
            }
        }
    }

    pub(super) fn into_list(self) -> Vec<(&'static str, String)> {
        self.0.into_iter().map(|found| (found.field, found.path)).collect()
    }
}

/// The place in the body itself, or in an object of it: the events of streams hold the reply under a key.
fn wrapped(body: &Object<'_>, path: &str) -> Option<String> {
    find(body, path).or_else(|| {
        body.iter().find_map(|(key, inner)| Some(format!("{key}.{}", find(inner.as_object()?, path)?)))
    })
}

/// The place as the body writes it, when there is a count.
fn find(map: &Object<'_>, path: &str) -> Option<String> {
    let (step, rest) = match path.split_once('.') {
        Some((step, rest)) => (step, Some(rest)),
        None => (path, None),
    };
    let (key, word) = match step.split_once('[') {
        Some((key, word)) => (key, Some(word.trim_end_matches(']'))),
        None => (step, None),
    };
    let value = keys::at(map, key)?;
    let (key, _) = map.iter().find(|(_, other)| std::ptr::eq(*other, value))?;
    let Some(word) = word else {
        return match rest {
            Some(rest) => Some(format!("{key}.{}", find(value.as_object()?, rest)?)),
            None => (value.is_number() || value.is_string()).then(|| key.to_owned()),
        };
    };
    let is_meant = |item: &&Json<'_>| word.is_empty() || has_word(item, word);
    let mut items = value.as_array()?.iter().filter(is_meant);
    match rest {
        Some(rest) => {
            let inner = items.find_map(|item| find(item.as_object()?, rest))?;
            Some(format!("{key}[{word}].{inner}"))
        }
        None => items.next().map(|_| format!("{key}[{word}]")),
    }
}

fn has_word(item: &Json<'_>, word: &str) -> bool {
    item.as_object().is_some_and(|map| map.iter().any(|(_, value)| value.as_str() == Some(word)))
}
