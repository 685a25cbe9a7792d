//! AWS's binary event stream. Its checksums are put right here, since no fuzzer finds them by chance: the input is a list
//! of frames, each a kind, two lengths, headers or a name, and a payload.

#![no_main]

use agentspan_fuzz::{Head, Input, check, read};

const EVENTS: [&str; 8] = [
    "messageStart",
    "contentBlockStart",
    "contentBlockDelta",
    "contentBlockStop",
    "messageStop",
    "metadata",
    "chunk",
    "",
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let lengths = input.take(4);
    let mut body = Vec::new();
    while !input.0.is_empty() {
        let kind = input.byte();
        let name = *input.one_of(&EVENTS);
        let payload = input.until(b'\n');
        match kind {
            b'e' => body.extend(frame(&text(&[(":message-type", "event"), (":event-type", name)]), payload)),
            b'c' => {
                let wrapped = format!("{{\"bytes\":\"{}\"}}", base64(payload));
                let headers = text(&[(":event-type", "chunk"), (":message-type", "event")]);
                body.extend(frame(&headers, wrapped.as_bytes()));
            }
            b'x' => {
                let headers = [(":message-type", "exception"), (":exception-type", "throttlingException")];
                body.extend(frame(&text(&headers), payload));
            }
            b'f' => {
                let message = String::from_utf8_lossy(payload);
                let headers =
                    [(":message-type", "error"), (":error-code", name), (":error-message", &message)];
                body.extend(frame(&text(&headers), b""));
            }
            // Headers as they come.
            b'h' => body.extend(frame(payload, input.until(b'\n'))),
            // No frame at all.
            _ => body.extend(payload),
        }
    }
    let head = Head::read(&mut Input(b"lda"));
    let whole = read(&head, &body, &[], true);
    check(&whole, &body);
    assert_eq!(read(&head, &body, lengths, true), whole, "in pieces of {lengths:?}");
    assert_eq!(read(&head, &body, &[1], true), whole, "in single bytes");
});

fn text(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut packed = Vec::new();
    for (name, value) in headers {
        packed.push(name.len() as u8);
        packed.extend(name.as_bytes());
        packed.push(7);
        packed.extend((value.len() as u16).to_be_bytes());
        packed.extend(value.as_bytes());
    }
    packed
}

fn frame(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut frame = (headers.len() as u32 + payload.len() as u32 + 16).to_be_bytes().to_vec();
    frame.extend((headers.len() as u32).to_be_bytes());
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame.extend(headers);
    frame.extend(payload);
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits =
            group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for digit in 0..=group.len() {
            text.push(char::from(DIGITS[(bits >> (18 - 6 * digit)) as usize & 63]));
        }
        text.extend(std::iter::repeat_n('=', 3 - group.len()));
    }
    text
}
