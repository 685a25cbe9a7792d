use crate::adapters::rmcp::{ToolReply, answered, begun, failed, span};
use crate::propagation::extract;
use crate::span::{Extracted, current};
use ::rmcp::ErrorData;
use ::rmcp::model::{CallToolRequestParams, CallToolResult};
use ::rmcp::service::{RequestContext, ServiceRole};
use agentspan_semconv::jsonrpc::JSONRPC_REQUEST_ID;
use agentspan_semconv::mcp::MCP_PROTOCOL_VERSION;
use opentelemetry::Context;
use opentelemetry::trace::SpanKind;
use std::future::Future;

/// Runs the handler of a tool inside a span, whose parent is the step that called the tool in another process.
///
/// It stands in `ServerHandler::call_tool`. With `#[tool_handler]`, which else writes that method, `handle` is
/// `|params, context| self.tool_router.call(ToolCallContext::new(self, params, context))`.
///
/// ```no_run
/// use agentspan::adapters::rmcp::serve_tool;
/// use rmcp::ErrorData;
/// use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock};
/// # use rmcp::service::RequestContext;
///
/// # struct Weather; impl Weather {
/// async fn call_tool(
///     &self,
///     params: CallToolRequestParams,
/// #   context: RequestContext<rmcp::RoleClient>, // stands for the server's, which is behind another feature
/// #   /*
///     context: RequestContext<RoleServer>,
/// #   */
/// ) -> Result<CallToolResponse, ErrorData> {
///     serve_tool(params, context, |params, _context| async move {
///         let rain = format!("no rain in {:?}", params.arguments);
///         Ok(CallToolResult::success(vec![ContentBlock::text(rain)]).into())
///     })
///     .await
/// }
/// # }
/// ```
///
/// Steps in it belong to the client's trace, with the session and user that the client told, whose steps and sums are its
/// own. A client that sends no context makes a trace begin here; the span around, such as one of an HTTP server, is then
/// the parent and else a link. A result with `isError` and an error make the span failed, as in
/// [`ToolClient::call_tool`](crate::adapters::rmcp::ToolClient::call_tool).
pub async fn serve_tool<R, T, F>(
    params: CallToolRequestParams,
    mut context: RequestContext<R>,
    handle: impl FnOnce(CallToolRequestParams, RequestContext<R>) -> F,
) -> Result<T, ErrorData>
where
    R: ServiceRole,
    T: ToolReply,
    F: Future<Output = Result<T, ErrorData>>,
{
    if context.extensions.remove::<Served>().is_some() {
        return handle(params, context).await;
    }
    let named = params.clone();
    serve(&named, context, |context| handle(params, context), T::result).await
}

/// Stands in the extensions of a request whose span was made by [`Spans`](crate::adapters::rmcp::Spans).
#[derive(Debug, Clone)]
pub(super) struct Served;

pub(super) async fn serve<R, T, F>(
    params: &CallToolRequestParams,
    context: RequestContext<R>,
    handle: impl FnOnce(RequestContext<R>) -> F,
    result_of: fn(&T) -> Option<&CallToolResult>,
) -> Result<T, ErrorData>
where
    R: ServiceRole,
    F: Future<Output = Result<T, ErrorData>>,
{
    let client = extract(&context.meta);
    let around = Extracted::new(Context::current());
    let mut builder = span(params, SpanKind::Server);
    if around.span_id() != client.span_id() && client.span_id().is_some() {
        builder = builder.link(&around);
    }
    let served = builder.run(async move {
        let step = current();
        // A tool of the same name that is called from here is another one.
        if let Some(node) = &step.node {
            node.becomes_remote(&params.name);
        }
        begun(&step);
        step.attribute(JSONRPC_REQUEST_ID, context.id.to_string());
        if let Some(version) = context.meta.protocol_version() {
            step.attribute(MCP_PROTOCOL_VERSION, version.to_string());
        }
        let result = handle(context).await;
        match &result {
            Ok(reply) => answered(&step, result_of(reply)),
            Err(error) => failed(&step, error),
        }
        result
    });
    if client.trace_id().is_some() { client.within(served).await } else { served.await }
}
