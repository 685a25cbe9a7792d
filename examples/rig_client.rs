//! The agents of rig: one line where the client of a provider is built.
//!
//! ```text
//! cargo run --example rig_client
//! ```
//!
//! rig makes a span for each call itself; the adapter writes into it what the reply says. The first reply comes whole, the
//! second is streamed. It prints the answers and, on standard error, the run as a tree:
//!
//! ```text
//! agent.umbrella                       0.03 s  $0.000446  2 steps    completed
//! ├─ chat                              6.3 ms  $0.000223  1,208 → 70 stop
//! └─ chat                              4.3 ms  $0.000223  1,208 → 70 stop
//! ```

use agentspan::TracesExporter;
use agentspan::adapters::{Observer, rig::Spans};
use agentspan::usage::Endpoints;
use agentspan_examples::{OpenAi, Reply};
use futures_util::StreamExt;
use rig_core::completion::CompletionRequest;
use rig_core::providers::openai::OpenAIConfig;
use rig_core::streaming::{Item, StreamEvent};

type AppError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let telemetry =
        agentspan::builder().service_name("umbrella").with_exporters([TracesExporter::Console]).init();
    let answer = Reply::text("Yes, take an umbrella.").usage(1_208, 70);
    let server = OpenAi::script([answer.clone(), answer])?;

    // The known hosts need no rule: `Spans::new(…)` is enough for them.
    let observer = Observer::new().with_endpoints(Endpoints::new().rule("127.0.0.1", "openai"));
    let http = Spans::observing(observer, rig_reqwest::shared());
    let client = OpenAIConfig::new("none").with_base_url(server.base_url()).connect(http);
    let model = client.chat("gpt-4o-mini");

    let asked = agentspan::agent("umbrella").run(async {
        let reply = model.call(CompletionRequest::new("Umbrella?")).await?;
        println!("{}", reply.text());

        let mut stream = model.stream(CompletionRequest::new("Umbrella?"))?;
        while let Some(item) = stream.next().await {
            if let Item::Event(StreamEvent::Text { text, .. }) = item? {
                print!("{text}");
            }
        }
        println!();
        Ok::<_, AppError>(())
    });
    asked.await?;

    eprintln!("\n{}", telemetry.shutdown());
    Ok(())
}
