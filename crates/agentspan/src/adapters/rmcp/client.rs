use crate::adapters::exchange::server_of;
use crate::adapters::rmcp::params::RequestParams;
use crate::adapters::rmcp::request::{Asked, refused};
use crate::adapters::rmcp::{ToolReply, answered, begun, failed, span};
use crate::adapters::watched::Watched;
use crate::propagation::{WriteCarrier, inject, inject_to};
use crate::span::{Failure, NodeRef, SpanHandle, current};
use ::rmcp::ServiceError;
use ::rmcp::model::CallToolRequestParams;
use ::rmcp::service::ClientInitializeError;
use agentspan_semconv::Outcome;
use agentspan_semconv::network::NETWORK_TRANSPORT;
use agentspan_semconv::server::{SERVER_ADDRESS, SERVER_PORT};
use opentelemetry::trace::SpanKind;
use std::any::Any;
use std::future::Future;

/// Calls tools of one server, each as a span of the current run, and asks it for what else it has.
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

    /// Makes any other request by `send`, such as `|params| client.read_resource(params)`, which is given `params` with the
    /// context in `_meta`.
    ///
    /// The span is named by `method`, which is the protocol's word for what `send` does, and by a prompt's name. It is of
    /// kind client, and no step: a run does not count what a session of MCP needs. An error makes it failed, with
    /// `error.type` the code of JSON-RPC or a word for what became of the connection; the caller gets result and error as
    /// they are.
    ///
    /// ```no_run
    /// # use agentspan::adapters::rmcp::ToolClient;
    /// use rmcp::ServiceExt;
    /// use rmcp::model::{ClientConfig, PaginatedRequestParams, ReadResourceRequestParams};
    ///
    /// # async fn rain<T: rmcp::transport::Transport<rmcp::RoleClient> + 'static>(transport: T) -> Result<(), Box<dyn std::error::Error>> {
    /// let weather = ToolClient::of_child();
    /// let client = weather.request("initialize", ClientConfig::default(), |info| info.serve(transport)).await?;
    /// let tools = weather
    ///     .request("tools/list", PaginatedRequestParams::default(), |page| client.list_tools(Some(page)))
    ///     .await?;
    /// let map = ReadResourceRequestParams::new("file:///map.txt");
    /// let map = weather.request("resources/read", map, |params| client.read_resource(params)).await?;
    /// # let _ = (tools, map);
    /// # Ok(()) }
    /// ```
    pub async fn request<P, T, E, F>(
        &self,
        method: &str,
        mut params: P,
        send: impl FnOnce(P) -> F,
    ) -> Result<T, E>
    where
        P: RequestParams,
        E: std::error::Error + 'static,
        F: Future<Output = Result<T, E>>,
    {
        let span = Asked::new(method, &params).client_span(self.transport, self.server());
        // What connects leaves a task behind that serves the whole session.
        let mut asking = Watched::beside(span);
        let sent = asking.scope(|| {
            // Here, since the transport sends from a task of its own.
            self.inject(params.carrier());
            send(params)
        });
        let result = asking.within(sent).await;
        match &result {
            Ok(_) => asking.end(Outcome::Ok),
            Err(error) => end_failed(asking, error),
        }
        result
    }

    /// Its address and port, where they are known.
    fn server(&self) -> Option<(String, Option<u16>)> {
        self.destination.as_deref().filter(|_| !self.is_child).map(server_of)
    }

    fn inject<C: WriteCarrier + ?Sized>(&self, carrier: &mut C) {
        match &self.destination {
            Some(destination) => inject_to(destination, carrier),
            None => inject(carrier),
        }
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
        self.inject(&mut params.meta);
        let result = send(params).await;
        match &result {
            Ok(reply) => answered(&step, reply.result()),
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
        if let Some((address, port)) = self.server() {
            step.attribute(SERVER_ADDRESS, address);
            if let Some(port) = port {
                step.attribute(SERVER_PORT, i64::from(port));
            }
        }
    }
}

/// Ends the span of a request with the code that the server told, or with a word for what became of the request.
fn end_failed<E: std::error::Error + 'static>(mut asking: Watched, error: &E) {
    let of_rmcp: &dyn Any = error;
    match (of_rmcp.downcast_ref::<ServiceError>(), of_rmcp.downcast_ref::<ClientInitializeError>()) {
        (Some(ServiceError::McpError(told)), _) | (_, Some(ClientInitializeError::JsonRpcError(told))) => {
            refused(&mut asking, told);
        }
        (Some(error), _) => asking.failed(class(error)),
        _ => asking.failed(&error.record().error_type),
    }
    let is_timeout = matches!(of_rmcp.downcast_ref(), Some(ServiceError::Timeout { .. }));
    asking.end(if is_timeout { Outcome::Timeout } else { Outcome::Error });
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
