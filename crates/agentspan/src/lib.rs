//! Tracing for AI agents: each run of an agent is one OpenTelemetry trace, with the model calls, the tools, their tokens
//! and USD, the errors and the reason why it stopped.
//!
//! It stands on `tracing` and OpenTelemetry, sends OTLP over HTTP, and needs nothing but environment variables to do so.
//! Recording never fails, blocks or changes a result: if the telemetry is in trouble, the program does not notice.
//!
//! # The smallest whole program
//!
//! ```no_run
//! use serde_json::{Value, json};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), String> {
//!     let telemetry = agentspan::init();
//!
//!     let rain = agentspan::agent("weather_assistant")
//!         .session("s-42")
//!         .run(async {
//!             let request = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Umbrella?"}]});
//!             let reply = agentspan::llm("openai", "gpt-4o").request(&request).call(send(&request)).await?;
//!             let call = &reply["choices"][0]["message"]["tool_calls"][0];
//!             let call_id = call["id"].as_str().unwrap_or_default();
//!             agentspan::tool("get_weather").call_id(call_id).cost_usd(0.0001).run(rain_in("Ulm")).await
//!         })
//!         .await?;
//!
//!     println!("{rain} mm of rain");
//!     eprintln!("{}", telemetry.shutdown());
//!     Ok(())
//! }
//!
//! /// Stands for your client, typed or not.
//! async fn send(_request: &Value) -> Result<Value, String> {
//!     Ok(json!({
//!         "model": "gpt-4o-2024-08-06",
//!         "choices": [{"finish_reason": "tool_calls", "message": {"tool_calls": [
//!             {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}},
//!         ]}}],
//!         "usage": {"prompt_tokens": 412, "completion_tokens": 54},
//!     }))
//! }
//!
//! /// Stands for your tool.
//! async fn rain_in(_city: &str) -> Result<f64, String> {
//!     Ok(4.0)
//! }
//! ```
//!
//! # What it prints
//!
//! With `OTEL_TRACES_EXPORTER=console` the run is drawn on standard error, a tool below the model call that asked for it;
//! without that variable it is sent to `http://localhost:4318`, where Jaeger, Tempo or a collector listens. The last
//! line is the [`Report`] either way.
//!
//! ```text
//! 4 mm of rain
//! agent.weather_assistant              0.7 ms  $0.001670  2 steps  completed
//! └─ llm.openai.gpt-4o                 0.3 ms  $0.001570  412 → 54 tool_call
//!    └─ tool.get_weather               0.1 ms  $0.000100           ok
//! agentspan: 3 of 3 spans delivered
//! ```
//!
//! A line has the name, the duration, the cost with everything below, the steps or the tokens (`412 → 54`, input and output),
//! and how it ended. `$?` is a cost that nobody knows, `≥ $0.250000` a sum that lacks something, as `cost.status` has it
//! (`unknown`, `partial`). Amounts have six decimals, or as many as the first two digits of a small one need, so that only 0
//! reads as 0. A check that failed is `not passed`, and `stop, 2 attempts` is a call that was tried again, with the wait in
//! its duration.
//!
//! # The ideas
//!
//! **A run and its steps.** Each function makes a builder, each builder one span.
//!
//! | function | span | what it is |
//! |---|---|---|
//! | [`agent()`] | `agent.<workflow>` | a run; session, user and tags stand on everything below it |
//! | [`llm()`] | `llm.<provider>.<model>` | a model call, with tokens, cost, finish reason, tool calls |
//! | [`embedding()`] | `llm.<provider>.<model>` | a call of an embedding model |
//! | [`tool()`] | `tool.<name>` | a tool, linked to the model call that asked for it |
//! | [`retrieval()`] | `retrieval.<source>` | a search for documents |
//! | [`step()`] | `step.<name>` | reasoning, or a step of your own kind |
//! | [`validation()`] | `validation.<name>` | a check that may block |
//! | [`approval()`] | `approval.<name>` | a wait for somebody's consent |
//! | [`handoff()`] | `handoff.<to>` | work given to another agent |
//! | [`recovery()`] | `error.<type>` | a retry, fallback or escalation after a failure |
//!
//! A builder is run by `.run(future)` when the future gives a `Result`, by `.run_ok(future)` when it gives anything else,
//! by `.try_in_scope(closure)` and `.in_scope(closure)` likewise in synchronous code, or by `.start()`, whose
//! [`SpanGuard`] is finished by hand. `.run_ok` and `.in_scope` end as successful whatever they give. Model calls have
//! `.call(future)` and `.stream(future)` in place of `run`, since a call whose reply nobody read has no tokens. A step
//! begins when its future is first polled, and a step outside any run is recorded all the same.
//!
//! **Say more later.** [`current()`] is the nearest step, [`current_run()`] the nearest run; both may be asked anywhere and
//! do nothing where there is none.
//!
//! **Every step ends truthfully.** `agent.outcome` says `ok`, `error`, `panicked`, `timeout`, `cancelled` (the future was
//! dropped), `blocked` or `rejected`; a run says in `agent.stop_reason` why it stopped, see [`StopReason`]. Only failures
//! set the span's status to Error: a cancelled run is not one. Errors may be of any kind that callers have, see
//! [`Failure`].
//!
//! **Unknown is not zero.** A count or a price that is not known is absent, and `cost.status` says so. Prices come from
//! [`SpanHandle::cost_usd`], else from the provider's reply, else from [`TelemetryBuilder::with_price`], else from the
//! bundled catalogue of `genai-prices` or the file in `AGENTSPAN_PRICES`, by the model that the reply names and the time of
//! the call. `cost.self_usd` is what a span cost, `cost.total_usd` that and everything below it, also in spawned tasks;
//! what goes on by headers has sums of its own. [`RunHandle::total_usd`] gives the sum while the run goes on, whether or not
//! it is sampled.
//!
//! **Tasks.** [`spawn()`] carries the run into a Tokio task and [`carry()`] into a closure for a thread or
//! `spawn_blocking`; tracing's `.in_current_span()` does it as well, but for the step inside of a run whose trace the sampler
//! drops. A bare `tokio::spawn` starts a trace of its own.
//! Spans made by `#[tracing::instrument]` join the tree; those that carry `gen_ai.*` names or ours, as rig and genai make
//! them, are steps whose tokens and cost are added up. What two spans tell of one call counts once: a span of ours comes
//! before one of others, and of others the inner one counts.
//!
//! **Other processes.** [`inject()`] writes the current step into headers, messages, JSON or the environment of a child;
//! [`extract()`] reads it there, and its [`Extracted`] is the parent of a run by `.within(…)`, or a link by `.link(…)`. Who
//! is served travels only to hosts that [`Propagation`] names; see [`propagation`].
//!
//! **Nothing private leaves by accident.** Messages, queries, arguments, results, documents, reasons and error texts are
//! recorded only when asked for, by [`TelemetryBuilder::with_content`] or the environment; sizes, counts and keyed hashes
//! always. A class that [`TelemetryBuilder::without_content`] forbids, the environment cannot turn on. Keys, tokens and
//! passwords are taken out of every string that leaves, by their shape.
//!
//! **Three ways to start.** [`init()`] for the whole process; [`TelemetryBuilder::layer`] for a subscriber of your own;
//! [`exporter()`] around the exporter of a provider of your own. Only the first touches global state.
//!
//! **Every span is delivered or counted.** [`Telemetry::flush`] and [`Telemetry::shutdown`] give a [`Report`] within five
//! seconds.
//!
//! **One OpenTelemetry.** Two versions of the `opentelemetry` crate in one program have two sets of globals and never
//! meet: their spans land in different traces, and nothing can notice it at run time. This crate uses 0.33;
//! `cargo tree -d` shows whether another one is there.
//!
//! **Your own tests** assert what an agent records by [`testing`].
//!
//! # Environment variables
//!
#![doc = include_str!("config/environment.md")]
//!
//! # Features
//!
//! Everything described above is in the default build; TLS is rustls with built-in roots. Each adapter of [`adapters`] is a
//! feature, and so are metrics; none is on by default:
//!
//! | feature | what it adds | works with |
//! |---|---|---|
//! | `http` | [`inject()`] into `http::HeaderMap`, and [`extract()`] from it | http 1 |
//! | `async-nats` | [`inject()`] into `async_nats::HeaderMap`, and [`extract()`] from it | async-nats 0.51 (Rust 1.89) |
//! | `rmcp` | a span on both sides of a tool and of any other request of MCP, and [`inject()`] and [`extract()`] for `_meta` | rmcp 3.9 |
//! | `async-openai` | a service that gives each call of the client a span | async-openai 0.43 |
//! | `reqwest-middleware` | a middleware that does so for a client of reqwest | reqwest-middleware 0.5, reqwest 0.13 |
//! | `rig` | a wrapper of the HTTP client that does so for rig's providers | rig-core 0.44, from Rust 1.95 on |
//! | `tower` | a client layer that does so for `http::Request`, and a server layer | http 1, tower 0.5: axum 0.8, hyper 1, tonic 0.14 |
//! | `metrics` | the books as OpenTelemetry metrics, sent when [asked for](TelemetryBuilder::with_metrics_exporters) | opentelemetry 0.33 |
//!
//! Another version of a client is another set of types: the line that hands our service to it does not compile. Then wrap
//! calls by [`llm()`], or tell an [`adapters::Observer`].
//!
//! genai 0.7 needs no feature: with its own feature `otel` its spans are steps, and [`LlmBuilder::call`] around `exec_chat`
//! reads the raw body that the reply carries when `ChatOptions::with_capture_raw_body(true)` is set, else what genai's types
//! hold. Both together count once.
//!
//! # What it does not do
//!
//! - Replies are read of OpenAI (Chat Completions, Responses, assistants, Embeddings, media) and of servers that speak like
//!   it, of Anthropic, Gemini and Vertex AI, Bedrock (Converse and InvokeModel), Cohere and Ollama. For all others tell the
//!   tokens by [`SpanHandle::usage`]. A body that you hold as bytes is read by [`usage::ReplyReader`].
//! - OTLP goes out over HTTP with protobuf only; gRPC and HTTP with JSON are answered with a warning.
//! - No log records.
//! - Context is written into headers and read from them by the adapters, and where you say so by [`inject()`] and
//!   [`extract()`]; of the clients of queues only that of NATS has its type, others are carriers by a few lines. Notifications
//!   of MCP have no spans.
//! - No sampling at the tail, no HTML pages.

pub mod adapters;
mod config;
pub mod cost;
mod error;
mod export;
mod init;
mod pipeline;
pub mod propagation;
mod sampling;
mod span;
pub mod testing;
pub mod usage;
mod view;

pub use agentspan_semconv as semconv;
pub use agentspan_semconv::{
    ApprovalDecision, Operation, RecoveryAction, StopReason, ToolType, ValidationKind,
};
pub use config::{ContentClass, MetricsExporter, Propagation, Propagator, SamplerConfig, TracesExporter};
pub use cost::Rates;
pub use error::{Error, ErrorKind};
pub use export::{DropReason, Exporter, Report};
pub use init::{TelemetryBuilder, builder, exporter, init, try_init};
pub use pipeline::Telemetry;
pub use propagation::{extract, inject, inject_to};
pub use span::{
    AgentBuilder, ApprovalBuilder, AttributeValue, Elapsed, EmbeddingBuilder, Extracted, Failure,
    HandoffBuilder, LlmBuilder, RecoveryBuilder, ReplyStream, RetrievalBuilder, RunHandle, SpanGuard,
    SpanHandle, StepBuilder, ToolBuilder, ValidationBuilder, WithTimeout, agent, approval, carry, current,
    current_run, embedding, handoff, llm, recovery, retrieval, spawn, step, tool, validation,
};
pub use usage::Usage;
