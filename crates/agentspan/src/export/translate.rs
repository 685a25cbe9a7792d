//! Translation: a finished span with canonical names gets the names of the dialects that are on.
//!
//! Which name becomes which stands in the table of `agentspan-semconv`; the submodules hold only the cases where the
//! value changes its form on the way. Three rules hold throughout: a key that the span carries already is left alone,
//! no key is written twice, and message lists leave once, so they are renamed or flattened and not copied.

mod flatten;
mod gen_ai;
mod messages;
mod openinference;
mod request;
mod span;

use std::mem;

use agentspan_semconv::gen_ai::GEN_AI_RESPONSE_FINISH_REASONS;
use agentspan_semconv::{llm, span_name};
use opentelemetry_sdk::trace::SpanData;

use self::span::Span;
use crate::config::Dialects;

/// Adds the names of the enabled dialects to a finished span, and changes its name to OTel's form when asked to.
///
/// Works in time linear in the number of attributes. Text that should be JSON and is not is passed on as it is.
pub(crate) fn translate(span: &mut SpanData, dialects: &Dialects) {
    if !dialects.gen_ai {
        drop_list_of_finish_reasons(span);
    }
    if !(dialects.gen_ai || dialects.openinference || dialects.otel_span_names) {
        return;
    }
    let attributes = mem::take(&mut span.attributes);
    let mut translated = Span::new(&attributes);
    if dialects.gen_ai {
        gen_ai::add(&mut translated, dialects.gen_ai_cache_creation);
    }
    if dialects.openinference {
        openinference::add(&mut translated);
    }
    let name = dialects.otel_span_names.then(|| otel_name(&translated)).flatten();
    let changes = translated.into_changes();
    span.attributes = changes.apply(attributes);
    if let Some(name) = name {
        span.name = name.into();
    }
}

/// A model call with several choices is recorded with the list of OTel's dialect, since only the first reason has a
/// canonical name. Other instrumentation's list is left alone.
fn drop_list_of_finish_reasons(span: &mut SpanData) {
    let has = |name: &str| span.attributes.iter().any(|pair| pair.key.as_str() == name);
    if has(llm::LLM_FINISH_REASON) && has(GEN_AI_RESPONSE_FINISH_REASONS) {
        span.attributes.retain(|pair| pair.key.as_str() != GEN_AI_RESPONSE_FINISH_REASONS);
    }
}

/// OTel's name of a span of ours, `{operation} {target}`; none where OTel has no operation for it.
fn otel_name(span: &Span<'_>) -> Option<String> {
    use agentspan_semconv::{agent, retrieval, tool};

    // Other instrumentation has named its spans by its own rules.
    span.text(agent::AGENT_STEP_TYPE)?;
    let operation = gen_ai::operation(span)?;
    let target = match span.kind()? {
        span::Kind::Llm | span::Kind::Embedding => {
            span.text(llm::LLM_REQUEST_MODEL_NAME).or_else(|| span.text(llm::LLM_MODEL_NAME))
        }
        span::Kind::Tool => span.text(tool::TOOL_NAME),
        span::Kind::Retrieval => span.text(retrieval::RETRIEVAL_SOURCE),
        _ => span.text(agent::AGENT_NAME),
    };
    Some(span_name::otel(operation, target.unwrap_or_default()))
}

#[cfg(test)]
mod tests;
