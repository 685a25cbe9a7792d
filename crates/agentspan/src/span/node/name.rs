//! What a step is called. Nobody looks at most names on the caller's path, so they are put together when they are looked at.

use super::{Node, is_model_call};
use crate::span::runtime::attribute;
use agentspan_semconv::{StepType, handoff, retrieval, span_name, step, tool, validation};
use opentelemetry::KeyValue;
use std::borrow::Cow;
use std::{fmt, ptr};

/// What the name of a step is put together of.
#[derive(Debug, Default)]
pub(crate) enum Label {
    /// What the step holds anyway: the agent of a run, provider and model of a call.
    #[default]
    Known,
    /// What its caller named; the kind of step stands before it.
    Named(String),
    /// What its caller named a step of its own, of whichever type that is.
    Step(String),
    /// The whole name.
    Whole(Box<str>),
}

impl Label {
    pub(crate) fn named(&self) -> Option<&str> {
        if let Self::Named(named) = self { Some(named) } else { None }
    }
}

/// The name of a step, not yet put together: names of equal parts are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name<'a> {
    pub(crate) named: &'a str,
    /// Of a call of a model.
    pub(crate) provider: Option<&'a str>,
    /// The kind of step; absent where the rest is the whole name.
    pub(crate) kind: Option<&'static str>,
}

impl<'a> Name<'a> {
    /// Whether both are put together of the same text; others may be equal all the same.
    pub(crate) fn is_made_of(&self, other: &Self) -> bool {
        let text = |name: &Self| (ptr::from_ref(name.named), name.provider.map(ptr::from_ref));
        text(self) == text(other)
    }

    /// Provider and name as they read.
    pub(crate) fn read(&self) -> (Option<Cow<'a, str>>, Cow<'a, str>) {
        match self.kind {
            Some(_) => (self.provider.map(span_name::part), span_name::part(self.named)),
            None => (None, self.named.into()),
        }
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (provider, named) = self.read();
        for part in self.kind.into_iter().chain(provider.as_deref()) {
            f.write_str(part)?;
            f.write_str(".")?;
        }
        f.write_str(&named)
    }
}

/// The name of a step for a log line, put together only if somebody writes it.
pub(crate) struct NameOf<'a>(pub(crate) &'a Node);

impl fmt::Display for NameOf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.name().fmt(f)
    }
}

impl Node {
    /// The name of the step's span, also where it has none.
    pub(crate) fn name(&self) -> Name<'_> {
        let named = match &self.label {
            Label::Whole(whole) => return Name { kind: None, provider: None, named: whole },
            Label::Named(named) | Label::Step(named) => named,
            Label::Known if self.is_run => self.run().map_or("", |run| &run.agent_name),
            Label::Known => &self.called().model,
        };
        let kind = self.named_type();
        let provider = is_model_call(kind).then(|| visible(&self.called().provider));
        Name { kind: Some(span_name::kind(kind)), provider, named: visible(named) }
    }

    /// The type that the step is named by.
    fn named_type(&self) -> &StepType {
        if let Label::Step(_) = self.label { &StepType::Reasoning } else { &self.step_type }
    }

    /// What was named when the step was made, as an attribute. A name that stands on every span of a run is none of this one.
    pub(super) fn named(&self) -> Option<KeyValue> {
        let (Label::Named(named) | Label::Step(named)) = &self.label else { return None };
        let name = match self.named_type() {
            StepType::ToolCall => tool::TOOL_NAME,
            StepType::Retrieval => retrieval::RETRIEVAL_SOURCE,
            StepType::Validation => validation::VALIDATION_NAME,
            StepType::Handoff => handoff::HANDOFF_TO,
            StepType::Reasoning => step::STEP_NAME,
            _ => return None,
        };
        Some(attribute(name, named.clone()))
    }

    /// A tool as it stands in the name of its span.
    #[inline] // Every step is asked, and few are tools.
    pub(crate) fn tool_name(&self) -> Option<Cow<'_, str>> {
        if self.step_type != StepType::ToolCall {
            return None;
        }
        Some(match (&self.label, self.told_tool()) {
            (_, Some(told)) => span_name::part(told),
            (Label::Named(named), None) => span_name::part(named),
            (Label::Whole(name), None) => name.strip_prefix("tool.").unwrap_or(name).into(),
            (Label::Step(_), None) => self.name().to_string().into(),
            (Label::Known, None) => "".into(),
        })
    }

    /// The name of a tool's span, also where it has none.
    pub(crate) fn tool_label(&self) -> Option<String> {
        let told = self.told_tool().map(span_name::tool);
        (self.step_type == StepType::ToolCall).then(|| told.unwrap_or_else(|| self.name().to_string()))
    }
}

/// As much of a part of a name as decides how it reads; whoever keeps names shall not keep megabytes.
fn visible(part: &str) -> &str {
    const BYTES: usize = 4 * span_name::MAX_PART;
    if part.len() <= BYTES {
        return part;
    }
    let cut = part.char_indices().nth(span_name::MAX_PART + 1).map_or(part, |(end, _)| &part[..end]);
    // What follows blanks is why the part does not read `unknown`.
    if cut.trim().is_empty() { part } else { cut }
}
