//! A streamed reply: the words are shown as they come, and the step ends with the last one.
//!
//! ```text
//! cargo run --example streamed_reply
//! ```
//!
//! The first reply is read to its end. The second one is dropped in the middle, as when a user closes the window: it
//! is recorded as cancelled, its stream as abandoned, and its cost as unknown instead of zero, since a provider tells
//! the tokens at the end. The third is cut by the server. It prints the words and, on standard error, the runs as
//! trees:
//!
//! ```text
//! agent.storyteller                    0.59 s  $0.000223  1 step     completed
//! └─ llm.openai.gpt-4o-mini            0.59 s  $0.000223  1,208 → 70 stop
//!
//! agent.storyteller                    0.29 s  $?  1 step completed
//! └─ llm.openai.gpt-4o-mini            0.29 s  $?         abandoned
//!
//! agent.storyteller                    0.31 s  $?  1 step llm_error: _OTHER
//! └─ llm.openai.gpt-4o-mini            0.31 s  $?         cut: OpenAIError
//! ```

use agentspan::TracesExporter;
use agentspan_examples::{OpenAi, Reply, client};
use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::CreateChatCompletionRequest;
use futures_util::StreamExt;
use serde_json::json;
use std::io::Write;
use std::time::Duration;

type AppError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let telemetry =
        agentspan::builder().service_name("streamed-reply").with_exporters([TracesExporter::Console]).init();
    let story = Reply::text("Once upon a time it rained in Ulm, and nobody had an umbrella.")
        .usage(1_208, 70)
        .delay(Duration::from_millis(200))
        .chunk_delay(Duration::from_millis(20));
    let server = OpenAi::script([story.clone(), story.clone(), story.cut_after(5)])?;
    let client = client(&server);

    for words in [usize::MAX, 4, usize::MAX] {
        let told = agentspan::agent("storyteller").run(tell(&client, words)).await;
        match told {
            Ok(()) => println!(),
            Err(error) => println!(" … {error}"),
        }
    }

    eprintln!("\n{}", telemetry.shutdown());
    Ok(())
}

/// Prints at most so many words of a story.
async fn tell(client: &Client<OpenAIConfig>, words: usize) -> Result<(), AppError> {
    let request: CreateChatCompletionRequest = serde_json::from_value(json!({
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "Tell me a story."}],
        "stream_options": {"include_usage": true}, // without it a stream has no tokens, and so no cost
    }))?;
    let mut chunks = agentspan::llm("openai", "gpt-4o-mini")
        .request(&request)
        .stream(client.chat().create_stream(request.clone()))
        .await?
        .take(words);
    while let Some(chunk) = chunks.next().await {
        for choice in chunk?.choices {
            print!("{}", choice.delta.content.unwrap_or_default());
            std::io::stdout().flush()?;
        }
    }
    Ok(())
}
