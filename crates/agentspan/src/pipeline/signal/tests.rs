use super::unwatched;
use std::io;

#[test]
fn signals_that_cannot_be_watched_are_said() {
    let error = io::Error::other("too many open files");
    assert_eq!(
        unwatched(&error),
        "ignoring `shutdown_on_signal()`: expected a thread and handlers for Ctrl-C and SIGTERM, but too many open files; \
         using none, so a signal loses what was not sent"
    );
}
