//! The client genai, which takes no layer: its own spans are steps, and a step around a call reads the raw reply.
//!
//! ```text
//! cargo run --example genai_client
//! ```
//!
//! The first call is told of by genai's own span (its feature `otel`), with no line of ours. The second one is wrapped, and
//! has what only the raw body knows, such as the model that answered and the tier. The third is streamed inside a step. Each
//! counts once. It prints the answers and, on standard error, the run as a tree:
//!
//! ```text
//! agent.umbrella                       0.02 s  $0.000670  3 steps    completed
//! ├─ chat gpt-4o-mini                  5.2 ms  $0.000223  1,208 → 70 stop
//! ├─ llm.openai.gpt-4o-mini            3.0 ms  $0.000223  1,208 → 70 stop
//! │  └─ chat gpt-4o-mini               2.8 ms                        stop
//! └─ llm.openai.gpt-4o-mini            3.4 ms  $0.000223  1,208 → 70 stop
//!    └─ chat gpt-4o-mini               3.3 ms                        stop
//! ```

use agentspan::TracesExporter;
use agentspan_examples::{OpenAi, Reply};
use futures_util::StreamExt;
use genai::adapter::AdapterKind;
use genai::chat::{ChatOptions, ChatRequest, ChatStreamEvent};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, ModelIden, ServiceTarget};

type AppError = Box<dyn std::error::Error + Send + Sync>;

const MODEL: &str = "gpt-4o-mini";

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let telemetry = agentspan::builder()
        .service_name("umbrella")
        .with_exporters([TracesExporter::Console])
        // It warns of the first piece of each stream, which holds no words.
        .with_log_filter("warn,genai=error")
        .init();
    let server = OpenAi::answering(|_| Reply::text("Yes, take an umbrella.").usage(1_208, 70))?;
    let client = Client::new()?;
    // Against the real API this is no more than the name of the model.
    let target = ServiceTarget {
        endpoint: Endpoint::from_owned(format!("{}/", server.base_url())),
        auth: AuthData::from_single("none"),
        model: ModelIden::from_static(AdapterKind::OpenAI, MODEL),
    };
    let question = || ChatRequest::from_user("Umbrella?");

    let asked = agentspan::agent("umbrella").run(async {
        let reply = client.exec_chat(target.clone(), question(), None).await?;
        println!("{}", reply.first_text().unwrap_or_default());

        let options = ChatOptions::default().with_capture_raw_body(true);
        let call = client.exec_chat(target.clone(), question(), Some(&options));
        let reply = agentspan::llm("openai", MODEL).call(call).await?;
        println!("{}", reply.first_text().unwrap_or_default());

        // Without this a stream ends without usage, and nobody knows its cost.
        let options = ChatOptions::default().with_capture_usage(true);
        let opened = async {
            let answer = client.exec_chat_stream(target, question(), Some(&options)).await?;
            Ok::<_, genai::Error>(answer.stream)
        };
        let mut stream = agentspan::llm("openai", MODEL).stream(opened).await?;
        while let Some(event) = stream.next().await {
            if let ChatStreamEvent::Chunk(words) = event? {
                print!("{}", words.content);
            }
        }
        println!();
        Ok::<_, AppError>(())
    });
    asked.await?;

    eprintln!("\n{}", telemetry.shutdown());
    Ok(())
}
