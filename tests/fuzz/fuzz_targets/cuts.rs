//! Bodies that come in pieces: four bytes are the lengths of the pieces, then all is as for whole bodies. How a body is
//! cut changes nothing.

#![no_main]

use agentspan_fuzz::{Head, Input, check, read};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let lengths = input.take(4);
    let head = Head::read(&mut input);
    let body = input.rest();
    let whole = read(&head, body, &[], true);
    check(&whole, body);
    assert_eq!(read(&head, body, lengths, true), whole, "in pieces of {lengths:?}");
    assert_eq!(read(&head, body, &[1], true), whole, "in single bytes");
    let mut abandoned = head.reader();
    abandoned.push(&body[..body.len() / 2]);
    check(&abandoned.finish_abandoned(), body);
});
