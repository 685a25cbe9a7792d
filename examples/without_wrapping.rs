//! Model calls without a wrapper around each: one line where the client of async-openai is built.
//!
//! ```text
//! cargo run --example without_wrapping
//! ```
//!
//! The server refuses the first request with status 429, so the client tries again: both attempts are one span. The second
//! call is streamed. It prints the answers and, on standard error, the run as a tree:
//!
//! ```text
//! agent.umbrella                       0.01 s  $0.000446  2 steps    completed
//! ├─ llm.openai.gpt-4o-mini            5.9 ms  $0.000223  1,208 → 70 stop, 2 attempts
//! └─ llm.openai.gpt-4o-mini            2.3 ms  $0.000223  1,208 → 70 stop
//! ```

use agentspan::TracesExporter;
use agentspan::adapters::{Observer, async_openai::observing};
use agentspan::usage::Endpoints;
use agentspan_examples::{OpenAi, Reply, client, text};
use async_openai::types::chat::CreateChatCompletionRequest;
use futures_util::StreamExt;
use serde_json::json;

type AppError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let telemetry =
        agentspan::builder().service_name("umbrella").with_exporters([TracesExporter::Console]).init();
    let answer = Reply::text("Yes, take an umbrella.").usage(1_208, 70);
    let busy = Reply::error(429, "rate_limit_exceeded", "Slow down.").retry_after(0);
    let server = OpenAi::script([busy, answer.clone(), answer])?;

    // The known hosts need no rule: `async_openai::service(…)` is enough for them.
    let observer = Observer::new().with_endpoints(Endpoints::new().rule("127.0.0.1", "openai"));
    let client = client(&server).with_http_service(observing(observer, Default::default()));

    let asked = agentspan::agent("umbrella").run(async {
        let reply = client.chat().create(request(false)?).await?;
        println!("{}", text(&reply));

        let mut stream = client.chat().create_stream(request(true)?).await?;
        while let Some(chunk) = stream.next().await {
            let words = chunk?.choices.into_iter().filter_map(|choice| choice.delta.content);
            words.for_each(|words| print!("{words}"));
        }
        println!();
        Ok::<_, AppError>(())
    });
    asked.await?;

    eprintln!("\n{}", telemetry.shutdown());
    Ok(())
}

fn request(stream: bool) -> serde_json::Result<CreateChatCompletionRequest> {
    let mut request = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Umbrella?"}]});
    if stream {
        request["stream"] = true.into();
        request["stream_options"] = json!({"include_usage": true});
    }
    serde_json::from_value(request)
}
