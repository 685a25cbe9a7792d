//! Every framing gives the same payloads for every way to cut its bytes.

use super::{EventStream, Framing, JsonArray, MAX_PAYLOAD, Ndjson, Payload, Sse, base64};

fn text(payload: Payload<'_>) -> String {
    let lossy = |bytes| String::from_utf8_lossy(bytes).into_owned();
    match payload {
        Payload::Text(text) => lossy(text),
        Payload::Event { name, body } => format!("{name}={}", lossy(body)),
        Payload::Failure { name, body } => format!("!{name}={}", lossy(body)),
    }
}

fn pieces<'a>(framing: &mut Framing, pieces: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    let mut found = Vec::new();
    pieces.for_each(|piece| framing.push(piece, &mut |payload| found.push(text(payload))));
    framing.finish(&mut |payload| found.push(text(payload)));
    found
}

/// Reads the body whole, cut in two at every byte, and in pieces of each small length.
fn check(make: fn() -> Framing, body: &[u8], expected: &[&str]) {
    let shown = String::from_utf8_lossy(body);
    assert_eq!(pieces(&mut make(), [body].into_iter()), expected, "whole: {shown:?}");
    for at in 0..=body.len() {
        let (left, right) = body.split_at(at);
        assert_eq!(pieces(&mut make(), [left, right].into_iter()), expected, "cut at {at}: {shown:?}");
    }
    for length in 1..=5 {
        assert_eq!(pieces(&mut make(), body.chunks(length)), expected, "pieces of {length}: {shown:?}");
    }
}

fn sse() -> Framing {
    Framing::Sse(Sse::default())
}

fn ndjson() -> Framing {
    Framing::Ndjson(Ndjson::default())
}

fn array() -> Framing {
    Framing::JsonArray(JsonArray::default())
}

fn frames() -> Framing {
    Framing::EventStream(EventStream::default())
}

#[test]
fn server_sent_events_are_split_as_the_standard_says() {
    let cases: [(&str, &[&str]); 17] = [
        ("data: a\n\ndata: b\n\n", &["a", "b"]),
        ("data: a\r\n\r\ndata: b\r\n\r\n", &["a", "b"]),
        ("data: a\r\rdata: b\r\r", &["a", "b"]),
        ("data: a\r\n\ndata: b\n\r\n", &["a", "b"]),
        ("\u{feff}data: a\n\n", &["a"]),
        (": keep-alive\n\n: more\ndata: a\n\n:\n\n", &["a"]),
        ("data: a\ndata: b\ndata:c\n\n", &["a\nb\nc"]),
        ("data:a\n\ndata:  b\n\n", &["a", " b"]),
        ("event: x\ndata: a\nid: 7\nretry: 1\n\n", &["a"]),
        ("data: a\nevent: x\n\n", &["a"]),
        ("event: only\n\nid: 1\n\n", &[]),
        ("data: ü€😀\n\n", &["ü€😀"]),
        ("data: a\n\ndata: last", &["a", "last"]),
        ("data: a\n\ndata: last\n", &["a", "last"]),
        ("data\n\ndata:\n\n", &["", ""]),
        ("database: x\ndata : y\nunknown\n\ndata: a\n\n", &["a"]),
        ("", &[]),
    ];
    cases.iter().for_each(|(body, expected)| check(sse, body.as_bytes(), expected));
}

#[test]
fn lines_of_json_are_split() {
    check(
        ndjson,
        b"{\"a\":1}\n{\"b\":2}\r\n\n  \n{\"c\":\"\xc3\xbc\"}",
        &["{\"a\":1}", "{\"b\":2}", "{\"c\":\"ü\"}"],
    );
    check(ndjson, b"", &[]);
}

#[test]
fn elements_of_an_array_are_split_wherever_brackets_stand_in_strings() {
    let body = r#" [ {"a":"]},[\"\\"} ,
        [1,[2]],"x,]", 3 , null] trailing [1]"#;
    check(array, body.as_bytes(), &[r#"{"a":"]},[\"\\"} "#, "[1,[2]]", "\"x,]\"", "3 ", "null"]);
    check(array, b"[]", &[]);
    check(array, b"[{\"a\":1},{\"b\":", &["{\"a\":1}"]);
}

/// A frame as AWS writes it; all headers are text.
fn frame(headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    for (name, value) in headers {
        packed.push(u8::try_from(name.len()).expect("names in tests are short"));
        packed.extend(name.as_bytes());
        packed.push(7);
        packed.extend(u16::try_from(value.len()).expect("values in tests are short").to_be_bytes());
        packed.extend(value.as_bytes());
    }
    let number = |length: usize| u32::try_from(length).expect("frames in tests are small").to_be_bytes();
    let mut frame = number(packed.len() + body.len() + 16).to_vec();
    frame.extend(number(packed.len()));
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame.extend(&packed);
    frame.extend(body);
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame
}

fn event(name: &str, body: &str) -> Vec<u8> {
    frame(
        &[(":event-type", name), (":content-type", "application/json"), (":message-type", "event")],
        body.as_bytes(),
    )
}

#[test]
fn frames_give_their_event_and_their_payload() {
    let exception = [(":message-type", "exception"), (":exception-type", "throttlingException")];
    let error =
        [(":message-type", "error"), (":error-code", "InternalFailure"), (":error-message", "no \"luck\"")];
    let body = [
        event("messageStart", "{\"role\":\"assistant\"}"),
        event("chunk", "{\"bytes\":\"eyJhIjoxfQ==\",\"p\":\"abc\"}"),
        event("messageStop", "{}"),
        frame(&exception, b"{\"message\":\"slow\"}"),
        frame(&error, b""),
    ];
    let expected = [
        "messageStart={\"role\":\"assistant\"}",
        "{\"a\":1}",
        "messageStop={}",
        "!throttlingException={\"message\":\"slow\"}",
        "!InternalFailure={\"message\":\"no \\\"luck\\\"\"}",
    ];
    check(frames, &body.concat(), &expected);
    let mut cut = body.concat();
    cut.truncate(body[0].len() + 40);
    check(frames, &cut, &expected[..1]);
}

#[test]
fn a_broken_frame_is_a_failure_and_nothing_behind_it_is_read() {
    let good = event("messageStart", "{\"role\":\"assistant\"}");
    for place in 0..good.len() {
        let mut bad = good.clone();
        bad[place] ^= 0x10;
        let body = [good.clone(), bad, good.clone()].concat();
        let found = pieces(&mut frames(), [body.as_slice()].into_iter());
        assert_eq!(found, ["messageStart={\"role\":\"assistant\"}", "!broken_frame={}"], "byte {place}");
        assert_eq!(pieces(&mut frames(), body.chunks(1)), found, "byte {place}, in single bytes");
    }
}

#[test]
fn lengths_that_make_no_sense_are_failures() {
    for (length, headers) in [(0_u32, 0_u32), (15, 0), (16, 1), (u32::MAX, u32::MAX), (200_000, 150_000)] {
        let mut body = [length.to_be_bytes(), headers.to_be_bytes()].concat();
        body.extend(crc32fast::hash(&body).to_be_bytes());
        body.extend([0; 64]);
        let found = pieces(&mut frames(), [body.as_slice()].into_iter());
        assert_eq!(found, ["!broken_frame={}"], "{length}, {headers}");
    }
}

#[test]
fn a_payload_that_is_too_large_is_skipped_and_the_next_is_read() {
    let large = "x".repeat(MAX_PAYLOAD + 1);
    let many_lines = "data: 0123456789012345678901234567890123456789\n".repeat(MAX_PAYLOAD / 40);
    let mut big_frame = frame(&[], &vec![b'x'; MAX_PAYLOAD + (128 << 10)]);
    big_frame.extend(event("after", "{}"));
    type Case = (fn() -> Framing, Vec<u8>, &'static str);
    let cases: [Case; 5] = [
        (sse, format!("data: {large}\n\ndata: after\n\n").into_bytes(), "after"),
        (sse, format!("{many_lines}\ndata: after\n\n").into_bytes(), "after"),
        (ndjson, format!("{large}\nafter\n").into_bytes(), "after"),
        (array, format!("[\"{large}\",0]").into_bytes(), "0"),
        (frames, big_frame, "after={}"),
    ];
    for (make, body, expected) in cases {
        assert_eq!(pieces(&mut make(), [body.as_slice()].into_iter()), [expected], "whole");
        assert_eq!(pieces(&mut make(), body.chunks(65_537)), [expected], "in pieces");
    }
}

#[test]
fn base64_is_read_with_and_without_padding() {
    let cases: [(&str, Option<&[u8]>); 9] = [
        ("", Some(b"")),
        ("QQ==", Some(b"A")),
        ("QQ", Some(b"A")),
        ("QUI=", Some(b"AB")),
        ("QUJD", Some(b"ABC")),
        ("+/+/", Some(&[0xfb, 0xff, 0xbf])),
        ("Q", None),
        ("QU*D", None),
        ("QUJDR", None),
    ];
    for (text, expected) in cases {
        assert_eq!(base64::decode(text.as_bytes()).as_deref(), expected, "{text}");
    }
}
