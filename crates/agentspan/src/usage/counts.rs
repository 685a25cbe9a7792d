//! Token counts in one normal form.

use super::json::{Json, Object};

/// What a model call used, in one normal form for every provider.
///
/// `input` INCLUDES what was read from or written to a cache, `output` INCLUDES reasoning; the other fields
/// are parts of these two. A count that is not known is `None`, never 0. Readers of replies fill this in;
/// write it by hand for a local model or a client that no reader knows:
///
/// ```
/// # use agentspan::Usage;
/// let usage = Usage::new().input(412).output(54).cache_read(256);
/// assert_eq!(usage.input, Some(412));
/// assert_eq!(usage.reasoning, None);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of the prompt, with cached ones.
    pub input: Option<u64>,
    /// Tokens of the completion, with reasoning. Unknown for embeddings, which have none.
    pub output: Option<u64>,
    /// The total as the provider gave it; it may differ from `input` + `output` and is then left as it is.
    pub total: Option<u64>,
    /// Part of `input` that was read from a cache.
    pub cache_read: Option<u64>,
    /// Part of `input` that was written to a cache, for however long.
    pub cache_write: Option<u64>,
    /// Part of `cache_write` that is kept for 5 minutes.
    pub cache_write_5m: Option<u64>,
    /// Part of `cache_write` that is kept for 1 hour.
    pub cache_write_1h: Option<u64>,
    /// Part of `output` that was reasoning.
    pub reasoning: Option<u64>,
    /// Part of `input` that was audio, with cached audio.
    pub input_audio: Option<u64>,
    /// Part of `cache_read` that was audio.
    pub cache_audio_read: Option<u64>,
    /// Part of `output` that was audio.
    pub output_audio: Option<u64>,
    /// Part of `input` that was images.
    pub input_image: Option<u64>,
    /// Part of `output` that was images.
    pub output_image: Option<u64>,
    /// Part of `input` that was video.
    pub input_video: Option<u64>,
    /// Part of `output` that was video.
    pub output_video: Option<u64>,
    /// Web searches that the provider ran and charges for.
    pub web_searches: Option<u64>,
    /// Searches in files that the provider keeps, ran and charges for.
    pub file_searches: Option<u64>,
    /// Seconds of audio, for models that are paid by time.
    pub seconds: Option<f64>,
    /// What the provider itself says the call cost, in USD.
    pub provider_cost_usd: Option<f64>,
    /// A tool of the provider did what is charged for by counts that are not told here.
    pub(crate) uncounted: bool,
}

macro_rules! setters {
    ($($field:ident: $type:ty),+ $(,)?) => {$(
        #[doc = concat!("Sets the field `", stringify!($field), "`.")]
        #[must_use]
        pub fn $field(mut self, value: $type) -> Self {
            self.$field = Some(value);
            self
        }
    )+};
}

impl Usage {
    /// A usage of which nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        input: u64, output: u64, total: u64, cache_read: u64, cache_write: u64, cache_write_5m: u64,
        cache_write_1h: u64, reasoning: u64, input_audio: u64, cache_audio_read: u64, output_audio: u64,
        input_image: u64, output_image: u64, input_video: u64, output_video: u64, web_searches: u64, file_searches: u64,
        seconds: f64, provider_cost_usd: f64,
    }

    /// The counts that are known, by the names of their fields; seconds and the provider's cost are no counts.
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        let counts = [
            ("input", self.input),
            ("output", self.output),
            ("total", self.total),
            ("cache_read", self.cache_read),
            ("cache_write", self.cache_write),
            ("cache_write_5m", self.cache_write_5m),
            ("cache_write_1h", self.cache_write_1h),
            ("reasoning", self.reasoning),
            ("input_audio", self.input_audio),
            ("cache_audio_read", self.cache_audio_read),
            ("output_audio", self.output_audio),
            ("input_image", self.input_image),
            ("output_image", self.output_image),
            ("input_video", self.input_video),
            ("output_video", self.output_video),
            ("web_searches", self.web_searches),
            ("file_searches", self.file_searches),
        ];
        counts.into_iter().filter_map(|(name, count)| Some((name, count?))).collect()
    }

    /// The provider's total, else the sum of input and output when both are known.
    pub(crate) fn total_tokens(&self) -> Option<u64> {
        self.total.or_else(|| self.input?.checked_add(self.output?))
    }

    /// This usage, or `None` when it holds no count at all.
    pub(super) fn if_any(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

/// The largest count that is believed: 2^32, a thousand times what any model takes in one call.
///
/// Anything above it is a fault of the sender; taken as it is, one reply would spoil the sum of its run.
pub(super) const MAX_COUNT: u64 = 1 << 32;

/// The largest amount of USD or seconds of one call that is believed.
const MAX_AMOUNT: f64 = 1e9;

/// A count as a number, a float without fraction (Cohere) or a string (proto JSON's int64).
///
/// Negative, fractional, infinite and absurd (above [`MAX_COUNT`]) values are unknown.
pub(super) fn count(value: &Json<'_>) -> Option<u64> {
    let float = |float: f64| {
        let whole = float.fract() == 0.0 && (0.0..=MAX_COUNT as f64).contains(&float);
        whole.then_some(float as u64)
    };
    let read = match value {
        Json::Number(number) => number.as_u64().or_else(|| float(number.as_f64())),
        Json::Str(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| float(text.parse().ok()?))
        }
        _ => None,
    };
    read.filter(|count| *count <= MAX_COUNT)
}

/// An amount of USD or seconds: finite, not negative, at most [`MAX_AMOUNT`].
pub(super) fn amount(value: &Json<'_>) -> Option<f64> {
    number(value).filter(|amount| (0.0..=MAX_AMOUNT).contains(amount))
}

/// An amount of USD that was given in ticks of 10⁻¹⁰ USD, as xAI does.
pub(super) fn amount_of_ticks(value: &Json<'_>) -> Option<f64> {
    number(value).map(|ticks| ticks / 1e10).filter(|amount| (0.0..=MAX_AMOUNT).contains(amount))
}

fn number(value: &Json<'_>) -> Option<f64> {
    match value {
        Json::Number(number) => Some(number.as_f64()),
        Json::Str(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The count under a key.
pub(super) fn count_at(map: &Object<'_>, key: &str) -> Option<u64> {
    count(map.get(key)?)
}

/// Whether a key holds something that should be a count and is none: then a sum with it is unknown as well.
pub(super) fn is_bad_count(map: &Object<'_>, key: &str) -> bool {
    map.get(key).is_some_and(|value| !value.is_null() && count(value).is_none())
}

/// The sum of counts, unknown when it exceeds what is believed.
pub(super) fn sum<const N: usize>(counts: [u64; N]) -> Option<u64> {
    let total = counts.iter().try_fold(0_u64, |total, count| total.checked_add(*count))?;
    (total <= MAX_COUNT).then_some(total)
}
