//! A bound on the whole span, so that one huge payload never loses the batch it is in.

use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

use super::{add, byte_length, cut_bytes, original_length, rank};
use crate::config::Limits;
use crate::span::ORIGINAL_LENGTH;

/// In bytes. A batch of 512 such spans is over what collectors take, and is split then; a single one is not:
/// Tempo refuses traces over 5 MB, and gRPC messages behind a collector are limited to 4 MiB.
const LARGEST_SPAN: usize = 256 * 1024;
/// In bytes, for settings that ask for more content than [`LARGEST_SPAN`].
const LARGEST_EVER: usize = 3 * 1024 * 1024;
/// What an attribute, event or link takes besides its texts.
const OVERHEAD: usize = 16;
/// Values of at most this many bytes are never cut here; names and counts are below it.
const SMALL: usize = 256;

/// The bound for these settings: room for one content value at least.
pub(super) fn most(limits: &Limits) -> usize {
    limits.content_length.saturating_add(64 * 1024).clamp(LARGEST_SPAN, LARGEST_EVER)
}

/// Cuts the largest values until the span has at most about `most` bytes, then drops what is left over.
pub(super) fn bound(span: &mut SpanData, most: usize) {
    let total = total(span);
    if total <= most {
        return;
    }
    let mut sizes: Vec<usize> = values(span).map(|attribute| byte_length(&attribute.value)).collect();
    let fixed = total - sizes.iter().sum::<usize>();
    // Every length that is noted beside a cut value takes room as well.
    let room = most.saturating_sub(fixed).saturating_sub(4 * 1024);
    let cap = level(&mut sizes, room).max(SMALL);
    cut_over(&mut span.attributes, cap, true);
    span.events.events.iter_mut().for_each(|event| cut_over(&mut event.attributes, cap, false));
    span.links.links.iter_mut().for_each(|link| cut_over(&mut link.attributes, cap, false));
    drop_over(span, most);
}

/// The height at which values that are all cut to it fill the room.
fn level(sizes: &mut [usize], room: usize) -> usize {
    sizes.sort_unstable();
    let mut rest = room;
    for (index, size) in sizes.iter().enumerate() {
        let share = rest / (sizes.len() - index);
        if *size > share {
            return share;
        }
        rest -= size;
    }
    usize::MAX
}

fn cut_over(attributes: &mut Vec<KeyValue>, cap: usize, note: bool) {
    let mut lengths = Vec::new();
    for KeyValue { key, value, .. } in attributes.iter_mut() {
        let before = byte_length(value);
        if before > cap && cut_bytes(value, cap, false) && note {
            lengths.push(original_length(key.as_str(), before));
        }
    }
    lengths.retain(|length| !attributes.iter().any(|attribute| attribute.key == length.key));
    attributes.append(&mut lengths);
}

/// Thousands of small values: the last events go first, then links, then attributes that are not vital.
fn drop_over(span: &mut SpanData, most: usize) {
    let mut total = total(span);
    while total > most {
        let Some(event) = span.events.events.pop() else { break };
        total -= event_size(&event.name, &event.attributes);
        add(&mut span.events.dropped_count, 1);
    }
    while total > most {
        let Some(link) = span.links.links.pop() else { break };
        total -= event_size("", &link.attributes);
        add(&mut span.links.dropped_count, 1);
    }
    if total > most {
        let before = span.attributes.len();
        for least in [2, 1] {
            for index in (0..span.attributes.len()).rev() {
                let KeyValue { key, value, .. } = &span.attributes[index];
                if total > most && rank::of(key.as_str()) == least && !key.as_str().ends_with(ORIGINAL_LENGTH)
                {
                    total -= size(key.as_str(), value);
                    // Emptied here and removed below, since removing one by one would take quadratic time.
                    span.attributes[index].key = "".into();
                }
            }
        }
        span.attributes.retain(|attribute| !attribute.key.as_str().is_empty());
        add(&mut span.dropped_attributes_count, before - span.attributes.len());
    }
}

fn values(span: &SpanData) -> impl Iterator<Item = &KeyValue> {
    let events = span.events.events.iter().flat_map(|event| &event.attributes);
    let links = span.links.links.iter().flat_map(|link| &link.attributes);
    span.attributes.iter().chain(events).chain(links)
}

fn size(key: &str, value: &Value) -> usize {
    key.len() + byte_length(value) + OVERHEAD
}

fn sizes(attributes: &[KeyValue]) -> usize {
    attributes.iter().map(|attribute| size(attribute.key.as_str(), &attribute.value)).sum()
}

fn event_size(name: &str, attributes: &[KeyValue]) -> usize {
    name.len() + OVERHEAD + sizes(attributes)
}

/// The attributes, events and links.
pub(super) fn total(span: &SpanData) -> usize {
    let events =
        span.events.events.iter().map(|event| event_size(&event.name, &event.attributes)).sum::<usize>();
    let links = span.links.links.iter().map(|link| event_size("", &link.attributes)).sum::<usize>();
    sizes(&span.attributes) + events + links
}
