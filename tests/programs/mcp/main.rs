//! A server of MCP on standard input and output, for the tests of the adapter.

mod tools;

use agentspan::Propagation;
use agentspan::adapters::rmcp::Spans;
use rmcp::ServiceExt;
use rmcp::transport::stdio;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let telemetry = agentspan::builder()
        .service_name("tools")
        .with_propagation(Propagation::new().with_baggage_tag("tenant"))
        .init();
    let server = Spans::new(tools::Tools).serve(stdio()).await.expect("the client says hello");
    server.waiting().await.expect("the server ends with its client");
    eprintln!("{}", telemetry.shutdown());
}
