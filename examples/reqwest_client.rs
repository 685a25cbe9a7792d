//! A client of one's own that stands on reqwest-middleware: one line where it is built.
//!
//! ```text
//! cargo run --example reqwest_client
//! ```
//!
//! A call of a model is a step with tokens and USD, whole or streamed; any other request is a plain span of HTTP. It prints
//! the answers and, on standard error, the run as a tree:
//!
//! ```text
//! agent.umbrella                       8.1 ms  $0.000446  2 steps    completed
//! ├─ GET                               2.1 ms                        error: 404
//! ├─ llm.openai.gpt-4o-mini            2.0 ms  $0.000223  1,208 → 70 stop
//! └─ llm.openai.gpt-4o-mini            2.8 ms  $0.000223  1,208 → 70 stop
//! ```

use agentspan::TracesExporter;
use agentspan::adapters::{Observer, reqwest_middleware::Spans};
use agentspan::usage::Endpoints;
use agentspan_examples::{OpenAi, Reply};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, reqwest};
use serde_json::{Value, json};

type AppError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let telemetry =
        agentspan::builder().service_name("umbrella").with_exporters([TracesExporter::Console]).init();
    let answer = Reply::text("Yes, take an umbrella.").usage(1_208, 70);
    let server = OpenAi::script([answer.clone(), answer])?;

    // The known hosts need no rule: `Spans::new()` is enough for them.
    let observer = Observer::new().with_endpoints(Endpoints::new().rule("127.0.0.1", "openai"));
    let client = ClientBuilder::new(reqwest::Client::new()).with(Spans::observing(observer)).build();

    let asked = agentspan::agent("umbrella").run(async {
        // The scripted server has no such page, which is an error of that span and not of the run.
        client.get(format!("{}/rain", server.base_url())).send().await?;

        let reply: Value = ask(&client, &server, false).await?.json().await?;
        println!("{}", reply["choices"][0]["message"]["content"]);

        let mut streamed = ask(&client, &server, true).await?;
        let mut bytes = 0;
        while let Some(piece) = streamed.chunk().await? {
            bytes += piece.len();
        }
        println!("{bytes} bytes of events");
        Ok::<_, AppError>(())
    });
    asked.await?;

    eprintln!("\n{}", telemetry.shutdown());
    Ok(())
}

async fn ask(
    client: &ClientWithMiddleware,
    server: &OpenAi,
    stream: bool,
) -> reqwest_middleware::Result<reqwest::Response> {
    let mut request = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Umbrella?"}]});
    if stream {
        request["stream"] = true.into();
        request["stream_options"] = json!({"include_usage": true});
    }
    client.post(format!("{}/chat/completions", server.base_url())).json(&request).send().await
}
