//! What a future inside a step still holds when it ends is dropped inside that step.

use agentspan::testing::record;
use futures_util::FutureExt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(1);

/// Makes a step when it is dropped.
struct Last(&'static str);

impl Drop for Last {
    fn drop(&mut self) {
        agentspan::tool(self.0).in_scope(|| {});
    }
}

/// A future that holds something until it is dropped itself.
struct Holding<F> {
    future: Pin<Box<F>>,
    _last: Last,
}

impl<F: Future> Future for Holding<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.future.as_mut().poll(cx)
    }
}

fn held<F: Future>(future: F) -> Holding<F> {
    Holding { future: Box::pin(future), _last: Last("held") }
}

async fn local<F: Future>(future: F) -> F::Output {
    let _last = Last("local");
    future.await
}

/// Panics when it is dropped.
struct Bang;

impl Drop for Bang {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("bang");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_future_holds_is_dropped_inside_its_step() {
    let recording = record();
    let never = std::future::pending::<()>;
    let step = |name: &'static str| agentspan::step(name);
    step("ended").run_ok(local(async {})).await;
    step("ended").run_ok(held(async {})).await;
    step("limited").timeout(LIMIT).run_ok(held(async {})).await.expect("there is time");
    step("late").timeout(LIMIT).run_ok(local(never())).await.expect_err("it never ends");
    step("late").timeout(LIMIT).run_ok(held(never())).await.expect_err("it never ends");
    let reply = async { Ok::<_, String>(crate::fixtures::openai_reply(1, 1)) };
    agentspan::llm("openai", "gpt-4o").call(held(reply)).await.expect("it answers");
    drop(step("unpolled").run_ok(held(never())));
    insta::assert_snapshot!(recording.tree(), @r"
    step.ended ok
      tool.local ok
    step.ended ok
      tool.held ok
    step.limited ok
      tool.held ok
    step.late timeout timeout
      tool.local ok
    step.late timeout timeout
      tool.held ok
    llm.openai.gpt-4o ok 1→1 $0.0000125
      tool.held ok
    tool.held ok
    ");
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_a_future_is_dropped_at_its_end_is_one_of_its_step() {
    let recording = record();
    let (ended, late) = (Bang, Bang);
    let ended = std::future::poll_fn(move |_| {
        let _held = &ended;
        Poll::Ready(())
    });
    let late = std::future::poll_fn(move |_| {
        let _held = &late;
        Poll::<()>::Pending
    });
    let ended = AssertUnwindSafe(agentspan::step("ended").run_ok(ended)).catch_unwind().await;
    let late = AssertUnwindSafe(agentspan::step("late").timeout(LIMIT).run_ok(late)).catch_unwind().await;
    assert!(ended.is_err() && late.is_err());
    insta::assert_snapshot!(recording.tree(), @r"
    step.ended panicked panic
    step.late panicked panic
    ");
}
