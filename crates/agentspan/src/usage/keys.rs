//! Looking up keys that are written `likeThis`, `like_this` or `LikeThis`.
//!
//! Proto JSON allows the first two, and typed clients of Google and AWS write any of the three.

use super::counts;
use super::json::{self, Json, Object};

/// The value under a key, given in camel case; the key as given goes before the other ways to write it.
pub(super) fn at<'a, 'b>(map: &'a Object<'b>, camel: &str) -> Option<&'a Json<'b>> {
    let mut other = None;
    // Of keys that are there twice the last one counts.
    for (key, value) in map.iter().rev() {
        if key == camel {
            return Some(value);
        }
        if other.is_none() && is_same(key, camel) {
            other = Some(value);
        }
    }
    other
}

/// The values under several keys as by [`at`], in one walk over the members.
pub(super) fn all<'a, 'b, const N: usize>(
    map: &'a Object<'b>,
    camel: [&str; N],
) -> [Option<&'a Json<'b>>; N] {
    let (mut found, mut others) = ([None; N], [None; N]);
    for (key, value) in map.iter().rev() {
        let (place, values) = match camel.iter().position(|camel| *camel == key) {
            Some(place) => (Some(place), &mut found),
            None => (camel.iter().position(|camel| is_same(key, camel)), &mut others),
        };
        if let Some(place) = place {
            values[place].get_or_insert(value);
        }
    }
    for (found, other) in found.iter_mut().zip(others) {
        *found = found.or(other);
    }
    found
}

/// Whether two texts may have the same letters, by the first and the last of them.
fn may_be_alike(key: &str, camel: &str) -> bool {
    let is_same = |key: u8, camel: u8| key | CASE == camel | CASE || key == b'_';
    match (key.as_bytes(), camel.as_bytes()) {
        ([first, .., last], [wanted_first, .., wanted_last]) => {
            is_same(*first, *wanted_first) && is_same(*last, *wanted_last)
        }
        _ => true,
    }
}

/// The bit that is set in small letters alone.
const CASE: u8 = 0x20;

fn is_same(key: &str, camel: &str) -> bool {
    // Most keys that are asked for are not there.
    if key.len() < camel.len() || !may_be_alike(key, camel) {
        return false;
    }
    let letters = |text| str::bytes(text).filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase());
    letters(key).eq(letters(camel))
}

/// A non-empty string.
pub(super) fn text<'a>(map: &'a Object<'_>, camel: &str) -> Option<&'a str> {
    at(map, camel)?.as_str().filter(|text| !text.is_empty())
}

/// A non-empty string, cut to a bounded length.
pub(super) fn name(map: &Object<'_>, camel: &str) -> Option<String> {
    json::short_text(at(map, camel)?)
}

/// An object.
pub(super) fn object<'a, 'b>(map: &'a Object<'b>, camel: &str) -> Option<&'a Object<'b>> {
    at(map, camel)?.as_object()
}

/// The items of a list, none when it is no list.
pub(super) fn list<'a, 'b>(map: &'a Object<'b>, camel: &str) -> &'a [Json<'b>] {
    at(map, camel).and_then(Json::as_array).unwrap_or_default()
}

/// A count.
pub(super) fn count(map: &Object<'_>, camel: &str) -> Option<u64> {
    counts::count(at(map, camel)?)
}

/// Whether there is something that should be a count and is none.
pub(super) fn is_bad_count(map: &Object<'_>, camel: &str) -> bool {
    told_count(at(map, camel)).1
}

/// The count that a value is, and whether there is something and it is none.
pub(super) fn told_count(value: Option<&Json<'_>>) -> (Option<u64>, bool) {
    let value = value.filter(|value| !value.is_null());
    let count = value.and_then(counts::count);
    (count, value.is_some() && count.is_none())
}
