//! The end of a process from outside.

use crate::program::Program;
use agentspan_tests::{Answer, Collector, Tree};
use std::io::Read;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// Sends the signal; gives the exit code, what was printed on standard error, and the time it took.
fn end(mut child: Child, signal: &str) -> (Option<i32>, String, Duration) {
    let began = Instant::now();
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "the signal is sent");
    let status = child.wait().expect("the program can be waited for");
    let took = began.elapsed();
    let mut err = String::new();
    child.stderr.take().expect("it is piped").read_to_string(&mut err).expect("it is text");
    (status.code(), err, took)
}

#[test]
fn a_signal_ends_open_spans_and_delivers_them() {
    for (signal, code) in [("-TERM", 143), ("-INT", 130)] {
        for runtime in ["none", "current", "multi"] {
            let collector = Collector::start();
            let program = Program::new(&format!("signals {runtime} open wait")).to(&collector);
            let (ended, err, _) = end(program.until_ready(), signal);
            assert_eq!((ended, err.as_str()), (Some(code), ""), "{signal} {runtime}");
            let spans = collector.spans();
            let tree = Tree::of(&spans).show(&["agent.outcome", "agent.stop_reason"]).to_string();
            let expected = "agent.long_runner {agent.outcome=\"cancelled\" agent.stop_reason=\"shutdown\"}\n  \
                tool.crawl {agent.outcome=\"cancelled\"}\n";
            assert_eq!(tree, expected, "{signal} {runtime}");
        }
    }
}

#[test]
fn a_signal_ends_a_busy_program_without_a_word() {
    let collector = Collector::start();
    let program = Program::new("signals multi busy wait").to(&collector);
    let (code, err, _) = end(program.until_ready(), "-TERM");
    assert_eq!((code, err.as_str()), (Some(143), ""));
    assert!(!collector.spans().is_empty());
}

#[test]
fn a_signal_ends_the_program_in_time_whatever_the_collector_does() {
    let collector = Collector::always(Answer::Silent);
    let program = Program::new("signals multi open wait").to(&collector);
    let (code, err, took) = end(program.until_ready(), "-TERM");
    assert_eq!(code, Some(143));
    assert!(took < Duration::from_millis(6_500), "{took:?}");
    let line = format!(
        "agentspan: 0 of 2 spans delivered, 2 unconfirmed: {}/v1/traces: no answer in time\n",
        collector.endpoint()
    );
    assert_eq!(err, line);
}
