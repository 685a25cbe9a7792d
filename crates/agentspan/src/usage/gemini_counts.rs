//! The counts of Gemini's `usageMetadata`.

use super::counts::{self, Usage, sum};
use super::json::{Json, Object};
use super::keys;

/// Gemini counts thoughts and what tools put into the prompt apart, and leaves out what is 0.
///
/// That thoughts stand inside the candidates is believed only when the total proves it.
pub(super) fn read(metadata: &Object<'_>) -> Option<Usage> {
    let at = |key: &str| keys::count(metadata, key);
    let (prompt, total) = (at(PROMPT), at("totalTokenCount"));
    let [(tool, is_tool_bad), (candidates, is_output_bad), (thoughts, are_thoughts_bad)] =
        [TOOL_USE, CANDIDATES, THOUGHTS].map(|key| keys::told_count(metadata, key));
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
    let details = |lists: &[&str]| {
        of_modalities(lists.iter().flat_map(|list| keys::list(metadata, list)), "tokenCount")
    };
    let [input_audio, input_image] = details(&INPUT);
    let [cache_audio_read, _] = details(&["cacheTokensDetails"]);
    let [output_audio, output_image] = details(&["candidatesTokensDetails"]);
    Usage {
        input,
        output,
        total,
        cache_read: at(CACHED),
        reasoning: thoughts,
        input_audio,
        input_image,
        cache_audio_read,
        output_audio,
        output_image,
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

const PROMPT: &str = "promptTokenCount";
const TOOL_USE: &str = "toolUsePromptTokenCount";
const CANDIDATES: &str = "candidatesTokenCount";
const THOUGHTS: &str = "thoughtsTokenCount";
const CACHED: &str = "cachedContentTokenCount";

/// Embeddings have the singular form.
const INPUT: [&str; 3] = ["promptTokensDetails", "promptTokenDetails", "toolUsePromptTokensDetails"];

/// Tokens of audio and of images among the entries of some lists, each the sum of those entries. An entry may lack its
/// count, which then says nothing.
pub(super) fn of_modalities<'a, 'b: 'a>(
    entries: impl Iterator<Item = &'a Json<'b>>,
    count: &str,
) -> [Option<u64>; 2] {
    let mut sums = [None; 2];
    for entry in entries.filter_map(Json::as_object) {
        let modality = keys::text(entry, "modality").unwrap_or_default();
        let is_one_of = |known: &&[&str]| known.iter().any(|known| known.eq_ignore_ascii_case(modality));
        let sum = [AUDIO, IMAGES].iter().position(is_one_of).and_then(|place| sums.get_mut(place));
        if let (Some(sum), Some(count)) = (sum, keys::count(entry, count)) {
            *sum = Some(count.saturating_add(sum.unwrap_or(0)));
        }
    }
    sums.map(|sum| sum.filter(|sum| *sum <= counts::MAX_COUNT))
}

const AUDIO: &[&str] = &["AUDIO"];

/// Pages of documents are read and billed as images; `genai-prices` counts them alike.
const IMAGES: &[&str] = &["IMAGE", "DOCUMENT"];

/// Whether there is any count; Vertex sends others before the last chunk, with nothing but the kind of traffic.
pub(super) fn has_counts(metadata: &Object<'_>) -> bool {
    [PROMPT, TOOL_USE, CANDIDATES, THOUGHTS, CACHED, "totalTokenCount"]
        .iter()
        .any(|key| keys::count(metadata, key).is_some())
}
