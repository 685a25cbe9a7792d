//! What is recorded only when it is asked for.

use crate::fixtures::openai_reply;
use agentspan::testing::{Recording, record_with};
use agentspan::{ContentClass, TelemetryBuilder};
use serde_json::json;
use std::collections::BTreeSet;

/// A secret that stands in every field that holds content.
const SECRET: &str = "the butler did it";

/// One run with every kind of content.
async fn recorded(settings: TelemetryBuilder) -> Recording {
    let recording = record_with(settings);
    let request = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": SECRET}],
        "system": SECRET, "tools": [{"type": "function", "function": {"name": "t", "description": SECRET}}]});
    let mut reply = openai_reply(10, 5);
    reply["choices"][0]["message"]["content"] = SECRET.into();
    agentspan::agent("a")
        .query(SECRET)
        .run_ok(async {
            agentspan::current_run().result(SECRET);
            let call = agentspan::llm("openai", "gpt-4o").request(&request);
            call.call(async { Ok::<_, String>(reply) }).await.unwrap();
            let tool = agentspan::tool("t").arguments(&json!({"q": SECRET}));
            let _ = tool
                .run(async {
                    agentspan::current().result(SECRET);
                    Err::<(), _>(SECRET.to_owned())
                })
                .await;
            let retrieval = agentspan::retrieval("r").query(SECRET).start();
            retrieval.documents(&[json!({"id": "d-1", "score": 0.5, "content": SECRET})]);
            retrieval.finish();
            agentspan::validation("v").start().passed(true).reason(SECRET);
            agentspan::handoff("h").reason(SECRET).run_ok(async {}).await;
            let approval = agentspan::approval("p").start();
            approval.reason(SECRET);
            approval.finish();
        })
        .await;
    recording
}

/// The attributes, events and statuses that show the secret.
fn shown(recording: &Recording) -> BTreeSet<String> {
    let spans = recording.spans();
    let mut shown = BTreeSet::new();
    for span in &spans {
        let attributes =
            span.keys().into_iter().filter(|key| span.text(key).is_some_and(|text| text.contains(SECRET)));
        shown.extend(attributes.map(str::to_owned));
        for key in ["exception.message", "exception.stacktrace"] {
            if span.event_text("exception", key).is_some_and(|text| text.contains(SECRET)) {
                shown.insert(key.to_owned());
            }
        }
        if span.failure().is_some_and(|text| text.contains(SECRET)) {
            shown.insert("status".to_owned());
        }
    }
    assert!(spans.iter().all(|span| !span.name().contains(SECRET)));
    shown
}

const CLASSES: [(ContentClass, &[&str]); 6] = [
    (
        ContentClass::Messages,
        &["llm.input_messages", "llm.output_messages", "llm.system_instructions", "llm.tool_definitions"],
    ),
    (ContentClass::Tools, &["tool.arguments", "tool.result"]),
    (ContentClass::Queries, &["agent.result", "user.query"]),
    (ContentClass::Documents, &["retrieval.documents", "retrieval.query"]),
    (ContentClass::Reasons, &["approval.reason", "handoff.reason", "validation.reason"]),
    (ContentClass::Errors, &["exception.message", "status"]),
];

#[tokio::test]
async fn by_default_no_content_is_recorded() {
    assert_eq!(shown(&recorded(agentspan::builder()).await), BTreeSet::new());
    assert_eq!(shown(&recorded(agentspan::builder().with_content(false)).await), BTreeSet::new());
}

#[tokio::test]
async fn all_content_is_recorded_when_it_is_asked_for() {
    let all = CLASSES.iter().flat_map(|(_, keys)| keys.iter().map(|key| (*key).to_owned())).collect();
    assert_eq!(shown(&recorded(agentspan::builder().with_content(true)).await), all);
}

#[tokio::test]
async fn a_class_that_code_forbids_stays_out_in_whichever_order_it_is_said() {
    for (class, forbidden) in CLASSES {
        let all = CLASSES.iter().flat_map(|(_, keys)| keys.iter().map(|key| (*key).to_owned()));
        let others: BTreeSet<_> = all.filter(|key| !forbidden.contains(&key.as_str())).collect();
        let after = agentspan::builder().with_content(true).without_content(class);
        assert_eq!(shown(&recorded(after).await), others, "{class:?}");
        let before = agentspan::builder().without_content(class).with_content(true);
        assert_eq!(shown(&recorded(before).await), others, "{class:?}");
    }
}

#[tokio::test]
async fn sizes_and_counts_are_recorded_without_content_and_are_the_same_with_it() {
    let keys = [
        "tool.arguments_size",
        "tool.result_size",
        "llm.input_size",
        "llm.output_size",
        "llm.message_count",
        "retrieval.document_count",
    ];
    let sizes = |recording: &Recording| {
        let spans = recording.spans();
        keys.map(|key| spans.iter().find_map(|span| span.int(key)))
    };
    let without = sizes(&recorded(agentspan::builder()).await);
    assert!(without.iter().all(|size| size.is_some_and(|size| size > 0)), "{without:?}");
    assert_eq!(without, sizes(&recorded(agentspan::builder().with_content(true)).await));
    assert_eq!(without[1], Some(SECRET.len() as i64));
}

#[tokio::test]
async fn scores_are_no_content() {
    let recording = recorded(agentspan::builder()).await;
    let retrieval = recording.span("retrieval.r").unwrap();
    assert_eq!(retrieval.double("retrieval.top_score"), Some(0.5));
}

#[tokio::test]
async fn trap_secrets_are_taken_out_of_names_attributes_tags_and_errors() {
    let key = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789";
    let recording = record_with(agentspan::builder().with_content(true));
    let run = agentspan::agent(format!("a {key}")).tag("note", key).query(&format!("use {key}"));
    let _ = run
        .run(async {
            agentspan::tool(format!("t {key}"))
                .arguments(&json!({"q": key}))
                .attribute("url", format!("https://user:{key}@example.org/?api_key={key}"))
                .run(async { Err::<(), _>(format!("refused: {key}")) })
                .await
        })
        .await;
    let everything = format!("{:?}", recording.spans());
    assert!(!everything.contains("abcdefghijklmnop"), "{everything}");
    assert!(everything.contains("[REDACTED"), "{everything}");
}

#[tokio::test]
async fn a_pattern_of_ones_own_is_taken_out() {
    let settings = agentspan::builder().with_content(true).with_scrub_pattern("customer", r"C-\d{6}");
    let recording = record_with(settings);
    agentspan::tool("t").arguments(&json!({"customer": "C-123456"})).run_ok(async {}).await;
    assert_eq!(recording.spans()[0].text("tool.arguments"), Some(r#"{"customer":"[REDACTED:customer]"}"#));
}
