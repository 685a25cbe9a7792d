use super::{MAX_PENDING, Pending};
use crate::config::Content;
use crate::cost::PriceBook;
use crate::span::node::Node;
use crate::span::runtime::Runtime;
use opentelemetry::SpanId;
use std::sync::Arc;

#[test]
fn steps_whose_spans_are_lost_make_room_for_later_ones() {
    let runtime = Arc::new(Runtime::new(None, PriceBook::default(), Content::default()));
    let (lost, last) = (Node::alone(&runtime), Node::alone(&runtime));
    let pending = Pending::default();
    let id = |number: usize| SpanId::from(number as u64 + 1);
    for number in 0..4 * MAX_PENDING {
        pending.insert(id(number), &lost);
        // Every other span arrives.
        if number % 2 == 1 {
            assert!(pending.take(id(number)).is_some());
        }
    }
    pending.insert(id(4 * MAX_PENDING), &last);
    assert!(Arc::ptr_eq(&pending.take(id(4 * MAX_PENDING)).expect("it waits"), &last));
    assert!(pending.take(id(0)).is_none(), "the oldest went");
    assert_eq!(Arc::strong_count(&lost), 1 + MAX_PENDING - 1, "no more of them are kept");
}
