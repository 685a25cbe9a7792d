//! Runs and steps for somebody elsewhere: parents, links, and what travels to whom.

use crate::fixtures::the;
use agentspan::testing::{record, record_with};
use agentspan::{Propagation, builder, extract, inject, inject_to};
use std::collections::HashMap;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const SAMPLED: [(&str, &str); 1] =
    [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03")];
const DROPPED: [(&str, &str); 1] =
    [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02")];
const BAD: [(&str, &str); 1] = [("traceparent", "00-00000000000000000000000000000000-00f067aa0ba902b7-01")];

type Headers = HashMap<String, String>;

/// What is written for a destination in the current step.
fn sent_to(destination: &str) -> Headers {
    let mut headers = Headers::new();
    inject_to(destination, &mut headers);
    headers
}

fn sent() -> Headers {
    let mut headers = Headers::new();
    inject(&mut headers);
    headers
}

#[tokio::test]
async fn a_request_is_the_parent_of_what_is_done_for_it() {
    let recording = record();
    let sender = extract(&SAMPLED);
    sender.within(agentspan::agent("a").run_ok(agentspan::tool("t").run_ok(tokio::task::yield_now()))).await;
    let (run, tool) = (the(&recording, "agent.a"), the(&recording, "tool.t"));
    assert_eq!((run.trace_id().as_str(), run.parent_span_id().as_deref()), (TRACE, Some(PARENT)));
    assert_eq!((tool.trace_id().as_str(), tool.parent_span_id()), (TRACE, Some(run.span_id())));
}

#[tokio::test]
async fn a_bad_header_begins_a_trace_of_its_own_also_inside_of_another_step() {
    let recording = record();
    agentspan::agent("around")
        .run_ok(async {
            let sender = extract(&BAD);
            assert_eq!((sender.trace_id(), sender.span_id(), sender.is_sampled()), (None, None, None));
            sender.within(agentspan::agent("asked").run_ok(async {})).await;
            extract(&[("x", "y")]).in_scope(|| agentspan::agent("unasked").in_scope(|| {}));
        })
        .await;
    let around = the(&recording, "agent.around");
    for name in ["agent.asked", "agent.unasked"] {
        let span = the(&recording, name);
        assert_eq!(span.parent_span_id(), None, "{name}");
        assert_ne!(span.trace_id(), around.trace_id(), "{name}");
    }
}

#[tokio::test]
async fn a_trace_that_its_sender_drops_is_dropped_here_and_told_on_with_the_random_flag() {
    let recording = record();
    let headers = extract(&DROPPED)
        .within(
            agentspan::agent("a")
                .run_ok(async { agentspan::tool("t").cost_usd(0.5).run_ok(async { sent() }).await }),
        )
        .await;
    assert_eq!(recording.spans().len(), 0);
    let parts: Vec<_> = headers["traceparent"].split('-').collect();
    assert_eq!((parts[1], parts[3]), (TRACE, "02"));
    assert_ne!(parts[2], PARENT);
}

#[tokio::test]
async fn each_step_is_the_parent_of_what_it_asks_for() {
    let recording = record();
    let headers = agentspan::agent("a")
        .run_ok(async {
            let one = agentspan::tool("one").run_ok(async { sent() });
            let two = agentspan::tool("two").run_ok(async { sent() });
            let (one, two) = tokio::join!(one, two);
            [one, two, sent()]
        })
        .await;
    let parents = headers.map(|headers| extract(&headers).span_id());
    let expected = ["tool.one", "tool.two", "agent.a"].map(|name| Some(the(&recording, name).span_id()));
    assert_eq!(parents, expected);
}

#[tokio::test]
async fn a_consumer_of_many_messages_is_one_span_with_links() {
    let recording = record();
    let messages: Vec<_> =
        (0..3).map(|_| agentspan::agent("sender").in_scope(sent)).chain([Headers::new()]).collect();
    let consumer =
        messages.iter().fold(agentspan::step("consume"), |step, message| step.link(&extract(message)));
    consumer.run_ok(async {}).await;
    let senders: Vec<_> = recording
        .spans()
        .iter()
        .filter(|span| span.name() == "agent.sender")
        .map(|span| span.span_id())
        .collect();
    let consumer = the(&recording, "step.consume");
    assert_eq!((consumer.links(), consumer.parent_span_id()), (senders, None));
}

#[tokio::test]
async fn every_kind_of_step_can_be_linked() {
    let recording = record();
    let sender = extract(&SAMPLED);
    agentspan::agent("a").link(&sender).in_scope(|| {});
    agentspan::llm("openai", "gpt-4o").link(&sender).start().finish();
    agentspan::embedding("openai", "e").link(&sender).start().finish();
    agentspan::tool("t").link(&sender).in_scope(|| {});
    agentspan::retrieval("r").link(&sender).in_scope(|| {});
    agentspan::validation("v").link(&sender).in_scope(|| {});
    agentspan::approval("p").link(&sender).in_scope(|| {});
    agentspan::handoff("h").link(&sender).in_scope(|| {});
    agentspan::recovery("e").link(&sender).in_scope(|| {});
    let spans = recording.spans();
    // The approval has one below it, which says that it was asked for.
    let linked: Vec<_> = spans.iter().filter(|span| span.name() != "approval.requested").collect();
    assert_eq!(linked.len(), 9, "{recording:?}");
    for span in linked {
        assert_eq!(span.links(), [PARENT], "{span}");
    }
}

#[tokio::test]
async fn the_next_run_takes_over_session_and_user_and_allowed_tags_unless_it_has_its_own() {
    let recording = record_with(builder().with_propagation(Propagation::new().with_baggage_tag("tenant")));
    let came = [SAMPLED[0], ("baggage", "session.id=s%201,user.id=u-1,tenant=acme,other=x")];
    let sender = extract(&came);
    assert_eq!(
        (sender.session(), sender.user(), sender.baggage("other")),
        (Some("s 1"), Some("u-1"), Some("x"))
    );
    sender
        .within(async {
            let inner = agentspan::agent("inner").run_ok(agentspan::tool("t").run_ok(async {}));
            agentspan::agent("taken").run_ok(inner).await;
            agentspan::agent("own").session("mine").tag("tenant", "other").in_scope(|| {});
        })
        .await;
    for (name, session, tenant) in [
        ("agent.taken", "s 1", "acme"),
        ("agent.inner", "s 1", "acme"),
        ("tool.t", "s 1", "acme"),
        ("agent.own", "mine", "other"),
    ] {
        let span = the(&recording, name);
        let known = ["session.id", "user.id", "tenant", "other"].map(|key| span.text(key));
        assert_eq!(known, [Some(session), Some("u-1"), Some(tenant), None], "{name}");
    }
}

#[tokio::test]
async fn nobody_learns_of_session_and_user_by_default() {
    let _recording = record();
    let came = extract(&[SAMPLED[0], ("baggage", "session.id=s-1,x=y")]);
    came.within(agentspan::agent("a").user("u-1").tag("tenant", "acme").run_ok(async {
        for destination in
            ["http://localhost/", "http://10.0.0.1/", "https://agents.example/", "nats://queue"]
        {
            assert_eq!(sent_to(destination).keys().collect::<Vec<_>>(), ["traceparent"], "{destination}");
        }
        assert_eq!(sent().keys().collect::<Vec<_>>(), ["traceparent"]);
        // Also not by headers that came in and are passed on.
        let mut headers = Headers::from([("Baggage".to_owned(), "session.id=s-1".to_owned())]);
        inject_to("https://elsewhere.example/", &mut headers);
        assert_eq!(headers.keys().collect::<Vec<_>>(), ["traceparent"]);
    }))
    .await;
}

#[tokio::test]
async fn hosts_on_the_list_learn_of_them_and_of_allowed_tags() {
    let propagation = Propagation::new()
        .with_baggage_host("*.corp.example")
        .with_baggage_nearby(true)
        .with_baggage_tag("tenant");
    let _recording = record_with(builder().with_propagation(propagation));
    let came = extract(&[SAMPLED[0], ("baggage", "session.id=theirs,x=y;p")]);
    came.within(
        agentspan::agent("a").session("s 1").user("ü").tag("tenant", "acme").tag("secret", "1").run_ok(
            async {
                agentspan::tool("t")
                    .run_ok(async {
                        let expected = "session.id=s%201,tenant=acme,user.id=%C3%BC,x=y;p";
                        for destination in
                            ["https://api.corp.example/x", "http://127.0.0.1:80/", "nats://q.corp.example"]
                        {
                            assert_eq!(
                                sent_to(destination).get("baggage").map(String::as_str),
                                Some(expected),
                                "{destination}"
                            );
                        }
                        assert_eq!(sent_to("https://api.example/").get("baggage"), None);
                        assert_eq!(sent().get("baggage"), None);
                    })
                    .await;
            },
        ),
    )
    .await;
}

#[tokio::test]
async fn model_providers_are_told_nothing_unless_they_are_switched_on() {
    let url = "https://api.openai.com/v1/chat/completions";
    let mut headers = Headers::from([("Traceparent".to_owned(), "of before".to_owned())]);
    let recording = record();
    agentspan::tool("t").in_scope(|| inject_to(url, &mut headers));
    assert_eq!(headers, Headers::new());
    drop(recording);
    let _recording =
        record_with(builder().with_propagation(Propagation::new().with_trace_to_providers(true)));
    agentspan::tool("t").in_scope(|| assert!(sent_to(url).contains_key("traceparent")));
}

#[tokio::test]
async fn without_propagators_nothing_is_written_or_read() {
    let _recording = record_with(builder().with_propagators([]));
    agentspan::tool("t").in_scope(|| {
        assert_eq!(sent_to("http://localhost/"), Headers::new());
        assert_eq!(extract(&SAMPLED).trace_id(), None);
    });
}
