use serde_json::{Value, json};

use super::super::Usage;
use super::super::counts::{amount, count};
use agentspan_semconv::FinishClass;

#[test]
fn counts_are_read_from_every_form_and_absurd_ones_are_unknown() {
    let huge = 1_u64 << 32;
    let cases: &[(Value, Option<u64>)] = &[
        (json!(0), Some(0)),
        (json!(12), Some(12)),
        (json!(12.0), Some(12)),
        (json!("12"), Some(12)),
        (json!(" 12.0 "), Some(12)),
        (json!(huge), Some(huge)),
        (json!(huge + 1), None),
        (json!(u64::MAX), None),
        (json!(1e30), None),
        (json!("1e30"), None),
        (json!("100000000000000000000000000000000"), None),
        (json!(12.5), None),
        (json!(-1), None),
        (json!(-1.0), None),
        (json!("-1"), None),
        (json!("NaN"), None),
        (json!("inf"), None),
        (json!(""), None),
        (json!("twelve"), None),
        (json!(null), None),
        (json!(true), None),
        (json!([12]), None),
        (json!({"n": 12}), None),
    ];
    for (value, expected) in cases {
        assert_eq!(count(&value.into()), *expected, "{value}");
    }
}

#[test]
fn amounts_are_finite_and_not_negative() {
    let cases: &[(Value, Option<f64>)] = &[
        (json!(0.5), Some(0.5)),
        (json!("0.5"), Some(0.5)),
        (json!(3), Some(3.0)),
        (json!(-0.5), None),
        (json!("NaN"), None),
        (json!("inf"), None),
        (json!(1e30), None),
        (json!({}), None),
        (json!(null), None),
    ];
    for (value, expected) in cases {
        assert_eq!(amount(&value.into()), *expected, "{value}");
    }
}

#[test]
fn a_total_is_the_providers_own_else_the_sum_of_two_known_counts() {
    assert_eq!(Usage::new().input(2).output(3).total(9).total_tokens(), Some(9));
    assert_eq!(Usage::new().input(2).output(3).total_tokens(), Some(5));
    assert_eq!(Usage::new().input(2).total_tokens(), None);
}

#[test]
fn a_usage_written_by_hand_knows_only_what_it_was_told() {
    let usage = Usage::new().input(10).output(3).seconds(1.5).provider_cost_usd(0.25);
    assert_eq!((usage.input, usage.output), (Some(10), Some(3)));
    assert_eq!((usage.seconds, usage.provider_cost_usd), (Some(1.5), Some(0.25)));
    assert_eq!((usage.total, usage.cache_read), (None, None));
}

#[test]
fn finish_reasons_of_all_providers_fall_into_five_words() {
    let cases = [
        ("stop", "stop end_turn stop_sequence STOP COMPLETE STOP_SEQUENCE completed eos"),
        (
            "length",
            "length max_tokens MAX_TOKENS model_length model_context_window_exceeded max_output_tokens",
        ),
        ("tool_call", "tool_calls function_call tool_use TOOL_CALL"),
        ("content_filter", "content_filter refusal SAFETY RECITATION BLOCKLIST PROHIBITED_CONTENT SPII"),
        ("content_filter", "guardrail_intervened content_filtered"),
        ("error", "error ERROR MALFORMED_FUNCTION_CALL insufficient_system_resource failed"),
    ];
    for (class, words) in cases {
        for word in words.split(' ') {
            assert_eq!(super::super::finish::class_of(word).map(FinishClass::as_str), Some(class), "{word}");
        }
    }
    for word in ["pause_turn", "OTHER", "", "stopped"] {
        assert_eq!(super::super::finish::class_of(word), None, "{word}");
    }
}
