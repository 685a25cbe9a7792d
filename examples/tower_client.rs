//! A client that is a stack of tower: one layer around it, and a second one where requests are tried again.
//!
//! ```text
//! cargo run --example tower_client
//! ```
//!
//! The server refuses the first request with status 429, and the stack tries again: both attempts are one span. It prints
//! the answer and, on standard error, the run as a tree:
//!
//! ```text
//! agent.umbrella                       3.9 ms  $0.000223  1 step     completed
//! └─ llm.openai.gpt-4o-mini            3.0 ms  $0.000223  1,208 → 70 stop, 2 attempts
//! ```

use agentspan::TracesExporter;
use agentspan::adapters::{Observer, tower::ClientLayer};
use agentspan::usage::Endpoints;
use agentspan_examples::{OpenAi, Reply};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::future::{Ready, ready};
use tower::retry::{Policy, RetryLayer};
use tower::{Layer, ServiceExt};

type AppError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let telemetry =
        agentspan::builder().service_name("umbrella").with_exporters([TracesExporter::Console]).init();
    let answer = Reply::text("Yes, take an umbrella.").usage(1_208, 70);
    let busy = Reply::error(429, "rate_limit_exceeded", "Slow down.");
    let server = OpenAi::script([busy, answer])?;

    // The known hosts need no rule: `ClientLayer::new()` is enough for them.
    let observer = Observer::new().with_endpoints(Endpoints::new().rule("127.0.0.1", "openai"));
    let spans = ClientLayer::observing(observer);
    let http = Client::builder(TokioExecutor::new()).build_http::<String>();
    // The outer one is the call, the inner one sees each attempt.
    let client = spans.layer(RetryLayer::new(Again(2)).layer(spans.layer(http)));

    let chat = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Umbrella?"}]});
    let request = Request::post(format!("{}/chat/completions", server.base_url())).body(chat.to_string())?;
    let asked = agentspan::agent("umbrella").run(async {
        let reply = client.oneshot(request).await?.into_body().collect().await?;
        let reply: Value = serde_json::from_slice(&reply.to_bytes())?;
        println!("{}", reply["choices"][0]["message"]["content"]);
        Ok::<_, AppError>(())
    });
    asked.await?;

    eprintln!("\n{}", telemetry.shutdown());
    Ok(())
}

/// Asks so many times more while the server is busy.
#[derive(Clone)]
struct Again(u32);

impl<R, E> Policy<Request<String>, Response<R>, E> for Again {
    type Future = Ready<()>;

    fn retry(
        &mut self,
        _: &mut Request<String>,
        answer: &mut Result<Response<R>, E>,
    ) -> Option<Self::Future> {
        let busy = answer.as_ref().is_ok_and(|answer| answer.status() == StatusCode::TOO_MANY_REQUESTS);
        self.0 = self.0.checked_sub(1).filter(|_| busy)?;
        Some(ready(()))
    }

    fn clone_request(&mut self, request: &Request<String>) -> Option<Request<String>> {
        Some(request.clone())
    }
}
