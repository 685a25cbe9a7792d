//! Tools that end in every way, a resource and a prompt.

use agentspan::adapters::rmcp::serve_tool;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, GetPromptRequestParams,
    GetPromptResponse, GetPromptResult, PromptMessage, ReadResourceRequestParams, ReadResourceResponse,
    ReadResourceResult, ResourceContents, Role, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};

#[derive(Clone)]
pub(crate) struct Tools;

impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        let can = ServerCapabilities::builder().enable_tools().enable_resources().enable_prompts();
        ServerConfig::new(can.build())
    }

    async fn read_resource(
        &self,
        params: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        agentspan::step("read").in_scope(|| {});
        if params.uri.contains("missing") {
            return Err(ErrorData::resource_not_found("no such book", None));
        }
        Ok(ReadResourceResult::new(vec![ResourceContents::text("It is a truth.", params.uri)]).into())
    }

    async fn get_prompt(
        &self,
        params: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        if params.name == "hang" {
            std::future::pending::<()>().await;
        }
        Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, "Which book?")]).into())
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
