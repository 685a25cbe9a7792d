//! The vectors of embedding replies.

use super::json::Json;
use super::reply::Reply;

/// Notes how many vectors there are, how long the first is, and 4 bytes for each number as the size.
pub(super) fn note<'a, 'b: 'a>(reply: &mut Reply, vectors: impl Iterator<Item = &'a Json<'b>>) {
    let (mut count, mut size, mut first) = (0_usize, 0_usize, None);
    for vector in vectors {
        count += 1;
        if let Some(length) = length(vector) {
            first = first.or(Some(length));
            size = size.saturating_add(length.saturating_mul(4));
        }
    }
    reply.embedding_count = Some(count);
    reply.embedding_dimensions = first;
    reply.size = size;
}

/// The length of a vector that came as a list or as base64 of 4-byte floats.
fn length(vector: &Json<'_>) -> Option<usize> {
    match vector {
        Json::Array(numbers) => Some(numbers.len()),
        Json::Str(base64) => Some(base64.trim_end_matches('=').len() * 3 / 4 / 4),
        _ => None,
    }
}
