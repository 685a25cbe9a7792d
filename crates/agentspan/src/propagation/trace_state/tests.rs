use super::{MAX_HEADER, Received, StateReader, write};
use opentelemetry::trace::{SpanContext, TraceFlags, TraceState};
use opentelemetry::{SpanId, TraceId};

const TRACE: TraceId = TraceId::from_bytes([7; 16]);

fn span(state: TraceState) -> SpanContext {
    SpanContext::new(TRACE, SpanId::from_bytes([3; 8]), TraceFlags::SAMPLED, false, state)
}

fn read(values: &[&[u8]]) -> Option<(TraceState, Option<Received>)> {
    let mut reader = StateReader::default();
    values.iter().for_each(|value| reader.push(value));
    let mut state = reader.finish()?;
    let received = state.received(TRACE);
    Some((state.state, received))
}

/// What these headers are sent on as by somebody who adds nothing; empty when they are discarded.
fn passed_on(values: &[&str]) -> String {
    let values: Vec<_> = values.iter().map(|value| value.as_bytes()).collect();
    let read = read(&values);
    let sent = read.and_then(|(state, received)| write(&span(state), received.as_ref()));
    sent.unwrap_or_default()
}

fn members(count: usize) -> String {
    (1..=count).map(|number| format!("bar{number:02}={number:02}")).collect::<Vec<_>>().join(",")
}

/// Every character that a value may hold, in order.
fn value_characters() -> String {
    (' '..='~').filter(|character| ![',', '='].contains(character)).collect()
}

#[test]
fn a_tracestate_is_passed_on_by_the_rules_of_the_specification_and_no_others() {
    let (z, v) = (|length| "z".repeat(length), |length| "v".repeat(length));
    let every_value = format!("foo={}", value_characters());
    let every_key = "abcdefghijklmnopqrstuvwxyz0123456789_-*/@a-z0-9_-*/=1";
    let (key_256, key_257) = (format!("foo=1,{}=1", z(256)), format!("foo=1,{}=1", z(257)));
    let at_late = format!("foo=1,{}@v=1", "t".repeat(242));
    let at_early = format!("foo=1,t@{}=1", v(15));
    let (value_256, value_257) = (format!("foo={}", v(256)), format!("foo={}", v(257)));
    let (members_32, members_33) = (members(32), members(33));
    let with_empty = format!(",,{members_32},");
    let huge_key = z(1 << 20);
    let long = format!("{}={}", z(256), v(256));
    // Rule with its section of <https://www.w3.org/TR/trace-context-2/>, the headers, and what is passed on.
    let cases: &[(&str, &[&str], &str)] = &[
        ("3.3.1.1 one member", &["foo=1"], "foo=1"),
        ("3.3.1.1 order is kept", &["foo=1,bar=2"], "foo=1,bar=2"),
        (
            "3.3.1 several headers are one",
            &["foo=1,bar=2", "rojo=1,congo=2", "baz=3"],
            "foo=1,bar=2,rojo=1,congo=2,baz=3",
        ),
        ("3.3.1.1 an empty header", &[""], ""),
        ("3.3.1.1 an empty header behind", &["foo=1", ""], "foo=1"),
        ("3.3.1.1 an empty header before", &["", "foo=1"], "foo=1"),
        ("3.3.1.1 empty members", &["a=1,,b=2, ,\t,c=3,"], "a=1,b=2,c=3"),
        ("3.3.1.1 white space around members", &["foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3"),
        ("3.3.1.1 white space around the header", &["\t foo=1 \t"], "foo=1"),
        ("3.3.1.1 32 members", &[&members_32], &members_32),
        ("3.3.1.1 32 members and empty ones", &[&with_empty], &members_32),
        ("3.3.1.1 33 members", &[&members_33], ""),
        ("3.3.1.1 33 members in two headers", &[&members_32, "bar33=33"], ""),
        ("3.3.1.3.1 every character of a key", &[every_key], every_key),
        ("3.3.1.3.1 a key that begins with a digit", &["1a=1"], "1a=1"),
        ("3.3.1.3.1 a key of 256 characters", &[&key_256], &key_256),
        ("3.3.1.3.1 a key of 257 characters", &[&key_257], ""),
        ("3.3.1.3.1 a key of a megabyte", &[&huge_key], ""),
        ("3.3.1.3.1 an at sign at the end", &["foo@=1,bar=2"], "foo@=1,bar=2"),
        ("3.3.1.3.1 two at signs", &["foo@@bar=1,bar=2"], "foo@@bar=1,bar=2"),
        ("3.3.1.3.1 two at signs apart", &["foo@bar@baz=1,bar=2"], "foo@bar@baz=1,bar=2"),
        ("3.3.1.3.1 an at sign late", &[&at_late], &at_late),
        ("3.3.1.3.1 an at sign early", &[&at_early], &at_early),
        ("3.3.1.3.1 an at sign at the beginning", &["@foo=1,bar=2"], ""),
        ("3.3.1.3.1 an underscore at the beginning", &["_foo=1"], ""),
        ("3.3.1.3.1 upper case", &["FOO=1"], ""),
        ("3.3.1.3.1 a dot", &["foo.bar=1"], ""),
        ("3.3.1.3.1 a space behind", &["foo =1"], ""),
        ("3.3.1.3.1 no key", &["=1"], ""),
        ("3.3.1.3.2 every character of a value", &[&every_value], &every_value),
        ("3.3.1.3.2 a space before belongs to the value", &["foo= 1"], "foo= 1"),
        ("3.3.1.3.2 a value of 256 characters", &[&value_256], &value_256),
        ("3.3.1.3.2 a value of 257 characters", &[&value_257], ""),
        ("3.3.1.3.2 an empty value", &["foo=,bar=3"], ""),
        ("3.3.1.3.2 a value of one character", &["foo=!"], "foo=!"),
        ("3.3.1.3.2 a value of spaces only is empty", &["foo=   ,bar=3"], ""),
        ("3.3.1.3.2 a space behind is white space of the list", &["foo=1 ,bar=2 "], "foo=1,bar=2"),
        ("3.3.1.3.2 no value", &["foo"], ""),
        ("3.3.1.3.2 an equals sign", &["foo=bar=baz"], ""),
        ("3.3.1.3.2 a tab", &["foo=a\tb"], ""),
        ("3.3.1.3.2 a control character", &["foo=a\u{7f}b"], ""),
        ("3.3.1.3.2 not ASCII", &["foo=é"], ""),
        ("3.3.1.3 one bad member discards all", &["foo=1,BAR=2,baz=3"], ""),
        ("3.3.1.3 one bad header discards all", &["foo=1", "BAR=2", "baz=3"], ""),
        ("3.3.1.5 at least 512 characters are passed on", &[&long], &long),
        ("3.3.1.4 received duplicates are kept", &["foo=1,foo=1"], "foo=1,foo=1"),
        ("3.3.1.4 received duplicates in two headers", &["foo=1", "foo=2"], "foo=1,foo=2"),
    ];
    for (rule, headers, expected) in cases {
        assert_eq!(passed_on(headers), *expected, "{rule}");
    }
}

#[test]
fn bytes_that_are_no_text_discard_the_list() {
    assert!(read(&[b"foo=1,bar=\xff"]).is_none());
    assert!(read(&[b"foo=1,\xff=1"]).is_none());
    assert!(read(&[&[b','; 1 << 20]]).is_some_and(|(state, _)| state == TraceState::NONE));
}

#[test]
fn a_changed_list_keeps_what_opentelemetry_cannot_hold_on_the_right() {
    let (state, received) = read(&[b"a@b@c=1,foo=2"]).expect("it is valid");
    let changed = state.insert("own", "3").expect("key and value are valid");
    assert_eq!(write(&span(changed), received.as_ref()).as_deref(), Some("own=3,foo=2,a@b@c=1"));
    // A list of one trace says nothing about another.
    let other =
        SpanContext::new(TraceId::from(9), SpanId::from(9), TraceFlags::SAMPLED, false, TraceState::NONE);
    assert_eq!(write(&other, received.as_ref()), None);
}

/// Section 3.5, what may be done to a list.
#[test]
fn a_changed_member_moves_to_the_left_and_is_not_doubled_and_a_deleted_one_is_gone() {
    let (state, received) = read(&[b"foo=1,a@b@c=2,bar=3,baz=4"]).expect("it is valid");
    let changed = state.insert("bar", "5").expect("key and value are valid");
    assert_eq!(write(&span(changed), received.as_ref()).as_deref(), Some("bar=5,foo=1,baz=4,a@b@c=2"));
    let deleted = state.delete("foo").expect("the key is valid");
    assert_eq!(write(&span(deleted), received.as_ref()).as_deref(), Some("bar=3,baz=4,a@b@c=2"));
}

#[test]
fn a_33rd_member_drops_the_one_on_the_right() {
    let (state, received) = read(&[members(32).as_bytes()]).expect("it is valid");
    let changed = state.insert("own", "1").expect("key and value are valid");
    let sent = write(&span(changed), received.as_ref()).expect("there are members");
    assert_eq!(sent, format!("own=1,{}", members(31)));
}

#[test]
fn what_code_sets_and_no_header_may_hold_is_left_out() {
    let state = TraceState::from_key_value([("a", "line\nend"), ("b", ""), ("c", "ends "), ("d", "good")]);
    assert_eq!(write(&span(state.expect("the type takes it")), None).as_deref(), Some("d=good"));
    assert_eq!(write(&span(TraceState::NONE), None), None);
}

#[test]
fn a_list_that_is_too_long_loses_long_members_first_and_then_those_on_the_right() {
    let long = |name: char| format!("{name}={}", "v".repeat(250));
    let short = |name: usize| format!("s{name:02}={}", "v".repeat(120));
    let all: Vec<_> = "abcdefgh".chars().map(long).chain((0..24).map(short)).collect();
    let sent = passed_on(&[&all.join(",")]);
    assert!(sent.len() <= MAX_HEADER, "{}", sent.len());
    let expected: Vec<_> = all[..4].iter().chain(&all[8..]).cloned().collect();
    assert_eq!(sent.split(',').count(), expected.len());
    assert_eq!(sent, expected.join(","));
    let short_only: Vec<_> = (0..32).map(|name| format!("s{name:02}={}", "v".repeat(124))).collect();
    assert_eq!(passed_on(&[&short_only.join(",")]), short_only[..31].join(","));
}
