//! Looking up keys that are written `likeThis`, `like_this` or `LikeThis`.
//!
//! Proto JSON allows the first two, and typed clients of Google and AWS write any of the three.

use super::counts;
use super::json::{self, Json, Object};

/// The value under a key, given in camel case; the key as given goes before the other ways to write it.
pub(super) fn at<'a, 'b>(map: &'a Object<'b>, camel: &str) -> Option<&'a Json<'b>> {
    map.get(camel).or_else(|| {
        let (_, value) = map.iter().find(|(key, _)| is_same(key, camel))?;
        Some(value)
    })
}

fn is_same(key: &str, camel: &str) -> bool {
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

/// Whether there is something that should be a count and is none.
pub(super) fn is_bad_count(map: &Object<'_>, camel: &str) -> bool {
    at(map, camel).is_some_and(|value| !value.is_null() && counts::count(value).is_none())
}
