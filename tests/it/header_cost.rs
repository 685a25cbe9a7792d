//! What hostile headers cost: time in proportion to their length, and memory that does not grow with them.
//!
//! It has a binary of its own, since it counts what is allocated.

use agentspan::propagation::{McpParams, ReadCarrier};
use agentspan::{Extracted, extract, inject};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;
use std::collections::HashMap;
use std::time::{Duration, Instant};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03";

/// The same in small and in large.
const SMALL: usize = 1 << 16;
const LARGE: usize = 1 << 20;

/// Some lists of the longest length that is read, each a few times over.
const MOST_BYTES: u64 = 128 << 10;

/// What a header is filled with, again and again. Each is read for every name.
const FILLINGS: &[&str] = &[
    "x",
    ",",
    ";",
    "=",
    "%",
    " ",
    "\t",
    "-",
    "0",
    "a=1,",
    "a=,",
    "a=%ff,",
    "a=1;p;p=1,",
    ",,\t",
    "@",
    "ab",
    " ,",
    "\"",
    PARENT,
];

/// The filling up to a length, with names that differ where it is a list.
fn filled(filling: &str, length: usize) -> String {
    let mut value = String::with_capacity(length + 32);
    for number in 0_u32.. {
        if value.len() >= length {
            break;
        }
        if filling.starts_with("a=") {
            value.push_str(&format!("k{number}"));
            value.push_str(&filling[1..]);
        } else {
            value.push_str(filling);
        }
    }
    value
}

fn bytes_of<C: ReadCarrier>(carrier: &C) -> u64 {
    allocation_counter::measure(|| drop(extract(carrier))).bytes_max
}

/// How long it takes to read one so many times, at best.
fn fastest<C: ReadCarrier>(carrier: &C, times: usize) -> Duration {
    let read = |_| {
        let began = Instant::now();
        for _ in 0..times {
            drop(extract(carrier));
        }
        began.elapsed()
    };
    (0..5).map(read).min().unwrap_or_default()
}

#[test]
fn a_long_header_costs_time_in_proportion_and_no_memory() {
    for name in ["traceparent", "tracestate", "baggage"] {
        for filling in FILLINGS {
            let [small, large] = [SMALL, LARGE].map(|length| {
                let parent = (name != "traceparent").then(|| ("traceparent", PARENT.to_owned()));
                Vec::from_iter(parent.into_iter().chain([(name, filled(filling, length))]))
            });
            assert!(bytes_of(&large) < MOST_BYTES, "{name}: {} bytes for {filling:?}", bytes_of(&large));
            // The same length is read by both, so that a busy machine makes both slower.
            let limit = fastest(&small, LARGE / SMALL) * 4 + Duration::from_millis(5);
            let read = fastest(&large, 1);
            assert!(read < limit, "{name}: {read:?} for {filling:?}, not {limit:?}");
        }
    }
}

#[test]
fn ten_thousand_headers_cost_no_more_than_one_long_header() {
    for name in ["traceparent", "tracestate", "baggage"] {
        let mut headers = HeaderMap::new();
        if name != "traceparent" {
            headers.insert("traceparent", HeaderValue::from_static(PARENT));
        }
        for number in 0..10_000 {
            let value = HeaderValue::try_from(format!("k{number}=v")).expect("it may stand in a header");
            headers.append(HeaderName::from_static(name), value);
        }
        assert!(bytes_of(&headers) < MOST_BYTES, "{name}: {} bytes", bytes_of(&headers));
        let read = fastest(&headers, 1);
        assert!(read < Duration::from_millis(50), "{name}: {read:?}");
        assert_eq!(extract(&headers).trace_id().is_some(), name != "traceparent");
    }
}

#[test]
fn what_was_read_of_a_long_header_is_short_and_so_is_what_is_sent_on() {
    let sent_on = |came: &Extracted| {
        let mut sent = HashMap::<String, String>::new();
        came.in_scope(|| inject(&mut sent));
        sent.values().map(String::len).sum::<usize>()
    };
    for filling in FILLINGS {
        let long = filled(filling, LARGE);
        let headers = [("traceparent", PARENT), ("tracestate", &long), ("baggage", &long)];
        let kept = allocation_counter::measure(|| std::mem::forget(extract(&headers)));
        assert!(kept.bytes_current < 32 << 10, "{} bytes stay of {filling:?}", kept.bytes_current);
        assert!(sent_on(&extract(&headers)) <= PARENT.len() + 4_096, "{filling:?}");
        let params = json!({"_meta": {"traceparent": PARENT, "tracestate": long, "baggage": long}});
        assert!(bytes_of(&McpParams(&params)) < MOST_BYTES, "{filling:?} in JSON");
    }
}
