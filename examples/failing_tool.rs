//! A tool that fails, and a fallback that saves the run.
//!
//! ```text
//! cargo run --example failing_tool
//! ```
//!
//! The weather service is down. The agent notes what it does about it as an `error.<type>` span, which links to the
//! step that failed, and asks another source inside it. The failed tool is an error, the run is a success. It prints
//! the answer and, on standard error, the run as a tree:
//!
//! ```text
//! agent.weather_assistant              0.03 s  $0.002000  2 steps completed
//! ├─ tool.get_weather                  0.02 s                     error: ServiceDown
//! └─ error.ServiceDown                 0.01 s  $0.002000          ok
//!    └─ tool.climate_table             0.01 s  $0.002000          ok
//! ```

use agentspan::{RecoveryAction, TracesExporter};
use std::fmt;
use std::time::Duration;
use tokio::time::sleep;

#[tokio::main]
async fn main() -> Result<(), ServiceDown> {
    let telemetry =
        agentspan::builder().service_name("failing-tool").with_exporters([TracesExporter::Console]).init();

    let rain = agentspan::agent("weather_assistant").run(rain_in("Ulm")).await?;
    println!("{rain} mm of rain");

    eprintln!("\n{}", telemetry.shutdown());
    Ok(())
}

async fn rain_in(city: &str) -> Result<f64, ServiceDown> {
    match agentspan::tool("get_weather").arguments(city).run(get_weather(city)).await {
        Ok(rain) => Ok(rain),
        Err(ServiceDown) => {
            agentspan::recovery("ServiceDown")
                .action(RecoveryAction::Fallback)
                .run(
                    agentspan::tool("climate_table").arguments(city).cost_usd(0.002).run(climate_table(city)),
                )
                .await
        }
    }
}

async fn get_weather(_city: &str) -> Result<f64, ServiceDown> {
    sleep(Duration::from_millis(20)).await;
    Err(ServiceDown)
}

async fn climate_table(_city: &str) -> Result<f64, ServiceDown> {
    sleep(Duration::from_millis(10)).await;
    Ok(2.3)
}

#[derive(Debug)]
struct ServiceDown;

impl fmt::Display for ServiceDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the weather service does not answer")
    }
}

impl std::error::Error for ServiceDown {}
