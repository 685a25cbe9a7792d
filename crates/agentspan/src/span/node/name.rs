//! What a step is called. Nobody looks at most names on the caller's path, so they are put together when they are looked at.

use super::Node;
use crate::span::runtime::attribute;
use agentspan_semconv::{StepType, handoff, retrieval, span_name, step, tool, validation};
use opentelemetry::KeyValue;
use std::borrow::Cow;
use std::fmt;

/// What the name of a step is put together of.
#[derive(Debug, Default)]
pub(crate) enum Label {
    /// What the step holds anyway: the agent of a run, provider and model of a call.
    #[default]
    Known,
    /// What its caller named; the kind of step stands before it.
    Named(String),
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
    /// The kind of step; absent where the rest is the whole name.
    pub(crate) kind: Option<&'static str>,
    /// Of a call of a model.
    pub(crate) provider: Option<&'a str>,
    pub(crate) named: &'a str,
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(kind) = self.kind else { return f.write_str(self.named) };
        f.write_str(kind)?;
        for part in self.provider.into_iter().chain([self.named]) {
            f.write_str(".")?;
            f.write_str(&span_name::part(part))?;
        }
        Ok(())
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
        let mut name = Name { kind: Some(span_name::kind(&self.step_type)), provider: None, named: "" };
        match &self.label {
            Label::Whole(whole) => return Name { kind: None, provider: None, named: whole },
            Label::Named(named) => name.named = named,
            Label::Known if self.is_run => name.named = self.run().map_or("", |run| &run.agent_name),
            Label::Known => name.named = &self.called().model,
        }
        if self.is_model_call() {
            name.provider = Some(visible(&self.called().provider));
        }
        name.named = visible(name.named);
        name
    }

    /// What was named when the step was made, as an attribute. A name that stands on every span of a run is none of this one.
    pub(super) fn named(&self) -> Option<KeyValue> {
        let named = self.label.named()?;
        let name = match self.step_type {
            StepType::ToolCall => tool::TOOL_NAME,
            StepType::Retrieval => retrieval::RETRIEVAL_SOURCE,
            StepType::Validation => validation::VALIDATION_NAME,
            StepType::Handoff => handoff::HANDOFF_TO,
            StepType::Reasoning | StepType::Custom(_) => step::STEP_NAME,
            _ => return None,
        };
        Some(attribute(name, named.to_owned()))
    }

    /// A tool as it stands in the name of its span.
    pub(crate) fn tool_name(&self) -> Option<Cow<'_, str>> {
        if self.step_type != StepType::ToolCall {
            return None;
        }
        Some(match (&self.label, self.told_tool()) {
            (_, Some(told)) => span_name::part(told),
            (Label::Named(named), None) => span_name::part(named),
            (Label::Whole(name), None) => name.strip_prefix("tool.").unwrap_or(name).into(),
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
    part.char_indices().nth(span_name::MAX_PART + 1).map_or(part, |(end, _)| &part[..end])
}
