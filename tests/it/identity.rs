//! Which run, session and user a span belongs to.

use crate::fixtures::the;
use agentspan::testing::{RecordedSpan, Recording, record};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::collections::HashSet;
use std::future::Future;
use tracing::Instrument;

async fn search(name: &str) -> Result<(), String> {
    agentspan::tool(name)
        .run(async {
            tokio::task::yield_now().await;
            agentspan::retrieval("wiki").run_ok(tokio::task::yield_now()).await;
            Ok(())
        })
        .await
}

/// Runs `work` in a run with a full identity, and holds that each of its `tools` stands directly below the run, that
/// each has a retrieval, and that every span has the identity.
async fn check<F: Future<Output = ()>>(tools: &[&str], work: impl FnOnce() -> F) {
    let recording = record();
    agentspan::agent("assistant")
        .session("s-42")
        .user("u-7")
        .tag("tenant", "acme")
        .tag("attempt", 2)
        .run_ok(async { work().await })
        .await;
    let root = the(&recording, "agent.assistant");
    let spans = recording.spans();
    assert_eq!(spans.len(), 1 + 2 * tools.len(), "{}", recording.tree());
    for span in &spans {
        assert_eq!(span.trace_id(), root.trace_id(), "{span}");
        assert_eq!(span.text("agent.run_id"), root.text("agent.run_id"), "{span}");
        assert_eq!(span.text("agent.root_run_id"), root.text("agent.run_id"), "{span}");
        assert_eq!(span.text("agent.name"), Some("assistant"), "{span}");
        assert_eq!(span.text("session.id"), Some("s-42"), "{span}");
        assert_eq!(span.text("user.id"), Some("u-7"), "{span}");
        assert_eq!(span.text("tenant"), Some("acme"), "{span}");
        assert_eq!(span.int("attempt"), Some(2), "{span}");
    }
    let mut indexes = HashSet::new();
    for tool in tools {
        let tool = the(&recording, &format!("tool.{tool}"));
        assert_eq!(tool.parent_span_id(), Some(root.span_id()), "{tool}");
        assert!(spans.iter().any(|span| span.parent_span_id() == Some(tool.span_id())), "{tool}");
        indexes.insert(tool.int("agent.step_index").expect("the number of a direct step"));
    }
    assert_eq!(indexes, (1..=tools.len() as i64).collect(), "{}", recording.tree());
    for retrieval in spans.iter().filter(|span| span.name() == "retrieval.wiki") {
        assert_eq!(retrieval.int("agent.step_index"), None, "no direct step of the run");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_goes_through_a_spawned_task() {
    check(&["a", "b"], || async {
        let one = agentspan::spawn(search("a"));
        let two = agentspan::spawn(search("b"));
        one.await.unwrap().unwrap();
        two.await.unwrap().unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_goes_through_a_task_in_the_current_span_of_tracing() {
    check(&["a", "b"], || async {
        tokio::spawn(search("a").in_current_span()).await.unwrap().unwrap();
        tokio::spawn(search("b").instrument(tracing::Span::current())).await.unwrap().unwrap();
    })
    .await;
}

#[tokio::test]
async fn identity_goes_through_join() {
    check(&["a", "b", "c"], || async {
        let (one, two, three) = tokio::join!(search("a"), search("b"), search("c"));
        one.and(two).and(three).unwrap();
    })
    .await;
}

#[tokio::test]
async fn identity_goes_through_select_also_for_the_branch_that_loses() {
    check(&["a", "b"], || async {
        let endless = agentspan::tool("b").run(async {
            agentspan::retrieval("wiki").run_ok(async {}).await;
            std::future::pending::<Result<(), String>>().await
        });
        tokio::select! {
            biased;
            _ = endless => unreachable!("it never ends"),
            found = search("a") => found.unwrap(),
        }
    })
    .await;
}

#[tokio::test]
async fn identity_goes_through_futures_unordered() {
    check(&["a", "b", "c"], || async {
        let searches: FuturesUnordered<_> = ["a", "b", "c"].into_iter().map(search).collect();
        assert_eq!(searches.collect::<Vec<_>>().await, [Ok(()), Ok(()), Ok(())]);
    })
    .await;
}

fn search_blocking(name: &str) {
    agentspan::tool(name).in_scope(|| agentspan::retrieval("wiki").in_scope(|| {}));
}

#[tokio::test]
async fn identity_goes_through_spawn_blocking_with_carry() {
    check(&["a"], || async {
        tokio::task::spawn_blocking(agentspan::carry(|| search_blocking("a"))).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn identity_goes_through_threads_with_carry() {
    check(&["a", "b"], || async {
        let one = std::thread::spawn(agentspan::carry(|| search_blocking("a")));
        let two = std::thread::spawn(agentspan::carry(|| search_blocking("b")));
        one.join().unwrap();
        two.join().unwrap();
    })
    .await;
}

#[tokio::test]
async fn identity_goes_through_a_scoped_thread_with_carry() {
    check(&["a"], || async {
        let name = String::from("a");
        std::thread::scope(|scope| {
            scope.spawn(agentspan::carry(|| search_blocking(&name)));
        });
    })
    .await;
}

#[tokio::test]
async fn identity_goes_through_a_guard_that_polls_and_calls_inside() {
    check(&["a", "b"], || async {
        let guard = agentspan::tool("a").start();
        tokio::task::yield_now().await;
        guard.within(agentspan::retrieval("wiki").run_ok(tokio::task::yield_now())).await;
        guard.finish();
        let guard = agentspan::tool("b").start();
        guard.in_scope(|| agentspan::retrieval("wiki").in_scope(|| {}));
        guard.finish();
    })
    .await;
}

#[tokio::test]
async fn a_bare_spawn_starts_apart() {
    let recording = record();
    agentspan::agent("assistant").run_ok(async { tokio::spawn(search("a")).await.unwrap().unwrap() }).await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.assistant ok completed
    tool.a ok
      retrieval.wiki ok
    ");
    assert_ne!(the(&recording, "tool.a").trace_id(), the(&recording, "agent.assistant").trace_id());
    assert_eq!(the(&recording, "tool.a").text("agent.run_id"), None);
}

#[tokio::test]
async fn a_step_that_outlives_its_parent_lands_in_the_right_trace() {
    let recording = record();
    let (release, released) = tokio::sync::oneshot::channel::<()>();
    let task = async {
        released.await.unwrap();
        search("late").await
    };
    let run = agentspan::agent("assistant").session("s-1");
    let late = run.in_scope(|| agentspan::spawn(task));
    release.send(()).unwrap();
    late.await.unwrap().unwrap();
    insta::assert_snapshot!(recording.tree(), @r"
    agent.assistant ok completed
      tool.late ok
        retrieval.wiki ok
    ");
    assert_eq!(the(&recording, "tool.late").text("session.id"), Some("s-1"));
}

fn identity(span: &RecordedSpan) -> [Option<&str>; 6] {
    ["agent.name", "session.id", "user.id", "tenant", "plan", "agent.parent_run_id"].map(|key| span.text(key))
}

async fn nested() -> Recording {
    let recording = record();
    let inner = || async {
        let inner = agentspan::agent("researcher").run_id("r-2").user("u-8").tag("plan", "b");
        inner.run_ok(async { search("deep").await }).await
    };
    agentspan::agent("planner")
        .run_id("r-1")
        .session("s-1")
        .user("u-7")
        .tag("tenant", "acme")
        .tag("plan", "a")
        .run(async {
            search("flat").await?;
            agentspan::step("delegate").run(inner()).await?;
            search("last").await
        })
        .await
        .unwrap();
    recording
}

#[tokio::test]
async fn a_run_inside_a_run_knows_its_parent_and_inherits_session_user_and_tags() {
    let recording = nested().await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.planner ok completed
      tool.flat ok
        retrieval.wiki ok
      step.delegate ok
        agent.researcher ok completed
          tool.deep ok
            retrieval.wiki ok
      tool.last ok
        retrieval.wiki ok
    ");
    let outer = Some("r-1");
    let cases = [
        ("agent.planner", [Some("planner"), Some("s-1"), Some("u-7"), Some("acme"), Some("a"), None]),
        ("tool.flat", [Some("planner"), Some("s-1"), Some("u-7"), Some("acme"), Some("a"), None]),
        ("agent.researcher", [Some("researcher"), Some("s-1"), Some("u-8"), Some("acme"), Some("b"), outer]),
        ("tool.deep", [Some("researcher"), Some("s-1"), Some("u-8"), Some("acme"), Some("b"), None]),
        ("tool.last", [Some("planner"), Some("s-1"), Some("u-7"), Some("acme"), Some("a"), None]),
    ];
    for (name, expected) in cases {
        let span = the(&recording, name);
        assert_eq!(identity(&span), expected, "{name}");
        let run = if expected[0] == Some("planner") { "r-1" } else { "r-2" };
        assert_eq!(span.text("agent.run_id"), Some(run), "{name}");
        assert_eq!(span.text("agent.root_run_id"), Some("r-1"), "{name}");
    }
}

#[tokio::test]
async fn steps_are_numbered_in_each_run_by_the_order_of_their_start() {
    let recording = nested().await;
    let cases = [
        ("agent.planner", None),
        ("tool.flat", Some(1)),
        ("step.delegate", Some(2)),
        ("tool.last", Some(3)),
        ("agent.researcher", None),
        ("tool.deep", Some(1)),
    ];
    for (name, index) in cases {
        assert_eq!(the(&recording, name).int("agent.step_index"), index, "{name}");
    }
}

#[tokio::test]
async fn a_run_directly_inside_a_run_is_one_of_its_steps() {
    let recording = record();
    agentspan::agent("outer").run_ok(agentspan::agent("inner").run_ok(search("a"))).await.unwrap();
    assert_eq!(the(&recording, "agent.inner").int("agent.step_index"), Some(1));
    let counts =
        |name| ["agent.step_count", "agent.tool_call_count"].map(|key| the(&recording, name).int(key));
    assert_eq!(counts("agent.inner"), [Some(1), Some(1)]);
    assert_eq!(counts("agent.outer"), [Some(2), Some(1)], "with the runs below");
}

#[tokio::test]
async fn model_calls_and_tools_outside_a_run_are_recorded_all_the_same() {
    let recording = record();
    search("a").await.unwrap();
    crate::fixtures::call_gpt_4o(1_000, 500).await;
    insta::assert_snapshot!(recording.tree(), @r"
    tool.a ok
      retrieval.wiki ok
    llm.openai.gpt-4o ok 1000→500 $0.0075
    ");
    for span in recording.spans() {
        for key in ["agent.run_id", "agent.root_run_id", "agent.name", "agent.step_index", "session.id"] {
            assert_eq!(span.text(key), None, "{key} of {span}");
        }
    }
}

#[tokio::test]
async fn a_late_tag_is_on_the_run_and_on_what_begins_afterwards() {
    let recording = record();
    agentspan::agent("assistant")
        .tag("tenant", "unknown")
        .run(async {
            search("early").await?;
            agentspan::current_run().tag("tenant", "acme").tag("seats", 3_u64);
            search("late").await
        })
        .await
        .unwrap();
    let tags =
        |name| (the(&recording, name).text("tenant").map(str::to_owned), the(&recording, name).int("seats"));
    assert_eq!(tags("tool.early"), (Some("unknown".into()), None));
    assert_eq!(tags("tool.late"), (Some("acme".into()), Some(3)));
    assert_eq!(tags("agent.assistant"), (Some("acme".into()), Some(3)));
}

#[tokio::test]
async fn trap_a_key_that_is_set_twice_leaves_once_and_on_one_span() {
    let recording = record();
    agentspan::agent("assistant")
        .attribute("team", "a")
        .run(async {
            agentspan::current_run().attribute("team", "b");
            agentspan::tool("t")
                .attribute("hits", 1)
                .attribute("hits", 2)
                .run(async {
                    agentspan::current().attribute("hits", 3);
                    search("below").await
                })
                .await
        })
        .await
        .unwrap();
    assert_eq!(the(&recording, "agent.assistant").text("team"), Some("b"));
    assert_eq!(the(&recording, "tool.t").int("hits"), Some(3));
    for span in recording.spans() {
        let keys = span.keys();
        let unique: HashSet<_> = keys.iter().collect();
        assert_eq!(unique.len(), keys.len(), "a key of {span} twice: {keys:?}");
    }
    assert_eq!(the(&recording, "tool.below").int("hits"), None);
    assert_eq!(the(&recording, "tool.below").text("team"), None);
}

#[tokio::test]
async fn ids_for_log_lines_are_those_of_the_span() {
    let recording = record();
    assert_eq!(agentspan::current().trace_id(), None, "outside a step");
    assert_eq!(agentspan::current_run().id(), None);
    let (trace, span, run, tool) = agentspan::agent("assistant")
        .run_id("r-1")
        .run_ok(async {
            let tool = agentspan::tool("t").start();
            (
                agentspan::current().trace_id(),
                agentspan::current().span_id(),
                agentspan::current().run().id(),
                tool.span_id(),
            )
        })
        .await;
    let root = the(&recording, "agent.assistant");
    assert_eq!((trace, span), (Some(root.trace_id()), Some(root.span_id())));
    assert_eq!(run.as_deref(), Some("r-1"));
    assert_eq!(tool, Some(the(&recording, "tool.t").span_id()));
}

#[tokio::test]
async fn runs_that_are_given_no_id_get_different_ones() {
    let recording = record();
    for _ in 0..3 {
        agentspan::agent("assistant").run_ok(async {}).await;
    }
    let ids: HashSet<_> =
        recording.spans().iter().map(|span| span.text("agent.run_id").map(str::to_owned)).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().flatten().all(|id| id.len() == 32), "{ids:?}");
}
