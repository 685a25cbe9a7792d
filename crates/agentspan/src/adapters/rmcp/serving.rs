use crate::adapters::rmcp::ToolReply;
use crate::adapters::rmcp::request::{Asked, refused};
use crate::adapters::rmcp::server::{Served, serve};
use crate::adapters::watched::Watched;
use crate::propagation::extract;
use crate::span::Extracted;
use ::rmcp::ErrorData;
use ::rmcp::model::{CallToolResult, ClientRequest, ProtocolVersion, ServerResult};
use ::rmcp::service::{NotificationContext, RequestContext, Service, ServiceRole};
use agentspan_semconv::Outcome;
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use std::any::Any;
use std::borrow::Cow;
use std::future::Future;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// A server with a span for each request that comes, in the trace of whoever asked; or a client, for what its server asks.
///
/// ```
/// use agentspan::adapters::rmcp::Spans;
/// # use rmcp::ServiceExt;
/// # async fn start(weather: impl rmcp::ClientHandler, transport: impl rmcp::transport::Transport<rmcp::RoleClient> + 'static) {
///
/// let server = Spans::new(weather).serve(transport).await;
/// # }
/// ```
///
/// `tools/call` is the span of [`serve_tool`](crate::adapters::rmcp::serve_tool), also where the handler calls that itself.
/// Any other request is a plain span by OpenTelemetry's conventions, such as `resources/read` or `prompts/get <prompt>`,
/// and no step of a run; URIs of resources stand there without user name and query. Where the request names no context,
/// the span around is the parent, such as one of an HTTP server; else that one is a link. Notifications have no span.
#[derive(Debug, Clone, Default)]
pub struct Spans<S> {
    inner: S,
}

impl<S> Spans<S> {
    /// Around a handler.
    pub fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<R: ServiceRole, S: Service<R>> Service<R> for Spans<S> {
    async fn handle_request(
        &self,
        request: R::PeerReq,
        mut context: RequestContext<R>,
    ) -> Result<R::Resp, ErrorData> {
        if let Some(ClientRequest::CallToolRequest(call)) = (&request as &dyn Any).downcast_ref() {
            let params = call.params.clone();
            context.extensions.insert(Served);
            let handle = |context| self.inner.handle_request(request, context);
            return serve(&params, context, handle, tool_result).await;
        }
        let Some(serving) = begin(&request, &context) else {
            return self.inner.handle_request(request, context).await;
        };
        watch(serving, self.inner.handle_request(request, context)).await
    }

    async fn handle_notification(
        &self,
        notification: R::PeerNot,
        context: NotificationContext<R>,
    ) -> Result<(), ErrorData> {
        self.inner.handle_notification(notification, context).await
    }

    fn get_info(&self) -> R::Info {
        self.inner.get_info()
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.inner.supported_protocol_versions()
    }
}

fn tool_result<T: 'static>(reply: &T) -> Option<&CallToolResult> {
    match (reply as &dyn Any).downcast_ref()? {
        ServerResult::CallToolResult(result) => result.result(),
        _ => None,
    }
}

fn begin<R: ServiceRole>(request: &R::PeerReq, context: &RequestContext<R>) -> Option<Watched> {
    let asked = Asked::of_request(request)?;
    let version = context.meta.protocol_version().map(|version| version.to_string());
    let span = asked.server_span(&context.id.to_string(), version.as_deref());
    let (client, around) = (extract(&context.meta), Extracted::new(Context::current()));
    let parent = if client.trace_id().is_some() { &client } else { &around };
    let serving = Watched::of_sender(parent, span);
    if around.span_id() != parent.span_id() && around.span_id().is_some() {
        serving.span().add_link(around.context().span().span_context().clone());
    }
    Some(serving)
}

async fn watch<T>(
    mut serving: Watched,
    work: impl Future<Output = Result<T, ErrorData>>,
) -> Result<T, ErrorData> {
    let result = serving.within(work).await;
    if let Err(error) = &result {
        refused(&mut serving, error);
    }
    serving.end(Outcome::Ok);
    result
}
