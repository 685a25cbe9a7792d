//! The service that users talk to: a run for each question, which a worker answers over the queue.

use crate::{AppError, told_to_end};
use async_nats::Client;
use axum::extract::{Json, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) async fn run() -> Result<(), AppError> {
    let telemetry = crate::telemetry("front");
    let nats = async_nats::connect(std::env::var("NATS_URL")?).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let service = axum::Router::new().route("/ask", post(ask)).with_state(nats);
    axum::serve(listener, service).with_graceful_shutdown(told_to_end()).await?;
    eprintln!("front: {}", telemetry.shutdown());
    Ok(())
}

async fn ask(
    State(nats): State<Client>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Result<Json<Value>, StatusCode> {
    let text = |key: &str| asked[key].as_str().unwrap_or_default().to_owned();
    let run = agentspan::agent("travel_desk").session(text("session")).user(text("user"));
    let work = async {
        let trace = agentspan::current().trace_id();
        let answer = agentspan::handoff("rain_expert").run(hand_over(&nats, text("question"))).await?;
        Ok::<_, AppError>(Json(json!({"answer": answer, "trace": trace})))
    };
    // A browser or a gateway may have begun the trace.
    let caller = agentspan::extract(&headers);
    caller.within(run.query(&text("question")).run(work)).await.map_err(|_| StatusCode::BAD_GATEWAY)
}

async fn hand_over(nats: &Client, question: String) -> Result<String, AppError> {
    let mut headers = async_nats::HeaderMap::new();
    agentspan::inject_to("nats://127.0.0.1", &mut headers);
    let reply = nats.request_with_headers("questions", headers, question.into()).await?;
    Ok(String::from_utf8(reply.payload.to_vec())?)
}
