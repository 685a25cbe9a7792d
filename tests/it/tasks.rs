//! One run across tasks, threads and channels: parents, identity and sums.

use crate::fixtures::{call_gpt_4o, the};
use agentspan::testing::{RecordedSpan, Recording, record};
use agentspan::{agent, carry, extract, inject, spawn, tool};
use futures_util::stream::{self, FuturesUnordered, StreamExt};
use std::collections::HashMap;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tokio::task::{JoinSet, spawn_blocking, yield_now};

/// A run with everything that follows it.
fn a_run() -> agentspan::AgentBuilder {
    agent("a").session("s-1").user("u-1").tag("tenant", "acme")
}

/// Every span belongs to the one run, and carries its session, user and tag.
fn all_follow(recording: &Recording) -> Vec<RecordedSpan> {
    let spans = recording.spans();
    let run = the(recording, "agent.a");
    for span in &spans {
        assert_eq!(span.trace_id(), run.trace_id(), "{span}");
        let identity = ["agent.run_id", "session.id", "user.id", "tenant"].map(|key| span.text(key));
        assert_eq!(identity, [run.text("agent.run_id"), Some("s-1"), Some("u-1"), Some("acme")], "{span}");
    }
    spans
}

/// Each `tool.x` stands right below the run, and each `tool.y` below the `tool.x` of the same number.
fn pairs_follow(recording: &Recording, count: usize) {
    let spans = all_follow(recording);
    let run = the(recording, "agent.a").span_id();
    let named = |name: &str| spans.iter().filter(|span| span.name() == name).collect::<Vec<_>>();
    let (outer, inner) = (named("tool.x"), named("tool.y"));
    assert_eq!((outer.len(), inner.len()), (count, count), "{recording:?}");
    let numbers: HashMap<_, _> = outer.iter().map(|span| (span.span_id(), span.int("number"))).collect();
    for span in outer {
        assert_eq!(span.parent_span_id().as_ref(), Some(&run), "{span}");
    }
    for span in inner {
        let parent = span.parent_span_id().expect("it is no root");
        assert_eq!(numbers.get(&parent), Some(&span.int("number")), "{span}");
    }
    let run = the(recording, "agent.a");
    assert_eq!(run.double("cost.total_usd"), Some(0.25 * f64::from(u32::try_from(count).unwrap())));
}

async fn pair(number: i64) {
    let inner = async {
        yield_now().await;
        tool("y").attribute("number", number).cost_usd(0.25).run_ok(yield_now()).await;
    };
    tool("x").attribute("number", number).run_ok(inner).await;
}

fn blocking_pair(number: i64) {
    let inner = || tool("y").attribute("number", number).cost_usd(0.25).in_scope(|| {});
    tool("x").attribute("number", number).in_scope(inner);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_of_a_join_set_follow() {
    let recording = record();
    a_run()
        .run_ok(async {
            let mut tasks = JoinSet::new();
            for number in 0..8 {
                // Spawned there and carried by a step, or spawned by us and waited for there.
                let task = spawn(pair(number));
                tasks.spawn(task);
            }
            while let Some(ended) = tasks.join_next().await {
                ended.unwrap().unwrap();
            }
        })
        .await;
    pairs_follow(&recording, 8);
}

#[tokio::test]
async fn a_future_carried_by_tracing_follows_into_a_join_set() {
    use tracing::Instrument;
    let recording = record();
    a_run()
        .run_ok(async {
            let mut tasks = JoinSet::new();
            (0..4).for_each(|number| drop(tasks.spawn(pair(number).in_current_span())));
            tasks.join_all().await;
        })
        .await;
    pairs_follow(&recording, 4);
}

#[tokio::test]
async fn blocking_work_and_plain_threads_follow() {
    let recording = record();
    a_run()
        .run_ok(async {
            spawn_blocking(carry(|| blocking_pair(0))).await.unwrap();
            thread::spawn(carry(|| blocking_pair(1))).join().unwrap();
            thread::scope(|scope| {
                let work = [2, 3].map(|number| carry(move || blocking_pair(number)));
                work.into_iter().for_each(|work| drop(scope.spawn(work)));
            });
        })
        .await;
    pairs_follow(&recording, 4);
}

/// A pool as rayon has one: threads that live longer than any run, and take closures from a queue.
#[tokio::test]
async fn a_pool_of_threads_follows_the_run_that_each_piece_of_work_came_from() {
    let recording = record();
    type Work = Box<dyn FnOnce() + Send>;
    let (send, receive) = mpsc::channel::<Work>();
    let receive = std::sync::Mutex::new(receive);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let work = receive.lock().unwrap().recv();
                    let Ok(work) = work else { return };
                    work();
                    // Nothing of the work is left on the thread.
                    assert_eq!(agentspan::current().span_id(), None);
                }
            });
        }
        for name in ["one", "two"] {
            agent(name).session(name).in_scope(|| {
                for _ in 0..10 {
                    let work = carry(move || tool(name).cost_usd(0.5).in_scope(|| {}));
                    send.send(Box::new(work)).unwrap();
                }
            });
        }
        drop(send);
    });
    for name in ["one", "two"] {
        let run = the(&recording, &format!("agent.{name}"));
        let spans = recording.spans();
        let tools: Vec<_> = spans.iter().filter(|span| span.name() == format!("tool.{name}")).collect();
        assert_eq!(tools.len(), 10);
        for tool in tools {
            assert_eq!((tool.parent_span_id(), tool.text("session.id")), (Some(run.span_id()), Some(name)));
        }
        assert_eq!(run.double("cost.total_usd"), Some(5.0));
    }
}

/// Work goes through a channel as data, with the context beside it.
#[tokio::test]
async fn a_channel_of_work_carries_the_context_in_each_message() {
    struct Job {
        headers: HashMap<String, String>,
        number: i64,
    }
    let recording = record();
    let (send, mut receive) = tokio::sync::mpsc::channel::<Job>(4);
    let worker = async {
        while let Some(Job { headers, number }) = receive.recv().await {
            let sender = extract(&headers);
            sender.within(agent("worker").tag("number", number).run_ok(pair(number))).await;
        }
    };
    let front = async {
        for number in 0..4 {
            let enqueue = async {
                let mut headers = HashMap::new();
                inject(&mut headers);
                send.send(Job { headers, number }).await.unwrap();
            };
            agent("front").tag("number", number).run_ok(enqueue).await;
        }
        drop(send);
    };
    tokio::join!(worker, front);
    let spans = recording.spans();
    let run = |name: &str, number| {
        let mut found = spans.iter().filter(|span| span.name() == name && span.int("number") == Some(number));
        found.next().unwrap_or_else(|| panic!("{name} {number}")).clone()
    };
    for number in 0..4 {
        let (front, worker) = (run("agent.front", number), run("agent.worker", number));
        assert_eq!(worker.parent_span_id(), Some(front.span_id()));
        assert_eq!(worker.trace_id(), front.trace_id());
        assert_eq!(run("tool.x", number).parent_span_id(), Some(worker.span_id()));
    }
}

#[tokio::test]
async fn join_and_unordered_futures_and_buffered_streams_follow() {
    let recording = record();
    a_run()
        .run_ok(async {
            tokio::join!(pair(0), pair(1), pair(2));
            (3..6).map(pair).collect::<FuturesUnordered<_>>().collect::<Vec<_>>().await;
            stream::iter(6..12).map(pair).buffer_unordered(3).collect::<Vec<_>>().await;
            stream::iter(12..14).for_each_concurrent(2, pair).await;
        })
        .await;
    pairs_follow(&recording, 14);
}

#[tokio::test]
async fn a_branch_that_select_gives_up_ends_as_cancelled_below_its_parent() {
    let recording = record();
    a_run()
        .run_ok(async {
            tokio::select! {
                biased;
                () = tool("slow").run_ok(tool("inner").run_ok(std::future::pending::<()>())) => {}
                () = tool("quick").run_ok(yield_now()) => {}
            }
            tool("after").run_ok(yield_now()).await;
        })
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed
      tool.slow cancelled
        tool.inner cancelled
      tool.quick ok
      tool.after ok
    ");
    all_follow(&recording);
}

#[tokio::test]
async fn what_a_stream_does_for_each_item_stands_below_whoever_reads_it() {
    let recording = record();
    a_run()
        .run_ok(async {
            let mut items = Box::pin(stream::iter(0..2).then(|_| tool("item").run_ok(yield_now())));
            tool("first").run_ok(items.next()).await;
            tool("second").run_ok(items.next()).await;
        })
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed
      tool.first ok
        tool.item ok
      tool.second ok
        tool.item ok
    ");
    all_follow(&recording);
}

#[tokio::test]
async fn a_job_that_outlives_its_run_stays_in_its_trace_and_its_sums() {
    let recording = record();
    let (go, wait) = tokio::sync::oneshot::channel();
    let job = a_run()
        .run_ok(async {
            call_gpt_4o(10, 5).await;
            let job = spawn(async {
                wait.await.unwrap();
                pair(0).await;
            });
            Some(job)
        })
        .await;
    assert_eq!(agentspan::current().span_id(), None);
    go.send(()).unwrap();
    job.unwrap().await.unwrap();
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed $0.250075
      llm.openai.gpt-4o ok 10→5 $0.000075
      tool.x ok $0.25
        tool.y ok $0.25
    ");
    let (run, late) = (the(&recording, "agent.a"), the(&recording, "tool.y"));
    assert_eq!(run.text("cost.status"), Some("known"));
    assert!(run.duration() < Duration::from_secs(60) && late.text("session.id") == Some("s-1"));
    all_follow(&recording);
}

#[tokio::test]
async fn a_job_that_is_resumed_later_links_to_the_run_that_left_it() {
    let recording = record();
    let mut stored = serde_json::Map::new();
    let left = a_run()
        .run_ok(async {
            inject(&mut stored);
            agentspan::current().span_id()
        })
        .await;
    let stored = serde_json::Value::from(stored).to_string();
    let stored: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&stored).unwrap();
    agent("resumed").link(&extract(&stored)).run_ok(pair(0)).await;
    let resumed = the(&recording, "agent.resumed");
    assert_eq!((resumed.parent_span_id(), resumed.links()), (None, Vec::from_iter(left)));
    assert_ne!(resumed.trace_id(), the(&recording, "agent.a").trace_id());
}

#[tokio::test]
async fn work_for_a_sender_goes_with_it_into_tasks_and_threads() {
    let recording = record();
    let came = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")];
    let around = agent("around").start();
    around
        .within(async {
            let asked = agent("asked").run_ok(async {
                spawn_blocking(carry(|| tool("blocking").in_scope(|| {}))).await.unwrap();
            });
            let work = async {
                spawn(tool("task").run_ok(yield_now())).await.unwrap();
                asked.await;
            };
            extract(&came).within(work).await;
            tool("mine").run_ok(yield_now()).await;
        })
        .await;
    around.finish();
    for name in ["tool.task", "agent.asked"] {
        let span = the(&recording, name);
        assert_eq!(span.parent_span_id().as_deref(), Some("00f067aa0ba902b7"), "{name}");
    }
    let (asked, blocking) = (the(&recording, "agent.asked"), the(&recording, "tool.blocking"));
    assert_eq!(blocking.parent_span_id(), Some(asked.span_id()));
    assert_eq!(asked.text("agent.parent_run_id"), None);
    let (mine, around) = (the(&recording, "tool.mine"), the(&recording, "agent.around"));
    assert_eq!(mine.parent_span_id(), Some(around.span_id()));
}

/// Tasks of a runtime with several threads take every future that is made of a step.
#[tokio::test]
async fn a_future_of_any_step_may_be_spawned() {
    type Chunks = futures_util::stream::Empty<Result<serde_json::Value, String>>;
    fn spawned<F: Future<Output: Send> + Send + 'static>(future: F) -> F {
        future
    }
    let recording = record();
    let fails = || std::future::ready(Err::<(), String>("no".to_owned()));
    let limit = Duration::from_secs(1);
    let model = || agentspan::llm("openai", "gpt-4o");
    let guard = tool("t").start();
    let within = async move {
        guard.within(std::future::ready(())).await;
        guard.finish();
    };
    spawned(within).await;
    spawned(tool("t").run(fails())).await.unwrap_err();
    spawned(agent("a").timeout(limit).run(fails())).await.unwrap_err();
    spawned(agent("a").run_ok(std::future::ready(()))).await;
    spawned(model().call(fails())).await.unwrap_err();
    spawned(model().timeout(limit).call(fails())).await.unwrap_err();
    let opened = || std::future::ready(Ok::<Chunks, String>(stream::empty()));
    assert_eq!(spawned(model().stream(opened())).await.unwrap().count().await, 0);
    assert_eq!(recording.spans().len(), 7);
}
