use super::{Console, MAX_TRACES};
use crate::export::Sink;
use crate::view::TreeOptions;
use crate::view::fixture::span_in;
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics while writing").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn on(page: &Page) -> Console {
    Console {
        out: Box::new(page.clone()),
        options: TreeOptions::default(),
        waiting: HashMap::new(),
        printed: false,
    }
}

fn printed(page: &Page) -> String {
    let bytes = page.0.lock().expect("no test panics while writing").clone();
    String::from_utf8(bytes).expect("a tree is text")
}

#[test]
fn a_step_that_outlived_its_run_stands_in_the_tree_of_the_run() {
    let page = Page::default();
    let mut console = on(&page);
    console.send(vec![span_in(1, 1, 0, "run"), span_in(1, 2, 1, "late.step")]);
    assert_eq!(
        printed(&page),
        "\
run                                  0.0 ms
└─ late.step                         0.0 ms
"
    );
}

#[test]
fn traces_that_are_complete_leave_room_for_those_that_wait() {
    let page = Page::default();
    let mut console = on(&page);
    let waiting = |trace: usize| span_in(trace as u128, 2, 1, "child");
    console.send((1..=MAX_TRACES).map(waiting).collect());
    assert_eq!(printed(&page), "");
    console.send(vec![span_in(5_000, 1, 0, "run"), span_in(1, 3, 1, "child")]);
    assert_eq!(printed(&page), "run                                  0.0 ms\n", "as if they came one by one");
}

#[test]
fn each_trace_is_printed_when_its_root_has_ended_and_stands_apart() {
    let page = Page::default();
    let mut console = on(&page);
    console.send(vec![span_in(1, 2, 1, "first.child"), span_in(2, 4, 3, "second.child")]);
    console.send(vec![span_in(2, 3, 0, "second"), span_in(3, 6, 5, "left.over"), span_in(1, 1, 0, "first")]);
    console.flush();
    assert_eq!(
        printed(&page),
        "\
second                               0.0 ms
└─ second.child                      0.0 ms

first                                0.0 ms
└─ first.child                       0.0 ms

left.over                            0.0 ms
"
    );
}
