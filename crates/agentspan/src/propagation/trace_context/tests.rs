use super::{LENGTH, Traceparent, trim};
use opentelemetry::trace::{SpanContext, TraceState};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// What a value is sent on as by somebody who adds nothing, when it is valid.
fn passed_on(value: &[u8]) -> Option<String> {
    Traceparent::parse(value).map(|parsed| Traceparent::write(&parsed.into_remote(TraceState::NONE)))
}

/// Name of the rule, with its section of <https://www.w3.org/TR/trace-context-2/>, the value, and the flags that are
/// passed on with the ids when it is valid.
#[rustfmt::skip]
const CASES: &[(&str, &str, Option<&str>)] = &[
    ("3.2.2 version 00, sampled", "00-{t}-{p}-01", Some("01")),
    ("3.2.2 version 00, not sampled", "00-{t}-{p}-00", Some("00")),
    ("3.2.2.5.2 the random flag alone", "00-{t}-{p}-02", Some("02")),
    ("3.2.2.5.2 the random flag, sampled", "00-{t}-{p}-03", Some("03")),
    ("3.2.2.5.3 other flags are ignored and sent as 0", "00-{t}-{p}-ff", Some("03")),
    ("3.2.2.5.3 other flags alone", "00-{t}-{p}-fc", Some("00")),
    ("RFC 9110 5.6.3 white space around", "\t 00-{t}-{p}-01 \t", Some("01")),
    ("RFC 9110 5.6.3 other white space around", "\u{b}00-{t}-{p}-01", None),
    ("RFC 9110 5.6.3 a line end is no white space", "00-{t}-{p}-01\n", None),
    ("3.2.2.1 empty", "", None),
    ("3.2.2.1 version ff", "ff-{t}-{p}-01", None),
    ("3.2.2.1 version in upper case", "CC-{t}-{p}-01", None),
    ("3.2.2.1 version of one digit", "0-{t}-{p}-01", None),
    ("3.2.2.1 version of three digits", "000-{t}-{p}-01", None),
    ("3.2.2.1 version of four digits", "0000-{t}-{p}-01", None),
    ("3.2.2.1 version that begins with no digit", ".0-{t}-{p}-01", None),
    ("3.2.2.1 version that ends with no digit", "0.-{t}-{p}-01", None),
    ("3.2.2.2 a character behind version 00", "00-{t}-{p}-01.", None),
    ("3.2.2.2 a dash behind version 00", "00-{t}-{p}-01-", None),
    ("3.2.2.2 a field behind version 00", "00-{t}-{p}-01-more", None),
    ("3.2.4 a later version", "cc-{t}-{p}-01", Some("01")),
    ("3.2.4 a later version with a field", "cc-{t}-{p}-01-more", Some("01")),
    ("3.2.4 a later version with an empty field", "01-{t}-{p}-01-", Some("01")),
    ("3.2.4 the last version", "fe-{t}-{p}-01", Some("01")),
    ("3.2.4 a later version without a dash", "cc-{t}-{p}-01.more", None),
    ("3.2.4 a later version, too short", "cc-{t}-{p}-0", None),
    ("3.2.2.3 trace id of zeros", "00-00000000000000000000000000000000-{p}-01", None),
    ("3.2.2.3 trace id in upper case", "00-4BF92F3577B34DA6A3CE929D0E0E4736-{p}-01", None),
    ("3.2.2.3 trace id that begins with no digit", "00-.bf92f3577b34da6a3ce929d0e0e4736-{p}-01", None),
    ("3.2.2.3 trace id that ends with no digit", "00-4bf92f3577b34da6a3ce929d0e0e473.-{p}-01", None),
    ("3.2.2.3 trace id, too long", "00-{t}0-{p}-01", None),
    ("3.2.2.3 trace id, too short", "00-4bf92f3577b34da6a3ce929d0e0e473-{p}-01", None),
    ("3.2.2.3 trace id with a sign", "00-+bf92f3577b34da6a3ce929d0e0e4736-{p}-01", None),
    ("3.2.2.3 trace id of 64 bits with zeros before", "00-0000000000000000a3ce929d0e0e4736-{p}-01", Some("01")),
    ("3.2.2.4 parent id of zeros", "00-{t}-0000000000000000-01", None),
    ("3.2.2.4 parent id in upper case", "00-{t}-00F067AA0BA902B7-01", None),
    ("3.2.2.4 parent id that begins with no digit", "00-{t}-.0f067aa0ba902b7-01", None),
    ("3.2.2.4 parent id that ends with no digit", "00-{t}-00f067aa0ba902b.-01", None),
    ("3.2.2.4 parent id, too long", "00-{t}-{p}0-01", None),
    ("3.2.2.4 parent id, too short", "00-{t}-0f067aa0ba902b7-01", None),
    ("3.2.2.5 flags in upper case", "00-{t}-{p}-0A", None),
    ("3.2.2.5 flags that begin with no digit", "00-{t}-{p}-.0", None),
    ("3.2.2.5 flags that end with no digit", "00-{t}-{p}-0.", None),
    ("3.2.2.5 flags, too long", "00-{t}-{p}-001", None),
    ("3.2.2.5 flags, too short", "00-{t}-{p}-1", None),
    ("3.2.2 other separators", "00:{t}:{p}:01", None),
    ("3.2.2 numbers in tens", "99999999999999999999:1234567890:01", None),
    ("3.2.2 two values in one", "00-{t}-{p}-01,00-{t}-{p}-01", None),
];

#[test]
fn a_traceparent_is_valid_by_the_rules_of_the_specification_and_no_others() {
    for (rule, value, flags) in CASES {
        let value = value.replace("{t}", TRACE).replace("{p}", PARENT);
        let ids = value.trim_start().get(3..52).unwrap_or_default();
        let expected = flags.map(|flags| format!("00-{ids}-{flags}"));
        assert_eq!(passed_on(value.as_bytes()), expected, "{rule}: {value:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_not_valid() {
    let valid = format!("00-{TRACE}-{PARENT}-01");
    for at in 0..LENGTH {
        for byte in [0x00, 0x7f, 0x80, 0xff] {
            let mut value = valid.clone().into_bytes();
            value[at] = byte;
            assert_eq!(passed_on(&value), None, "{byte:#x} at {at}");
        }
    }
    assert_eq!(passed_on(&vec![b'0'; 1 << 20]), None);
    assert_eq!(passed_on(&vec![b' '; 1 << 20]), None);
}

#[test]
fn a_parent_elsewhere_is_remote() {
    let parsed = Traceparent::parse(format!("00-{TRACE}-{PARENT}-03").as_bytes()).expect("it is valid");
    let span: SpanContext = parsed.into_remote(TraceState::NONE);
    assert!(span.is_remote() && span.is_sampled());
}

#[test]
fn white_space_is_trimmed_from_both_ends() {
    for (value, trimmed) in [(" \ta b\t ", "a b"), ("", ""), (" \t ", ""), ("a", "a")] {
        assert_eq!(trim(value.as_bytes()), trimmed.as_bytes(), "{value:?}");
    }
}
