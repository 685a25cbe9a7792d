//! Tools of the Model Context Protocol, on both sides, for the crate `rmcp`. Feature `rmcp`.
//!
//! [`ToolClient::call_tool`] stands around the call of a client: the span `tool.<name>` of kind client, and the context in
//! the request's `_meta`. [`serve_tool`] stands in the handler of a server: the span `tool.<name>` of kind server, in the
//! trace of whoever called. Neither changes a request otherwise, nor any result.
//!
//! Other requests have no spans here. The context travels with them as well when it is written into their `_meta` by
//! [`inject`](crate::inject()), and a handler is in the trace of its client by
//! `agentspan::extract(&context.meta).within(…)`. Another implementation of the protocol is served by
//! [`McpParams`](crate::propagation::McpParams).

mod client;
mod server;

pub use client::ToolClient;
pub use server::serve_tool;

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

fn answered(step: &SpanHandle, reply: &impl ToolReply) {
    let Some(result) = reply.result() else { return };
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
