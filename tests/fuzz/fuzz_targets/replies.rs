//! Bodies that come whole: two letters and a status choose whose reply it is, a line is the value of a header, the rest
//! is the body.

#![no_main]

use agentspan_fuzz::{Head, Input, check, price, read};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let head = Head::read(&mut input);
    let body = input.rest();
    let reply = read(&head, body, &[], true);
    check(&reply, body);
    price(&head, &reply);
    let silent = read(&head, body, &[], false);
    assert_eq!(silent.output_messages, None, "nobody asked for content");
    assert!(silent.tool_calls.iter().all(|call| call.arguments.is_none()), "nor for arguments");
    assert_eq!(
        (&silent.usage, &silent.model, &silent.finish_reasons, silent.size, &silent.error),
        (&reply.usage, &reply.model, &reply.finish_reasons, reply.size, &reply.error),
        "content changes nothing else"
    );
});
