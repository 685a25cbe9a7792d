use agentspan_semconv::{session, user};
use opentelemetry::Context;
use opentelemetry::baggage::BaggageExt;
use opentelemetry::context::FutureExt;
use opentelemetry::trace::{Link, SpanContext, TraceContextExt};
use std::future::Future;

/// What somebody else sent along with a request, a message or a job: the span that caused it, and baggage. Made by
/// [`extract`](crate::extract()).
///
/// For request and reply make it the parent, by [`within`](Self::within) or [`in_scope`](Self::in_scope): the next step in
/// it belongs to the sender's trace, and a run takes over `session.id` and `user.id` unless it is given its own. For
/// messages that are consumed later or many at once, and for jobs that are resumed, make it a link by `.link(&extracted)`
/// of a builder.
///
/// Where nothing was sent, or nothing valid, all of these begin a trace of their own and link to nothing.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let headers = [("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")];
/// let reply = agentspan::extract(&headers)
///     .within(agentspan::agent("relay").run(async {
///         let trace = agentspan::current().trace_id();
/// #       let _ = trace;
///         Ok::<_, String>("relayed")
///     }))
///     .await;
/// assert_eq!(reply.unwrap(), "relayed");
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Extracted {
    context: Context,
}

impl Extracted {
    pub(crate) fn new(context: Context) -> Self {
        Self { context }
    }

    /// Runs a future for the sender: steps made in it belong to the sender's trace, and not to the step around.
    pub fn within<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        future.with_context(self.context.clone())
    }

    /// Runs a closure for the sender, as [`within`](Self::within).
    pub fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        let _attached = self.context.clone().attach();
        work()
    }

    /// The sender's trace id as 32 lower-case hexadecimal digits; `None` where no valid one was sent.
    pub fn trace_id(&self) -> Option<String> {
        Some(self.span()?.trace_id().to_string())
    }

    /// The sender's span id as 16 lower-case hexadecimal digits; `None` where no valid one was sent.
    pub fn span_id(&self) -> Option<String> {
        Some(self.span()?.span_id().to_string())
    }

    /// Whether the sender keeps its trace; `None` where no valid one was sent.
    pub fn is_sampled(&self) -> Option<bool> {
        Some(self.span()?.is_sampled())
    }

    /// The conversation that the sender said it works for (`session.id`).
    pub fn session(&self) -> Option<&str> {
        self.baggage(session::SESSION_ID)
    }

    /// The end user that the sender said it works for (`user.id`).
    pub fn user(&self) -> Option<&str> {
        self.baggage(user::USER_ID)
    }

    /// An entry of the baggage, decoded.
    pub fn baggage(&self, key: &str) -> Option<&str> {
        self.context.baggage().get(key).map(|value| value.as_str())
    }

    /// The same as OpenTelemetry has it, for spans made by its own interface.
    pub fn context(&self) -> &Context {
        &self.context
    }

    fn span(&self) -> Option<SpanContext> {
        let span = self.context.span().span_context().clone();
        span.is_valid().then_some(span)
    }

    pub(crate) fn as_link(&self) -> Option<Link> {
        self.span().map(Link::with_context)
    }
}
