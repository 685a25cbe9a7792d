use crate::adapters::exchange::without_secrets;
use crate::adapters::names::MCP_RESOURCE_URI;
use crate::adapters::watched::Watched;
use crate::usage::prefix;
use ::rmcp::ErrorData;
use ::rmcp::model::{
    ClientRequest, CompleteRequestParams, GetPromptRequestParams, ReadResourceDirectoryRequestParams,
    ReadResourceRequestParams, Reference, ServerRequest, SubscribeRequestParams, UnsubscribeRequestParams,
};
use agentspan_semconv::agent::AGENT_OUTCOME;
use agentspan_semconv::error::ERROR_TYPE;
use agentspan_semconv::gen_ai::GEN_AI_PROMPT_NAME;
use agentspan_semconv::jsonrpc::JSONRPC_REQUEST_ID;
use agentspan_semconv::mcp::{MCP_METHOD_NAME, MCP_PROTOCOL_VERSION};
use agentspan_semconv::network::NETWORK_TRANSPORT;
use agentspan_semconv::rpc::RPC_RESPONSE_STATUS_CODE;
use agentspan_semconv::server::{SERVER_ADDRESS, SERVER_PORT};
use std::any::Any;
use tracing::Span;
use tracing::field::Empty;

/// Bytes of a method and of a prompt's name that are kept, since anybody may send a server anything.
const MAX_WORD: usize = 128;

/// A request that calls no tool, as its span tells of it. It is no step: a run does not count among its steps what a session
/// of MCP needs.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    method: &'a str,
    prompt: Option<&'a str>,
    resource: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// `params` are those of `rmcp`, of whatever type.
    pub(super) fn new(method: &'a str, params: &'a dyn Any) -> Self {
        let mut asked = Self { method: prefix(method, MAX_WORD), prompt: None, resource: None };
        if let Some(params) = params.downcast_ref::<GetPromptRequestParams>() {
            asked.prompt = Some(&params.name);
        } else if let Some(params) = params.downcast_ref::<ReadResourceRequestParams>() {
            asked.resource = Some(&params.uri);
        } else if let Some(params) = params.downcast_ref::<SubscribeRequestParams>() {
            asked.resource = Some(&params.uri);
        } else if let Some(params) = params.downcast_ref::<UnsubscribeRequestParams>() {
            asked.resource = Some(&params.uri);
        } else if let Some(params) = params.downcast_ref::<ReadResourceDirectoryRequestParams>() {
            asked.resource = Some(&params.uri);
        } else if let Some(params) = params.downcast_ref::<CompleteRequestParams>() {
            match &params.r#ref {
                Reference::Prompt(prompt) => asked.prompt = Some(&prompt.name),
                Reference::Resource(resource) => asked.resource = Some(&resource.uri),
                _ => {}
            }
        }
        asked.prompt = asked.prompt.map(|name| prefix(name, MAX_WORD));
        asked
    }

    /// What came from the other side; `None` for what is no request of `rmcp`.
    pub(super) fn of_request(request: &'a dyn Any) -> Option<Self> {
        if let Some(request) = request.downcast_ref::<ClientRequest>() {
            let params: &dyn Any = match request {
                ClientRequest::GetPromptRequest(request) => &request.params,
                ClientRequest::ReadResourceRequest(request) => &request.params,
                ClientRequest::ReadResourceDirectoryRequest(request) => &request.params,
                ClientRequest::SubscribeRequest(request) => &request.params,
                ClientRequest::UnsubscribeRequest(request) => &request.params,
                ClientRequest::CompleteRequest(request) => &request.params,
                _ => &(),
            };
            return Some(Self::new(request.method(), params));
        }
        let method = match request.downcast_ref::<ServerRequest>()? {
            ServerRequest::PingRequest(_) => "ping",
            ServerRequest::CreateMessageRequest(_) => "sampling/createMessage",
            ServerRequest::ListRootsRequest(_) => "roots/list",
            ServerRequest::ElicitRequest(_) => "elicitation/create",
            ServerRequest::CustomRequest(request) => &request.method,
            _ => return None,
        };
        Some(Self::new(method, &()))
    }

    fn span_name(&self) -> String {
        match self.prompt {
            Some(prompt) => format!("{} {prompt}", self.method),
            // A resource's URI is no name: there are too many.
            None => self.method.to_owned(),
        }
    }

    /// The span of who asks, in the current one.
    pub(super) fn client_span(&self, transport: Option<&str>, server: Option<(String, Option<u16>)>) -> Span {
        let (address, port) = server.unzip();
        tracing::info_span!(
            target: "agentspan::mcp",
            "mcp.client",
            otel.name = self.span_name(),
            otel.kind = "client",
            otel.status_code = Empty,
            { MCP_METHOD_NAME } = self.method,
            { GEN_AI_PROMPT_NAME } = self.prompt,
            { MCP_RESOURCE_URI } = self.resource.map(without_secrets),
            { NETWORK_TRANSPORT } = transport,
            { SERVER_ADDRESS } = address,
            { SERVER_PORT } = port.flatten().map(i64::from),
            { RPC_RESPONSE_STATUS_CODE } = Empty,
            { ERROR_TYPE } = Empty,
            { AGENT_OUTCOME } = Empty,
        )
    }

    /// The span of who is asked; its parent is set by the caller.
    pub(super) fn server_span(&self, id: &str, version: Option<&str>) -> Span {
        tracing::info_span!(
            target: "agentspan::mcp",
            parent: None,
            "mcp.server",
            otel.name = self.span_name(),
            otel.kind = "server",
            otel.status_code = Empty,
            { MCP_METHOD_NAME } = self.method,
            { GEN_AI_PROMPT_NAME } = self.prompt,
            { MCP_RESOURCE_URI } = self.resource.map(without_secrets),
            { JSONRPC_REQUEST_ID } = id,
            { MCP_PROTOCOL_VERSION } = version,
            { RPC_RESPONSE_STATUS_CODE } = Empty,
            { ERROR_TYPE } = Empty,
            { AGENT_OUTCOME } = Empty,
        )
    }
}

/// Tells the span of a request that it was answered by an error of JSON-RPC, whose class is its code.
pub(super) fn refused(request: &mut Watched, error: &ErrorData) {
    let code = error.code.0.to_string();
    request.span().record(RPC_RESPONSE_STATUS_CODE, &code);
    request.failed(&code);
}
