//! What the adapters send to whom: it is what `inject_to` writes for the same URL, by the same settings.

use crate::fixtures::until;
use ::async_openai::Client;
use ::async_openai::config::OpenAIConfig;
use ::reqwest_middleware::{ClientBuilder, reqwest};
use agentspan::adapters::tower::ClientLayer;
use agentspan::adapters::{Observer, async_openai, reqwest_middleware};
use agentspan::testing::record_with;
use agentspan::usage::Endpoints;
use agentspan::{Propagation, builder, extract, inject_to};
use agentspan_examples::http::{Headers, Server};
use http::{HeaderMap, Request, Response};
use serde_json::json;
use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex};
use tower::{Layer, ServiceExt, service_fn};

/// Runs as a run does that somebody else asked for.
async fn in_a_run<T>(work: impl Future<Output = T>) -> T {
    let came = [
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03"),
        ("tracestate", "vendor=1"),
        ("baggage", "theirs=x"),
    ];
    let run = agentspan::agent("a").session("s-1").user("u-1").tag("tenant", "acme").tag("secret", "1");
    extract(&came).within(run.run_ok(work)).await
}

/// The headers of context, without the id of the parent, which differs for each step.
fn context(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |name: &str| Some((name.to_owned(), headers.get(name)?.to_str().expect("ASCII").to_owned()));
    let found = ["traceparent", "tracestate", "baggage"].iter().filter_map(|name| text(name));
    found
        .map(|(name, value)| if name == "traceparent" { (name, value[..36].into()) } else { (name, value) })
        .collect()
}

/// What a client of tower sends to a URL.
async fn sent_by_layer(url: &str, observer: Observer) -> HeaderMap {
    let sent = Arc::new(Mutex::new(HeaderMap::new()));
    let server = service_fn({
        let sent = sent.clone();
        move |request: Request<String>| {
            *sent.lock().expect("nobody panicked") = request.headers().clone();
            async { Ok::<_, Infallible>(Response::new(String::new())) }
        }
    });
    let body = json!({"model": "gpt-4o", "messages": []}).to_string();
    // What stood there before, as in a request that is passed on.
    let request = Request::post(url).header("baggage", "secret=of-before").body(body).expect("a request");
    let client = ClientLayer::observing(observer).layer(server);
    in_a_run(client.oneshot(request)).await.expect("it answers");
    let sent = sent.lock().expect("nobody panicked");
    sent.clone()
}

#[tokio::test]
async fn an_adapter_sends_what_inject_to_writes_and_baggage_only_where_it_is_allowed() {
    const ALL: &[&str] = &["traceparent", "tracestate", "baggage"];
    const TRACE: &[&str] = &["traceparent", "tracestate"];
    let (default, to_all) = (Propagation::new, || Propagation::new().with_trace_to_providers(true));
    let named = || Propagation::new().with_baggage_host("*.corp.example").with_baggage_tag("tenant");
    let nearby = || Propagation::new().with_baggage_nearby(true);
    let openai = "https://api.openai.com/v1/chat/completions";
    /// What it is about, the settings, the URL, and which headers it gets.
    type Case = (&'static str, fn() -> Propagation, &'static str, &'static [&'static str]);
    let cases: &[Case] = &[
        ("a tool's host", default, "https://tools.corp.example/x", TRACE),
        ("this machine", default, "http://127.0.0.1:80/", TRACE),
        ("a model provider", default, openai, &[]),
        ("another path of a model provider", default, "https://api.openai.com/v1/models", &[]),
        ("a name that begins like a provider's", default, "https://api.openai.com.evil.example/", TRACE),
        ("a gateway of one's own", default, "https://llm.corp.example/v1/chat/completions", TRACE),
        ("a host on the list", named, "https://tools.corp.example/x", ALL),
        ("a gateway on the list", named, "https://llm.corp.example/v1/chat/completions", ALL),
        ("a host that is not on the list", named, "https://corp.example.evil.example/", TRACE),
        ("a name of a user that is on the list", named, "https://api.corp.example@evil.example/", TRACE),
        ("this machine, not on the list", named, "http://localhost/", TRACE),
        ("this machine by the switch", nearby, "http://localhost/", ALL),
        ("a private address by the switch", nearby, "http://10.1.2.3:8080/", ALL),
        ("a public address", nearby, "http://8.8.8.8/", TRACE),
        ("a model provider by the switch", to_all, openai, TRACE),
    ];
    for (case, policy, url, expected) in cases {
        let _recording = record_with(builder().with_propagation(policy()));
        let observer = Observer::new().with_endpoints(Endpoints::new().rule("llm.corp.example", "openai"));
        let sent = sent_by_layer(url, observer).await;
        let sent = context(&sent);
        let names: Vec<_> = sent.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, *expected, "{case}");
        let by_hand = in_a_run(async {
            let mut headers = HeaderMap::new();
            inject_to(url, &mut headers);
            headers
        });
        assert_eq!(sent, context(&by_hand.await), "{case}");
        let baggage = sent.iter().find(|(name, _)| name == "baggage").map(|(_, value)| value.as_str());
        let tenant = if case.contains("list") { "tenant=acme," } else { "" };
        let everything = format!("session.id=s-1,{tenant}theirs=x,user.id=u-1");
        assert_eq!(baggage, expected.contains(&"baggage").then_some(everything.as_str()), "{case}");
    }
}

/// Answers as OpenAI does, once with a 429 before, and notes what it was sent.
fn provider() -> (Server, Arc<Mutex<Vec<Headers>>>) {
    let came = Arc::new(Mutex::new(Vec::new()));
    let server = Server::start({
        let came = came.clone();
        move |request, exchange| {
            let mut came = came.lock().expect("nobody panicked");
            came.push(request.headers.clone());
            let json = ("content-type", "application/json");
            if came.len() == 1 {
                let error =
                    br#"{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}"#;
                return exchange.respond(429, &[json, ("retry-after-ms", "1")], error);
            }
            let reply = json!({"id": "c", "object": "chat.completion", "created": 1, "model": "gpt-4o",
                "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Yes."}}],
                "usage": {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6}});
            exchange.respond(200, &[json], reply.to_string().as_bytes())
        }
    });
    (server.expect("a loopback port is free"), came)
}

/// Each header of context is there once, and names the step of the call.
fn check(came: &Mutex<Vec<Headers>>, call: &str, attempts: usize, has_baggage: bool) {
    let came = came.lock().expect("nobody panicked");
    assert_eq!(came.len(), attempts);
    for headers in came.iter() {
        let named = |name: &str| {
            Vec::from_iter(headers.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()))
        };
        let parent = extract(headers);
        assert_eq!((named("traceparent").len(), parent.span_id().as_deref()), (1, Some(call)));
        assert_eq!(named("tracestate"), ["vendor=1"]);
        let expected = has_baggage.then_some("session.id=s-1,theirs=x,user.id=u-1");
        assert_eq!(named("baggage"), Vec::from_iter(expected));
    }
}

#[tokio::test]
async fn each_attempt_of_async_openai_carries_the_context_of_its_call() {
    for nearby in [false, true] {
        let recording =
            record_with(builder().with_propagation(Propagation::new().with_baggage_nearby(nearby)));
        let (server, came) = provider();
        let config =
            OpenAIConfig::new().with_api_base(format!("http://{}/v1", server.address())).with_api_key("none");
        let client = Client::with_config(config).with_http_service(async_openai::service(Default::default()));
        let request = serde_json::from_value(json!({"model": "gpt-4o", "messages": []})).expect("a request");
        in_a_run(async { client.chat().create(request).await }).await.expect("a reply");
        until(|| recording.report().open == 0).await;
        let call = recording.span("llm.unknown.gpt-4o").expect("the call");
        check(&came, &call.span_id(), 2, nearby);
    }
}

#[tokio::test]
async fn a_request_of_reqwest_carries_the_context_of_its_call() {
    for nearby in [false, true] {
        let recording =
            record_with(builder().with_propagation(Propagation::new().with_baggage_nearby(nearby)));
        let (server, came) = provider();
        let client =
            ClientBuilder::new(reqwest::Client::new()).with(reqwest_middleware::Spans::new()).build();
        let request = client.post(format!("http://{}/v1/chat/completions", server.address()));
        let request = request.body(json!({"model": "gpt-4o", "messages": []}).to_string());
        let reply = in_a_run(async { request.send().await }).await.expect("an answer");
        reply.text().await.expect("a body");
        let call = recording.span("llm.unknown.gpt-4o").expect("the call");
        check(&came, &call.span_id(), 1, nearby);
    }
}
