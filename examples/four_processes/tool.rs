//! The tool, behind MCP on standard input and output.

use crate::AppError;
use agentspan::adapters::rmcp::serve_tool;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ServerCapabilities, ServerConfig,
};
use rmcp::service::{RequestContext, ServiceExt};
use rmcp::{ErrorData, RoleServer, ServerHandler};

struct Weather;

pub(crate) async fn run() -> Result<(), AppError> {
    let telemetry = crate::telemetry("tool");
    Weather.serve(rmcp::transport::stdio()).await?.waiting().await?;
    // Standard output belongs to the protocol.
    eprintln!("tool: {}", telemetry.shutdown());
    Ok(())
}

impl ServerHandler for Weather {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn call_tool(
        &self,
        params: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        serve_tool(params, context, |params, _context| async move {
            if params.name != "get_weather" {
                return Err(ErrorData::invalid_params(format!("no tool `{}`", params.name), None));
            }
            let rain = agentspan::retrieval("rain_gauges").run_ok(async { "4 mm of rain" }).await;
            Ok(CallToolResult::success(vec![ContentBlock::text(rain)]).into())
        })
        .await
    }
}
