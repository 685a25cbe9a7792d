//! What failed calls and attempts cost: nothing when they were refused, unknown when they may have been charged for.

use crate::fixtures::openai_reply;
use agentspan::adapters::{Exchange, Observer};
use agentspan::testing::{RecordedSpan, record};
use futures_util::FutureExt;
use serde_json::{Value, json};
use std::error::Error;
use std::io;
use std::time::Duration;

type BoxError = Box<dyn Error + Send + Sync>;

/// The span of a call that ended with an error.
async fn failed(error: impl Into<BoxError>) -> RecordedSpan {
    let recording = record();
    let call = agentspan::llm("openai", "gpt-4o").call(async { Err::<(), BoxError>(error.into()) }).await;
    assert!(call.is_err());
    recording.span("llm.openai.gpt-4o").expect("the call is recorded")
}

/// An error of a client, with its cause behind it.
#[derive(Debug)]
struct ClientError(io::Error);

impl std::fmt::Display for ClientError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the request was not sent")
    }
}

impl Error for ClientError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[tokio::test]
async fn a_connection_that_was_refused_cost_nothing() {
    for kind in [io::ErrorKind::ConnectionRefused, io::ErrorKind::HostUnreachable] {
        let span = failed(ClientError(kind.into())).await;
        assert_eq!((span.double("cost.self_usd"), span.texts("cost.missing")), (Some(0.0), None), "{kind}");
    }
}

#[tokio::test]
async fn what_was_cut_timed_out_or_says_nothing_may_have_been_charged_for() {
    for kind in [io::ErrorKind::ConnectionReset, io::ErrorKind::TimedOut, io::ErrorKind::UnexpectedEof] {
        let span = failed(ClientError(kind.into())).await;
        assert_eq!(
            (span.text("cost.status"), span.double("cost.self_usd")),
            (Some("unknown"), None),
            "{kind}"
        );
    }
    assert_eq!(failed("something went wrong").await.text("cost.status"), Some("unknown"));
}

#[tokio::test]
async fn an_error_in_place_of_a_reply_cost_nothing_and_leaves_the_run_known() {
    let recording = record();
    let refusal = json!({"error": {"code": "rate_limit_exceeded", "message": "slow down"}});
    agentspan::agent("a")
        .run_ok(async {
            let _ = agentspan::llm("openai", "gpt-4o").call(async { Ok::<_, String>(refusal) }).await;
            agentspan::tool("t").cost_usd(0.5).run_ok(async {}).await;
        })
        .await;
    let run = recording.span("agent.a").expect("the run is recorded");
    assert_eq!((run.text("cost.status"), run.double("cost.total_usd")), (Some("known"), Some(0.5)));
    assert_eq!(recording.books().total.unpriced_calls, 0);
}

#[tokio::test]
async fn an_attempt_that_may_have_been_charged_for_makes_the_cost_partial() {
    let cases = [
        ("rate_limit_exceeded", Some(429), "known"),
        ("internal_error", Some(500), "known"),
        ("connection_refused", None, "known"),
        ("timeout", None, "partial"),
        ("ConnectTimeout", None, "known"),
        ("connection_reset", None, "partial"),
        ("connection_closed", None, "partial"),
        ("io::ConnectionAborted", None, "partial"),
        ("stream_cut", Some(200), "partial"),
    ];
    for (error_type, status, expected) in cases {
        let recording = record();
        let reply =
            json!({"model": "gpt-4o", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}});
        agentspan::agent("a")
            .run_ok(async {
                let call = agentspan::llm("openai", "gpt-4o").call(async {
                    let wait = Some(Duration::from_millis(1));
                    agentspan::current().attempt_failed(error_type, status, wait);
                    Ok::<_, String>(reply)
                });
                let _ = call.await;
            })
            .await;
        let run = recording.span("agent.a").expect("the run is recorded");
        assert_eq!(run.text("cost.status"), Some(expected), "{error_type} {status:?}");
        assert_eq!(run.double("cost.total_usd"), Some(0.000_012_5));
    }
}

#[test]
fn an_attempt_that_came_to_no_connection_has_cost_nothing_whatever_its_error_is_called() {
    use io::ErrorKind::*;
    let url = "https://api.openai.com/v1/chat/completions";
    for (kind, expected) in [
        (ConnectionRefused, "known"),
        (HostUnreachable, "known"),
        (NetworkUnreachable, "known"),
        (AddrNotAvailable, "known"),
        (ConnectionReset, "partial"),
    ] {
        let recording = record();
        let mut call = Observer::new().begin("POST", url, None);
        call.within(|| {
            let attempt = || Observer::new().begin("POST", url, None);
            attempt().fail(&io::Error::from(kind));
            attempt().fail(&ClientError(kind.into()));
            let mut last = attempt();
            last.answered(200);
            last.finish();
        });
        call.answered(200);
        call.push(openai_reply(412, 54).to_string().as_bytes());
        call.finish();
        let span = recording.spans().remove(0);
        assert_eq!(span.int("llm.attempt_count"), Some(3), "{span}");
        assert_eq!(span.text("cost.status"), Some(expected), "{kind:?}: {span}");
    }
}

/// What becomes of an exchange that an adapter sees inside of a call.
#[derive(Debug, Clone, Copy)]
enum Exchanged {
    Answered,
    /// With this status.
    Refused(u16),
    /// To another place.
    Redirected,
    Unconnected,
    Cut,
    Dropped,
    /// It goes on when the call has ended.
    Open,
}

/// The exchange, if it is not over.
fn exchange(what: Exchanged) -> Option<Exchange> {
    let url = "https://api.openai.com/v1/chat/completions";
    let mut exchange = Observer::new().begin("POST", url, None);
    match what {
        Exchanged::Answered => {
            exchange.answered(200);
            exchange.push(openai_reply(412, 54).to_string().as_bytes());
            exchange.finish();
        }
        Exchanged::Refused(status) => {
            exchange.answered(status);
            exchange.push(br#"{"error": {"code": "server_error", "message": "Oh."}}"#);
            exchange.finish();
        }
        Exchanged::Redirected => {
            exchange.answered(307);
            exchange.finish();
        }
        Exchanged::Unconnected => {
            exchange.fail(&io::Error::from(io::ErrorKind::ConnectionRefused));
        }
        Exchanged::Cut => {
            exchange.answered(200);
            exchange.fail(&io::Error::from(io::ErrorKind::ConnectionReset));
        }
        Exchanged::Dropped => drop(exchange),
        Exchanged::Open => return Some(exchange),
    }
    None
}

#[tokio::test]
async fn exchanges_of_one_call_that_may_have_been_charged_for_make_the_cost_partial() {
    use Exchanged::{Answered, Cut, Dropped, Open, Redirected, Refused, Unconnected};
    let cases: [(&[Exchanged], &str); 11] = [
        (&[Answered], "known"),
        (&[Refused(429), Answered], "known"),
        (&[Unconnected, Refused(500), Answered], "known"),
        (&[Answered, Refused(429)], "known"),
        (&[Redirected, Answered], "known"),
        (&[Answered, Answered], "partial"),
        (&[Answered, Refused(429), Answered], "partial"),
        (&[Cut, Answered], "partial"),
        (&[Answered, Cut], "partial"),
        (&[Dropped, Answered], "partial"),
        (&[Open, Answered], "partial"),
    ];
    for (exchanges, expected) in cases {
        let recording = record();
        let mut open = Vec::new();
        let call = agentspan::llm("openai", "gpt-4o").call(async {
            open.extend(exchanges.iter().filter_map(|what| exchange(*what)));
            Ok::<_, String>(openai_reply(412, 54))
        });
        call.await.expect("a reply");
        let span = recording.span("llm.openai.gpt-4o").expect("the call is recorded");
        assert_eq!(span.text("cost.status"), Some(expected), "{exchanges:?}");
        assert_eq!(span.double("cost.self_usd"), Some(0.001_57), "{exchanges:?}");
    }
}

#[tokio::test]
async fn exchanges_behind_one_that_is_no_model_call_are_counted_as_well() {
    let recording = record();
    let call = agentspan::llm("openai", "gpt-4o").call(async {
        for _ in 0..2 {
            let mut gateway = Observer::new().begin("POST", "http://gateway.local/route", None);
            gateway.within(|| drop(exchange(Exchanged::Answered)));
            gateway.answered(200);
            gateway.finish();
        }
        Ok::<_, String>(openai_reply(412, 54))
    });
    call.await.expect("a reply");
    let span = recording.span("llm.openai.gpt-4o").expect("the call is recorded");
    assert_eq!(span.text("cost.status"), Some("partial"));
}

#[tokio::test]
async fn an_error_that_says_no_connection_is_not_believed_of_a_call_that_was_answered() {
    let recording = record();
    let call = agentspan::llm("openai", "gpt-4o").call(async {
        exchange(Exchanged::Cut);
        // Of the cache that the reply was to be put into.
        Err::<Value, _>(io::Error::from(io::ErrorKind::ConnectionRefused))
    });
    assert!(call.await.is_err());
    let span = recording.span("llm.openai.gpt-4o").expect("the call is recorded");
    assert_eq!((span.text("cost.status"), span.double("cost.self_usd")), (Some("unknown"), None));

    let recording = record();
    let call = agentspan::llm("openai", "gpt-4o").call(async {
        exchange(Exchanged::Answered);
        Ok::<_, String>(json!({"error": {"code": "of_our_own", "message": "not what was asked for"}}))
    });
    call.await.expect("a reply");
    let span = recording.span("llm.openai.gpt-4o").expect("the call is recorded");
    assert_eq!((span.text("cost.status"), span.double("cost.self_usd")), (Some("known"), Some(0.00157)));
}

#[tokio::test]
async fn a_call_that_is_given_up_after_a_refusal_cost_nothing() {
    let recording = record();
    let call = agentspan::llm("openai", "gpt-4o").call(async {
        exchange(Exchanged::Refused(429));
        std::future::pending::<Result<Value, String>>().await
    });
    assert!(call.now_or_never().is_none());
    let span = recording.span("llm.openai.gpt-4o").expect("the call is recorded");
    assert_eq!((span.text("cost.status"), span.double("cost.self_usd")), (Some("known"), Some(0.0)));
    assert_eq!(span.text("agent.outcome"), Some("cancelled"));
}

#[tokio::test]
async fn an_amount_told_by_hand_is_that_of_all_exchanges() {
    let recording = record();
    let call = agentspan::llm("openai", "gpt-4o").call(async {
        (0..2).for_each(|_| drop(exchange(Exchanged::Answered)));
        agentspan::current().cost_usd(0.5);
        Ok::<_, String>(openai_reply(412, 54))
    });
    call.await.expect("a reply");
    let span = recording.span("llm.openai.gpt-4o").expect("the call is recorded");
    assert_eq!((span.text("cost.status"), span.double("cost.self_usd")), (Some("known"), Some(0.5)));
}

#[tokio::test]
async fn a_call_whose_exchanges_were_all_refused_cost_nothing_and_failed_as_the_provider_said() {
    use Exchanged::{Answered, Cut, Open, Refused, Unconnected};
    let late = || BoxError::from(io::Error::from(io::ErrorKind::TimedOut));
    let cases: [(&[Exchanged], BoxError, _, _, &str); 7] = [
        (&[Refused(500)], "lost".into(), "known", Some(0.0), "server_error"),
        (&[Unconnected, Refused(429), Refused(500)], "lost".into(), "known", Some(0.0), "server_error"),
        (&[Refused(500)], late(), "known", Some(0.0), "timeout"),
        (&[Refused(500), Unconnected], "lost".into(), "known", Some(0.0), "io::ConnectionRefused"),
        (&[Cut, Refused(500)], "lost".into(), "unknown", None, "_OTHER"),
        (&[Open, Refused(500)], "lost".into(), "unknown", None, "_OTHER"),
        (&[Answered, Refused(500)], "lost".into(), "known", Some(0.001_57), "_OTHER"),
    ];
    for (exchanges, error, status, usd, error_type) in cases {
        let recording = record();
        let mut open = Vec::new();
        let call = agentspan::llm("openai", "gpt-4o").call(async {
            open.extend(exchanges.iter().filter_map(|what| exchange(*what)));
            Err::<(), _>(error)
        });
        call.await.expect_err("an error");
        let span = recording.span("llm.openai.gpt-4o").expect("the call is recorded");
        let cost = (span.text("cost.status"), span.double("cost.self_usd"));
        assert_eq!(cost, (Some(status), usd), "{exchanges:?}");
        assert_eq!(span.text("error.type"), Some(error_type), "{exchanges:?}");
    }
}
