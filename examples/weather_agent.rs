//! A run of a weather agent as one tree: a model asks for a tool, the tool runs, a second model words the answer.
//!
//! ```text
//! cargo run --example weather_agent
//! ```
//!
//! It needs no key and no network: the models are played by a small server that it starts itself. With
//! `OPENAI_API_KEY` set (and `OPENAI_BASE_URL`, if need be) it talks to the real ones.
//!
//! It prints the answer, the run as a tree with its tokens and USD and, as content is recorded, what was asked and
//! found. The run is also sent by OTLP, to `http://localhost:4318` or where `OTEL_EXPORTER_OTLP_ENDPOINT` says, and
//! the last lines tell where to look at it:
//!
//! ```text
//! agent.weather_assistant              1.84 s  $0.001893  3 steps    completed
//! │  query: Do I need an umbrella in Ulm this afternoon?
//! │  result: Yes, take an umbrella: 4 mm of rain are expected in Ulm this afternoon.
//! ├─ llm.openai.gpt-4o                 0.97 s  $0.001570  412 → 54   tool_call
//! │  └─ tool.get_weather               0.31 s  $0.000100             ok
//! │        arguments: {"city":"Ulm"}
//! │        result: {"city":"Ulm","rain_mm":4}
//! └─ llm.openai.gpt-4o-mini            0.55 s  $0.000223  1,208 → 70 stop
//!
//! agentspan: 4 of 4 spans delivered
//! Look at it in Jaeger: http://localhost:16686/trace/7c1b02a9…
//! ```

use agentspan::TracesExporter::{Console, Otlp};
use agentspan_examples::{client, first_tool_call, request, text, weather, where_to_look};
use serde_json::{Value, json};
use std::time::Duration;

type AppError = Box<dyn std::error::Error + Send + Sync>;

const QUESTION: &str = "Do I need an umbrella in Ulm this afternoon?";

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let telemetry = agentspan::builder()
        .service_name("weather-agent")
        .with_content(true) // the data are made up; by default no query, message, argument or result is recorded
        .with_exporters([Otlp, Console])
        .with_console_content(true)
        .init();

    let server = weather::server()?;
    let client = client(&server);
    let mut trace_id = None;

    let answer = agentspan::agent("weather_assistant")
        .session("s-42")
        .user("u-7")
        .query(QUESTION)
        .tag("tenant", "acme")
        .run(async {
            trace_id = agentspan::current().trace_id();

            let mut messages = vec![json!({"role": "user", "content": QUESTION})];
            let intent = request("gpt-4o", &messages, &[weather::definition()])?;
            let reply = agentspan::llm("openai", "gpt-4o")
                .purpose("intent_analysis")
                .request(&intent)
                .call(client.chat().create(intent.clone()))
                .await?;
            let Some(call) = first_tool_call(&reply) else {
                agentspan::current_run().stop_reason("no_location");
                return Ok(text(&reply));
            };

            let weather = agentspan::tool(&call.function.name)
                .call_id(&call.id)
                .arguments(&call.function.arguments)
                .cost_usd(0.0001) // what the weather service charges
                .run(get_weather(&call.function.arguments))
                .await?;

            messages.push(json!(reply.choices[0].message));
            messages.push(json!({"role": "tool", "tool_call_id": call.id, "content": weather.to_string()}));
            let wording = request("gpt-4o-mini", &messages, &[])?;
            let reply = agentspan::llm("openai", "gpt-4o-mini")
                .purpose("response_format")
                .request(&wording)
                .call(client.chat().create(wording.clone()))
                .await?;
            agentspan::current_run().result(&text(&reply));
            Ok::<_, AppError>(text(&reply))
        })
        .await;

    if let Ok(answer) = &answer {
        println!("{answer}\n");
    }
    let report = telemetry.shutdown();
    eprintln!("\n{}", where_to_look(&report, trace_id.as_deref()));
    answer.map(drop)
}

/// Stands for a call of a weather service.
async fn get_weather(arguments: &str) -> Result<Value, AppError> {
    let arguments: Value = serde_json::from_str(arguments)?;
    tokio::time::sleep(Duration::from_millis(310)).await;
    let weather = json!({"city": arguments["city"], "rain_mm": 4});
    agentspan::current().result(&weather);
    Ok(weather)
}
