//! The Model Context Protocol, on both sides, for the crate `rmcp`. Feature `rmcp`.
//!
//! Tools are steps: [`ToolClient::call_tool`] stands around the call of a client, with the span `tool.<name>` of kind
//! client, and [`serve_tool`] in the handler of a server, with one of kind server. Other requests, such as `initialize`,
//! `tools/list` and `resources/read`, are plain spans by OpenTelemetry's conventions: of a client by
//! [`ToolClient::request`], of a server by [`Spans`] around its handler, which has those of its tools as well. The context
//! travels in the request's `_meta`. No request is changed otherwise, nor any result.
//!
//! Another implementation of the protocol is served by [`McpParams`](crate::propagation::McpParams).

mod client;
mod params;
mod request;
mod server;
mod serving;

pub use client::ToolClient;
pub use params::RequestParams;
pub use server::serve_tool;
pub use serving::Spans;

use crate::span::{SpanHandle, ToolBuilder, tool};
use ::rmcp::ErrorData;
use ::rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult};
use agentspan_semconv::mcp::MCP_METHOD_NAME;
use agentspan_semconv::rpc::RPC_RESPONSE_STATUS_CODE;
use opentelemetry::trace::SpanKind;

const TOOLS_CALL: &str = "tools/call";

/// OpenTelemetry's class for a tool that ran and says that it failed.
const TOOL_ERROR: &str = "tool_error";

/// What a tool may answer: [`CallToolResult`], or [`CallToolResponse`] where the server may ask back.
pub trait ToolReply: sealed::Sealed {
    #[doc(hidden)]
    fn result(&self) -> Option<&CallToolResult>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for ::rmcp::model::CallToolResult {}
    impl Sealed for ::rmcp::model::CallToolResponse {}
}

impl ToolReply for CallToolResult {
    fn result(&self) -> Option<&CallToolResult> {
        Some(self)
    }
}

impl ToolReply for CallToolResponse {
    fn result(&self) -> Option<&CallToolResult> {
        match self {
            CallToolResponse::Complete(result) => Some(result),
            // What the server asks back, or that it goes on later, is no result.
            _ => None,
        }
    }
}

fn span(params: &CallToolRequestParams, kind: SpanKind) -> ToolBuilder {
    let builder = tool(params.name.clone()).of_kind(kind);
    match &params.arguments {
        Some(arguments) => builder.arguments(arguments),
        None => builder,
    }
}

fn begun(step: &SpanHandle) {
    step.attribute(MCP_METHOD_NAME, TOOLS_CALL);
}

fn answered(step: &SpanHandle, result: Option<&CallToolResult>) {
    let Some(result) = result else { return };
    step.result(result);
    if result.is_error == Some(true) {
        step.error_type(TOOL_ERROR);
    }
}

/// Tells the class of an error that the step ends with, or its caller.
fn failed(step: &SpanHandle, error: &ErrorData) {
    let code = error.code.0.to_string();
    step.attribute(RPC_RESPONSE_STATUS_CODE, code.clone());
    step.class_of_error(code);
}
