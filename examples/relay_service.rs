//! A service that passes on what it is asked, and the trace with it.
//!
//! ```text
//! cargo run --example relay_service
//! cargo run --example relay_service -- 127.0.0.1:5000
//! ```
//!
//! The first one asks itself once, on a free port; the second one says where it listens (port 0 is a free one) and serves
//! until Ctrl-C.
//!
//! For each POST of `[{"url": …, "arguments": […]}, …]` it POSTs each `arguments` to its `url`, one after another, and
//! then answers 200. It is what the conformance suite of W3C Trace Context talks to. Its answer is a list of trace ids:
//! its own and those that it was answered. Asking itself, it prints on standard error one trace for each request, since
//! each is a run of its own, and on standard output that all of them carry the id that came from outside:
//!
//! ```text
//! agent.relay                          2.1 ms  1 step completed
//! └─ tool.post                         1.8 ms         ok
//! …
//! three services, one trace: 0af7651916cd43dd8448eb211c80319c
//! ```

use agentspan::{Propagation, TracesExporter};
use axum::extract::{Json, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use std::error::Error;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    let mut settings = agentspan::builder()
        .service_name("relay-service")
        .with_propagation(Propagation::new().with_baggage_nearby(true));
    if address.is_none() {
        settings = settings.with_exporters([TracesExporter::Console]);
    }
    let telemetry = settings.init();

    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0")).await?;
    let itself = format!("http://{}/", listener.local_addr()?);
    let client = reqwest::Client::builder().no_proxy().build()?;
    let service = axum::Router::new().fallback(post(relay)).with_state(client.clone());
    let served = axum::serve(listener, service);
    if address.is_some() {
        eprintln!("listening on {itself}");
        served.with_graceful_shutdown(async { tokio::signal::ctrl_c().await.unwrap_or_default() }).await?;
    } else {
        tokio::spawn(served.into_future());
        ask(&client, &itself).await?;
    }
    eprintln!("\n{}", telemetry.shutdown());
    Ok(())
}

async fn relay(
    State(client): State<reqwest::Client>,
    headers: HeaderMap,
    Json(actions): Json<Vec<Value>>,
) -> Result<Json<Vec<String>>, StatusCode> {
    let work = async {
        let mut traces = Vec::from_iter(agentspan::current().trace_id());
        for action in &actions {
            traces.extend(forward(&client, action).await?);
        }
        Ok::<_, reqwest::Error>(Json(traces))
    };
    // The run belongs to the trace of whoever asks, and to a new one when nobody says so in a valid way.
    let sender = agentspan::extract(&headers);
    sender.within(agentspan::agent("relay").run(work)).await.map_err(|_| StatusCode::BAD_GATEWAY)
}

async fn forward(client: &reqwest::Client, action: &Value) -> Result<Vec<String>, reqwest::Error> {
    let url = action["url"].as_str().unwrap_or_default();
    let work = async {
        let mut headers = HeaderMap::new();
        agentspan::inject_to(url, &mut headers);
        let sent = client.post(url).headers(headers).json(&action["arguments"]).send().await?;
        // Others may answer what they like.
        Ok::<_, reqwest::Error>(sent.error_for_status()?.json().await.unwrap_or_default())
    };
    agentspan::tool("post").run(work).await
}

/// Has the service ask itself to ask itself, as somebody with a trace.
async fn ask(client: &reqwest::Client, itself: &str) -> Result<(), Box<dyn Error>> {
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let action = |arguments: Value| json!([{"url": itself, "arguments": arguments}]);
    let sent = client
        .post(itself)
        .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"))
        .json(&action(action(json!([]))));
    let traces: Vec<String> = sent.send().await?.error_for_status()?.json().await?;
    if traces != [trace; 3] {
        return Err(format!("expected the trace {trace} three times, got {traces:?}").into());
    }
    println!("three services, one trace: {trace}");
    Ok(())
}
