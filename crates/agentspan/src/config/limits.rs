use std::time::Duration;

use super::otlp::{LONGEST, millis};
use super::reader::{Reader, Rejected, in_code};
use super::value::Range;
use super::{BatchConfig, BatchOverrides, Limits, LimitsOverrides};

/// The queue sets its room aside when it is made: this is about 30 MB.
const LONGEST_QUEUE: u64 = 65_536;
const QUEUE: &str = "OTEL_BSP_MAX_QUEUE_SIZE";
const BATCH: &str = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";

/// The SDK counts attributes, events and links in 32 bits.
const COUNT: Range = Range { min: 0, max: u32::MAX as u64, unit: "" };
const CHARACTERS: Range = Range { unit: " characters", ..COUNT };
/// Shorter than 64 bytes a cut JSON text could not stay JSON; past 16 MiB common receivers refuse the request.
const CONTENT: Range = Range { min: 64, max: 16 * 1024 * 1024, unit: " bytes" };

pub(super) fn batch(reader: &mut Reader<'_>, code: &BatchOverrides) -> BatchConfig {
    // A delay of zero would have the export thread spin.
    let delay = Range { min: 1, max: millis(LONGEST), unit: " milliseconds" };
    let schedule_delay =
        reader.number(&["OTEL_BSP_SCHEDULE_DELAY"], code.schedule_delay.map(millis), 5000, delay);

    let positive = Range { min: 1, max: u64::MAX, unit: " spans" };
    let asked = reader.number(&[QUEUE], code.max_queue_size.map(wide), 2048, positive);
    let queue = at_most(reader, QUEUE, asked, LONGEST_QUEUE, "65536 spans");
    let asked = reader.number(&[BATCH], code.max_export_batch_size.map(wide), queue.min(512), positive);
    let batch = at_most(reader, BATCH, asked, queue, "the queue's length");

    BatchConfig {
        schedule_delay: Duration::from_millis(schedule_delay),
        max_queue_size: narrow(queue),
        max_export_batch_size: narrow(batch),
    }
}

pub(super) fn limits(reader: &mut Reader<'_>, code: &LimitsOverrides) -> Limits {
    let mut count =
        |names: &[&str], code: Option<usize>| narrow(reader.number(names, code.map(wide), 128, COUNT));
    // The general limit is the fallback of each specific one.
    const ALL: &str = "OTEL_ATTRIBUTE_COUNT_LIMIT";
    let attribute_count = count(&["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", ALL], code.attribute_count);
    let event_count = count(&["OTEL_SPAN_EVENT_COUNT_LIMIT"], code.event_count);
    let link_count = count(&["OTEL_SPAN_LINK_COUNT_LIMIT"], code.link_count);
    let event_attribute_count = count(&["OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT"], code.event_attribute_count);
    let link_attribute_count = count(&["OTEL_LINK_ATTRIBUTE_COUNT_LIMIT"], code.link_attribute_count);

    let attribute_value_length = reader.optional_number(
        &["OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"],
        code.attribute_value_length.map(wide),
        CHARACTERS,
        |used| used.map_or_else(|| "no limit".to_owned(), |limit| format!("{limit} characters")),
    );
    let content_length =
        reader.number(&["AGENTSPAN_CONTENT_LENGTH_LIMIT"], code.content_length.map(wide), 16 * 1024, CONTENT);
    Limits {
        attribute_count,
        attribute_value_length: attribute_value_length.map(narrow),
        event_count,
        link_count,
        event_attribute_count,
        link_attribute_count,
        content_length: narrow(content_length),
    }
}

/// Clamps a size and says so.
fn at_most(reader: &mut Reader<'_>, name: &str, asked: u64, most: u64, what: &str) -> u64 {
    if asked > most {
        let given = match reader.get(name) {
            Some(text) if text.parse() == Ok(asked) => format!("`{name}={asked}`"),
            _ => in_code(&asked.to_string(), &[name]),
        };
        let expected = format!("at most {what}");
        reader.report(vec![Rejected { given, expected }], &format!("{most} spans"));
    }
    asked.min(most)
}

fn wide(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

fn narrow(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}
