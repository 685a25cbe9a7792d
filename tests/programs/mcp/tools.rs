//! Tools that end in every way.

use agentspan::adapters::rmcp::serve_tool;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};

#[derive(Clone)]
pub(crate) struct Tools;

impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn call_tool(
        &self,
        params: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        serve_tool(params, context, |params, _context| async move {
            match &*params.name {
                "look_up" => {
                    agentspan::retrieval("shelf").in_scope(|| {});
                    Ok(CallToolResult::success(vec![ContentBlock::text("on the shelf")]).into())
                }
                "lose" => Ok(CallToolResult::error(vec![ContentBlock::text("it is not there")]).into()),
                "hang" => std::future::pending().await,
                name => Err(ErrorData::invalid_params(format!("no tool {name}"), None)),
            }
        })
        .await
    }
}
