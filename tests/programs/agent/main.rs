//! An agent for the tests that need a process of their own: the environment, the global subscriber, signals.
//!
//! `test-agent <start> <runtime> <work> <end>`: how it starts the telemetry (with `+settings` in code), on which
//! runtime it works, what it does, how it ends. What it found out stands as `key=value` on standard output; standard
//! error holds only what the library prints.

mod start;
mod work;

use agentspan::Report;
use start::Started;
use std::future::Future;
use std::io::Write;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

fn main() {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let [start, runtime, work, end] = words.try_into().expect("start, runtime, work and end are given");
    if start.starts_with("late") {
        block_on(work::work("weather", None));
    }
    let started = start::start(&start);
    let whole = async move {
        work::work(&work, Some(&started)).await;
        finish(started, &end);
    };
    // In a task, which is where a blocking shutdown hurts most.
    match runtime.as_str() {
        "none" => block_on(whole),
        "current" => in_task(tokio::runtime::Builder::new_current_thread(), whole),
        "multi" => in_task(tokio::runtime::Builder::new_multi_thread(), whole),
        other => panic!("no runtime `{other}`"),
    }
}

fn in_task(mut runtime: tokio::runtime::Builder, whole: impl Future<Output = ()> + Send + 'static) {
    let runtime = runtime.enable_all().build().expect("a runtime can be built");
    runtime.block_on(async { tokio::spawn(whole).await.expect("the task does not panic") });
}

/// Polls until it is ready, without any runtime.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::yield_now(),
        }
    }
}

fn finish(started: Started, end: &str) {
    let began = Instant::now();
    match end {
        "shutdown" => print(&started.shutdown()),
        "flush" => {
            print(&started.flush());
            std::process::exit(0);
        }
        "drop" => drop(started),
        "drop-and-go-on" => {
            drop(started);
            block_on(work::work("weather", None));
        }
        "wait" => {
            say("ready", "");
            std::thread::sleep(Duration::from_secs(30));
        }
        other => panic!("no end `{other}`"),
    }
    say("end_ms", began.elapsed().as_millis());
}

fn print(report: &Report) {
    say("created", report.created);
    say("delivered", report.delivered);
    for (reason, count) in &report.dropped {
        say(&format!("dropped.{reason:?}"), count);
    }
    say("unconfirmed", report.unconfirmed);
    say("open", report.open);
    say("problem", report.problem.as_deref().unwrap_or_default());
    say("line", report);
}

fn say(key: &str, value: impl std::fmt::Display) {
    let mut out = std::io::stdout();
    writeln!(out, "{key}={value}").and_then(|()| out.flush()).expect("standard output is open");
}
