//! One trace through four processes: a service, a queue, a worker that asks a model, and a tool behind MCP.
//!
//! ```text
//! cargo run --example four_processes
//! ```
//!
//! It starts a `nats-server` (Debian's package of that name), and itself as `front`, as `worker` and, by the worker, as `tool`,
//! then asks the front service one question over HTTP. The model is played by a small server, so no key is needed. Each process
//! sends its own spans; the context goes by NATS's headers and MCP's `_meta`, with session and user, since all is on this
//! machine. It prints the answer and then, when a Jaeger is there (at `http://localhost:16686`, or where `JAEGER_URL` says), the
//! one tree that Jaeger has of it, each span with its service, session and user:
//!
//! ```text
//! agent.travel_desk                front   s-42  u-7
//!   handoff.rain_expert            front   s-42  u-7
//!     agent.rain_expert            worker  s-42  u-7
//!       llm.openai.gpt-4o          worker  s-42  u-7
//!       tool.get_weather           worker  s-42  u-7
//!         tool.get_weather         tool    s-42  u-7
//!           retrieval.rain_gauges  tool    s-42  u-7
//!       llm.openai.gpt-4o-mini     worker  s-42  u-7
//! ```

mod front;
mod jaeger;
mod tool;
mod worker;

use agentspan::{Propagation, Telemetry};
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

type AppError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), AppError> {
    match std::env::args().nth(1).as_deref() {
        None => all().await,
        Some("front") => front::run().await,
        Some("worker") => worker::run().await,
        Some("tool") => tool::run().await,
        Some(other) => Err(format!("expected `front`, `worker`, `tool` or nothing, got `{other}`").into()),
    }
}

/// Starts everything, asks, ends everything, and looks at what Jaeger has.
async fn all() -> Result<(), AppError> {
    let (mut queue, nats) = start_queue().await?;
    let (worker, _ready) = start("worker", &nats).await?;
    let (front, address) = start("front", &nats).await?;

    let question = json!({"session": "s-42", "user": "u-7", "question": "Do I need an umbrella in Ulm?"});
    let client = reqwest::Client::builder().no_proxy().build()?;
    let asked = client.post(format!("http://{address}/ask")).json(&question).send().await;
    let reply: Value = asked?.error_for_status()?.json().await?;
    println!("{}\n", reply["answer"].as_str().unwrap_or_default());

    for mut process in [front, worker] {
        // Its input ends, and so does it, when its spans have left.
        drop(process.stdin.take());
        process.wait().await?;
    }
    queue.kill().await?;
    jaeger::show(&client, reply["trace"].as_str().unwrap_or_default()).await
}

/// A `nats-server` on a free port of this machine, and its URL.
async fn start_queue() -> Result<(Child, String), AppError> {
    let mut command = Command::new("nats-server");
    command.args(["--addr", "127.0.0.1", "--port", "-1"]).stderr(Stdio::piped()).kill_on_drop(true);
    let mut server =
        command.spawn().map_err(|error| format!("`apt-get install nats-server` is needed: {error}"))?;
    let mut log = BufReader::new(server.stderr.take().ok_or("its log was asked for")?).lines();
    while let Some(line) = log.next_line().await? {
        if let Some((_, address)) = line.split_once("Listening for client connections on ") {
            let url = format!("nats://{address}");
            // It would not survive a log that nobody reads.
            tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
            return Ok((server, url));
        }
    }
    Err("the queue does not listen".into())
}

/// This program in another role, once it has said its first line.
async fn start(role: &str, nats: &str) -> Result<(Child, String), AppError> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(role).env("NATS_URL", nats).kill_on_drop(true);
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let output = process.stdout.take().ok_or("its output was asked for")?;
    let mut lines: Lines<BufReader<ChildStdout>> = BufReader::new(output).lines();
    let said = lines.next_line().await?.ok_or_else(|| format!("the {role} ended at once"))?;
    Ok((process, said))
}

/// How each process records. All of them are on this machine, so each may know who is served.
fn telemetry(service: &str) -> Telemetry {
    let propagation = Propagation::new().with_baggage_nearby(true);
    agentspan::builder().service_name(service).with_propagation(propagation).init()
}

/// Until this process is told to end.
async fn told_to_end() {
    let _ended = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
}
