use std::time::Duration;

use super::{check, check_env};
use crate::config::{BatchConfig, BatchOverrides, Limits, LimitsOverrides, Overrides};

const QUEUE: &str = "OTEL_BSP_MAX_QUEUE_SIZE";
const BATCH: &str = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";

#[test]
fn the_defaults_are_those_of_the_specification() {
    let config = check_env(&[], &[]);
    assert_eq!(
        config.batch,
        BatchConfig {
            schedule_delay: Duration::from_secs(5),
            max_queue_size: 2048,
            max_export_batch_size: 512,
        }
    );
    assert_eq!(
        config.limits,
        Limits {
            attribute_count: 128,
            attribute_value_length: None,
            event_count: 128,
            link_count: 128,
            event_attribute_count: 128,
            link_attribute_count: 128,
            content_length: 16_384,
        }
    );
}

#[test]
fn a_number_that_cannot_be_used_is_named_with_the_range() {
    let cases = [
        (
            "OTEL_BSP_SCHEDULE_DELAY",
            "0",
            "ignoring `OTEL_BSP_SCHEDULE_DELAY=0`: expected a whole number of milliseconds from 1 to 3600000; \
             using 5000 milliseconds",
        ),
        (
            "OTEL_BSP_SCHEDULE_DELAY",
            "5s",
            "ignoring `OTEL_BSP_SCHEDULE_DELAY=5s`: expected a whole number of milliseconds from 1 to 3600000; \
             using 5000 milliseconds",
        ),
        (
            "OTEL_BSP_EXPORT_TIMEOUT",
            "18446744073709551616",
            "ignoring `OTEL_BSP_EXPORT_TIMEOUT=18446744073709551616`: expected a whole number of milliseconds \
             from 0 to 3600000; using 10000 milliseconds",
        ),
        (
            QUEUE,
            "0",
            "ignoring `OTEL_BSP_MAX_QUEUE_SIZE=0`: expected a whole number of spans, at least 1; using 2048 spans",
        ),
        (
            QUEUE,
            "1000000000",
            "ignoring `OTEL_BSP_MAX_QUEUE_SIZE=1000000000`: expected at most 65536 spans; using 65536 spans",
        ),
        (
            BATCH,
            "-1",
            "ignoring `OTEL_BSP_MAX_EXPORT_BATCH_SIZE=-1`: expected a whole number of spans, at least 1; using \
             512 spans",
        ),
        (
            BATCH,
            "4096",
            "ignoring `OTEL_BSP_MAX_EXPORT_BATCH_SIZE=4096`: expected at most the queue's length; using 2048 spans",
        ),
        (
            "OTEL_SPAN_EVENT_COUNT_LIMIT",
            "12.5",
            "ignoring `OTEL_SPAN_EVENT_COUNT_LIMIT=12.5`: expected a whole number from 0 to 4294967295; using 128",
        ),
        (
            "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
            "+5",
            "ignoring `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT=+5`: expected a whole number of characters from 0 to \
             4294967295; using no limit",
        ),
        (
            "AGENTSPAN_CONTENT_LENGTH_LIMIT",
            "16K",
            "ignoring `AGENTSPAN_CONTENT_LENGTH_LIMIT=16K`: expected a whole number of bytes from 64 to \
             16777216; using 16384 bytes",
        ),
    ];
    for (name, value, warning) in cases {
        check_env(&[(name, value)], &[warning]);
    }
}

#[test]
fn the_batch_is_never_longer_than_the_queue() {
    let batch = check_env(&[(QUEUE, "100")], &[]).batch;
    assert_eq!((batch.max_queue_size, batch.max_export_batch_size), (100, 100), "a default needs no warning");
    let warning = "ignoring `OTEL_BSP_MAX_EXPORT_BATCH_SIZE=x`: expected a whole number of spans, at least 1; \
                   using 100 spans";
    check_env(&[(QUEUE, "100"), (BATCH, "x")], &[warning]);
    let batch = check_env(&[(QUEUE, "100"), (BATCH, "7")], &[]).batch;
    assert_eq!((batch.max_queue_size, batch.max_export_batch_size), (100, 7));
}

#[test]
fn zero_is_no_limit_where_the_specification_says_so() {
    let config = check_env(&[("OTEL_BSP_EXPORT_TIMEOUT", "0"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "0")], &[]);
    assert_eq!(config.otlp.timeout, Duration::from_secs(3600));
}

#[test]
fn a_batch_is_sent_within_the_shorter_of_its_own_limit_and_that_of_otlp() {
    let timeout = |batch, otlp| {
        let env = [("OTEL_BSP_EXPORT_TIMEOUT", batch), ("OTEL_EXPORTER_OTLP_TIMEOUT", otlp)];
        check_env(&env, &[]).otlp.timeout.as_millis()
    };
    assert_eq!(
        [timeout("2000", ""), timeout("2000", "3000"), timeout("4000", "3000"), timeout("", "60000")],
        [2_000, 2_000, 3_000, 60_000]
    );
}

#[test]
fn a_specific_limit_wins_over_the_general_one() {
    let general = [("OTEL_ATTRIBUTE_COUNT_LIMIT", "10"), ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "20")];
    let limits = check_env(&general, &[]).limits;
    assert_eq!((limits.attribute_count, limits.attribute_value_length), (10, Some(20)));
    let mut both = general.to_vec();
    both.extend([("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "30"), ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "0")]);
    let limits = check_env(&both, &[]).limits;
    assert_eq!((limits.attribute_count, limits.attribute_value_length), (30, Some(0)));
}

#[test]
fn a_bad_specific_limit_leaves_the_general_one_in_force() {
    let limits = check_env(
        &[("OTEL_ATTRIBUTE_COUNT_LIMIT", "10"), ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "many")],
        &["ignoring `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT=many`: expected a whole number from 0 to 4294967295; using 10"],
    )
    .limits;
    assert_eq!(limits.attribute_count, 10);
}

#[test]
fn the_environment_wins_over_code_and_code_is_held_to_the_same_ranges() {
    let code = Overrides {
        batch: BatchOverrides {
            schedule_delay: Some(Duration::ZERO),
            export_timeout: Some(Duration::from_micros(1)),
            max_queue_size: Some(1_000_000),
            ..BatchOverrides::default()
        },
        limits: LimitsOverrides {
            link_count: Some(5),
            event_count: Some(6),
            attribute_value_length: Some(7),
            content_length: Some(1),
            ..LimitsOverrides::default()
        },
        ..Overrides::default()
    };
    let config = check(
        &[("OTEL_SPAN_LINK_COUNT_LIMIT", "9")],
        &code,
        &[
            "ignoring `0`, set in code for `OTEL_BSP_SCHEDULE_DELAY`: expected a whole number of milliseconds \
             from 1 to 3600000; using 5000 milliseconds",
            "ignoring `1000000`, set in code for `OTEL_BSP_MAX_QUEUE_SIZE`: expected at most 65536 spans; using 65536 spans",
            "ignoring `1`, set in code for `AGENTSPAN_CONTENT_LENGTH_LIMIT`: expected a whole number of bytes \
             from 64 to 16777216; using 16384 bytes",
        ],
    );
    assert_eq!(config.otlp.timeout, Duration::from_millis(1), "a short limit is not the same as none");
    let limits = config.limits;
    assert_eq!((limits.link_count, limits.event_count, limits.attribute_value_length), (9, 6, Some(7)));
}
