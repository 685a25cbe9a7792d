//! How steps end: by result, panic, time and being dropped.

use crate::fixtures::the;
use agentspan::testing::{Recording, record, record_with};
use agentspan::{Elapsed, Failure};
use agentspan_semconv::ApprovalDecision;
use futures_util::FutureExt;
use std::error::Error;
use std::fmt;
use std::io;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

#[derive(Debug)]
struct ApiError<E>(E);

impl<E: fmt::Debug> fmt::Display for ApiError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the service failed")
    }
}

impl<E: Error + 'static> Error for ApiError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn refused() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionRefused, "refused by 10.0.0.7")
}

async fn tokio_elapsed() -> tokio::time::error::Elapsed {
    tokio::time::timeout(Duration::ZERO, std::future::pending::<()>()).await.expect_err("it never ends")
}

/// Ends a tool with this error and holds how the span reads.
async fn check<E: Failure<K>, K>(error: E, expected: &str) {
    let recording = record();
    let result = agentspan::tool("t").run(async { Err::<(), E>(error) }).await;
    assert!(result.is_err(), "the result is the caller's own");
    assert_eq!(recording.tree(), format!("tool.t {expected}\n"));
    let span = the(&recording, "tool.t");
    assert!(span.failure().is_some(), "the status is Error");
    assert_eq!(span.events(), ["exception"]);
    assert_eq!(span.event_text("exception", "exception.type"), span.text("error.type"));
    assert_eq!(span.event_text("exception", "exception.message"), None, "texts of errors are content");
    assert_eq!(span.failure(), span.text("error.type"), "so the status says no more than the class");
}

#[tokio::test]
async fn every_kind_of_error_is_recorded_by_its_class() {
    check(ApiError(refused()), "error ApiError").await;
    check(refused(), "error io::ConnectionRefused").await;
    check("12a".parse::<u8>().unwrap_err(), "error ParseIntError").await;
    check(Box::<dyn Error>::from("boxed"), "error _OTHER").await;
    check(Box::<dyn Error>::from(refused()), "error io::ConnectionRefused").await;
    check(Box::<dyn Error + Send + Sync>::from("boxed"), "error _OTHER").await;
    check(Box::<dyn Error + Send + Sync>::from(ApiError(refused())), "error io::ConnectionRefused").await;
    check(anyhow::anyhow!("no luck"), "error _OTHER").await;
    check(anyhow::Error::new(refused()).context("while asking"), "error io::ConnectionRefused").await;
    check(String::from("no luck"), "error _OTHER").await;
    check("no luck", "error _OTHER").await;
}

#[tokio::test]
async fn an_error_that_holds_an_elapsed_time_is_a_timeout() {
    let timed_out = || io::Error::from(io::ErrorKind::TimedOut);
    check(timed_out(), "timeout timeout").await;
    check(ApiError(timed_out()), "timeout timeout").await;
    check(tokio_elapsed().await, "timeout timeout").await;
    check(ApiError(ApiError(tokio_elapsed().await)), "timeout timeout").await;
    check(io::Error::other(tokio_elapsed().await), "timeout timeout").await;
    check(io::Error::other(ApiError(tokio_elapsed().await)), "timeout timeout").await;
    check(Box::<dyn Error>::from(tokio_elapsed().await), "timeout timeout").await;
    check(Box::<dyn Error + Send + Sync>::from(timed_out()), "timeout timeout").await;
    check(anyhow::Error::new(tokio_elapsed().await).context("while asking"), "timeout timeout").await;
}

#[tokio::test]
async fn texts_and_causes_of_errors_are_recorded_when_asked_for() {
    let recording = record_with(agentspan::builder().with_content(true));
    let _ = agentspan::tool("t").run(async { Err::<(), _>(ApiError(refused())) }).await;
    let span = the(&recording, "tool.t");
    assert_eq!(span.failure(), Some("the service failed"));
    assert_eq!(span.event_text("exception", "exception.message"), Some("the service failed"));
    assert_eq!(span.event_text("exception", "exception.stacktrace"), Some("caused by: refused by 10.0.0.7"));
}

#[tokio::test]
async fn success_leaves_the_status_unset() {
    let recording = record();
    agentspan::tool("t").run(async { Ok::<_, String>(()) }).await.unwrap();
    let span = the(&recording, "tool.t");
    assert_eq!((span.failure(), span.text("error.type"), span.events()), (None, None, vec![]));
}

/// What a panic carries, which must come back as it was.
#[derive(Debug, PartialEq)]
struct Payload(u32);

#[track_caller]
fn check_panic(recording: &Recording, payload: Box<dyn std::any::Any + Send>) {
    assert_eq!(payload.downcast_ref::<Payload>(), Some(&Payload(7)), "passed on unchanged");
    let span = the(recording, "tool.t");
    assert_eq!(span.text("agent.outcome"), Some("panicked"));
    assert_eq!(span.text("error.type"), Some("panic"));
    assert_eq!(span.failure(), Some("panic"));
    assert_eq!(span.events(), ["exception"]);
}

#[tokio::test]
async fn a_panic_is_recorded_and_passed_on_unchanged() {
    let recording = record();
    let run = agentspan::tool("t").run(async {
        tokio::task::yield_now().await;
        std::panic::panic_any(Payload(7));
        #[expect(unreachable_code, reason = "gives the future its type")]
        Ok::<_, String>(())
    });
    let payload = AssertUnwindSafe(run).catch_unwind().await.expect_err("it panicked");
    check_panic(&recording, payload);
}

#[test]
fn a_guard_that_a_panic_drops_is_a_step_that_panicked() {
    let recording = record();
    let work = || {
        let _guard = agentspan::tool("t").start();
        std::panic::panic_any(Payload(7));
    };
    let payload = std::panic::catch_unwind(work).expect_err("it panicked");
    check_panic(&recording, payload);
}

#[tokio::test]
async fn a_future_that_the_panic_of_another_drops_is_cancelled() {
    let recording = record();
    let both = async {
        let waits = agentspan::tool("waits").run_ok(std::future::pending::<()>());
        let panics = agentspan::tool("t").run_ok(async { std::panic::panic_any(Payload(7)) });
        tokio::join!(waits, panics)
    };
    let payload = AssertUnwindSafe(both).catch_unwind().await.expect_err("it panicked");
    check_panic(&recording, payload);
    assert_eq!(the(&recording, "tool.waits").text("agent.outcome"), Some("cancelled"));
}

#[tokio::test]
async fn a_panic_in_a_future_without_a_result_is_recorded_and_passed_on() {
    let recording = record();
    let run = agentspan::tool("t").run_ok(async { std::panic::panic_any(Payload(7)) });
    let payload = AssertUnwindSafe(run).catch_unwind().await.map(|(): ()| ()).expect_err("it panicked");
    check_panic(&recording, payload);
}

#[test]
fn a_panic_in_synchronous_code_is_recorded_and_passed_on() {
    let recording = record();
    let payload = std::panic::catch_unwind(|| {
        agentspan::tool("t").in_scope(|| std::panic::panic_any(Payload(7)));
    })
    .expect_err("it panicked");
    check_panic(&recording, payload);
    assert_eq!(agentspan::current().trace_id(), None, "nothing stays current");
}

#[tokio::test]
async fn a_panic_deep_in_a_run_marks_every_step_around_it() {
    let recording = record();
    let run = agentspan::agent("a").run_ok(agentspan::step("s").run_ok(agentspan::tool("t").run_ok(async {
        panic!("deep");
    })));
    AssertUnwindSafe(run).catch_unwind().await.map(|(): ()| ()).expect_err("it panicked");
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a panicked panic panicked
      step.s panicked panic
        tool.t panicked panic
    ");
}

#[tokio::test]
async fn the_text_of_a_panic_is_recorded_when_asked_for() {
    let recording = record_with(agentspan::builder().with_content(true));
    let run = agentspan::tool("t").run_ok(async { panic!("{} is too many", 7) });
    AssertUnwindSafe(run).catch_unwind().await.map(|(): ()| ()).expect_err("it panicked");
    assert_eq!(the(&recording, "tool.t").event_text("exception", "exception.message"), Some("7 is too many"));
}

#[tokio::test]
async fn a_dropped_future_is_cancelled_and_no_failure() {
    let recording = record();
    let mut run =
        Box::pin(agentspan::agent("a").run_ok(agentspan::tool("t").run_ok(std::future::pending::<()>())));
    assert!(futures_util::poll!(&mut run).is_pending());
    drop(run);
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a cancelled cancelled
      tool.t cancelled
    ");
    for span in recording.spans() {
        assert_eq!((span.failure(), span.text("error.type"), span.events()), (None, None, vec![]));
    }
}

#[tokio::test]
async fn a_future_that_was_never_polled_is_no_step() {
    let recording = record();
    drop(agentspan::tool("t").run_ok(async {}));
    assert_eq!(recording.tree(), "");
}

#[tokio::test]
async fn an_aborted_task_is_cancelled() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            let task = agentspan::spawn(agentspan::tool("t").run_ok(std::future::pending::<()>()));
            tokio::task::yield_now().await;
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        })
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed
      tool.t cancelled
    ");
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_time_ends_a_step_and_what_is_in_it() {
    let recording = record();
    let limit = Duration::from_secs(30);
    let result: Result<(), Box<dyn Error>> = agentspan::agent("a")
        .run(agentspan::tool("t").timeout(limit).run(async {
            agentspan::retrieval("wiki").run_ok(std::future::pending::<()>()).await;
            Ok(())
        }))
        .await;
    assert_eq!(
        result.unwrap_err().downcast_ref::<Elapsed>().map(ToString::to_string).as_deref(),
        Some("not finished after 30s")
    );
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a timeout timeout timeout
      tool.t timeout timeout
        retrieval.wiki cancelled
    ");
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_time_for_anything_but_a_result() {
    let recording = record();
    let limit = Duration::from_secs(30);
    assert_eq!(agentspan::tool("quick").timeout(limit).run_ok(async { 7 }).await, Ok(7));
    let slow = agentspan::tool("slow").timeout(limit).run_ok(std::future::pending::<()>()).await;
    assert!(slow.is_err());
    let failed = agentspan::tool("failed").timeout(limit).run(async { Err::<(), _>("no".to_owned()) }).await;
    assert_eq!(failed, Err("no".into()));
    insta::assert_snapshot!(recording.tree(), @r"
    tool.quick ok
    tool.slow timeout timeout
    tool.failed error _OTHER
    ");
}

#[test]
fn a_limit_of_time_works_outside_a_runtime() {
    let recording = record();
    let limit = Duration::from_millis(5);
    let slow = agentspan::tool("slow").timeout(limit).run_ok(std::future::pending::<()>());
    assert!(block_on_without_tokio(slow).is_err());
    assert_eq!(recording.tree(), "tool.slow timeout timeout\n");
}

/// Blocks on a future with nothing of Tokio around it.
fn block_on_without_tokio<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::sync::Arc::new(Unpark(std::thread::current())).into();
    let mut cx = std::task::Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut cx) {
            std::task::Poll::Ready(output) => return output,
            std::task::Poll::Pending => std::thread::park(),
        }
    }
}

#[test]
fn guards_end_as_they_are_told() {
    let recording = record();
    agentspan::tool("finished").start().finish();
    agentspan::tool("failed").start().fail(&"no".to_owned());
    assert_eq!(agentspan::tool("ok").start().finish_with(Ok::<_, String>(7)), Ok(7));
    assert!(agentspan::tool("err").start().finish_with(Err::<(), _>(refused())).is_err());
    drop(agentspan::tool("dropped").start());
    insta::assert_snapshot!(recording.tree(), @r"
    tool.finished ok
    tool.failed error _OTHER
    tool.ok ok
    tool.err error io::ConnectionRefused
    tool.dropped cancelled
    ");
}

#[test]
fn a_failure_that_no_result_shows_is_told() {
    let recording = record();
    agentspan::tool("t").in_scope(|| {
        agentspan::current().error_type("rate_limited");
    });
    let approval = agentspan::approval("refund").start();
    approval.decision(ApprovalDecision::Expired);
    approval.finish();
    insta::assert_snapshot!(recording.tree(), @r"
    tool.t error rate_limited
    approval.refund timeout timeout
      approval.requested ok
    ");
    assert_eq!(the(&recording, "tool.t").failure(), Some("rate_limited"));
}

#[test]
fn a_failure_told_of_a_run_is_its_stop_reason_too() {
    let recording = record();
    agentspan::agent("a").in_scope(|| {
        agentspan::current().error_type("bad_input");
    });
    assert_eq!(recording.tree(), "agent.a error bad_input error\n");
}

#[test]
fn an_error_comes_before_what_was_told() {
    let recording = record();
    let tool = agentspan::tool("t").start();
    tool.error_type("rate_limited");
    tool.fail(&refused());
    assert_eq!(recording.tree(), "tool.t error rate_limited\n");
}

#[test]
fn what_is_told_after_the_end_changes_nothing() {
    let recording = record();
    let guard = agentspan::tool("t").start();
    let handle = guard.handle();
    guard.finish();
    handle.attribute("late", true).error_type("late").cost_usd(1.0).result("late");
    assert_eq!(recording.tree(), "tool.t ok\n");
    assert!(!the(&recording, "tool.t").keys().contains(&"late"));
}

#[tokio::test]
async fn an_approval_that_ran_out_of_time_is_expired() {
    let recording = record();
    let limit = Duration::from_millis(1);
    let waiting = std::future::pending::<Result<(), Box<dyn Error>>>();
    assert!(agentspan::approval("refund").timeout(limit).run(waiting).await.is_err());
    let span = the(&recording, "approval.refund");
    assert_eq!(span.text("agent.outcome"), Some("timeout"));
    assert_eq!(span.text("approval.decision"), Some("expired"));
    assert!(span.double("approval.wait_s").is_some_and(|waited| waited >= limit.as_secs_f64()));
}

/// The bridge of tracing ends a span at its last exit, so a wait that is never entered would count as nothing.
#[tokio::test]
async fn trap_end_time_is_the_end_and_not_the_last_exit() {
    let recording = record();
    let wait = Duration::from_millis(300);
    let approval = agentspan::approval("refund").start();
    tokio::time::sleep(wait).await;
    approval.decision(ApprovalDecision::Approved);
    approval.finish();
    let span = the(&recording, "approval.refund");
    assert!(span.duration() >= wait, "{:?}", span.duration());
    assert!(span.double("approval.wait_s").is_some_and(|waited| waited >= wait.as_secs_f64()));
    assert!(the(&recording, "approval.requested").duration() < wait, "it leaves at the beginning");
}

#[tokio::test]
async fn what_runs_on_after_a_step_does_not_lengthen_it() {
    let recording = record();
    let guard = agentspan::tool("t").start();
    let inside = guard.in_scope(tracing::Span::current);
    guard.finish();
    tokio::time::sleep(Duration::from_millis(400)).await;
    drop(inside);
    assert!(the(&recording, "tool.t").duration() < Duration::from_millis(400));
}

#[test]
fn a_synchronous_result_is_recorded_as_one_of_a_future_is() {
    let recording = record();
    let given = agentspan::agent("a").try_in_scope(|| {
        let found = agentspan::retrieval("r").try_in_scope(|| Ok::<_, String>(3));
        assert_eq!(found, Ok(3));
        agentspan::tool("t").try_in_scope(|| Err::<(), _>(refused()))
    });
    assert_eq!(given.map_err(|error| error.kind()), Err(io::ErrorKind::ConnectionRefused));
    let panicked = std::panic::catch_unwind(|| {
        agentspan::step("s").try_in_scope(|| -> Result<(), String> { std::panic::panic_any(7_u8) })
    });
    assert_eq!(panicked.expect_err("it is passed on").downcast_ref(), Some(&7_u8));
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a error io::ConnectionRefused tool_error
      retrieval.r ok
      tool.t error io::ConnectionRefused
    step.s panicked panic
    ");
}
