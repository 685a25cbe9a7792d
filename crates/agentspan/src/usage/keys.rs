//! Looking up keys that are written `likeThis`, `like_this` or `LikeThis`.
//!
//! Proto JSON allows the first two, and typed clients of Google and AWS write any of the three.

use super::counts;
use super::json::{self, Json, Object};

/// The value under a key, given in camel case; the key as given goes before the other ways to write it.
pub(super) fn at<'a, 'b>(map: &'a Object<'b>, camel: &str) -> Option<&'a Json<'b>> {
    let mut other = None;
    // Most keys that are asked for are not there.
    for (key, value) in map.iter().filter(|(key, _)| key.len() >= camel.len()) {
        if key == camel {
            return Some(value);
        }
        if other.is_none() && is_same(key, camel) {
            other = Some(value);
        }
    }
    other
}

fn is_same(key: &str, camel: &str) -> bool {
    // Most that are there differ in their first letter or in the last one.
    let ends = |text: &str| text.as_bytes().first().copied().zip(text.as_bytes().last().copied());
    if let (Some((first, last)), Some((wanted_first, wanted_last))) = (ends(key), ends(camel)) {
        let may_be = |one: u8, other: u8| one.eq_ignore_ascii_case(&other) || one == b'_';
        if !may_be(first, wanted_first) || !may_be(last, wanted_last) {
            return false;
        }
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
    text(map, camel).map(|text| json::clip(text, json::MAX_NAME))
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

/// A count, and whether there is something in its place that is none.
pub(super) fn told_count(map: &Object<'_>, camel: &str) -> (Option<u64>, bool) {
    let value = at(map, camel).filter(|value| !value.is_null());
    let count = value.and_then(counts::count);
    (count, value.is_some() && count.is_none())
}

/// Whether there is something that should be a count and is none.
pub(super) fn is_bad_count(map: &Object<'_>, camel: &str) -> bool {
    told_count(map, camel).1
}
