use crate::span::layer::TARGET;
use opentelemetry::Context;
use tracing::Dispatch;
use tracing::callsite::{Callsite, Identifier};
use tracing::field::FieldSet;
use tracing::metadata::Kind;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Whether a bridge to OpenTelemetry that is not ours would record a span of this subscriber.
///
/// Two bridges in one subscriber panic at the first span, in the caller, so this is asked before there is one: a
/// span that our own bridge always lets pass by is made and closed again, with telemetry suppressed so that nobody
/// records it.
pub(crate) fn foreign_bridge(dispatch: &Dispatch) -> bool {
    let suppressed = Context::new().with_telemetry_suppressed();
    let _quiet = suppressed.clone().attach();
    if !dispatch.enabled(&PROBE) {
        return false;
    }
    let fields = PROBE.fields();
    let none = fields.value_set::<[(&tracing::field::Field, Option<&dyn tracing::field::Value>); 0]>(&[]);
    let span = tracing::Span::new_root_with(&PROBE, &none, dispatch);
    // A root knows nothing of the current context, so it is told that nothing may be recorded.
    let _told = span.set_parent(suppressed);
    span.id().is_some_and(|id| tracing_opentelemetry::get_otel_context(&id, dispatch).is_some())
}

struct ProbeSite;

static SITE: ProbeSite = ProbeSite;

static PROBE: Metadata<'static> = Metadata::new(
    "agentspan",
    TARGET,
    Level::ERROR,
    None,
    None,
    None,
    FieldSet::new(&[], Identifier(&SITE)),
    Kind::SPAN,
);

impl Callsite for ProbeSite {
    fn set_interest(&self, _interest: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        &PROBE
    }
}
