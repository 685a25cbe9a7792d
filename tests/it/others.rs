//! Embedding, retrieval, step, validation, approval, handoff, recovery and the events of a run.

use crate::fixtures::the;
use agentspan::testing::record;
use agentspan_semconv::{ApprovalDecision, Operation, RecoveryAction, ValidationKind};
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn an_embedding_is_a_model_call_without_completion() {
    let recording = record();
    let request = json!({"model": "text-embedding-3-small", "input": ["rain", "sun"], "dimensions": 3});
    let reply = json!({
        "object": "list", "model": "text-embedding-3-small",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.1, 0.2, 0.3]},
                 {"object": "embedding", "index": 1, "embedding": [0.1, 0.2, 0.3]}],
        "usage": {"prompt_tokens": 8_000, "total_tokens": 8_000},
    });
    agentspan::agent("a")
        .run(
            agentspan::embedding("openai", "text-embedding-3-small")
                .request(&request)
                .call(async { Ok::<_, String>(reply) }),
        )
        .await
        .unwrap();
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed $0.00016
      llm.openai.text-embedding-3-small ok $0.00016
    ");
    let span = the(&recording, "llm.openai.text-embedding-3-small");
    assert_eq!(span.text("agent.step_type"), Some("embedding"));
    assert_eq!(span.text("llm.operation"), Some("embeddings"));
    assert_eq!(span.int("embedding.input_count"), Some(2));
    assert_eq!(span.int("embedding.dimension_count"), Some(3));
    assert_eq!(span.int("llm.token_count.prompt"), Some(8_000));
    assert_eq!(span.int("llm.token_count.completion"), None, "unknown, since there is none");
    assert_eq!(the(&recording, "agent.a").int("agent.llm_call_count"), Some(0));
}

#[tokio::test]
async fn an_embedding_tells_its_purpose_its_server_its_batch_and_an_estimate() {
    let recording = record();
    agentspan::embedding("openai", "text-embedding-3-small")
        .purpose("index_documents")
        .server("api.openai.com", Some(443))
        .batch()
        .estimated_tokens(7_000)
        .start()
        .finish();
    let span = the(&recording, "llm.openai.text-embedding-3-small");
    assert_eq!(span.text("llm.purpose"), Some("index_documents"));
    assert_eq!((span.text("server.address"), span.int("server.port")), (Some("api.openai.com"), Some(443)));
    assert_eq!(span.bool("llm.batch"), Some(true));
    assert_eq!(span.int("llm.token_count.estimated.prompt"), Some(7_000));
    assert_eq!(span.int("llm.token_count.prompt"), None);
}

#[tokio::test]
async fn the_reply_of_an_embedding_counts_what_was_embedded_and_else_the_caller_does() {
    let vectors = |count: usize| {
        let data = vec![json!({"object": "embedding", "embedding": [0.1, 0.2]}); count];
        json!({"object": "list", "model": "text-embedding-3-small", "data": data})
    };
    let request = json!({"model": "text-embedding-3-small", "input": ["rain", "sun", "fog"]});
    let cases = [
        ("no word but the reply's", None, None, Some(vectors(2)), Some(2)),
        ("the request's", Some(&request), None, None, Some(3)),
        ("the caller's before the request's", Some(&request), Some(4), None, Some(4)),
        ("the reply's before all", Some(&request), Some(4), Some(vectors(2)), Some(2)),
        ("nobody's", None, None, None, None),
    ];
    for (case, request, told, reply, expected) in cases {
        let recording = record();
        let mut call = agentspan::embedding("openai", "text-embedding-3-small");
        if let Some(request) = request {
            call = call.request(request);
        }
        if let Some(count) = told {
            call = call.input_count(count);
        }
        let _result = call.call(async { reply.ok_or_else(|| "refused".to_owned()) }).await;
        let span = the(&recording, "llm.openai.text-embedding-3-small");
        assert_eq!(span.int("embedding.input_count"), expected, "{case}");
    }
}

#[tokio::test]
async fn a_retrieval_tells_what_it_found() {
    let recording = record();
    let found =
        [json!({"id": "d-1", "score": 0.4}), json!({"id": "d-2", "score": 0.9}), json!({"id": "d-3"})];
    agentspan::retrieval("wiki")
        .query("rain")
        .top_k(5)
        .run(async {
            agentspan::current().documents(&found);
            Ok::<_, String>(())
        })
        .await
        .unwrap();
    let span = the(&recording, "retrieval.wiki");
    assert_eq!(span.text("agent.step_type"), Some("retrieval"));
    assert_eq!(span.text("retrieval.source"), Some("wiki"));
    assert_eq!(span.int("retrieval.top_k"), Some(5));
    assert_eq!(span.int("retrieval.document_count"), Some(3));
    assert_eq!(span.double("retrieval.top_score"), Some(0.9));
}

#[test]
fn a_retrieval_that_finds_nothing_says_so() {
    let recording = record();
    let retrieval = agentspan::retrieval("wiki").start();
    retrieval.documents::<Value>(&[]);
    retrieval.finish();
    let span = the(&recording, "retrieval.wiki");
    assert_eq!((span.int("retrieval.document_count"), span.double("retrieval.top_score")), (Some(0), None));
}

#[test]
fn scores_are_read_from_documents_of_every_shape_and_nothing_else_is() {
    #[derive(Serialize)]
    struct Typed {
        score: Option<f32>,
        inner: Panics,
    }
    #[derive(Serialize)]
    struct Wrapped(Typed);
    struct Panics;
    impl Serialize for Panics {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("the text of a document is nobody's business here")
        }
    }
    #[track_caller]
    fn check<D: Serialize>(documents: &[D], expected: Option<f64>) {
        let recording = record();
        let retrieval = agentspan::retrieval("wiki").start();
        retrieval.documents(documents);
        retrieval.finish();
        assert_eq!(the(&recording, "retrieval.wiki").double("retrieval.top_score"), expected);
    }
    let wrapped = |score| Some(Wrapped(Typed { score, inner: Panics }));
    check(&[None, wrapped(None), wrapped(Some(0.83)), wrapped(Some(f32::NAN))], Some(0.83));
    check(&[json!({"id": 1, "score": 3}), json!({"score": {"score": 7}}), json!({"score": "8"})], Some(3.0));
    check(&[json!([{"score": 1}]), json!(1), json!(null), json!(true), json!("plain")], None);
    check(&[r#"{"id": "d-1", "score": 0.5}"#], Some(0.5));
}

#[test]
fn a_step_is_reasoning_or_what_its_own_word_says() {
    let recording = record();
    agentspan::step("plan").in_scope(|| agentspan::current().confidence(0.75).clone());
    agentspan::step("fold").step_type("summarising").in_scope(|| {});
    let plan = the(&recording, "step.plan");
    assert_eq!((plan.text("agent.step_type"), plan.text("step.name")), (Some("reasoning"), Some("plan")));
    assert_eq!(plan.double("agent.confidence"), Some(0.75));
    assert_eq!(the(&recording, "step.fold").text("agent.step_type"), Some("summarising"));
}

#[test]
fn a_step_keeps_its_name_whatever_its_type() {
    for word in [
        "run",
        "llm_generate",
        "embedding",
        "tool_call",
        "retrieval",
        "validation",
        "approval",
        "handoff",
        "recovery",
        "reasoning",
    ] {
        let recording = record();
        agentspan::step("x").step_type(word).in_scope(|| {});
        let step = the(&recording, "step.x");
        assert_eq!((step.text("agent.step_type"), step.text("step.name")), (Some(word), Some("x")));
        let others = ["tool.name", "retrieval.source", "validation.name", "handoff.to"];
        assert!(others.iter().all(|name| step.text(name).is_none()), "{word}: {:?}", step.keys());
    }
}

#[test]
fn a_name_that_begins_with_blanks_is_no_unknown_one() {
    let recording = record();
    let (blank, name) = (" ".repeat(900), format!("{}x", " ".repeat(900)));
    agentspan::step(name).in_scope(|| {});
    agentspan::step(blank).in_scope(|| {});
    the(&recording, &format!("step.{}…", " ".repeat(199)));
    the(&recording, "step.unknown");
}

#[test]
fn a_validation_has_a_verdict_and_may_block() {
    let recording = record();
    agentspan::agent("a").in_scope(|| {
        agentspan::validation("schema").kind(ValidationKind::Schema).in_scope(|| {
            agentspan::current().passed(false);
        });
        agentspan::validation("no_pii").kind(ValidationKind::Guardrail).in_scope(|| {
            agentspan::current().passed(false).blocked(true);
        });
        agentspan::current_run().stop_reason("blocked");
    });
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a blocked blocked blocked
      validation.schema not passed
      validation.no_pii blocked
    ");
    let schema = the(&recording, "validation.schema");
    assert_eq!(schema.text("validation.name"), Some("schema"));
    assert_eq!(schema.text("validation.kind"), Some("schema"));
    assert_eq!((schema.bool("validation.passed"), schema.bool("validation.blocked")), (Some(false), None));
    let no_pii = the(&recording, "validation.no_pii");
    assert_eq!(no_pii.bool("validation.blocked"), Some(true));
    assert_eq!(no_pii.failure(), None, "the guardrail did what it should");
    assert!(the(&recording, "agent.a").failure().is_some(), "the run did not");
}

#[test]
fn each_decision_of_an_approval_has_its_outcome() {
    let cases = [
        (ApprovalDecision::Approved, "ok"),
        (ApprovalDecision::Changed, "ok"),
        (ApprovalDecision::Rejected, "rejected"),
        (ApprovalDecision::Expired, "timeout timeout"),
    ];
    for (decision, outcome) in cases {
        let recording = record();
        let approval = agentspan::approval("refund").asked("team-lead").start();
        approval.decision(decision).by("u-9");
        approval.finish();
        assert_eq!(recording.tree(), format!("approval.refund {outcome}\n  approval.requested ok\n"));
        let span = the(&recording, "approval.refund");
        assert_eq!(span.text("approval.name"), Some("refund"));
        assert_eq!(span.text("approval.asked"), Some("team-lead"));
        assert_eq!(span.text("approval.decision"), Some(decision.as_str()));
        assert_eq!(span.text("approval.by"), Some("u-9"));
        assert!(span.double("approval.wait_s").is_some());
    }
}

#[test]
fn what_is_waited_for_is_seen_while_the_wait_goes_on() {
    let recording = record();
    agentspan::agent("a").session("s-1").in_scope(|| {
        let approval = agentspan::approval("refund").asked("team-lead").start();
        assert_eq!(recording.tree(), "approval.requested ok\n");
        let requested = the(&recording, "approval.requested");
        assert_eq!(requested.text("approval.name"), Some("refund"));
        assert_eq!(requested.text("approval.asked"), Some("team-lead"));
        assert_eq!(requested.text("session.id"), Some("s-1"));
        approval.finish();
    });
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed
      approval.refund ok
        approval.requested ok
    ");
    assert_eq!(the(&recording, "agent.a").int("agent.step_count"), Some(1));
}

#[tokio::test]
async fn a_handoff_knows_who_gives_and_who_takes() {
    let recording = record();
    agentspan::agent("triage")
        .run_ok(async {
            let work = agentspan::agent("billing").run_ok(async {});
            agentspan::handoff("billing").run_ok(work).await;
            agentspan::handoff("legal").from("clerk").run_ok(async {}).await;
            agentspan::current_run().stop_reason("handed_off");
        })
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.triage ok handed_off
      handoff.billing ok
        agent.billing ok completed
      handoff.legal ok
    ");
    let names =
        |name| ["handoff.from", "handoff.to"].map(|key| the(&recording, name).text(key).map(str::to_owned));
    assert_eq!(names("handoff.billing"), [Some("triage".into()), Some("billing".into())]);
    assert_eq!(names("handoff.legal"), [Some("clerk".into()), Some("legal".into())]);
}

#[tokio::test]
async fn a_recovery_that_fails_is_a_failure_of_its_own() {
    let recording = record();
    let _ = agentspan::recovery("rate_limited")
        .action(RecoveryAction::Retry)
        .run(async {
            agentspan::current().action(RecoveryAction::Escalate);
            Err::<(), _>(std::io::Error::from(std::io::ErrorKind::TimedOut))
        })
        .await;
    assert_eq!(recording.tree(), "error.rate_limited timeout timeout\n");
    let span = the(&recording, "error.rate_limited");
    assert_eq!(span.text("agent.step_type"), Some("recovery"));
    assert_eq!(span.text("recovery.action"), Some("escalate"));
}

#[tokio::test]
async fn retries_inside_one_call_are_events_of_one_span() {
    let recording = record();
    agentspan::llm("openai", "gpt-4o")
        .operation(Operation::TextCompletion)
        .call(async {
            agentspan::current().attempt_failed(
                "rate_limit_exceeded",
                Some(429),
                Some(Duration::from_millis(250)),
            );
            agentspan::current().attempt_failed("timeout", None, None);
            Ok::<_, String>(crate::fixtures::openai_reply(1_000, 500))
        })
        .await
        .unwrap();
    assert_eq!(recording.tree(), "llm.openai.gpt-4o ok 3 attempts 1000→500 cost:partial $0.0075\n");
    let span = the(&recording, "llm.openai.gpt-4o");
    assert_eq!(span.texts("cost.missing"), Some(vec!["attempt"]), "the one that timed out may be billed");
    assert_eq!(span.events(), ["llm.attempt", "llm.attempt"]);
    assert_eq!(span.event_text("llm.attempt", "error.type"), Some("rate_limit_exceeded"));
    assert_eq!(span.int("llm.attempt_count"), Some(3));
    assert_eq!(span.text("llm.operation"), Some("text_completion"));
}

#[tokio::test]
async fn a_run_tells_of_pauses_and_limits_in_events() {
    let recording = record();
    agentspan::agent("a")
        .agent_type("support")
        .version("2.1")
        .run_ok(async {
            agentspan::current_run().interrupted("approval").resumed("approved").soft_limit(1.0, 1.25);
            agentspan::current().event("noted", [("what", "rain")]);
        })
        .await;
    let span = the(&recording, "agent.a");
    assert_eq!(span.events(), ["agent.interrupted", "agent.resumed", "budget.soft_limit", "noted"]);
    assert_eq!(span.event_text("agent.interrupted", "reason"), Some("approval"));
    assert_eq!((span.text("agent.type"), span.text("agent.version")), (Some("support"), Some("2.1")));
}
