use crate::adapters::exchange::server_of;
use crate::adapters::rmcp::{ToolReply, answered, begun, failed, span};
use crate::propagation::{inject, inject_to};
use crate::span::{NodeRef, SpanHandle, current};
use ::rmcp::ServiceError;
use ::rmcp::model::CallToolRequestParams;
use agentspan_semconv::network::NETWORK_TRANSPORT;
use agentspan_semconv::server::{SERVER_ADDRESS, SERVER_PORT};
use opentelemetry::trace::SpanKind;
use std::future::Future;

/// Calls tools of one server, each as a span of the current run.
///
/// ```no_run
/// use agentspan::adapters::rmcp::ToolClient;
/// use rmcp::model::{CallToolRequestParams, CallToolResult};
/// use rmcp::service::{Peer, RoleClient, ServiceError};
///
/// async fn rain(client: &Peer<RoleClient>) -> Result<CallToolResult, ServiceError> {
///     let weather = ToolClient::of_child();
///     weather.call_tool(CallToolRequestParams::new("get_rain"), |params| client.call_tool(params)).await
/// }
/// ```
///
/// A step of [`tool()`](crate::tool()) of the same name around the call is that span: it says what else is known, such as the id
/// by which a model asked for the tool.
///
/// ```no_run
/// # use agentspan::adapters::rmcp::ToolClient;
/// # use rmcp::model::{CallToolRequestParams, CallToolResult};
/// # use rmcp::service::{Peer, RoleClient, ServiceError};
/// # async fn rain(client: &Peer<RoleClient>, weather: ToolClient) -> Result<CallToolResult, ServiceError> {
/// let call = weather.call_tool(CallToolRequestParams::new("get_rain"), |params| client.call_tool(params));
/// agentspan::tool("get_rain").call_id("call_1").run(call).await
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct ToolClient {
    destination: Option<String>,
    transport: Option<&'static str>,
    is_child: bool,
}

impl ToolClient {
    /// Of a server of which nothing is known: it gets the trace, and is not told who is served.
    pub fn new() -> Self {
        Self::default()
    }

    /// Of a child process by its standard input and output. It counts as this machine, so it is told who is served where
    /// [`Propagation::with_baggage_nearby`](crate::Propagation::with_baggage_nearby) says so, or `localhost` is a
    /// [named host](crate::Propagation::with_baggage_host).
    pub fn of_child() -> Self {
        Self { destination: Some("localhost".to_owned()), transport: Some("pipe"), is_child: true }
    }

    /// Of a server at a URL. It is told who is served where [`Propagation`](crate::Propagation) allows its host.
    pub fn of_url(url: impl Into<String>) -> Self {
        Self { destination: Some(url.into()), transport: Some("tcp"), is_child: false }
    }

    /// Calls a tool by `send`, such as `|params| client.call_tool(params)`, which is given `params` with the context in
    /// `_meta`.
    ///
    /// A result with `isError` and an error of JSON-RPC make the span failed, with `error.type` `tool_error` or the code; the
    /// caller gets both as they are. Arguments and result are recorded when tool content is asked for.
    pub async fn call_tool<T, F>(
        &self,
        params: CallToolRequestParams,
        send: impl FnOnce(CallToolRequestParams) -> F,
    ) -> Result<T, ServiceError>
    where
        T: ToolReply,
        F: Future<Output = Result<T, ServiceError>>,
    {
        if NodeRef::current().is_some_and(|node| node.becomes_remote(&params.name)) {
            return self.call(params, send).await;
        }
        let builder = span(&params, SpanKind::Client);
        builder.run(self.call(params, send)).await
    }

    /// Calls inside the step that is the current one.
    async fn call<T, F>(
        &self,
        mut params: CallToolRequestParams,
        send: impl FnOnce(CallToolRequestParams) -> F,
    ) -> Result<T, ServiceError>
    where
        T: ToolReply,
        F: Future<Output = Result<T, ServiceError>>,
    {
        let step = current();
        self.describe(&step);
        // Here, since the transport sends from a task of its own.
        match &self.destination {
            Some(destination) => inject_to(destination, &mut params.meta),
            None => inject(&mut params.meta),
        }
        let result = send(params).await;
        match &result {
            Ok(reply) => answered(&step, reply),
            Err(ServiceError::McpError(error)) => failed(&step, error),
            Err(error) => step.class_of_error(class(error)),
        }
        result
    }

    fn describe(&self, step: &SpanHandle) {
        begun(step);
        if let Some(transport) = self.transport {
            step.attribute(NETWORK_TRANSPORT, transport);
        }
        if let Some(url) = self.destination.as_deref().filter(|_| !self.is_child) {
            let (address, port) = server_of(url);
            step.attribute(SERVER_ADDRESS, address);
            if let Some(port) = port {
                step.attribute(SERVER_PORT, i64::from(port));
            }
        }
    }
}

/// A word of few values for an error that the server did not tell.
fn class(error: &ServiceError) -> &'static str {
    match error {
        ServiceError::Timeout { .. } => "timeout",
        ServiceError::TransportSend(_) => "TransportSend",
        ServiceError::TransportClosed => "TransportClosed",
        ServiceError::UnexpectedResponse => "UnexpectedResponse",
        ServiceError::Cancelled { .. } => "Cancelled",
        _ => "ServiceError",
    }
}
