//! What Cohere bills, and what it counts.

use super::counts::{Usage, count_at};
use super::json::{self, Object};

/// The counts in `usage`, or in `meta` of the older APIs.
///
/// What is billed leaves out Cohere's own template and is what the money is asked for, so it goes before the
/// count of all tokens. Cached tokens are a part of the latter only: seen were 27 billed beside 480 cached.
pub(super) fn read(holder: &Object<'_>) -> Option<Usage> {
    let of = |key: &str| {
        let counts = json::object(holder, key)?;
        let [input, output] = ["input_tokens", "output_tokens"].map(|key| count_at(counts, key));
        Usage { input, output, ..Usage::default() }.if_any()
    };
    of("billed_units").or_else(|| {
        let cache_read = count_at(holder, "cached_tokens");
        Some(Usage { cache_read, ..of("tokens")? })
    })
}
