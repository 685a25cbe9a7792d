//! A finished span is brought into the limits of the settings and to a size that collectors accept.

mod rank;
mod size;

use std::collections::HashMap;

use opentelemetry::trace::Status;
use opentelemetry::{Array, KeyValue, StringValue, Value};
use opentelemetry_sdk::trace::SpanData;

use super::cut;
use crate::config::Limits;
use crate::span::{ORIGINAL_LENGTH, unite};

/// In bytes; names are shown in lists and kept in indexes.
const LONGEST_NAME: usize = 1024;
/// In bytes; a status says what went wrong in a line or two, the exception event has the rest.
const LONGEST_STATUS: usize = 4096;
/// In bytes; a longer key is data in the wrong place and cannot be cut without becoming another key.
const LONGEST_KEY: usize = 1024;

/// Brings the span into `limits`; `content` tells which attributes hold content.
///
/// A key is kept once, with its last value at the place of its first. Content is cut to
/// [`Limits::content_length`] and other values to [`Limits::attribute_value_length`]; JSON stays JSON, and
/// the length it had stands beside it as `<name>.original_length`. What is over a count is counted as dropped;
/// tokens, cost, identity and outcome never are. A span that is still too large for a collector is cut further.
pub(crate) fn fit(span: &mut SpanData, limits: &Limits, content: &dyn Fn(&str) -> bool) {
    if let Some(name) = cut::shorten(&span.name, LONGEST_NAME, false) {
        span.name = name.into();
    }
    if let Status::Error { description } = &mut span.status
        && let Some(shorter) = cut::shorten(description, LONGEST_STATUS, false)
    {
        *description = shorter.into();
    }
    let fit_attributes = |attributes: &mut Vec<KeyValue>, most: usize, dropped: &mut u32| {
        unite(attributes);
        cut_values(attributes, limits, content);
        let before = attributes.len();
        attributes.retain(|attribute| attribute.key.as_str().len() <= LONGEST_KEY);
        keep(attributes, most, |attribute| rank::of(attribute.key.as_str()));
        add(dropped, before - attributes.len());
    };
    fit_attributes(&mut span.attributes, limits.attribute_count, &mut span.dropped_attributes_count);
    for event in &mut span.events.events {
        if let Some(name) = cut::shorten(&event.name, LONGEST_NAME, false) {
            event.name = name.into();
        }
        fit_attributes(
            &mut event.attributes,
            limits.event_attribute_count,
            &mut event.dropped_attributes_count,
        );
    }
    for link in &mut span.links.links {
        fit_attributes(&mut link.attributes, limits.link_attribute_count, &mut link.dropped_attributes_count);
    }
    let before = span.events.events.len();
    let exception_first = |event: &opentelemetry::trace::Event| u8::from(event.name != "exception");
    keep_strictly(&mut span.events.events, limits.event_count, exception_first);
    add(&mut span.events.dropped_count, before - span.events.events.len());
    let before = span.links.links.len();
    span.links.links.truncate(limits.link_count);
    add(&mut span.links.dropped_count, before - span.links.links.len());
    size::bound(span, size::most(limits));
}

/// About how many bytes the span takes in a request.
pub(super) fn size(span: &SpanData) -> usize {
    span.name.len() + size::total(span)
}

fn add(count: &mut u32, more: usize) {
    *count = count.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
}

fn cut_values(attributes: &mut Vec<KeyValue>, limits: &Limits, content: &dyn Fn(&str) -> bool) {
    let mut lengths: Vec<KeyValue> = Vec::new();
    let recorded: HashMap<String, i64> = attributes
        .iter()
        .filter_map(|attribute| match &attribute.value {
            Value::I64(length) => {
                Some((attribute.key.as_str().strip_suffix(ORIGINAL_LENGTH)?.to_owned(), *length))
            }
            _ => None,
        })
        .collect();
    for KeyValue { key, value, .. } in attributes.iter_mut() {
        let name = key.as_str();
        if content(name) {
            let before = byte_length(value);
            let known = recorded.get(name).copied();
            let broken =
                known.is_some_and(|length| usize::try_from(length).is_ok_and(|length| length > before));
            if cut_bytes(value, limits.content_length, broken) && known.is_none() {
                lengths.push(original_length(name, before));
            }
        }
        if let Some(most) = limits.attribute_value_length.filter(|_| !rank::is_identity(name)) {
            strings(value, |text| {
                let shorter = first_characters(text.as_str(), most);
                if let Some(shorter) = shorter {
                    *text = shorter.into();
                }
            });
        }
    }
    attributes.append(&mut lengths);
}

fn original_length(name: &str, bytes: usize) -> KeyValue {
    KeyValue::new(format!("{name}{ORIGINAL_LENGTH}"), i64::try_from(bytes).unwrap_or(i64::MAX))
}

/// JSON is closed, so it takes up to as many bytes as there may be characters; other text is cut exactly.
fn first_characters(text: &str, most: usize) -> Option<String> {
    let exact = cut::first_characters(text, most)?;
    let closed = if cut::looks_like_json(text) { cut::shorten(text, most, false) } else { None };
    Some(closed.filter(|closed| closed.starts_with(['{', '[', '"'])).unwrap_or_else(|| exact.to_owned()))
}

/// Cuts a value to at most `most` bytes; of an array as many elements are kept as fit.
fn cut_bytes(value: &mut Value, most: usize, broken: bool) -> bool {
    match value {
        Value::String(text) => match cut::shorten(text.as_str(), most, broken) {
            Some(shorter) => {
                *text = shorter.into();
                true
            }
            None => false,
        },
        Value::Array(Array::String(texts)) => {
            let before = texts.len();
            let mut room = most;
            let mut shortened = false;
            let mut kept = 0;
            for text in texts.iter_mut() {
                if room == 0 {
                    break;
                }
                if let Some(shorter) = cut::shorten(text.as_str(), room, false) {
                    *text = shorter.into();
                    shortened = true;
                }
                room -= text.as_str().len().clamp(1, room);
                kept += 1;
            }
            texts.truncate(kept);
            shortened || kept < before
        }
        Value::Array(Array::I64(numbers)) => truncate(numbers, most / 8),
        Value::Array(Array::F64(numbers)) => truncate(numbers, most / 8),
        Value::Array(Array::Bool(flags)) => truncate(flags, most),
        _ => false,
    }
}

fn truncate<T>(values: &mut Vec<T>, most: usize) -> bool {
    let over = values.len() > most;
    values.truncate(most);
    over
}

fn strings(value: &mut Value, change: impl FnMut(&mut StringValue)) {
    match value {
        Value::String(text) => std::slice::from_mut(text).iter_mut().for_each(change),
        Value::Array(Array::String(texts)) => texts.iter_mut().for_each(change),
        _ => {}
    }
}

fn byte_length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.as_str().len(),
        Value::Array(Array::String(texts)) => texts.iter().map(|text| text.as_str().len().max(1)).sum(),
        Value::Array(Array::I64(numbers)) => numbers.len() * 8,
        Value::Array(Array::F64(numbers)) => numbers.len() * 8,
        Value::Array(Array::Bool(flags)) => flags.len(),
        _ => 8,
    }
}

/// Keeps `most` values, those of low rank first and those of rank 0 in any case, in their order.
fn keep<T>(values: &mut Vec<T>, most: usize, rank: impl Fn(&T) -> u8) {
    if values.len() > most {
        let vital = values.iter().filter(|value| rank(value) == 0).count();
        keep_strictly(values, most.max(vital), rank);
    }
}

fn keep_strictly<T>(values: &mut Vec<T>, most: usize, rank: impl Fn(&T) -> u8) {
    if values.len() <= most {
        return;
    }
    let mut order: Vec<(u8, usize)> =
        values.iter().enumerate().map(|(index, value)| (rank(value), index)).collect();
    order.sort_unstable();
    let mut kept = vec![false; values.len()];
    for (_, index) in order.into_iter().take(most) {
        kept[index] = true;
    }
    let mut kept = kept.into_iter();
    values.retain(|_| kept.next().unwrap_or(false));
}

#[cfg(test)]
mod tests;
