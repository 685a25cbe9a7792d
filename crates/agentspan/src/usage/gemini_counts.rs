//! The counts of Gemini's `usageMetadata`.

use std::slice;

use super::counts::{self, Usage, count, sum};
use super::json::{Json, Object};
use super::keys;

/// Gemini counts thoughts and what tools put into the prompt apart, and leaves out what is 0.
///
/// That thoughts stand inside the candidates is believed only when the total proves it.
///
/// `None` when there is no count: before the last chunk Vertex tells nothing but the kind of traffic.
pub(super) fn read(metadata: &Object<'_>) -> Option<Usage> {
    let [prompt, tool, candidates, thoughts, cached, total, lists @ ..] = keys::all(metadata, KEYS);
    let [prompt, cached, total] = [prompt, cached, total].map(|value| count(value?));
    let [(tool, is_tool_bad), (candidates, is_output_bad), (thoughts, are_thoughts_bad)] =
        [tool, candidates, thoughts].map(keys::told_count);
    let input = prompt.filter(|_| !is_tool_bad).and_then(|prompt| sum([prompt, tool.unwrap_or(0)]));
    let output = match (candidates, thoughts) {
        _ if is_output_bad || are_thoughts_bad => None,
        (Some(candidates), Some(thoughts)) => {
            let is_inside = total.is_some() && total == input.and_then(|input| sum([input, candidates]));
            if is_inside { Some(candidates) } else { sum([candidates, thoughts]) }
        }
        (one, other) => one.or(other),
    };
    // What tools put in is a part of the input like the prompt itself.
    let details = |lists: &[Option<&Json<'_>>]| {
        let entries = lists.iter().flatten().filter_map(|list| list.as_array()).flatten();
        of_modalities(entries, "tokenCount")
    };
    let [of_input @ .., of_cache, of_output] = &lists;
    let [input_audio, input_image, input_video] = details(of_input);
    let [cache_audio_read, ..] = details(slice::from_ref(of_cache));
    let [output_audio, output_image, output_video] = details(slice::from_ref(of_output));
    Usage {
        input,
        output,
        total,
        cache_read: cached,
        reasoning: thoughts,
        input_audio,
        input_image,
        cache_audio_read,
        output_audio,
        output_image,
        input_video,
        output_video,
        ..Usage::default()
    }
    .if_any()
}

/// The output of a reply that has ended and left its count out: nothing, when the total says so. In a reply that
/// goes on it has not been counted yet.
pub(super) fn output_of_ended(metadata: &Usage) -> Option<u64> {
    let is_nothing =
        metadata.output.is_none() && metadata.total.is_some() && metadata.total == metadata.input;
    metadata.output.or(is_nothing.then_some(0))
}

/// The counts, and the lists of their parts: three of the input, of which embeddings have the singular form.
const KEYS: [&str; 11] = [
    "promptTokenCount",
    "toolUsePromptTokenCount",
    "candidatesTokenCount",
    "thoughtsTokenCount",
    "cachedContentTokenCount",
    "totalTokenCount",
    "promptTokensDetails",
    "promptTokenDetails",
    "toolUsePromptTokensDetails",
    "cacheTokensDetails",
    "candidatesTokensDetails",
];

/// Tokens of audio, of images and of video among the entries of some lists, each the sum of those entries. An entry may lack
/// its count, which then says nothing.
pub(super) fn of_modalities<'a, 'b: 'a>(
    entries: impl Iterator<Item = &'a Json<'b>>,
    count: &str,
) -> [Option<u64>; 3] {
    let mut sums = [None; 3];
    for entry in entries.filter_map(Json::as_object) {
        let modality = keys::text(entry, "modality").unwrap_or_default();
        let is_one_of = |known: &&[&str]| known.iter().any(|known| known.eq_ignore_ascii_case(modality));
        let sum = [AUDIO, IMAGES, VIDEO].iter().position(is_one_of).and_then(|place| sums.get_mut(place));
        if let (Some(sum), Some(count)) = (sum, keys::count(entry, count)) {
            *sum = Some(count.saturating_add(sum.unwrap_or(0)));
        }
    }
    sums.map(|sum| sum.filter(|sum| *sum <= counts::MAX_COUNT))
}

const AUDIO: &[&str] = &["AUDIO"];
const VIDEO: &[&str] = &["VIDEO"];

/// Pages of documents are read and billed as images; `genai-prices` counts them alike.
const IMAGES: &[&str] = &["IMAGE", "DOCUMENT"];
