//! Received spans as an indented tree, to be compared with a snapshot in the test itself.

use crate::span::{Attributes, Span, Status};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::fmt;

/// Draws one line per span: its name, the attributes asked for, its status when it has one.
///
/// Children follow their parent, two blanks further in, in the order of their start and then of their name. A span
/// whose parent is not among those given stands at the margin, so a torn trace is seen at once.
///
/// ```text
/// agent.weather_assistant {agent.stop_reason="completed"}
///   llm.openai.gpt-4o {llm.token_count.prompt=412}
///     tool.get_weather {} error: no such city
/// ```
#[must_use]
#[derive(Debug)]
pub struct Tree<'s> {
    spans: &'s [Span],
    keys: Vec<String>,
    events: bool,
    links: bool,
}

impl<'s> Tree<'s> {
    /// A tree of names and status only.
    pub fn of(spans: &'s [Span]) -> Self {
        Self { spans, keys: Vec::new(), events: false, links: false }
    }

    /// Shows these attributes too, in this order, where they are present. A key ending in `*` stands for all keys
    /// that begin so, in alphabetical order.
    pub fn show(mut self, keys: &[&str]) -> Self {
        self.keys.extend(keys.iter().map(|&key| key.to_owned()));
        self
    }

    /// Shows the names of events, on lines of their own beginning with `! `.
    pub fn events(mut self) -> Self {
        self.events = true;
        self
    }

    /// Shows where links point, on lines of their own beginning with `> `; by name when the span is among those given.
    pub fn links(mut self) -> Self {
        self.links = true;
        self
    }

    fn line(&self, span: &Span, depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:indent$}{}", "", span.name, indent = depth * 2)?;
        if !self.keys.is_empty() {
            write!(f, " {{{}}}", self.selected(&span.attributes).join(" "))?;
        }
        match &span.status {
            Status::Unset => writeln!(f)?,
            Status::Ok => writeln!(f, " ok")?,
            Status::Error(text) if text.is_empty() => writeln!(f, " error")?,
            Status::Error(text) => writeln!(f, " error: {text}")?,
        }
        if self.events {
            for event in &span.events {
                writeln!(f, "{:indent$}! {}", "", event.name, indent = depth * 2 + 2)?;
            }
        }
        if self.links {
            for link in &span.links {
                let target = self.spans.iter().find(|other| other.span_id == link.span_id);
                let target = target.map_or("(elsewhere)", |target| target.name.as_str());
                writeln!(f, "{:indent$}> {target}", "", indent = depth * 2 + 2)?;
            }
        }
        Ok(())
    }

    fn selected(&self, attributes: &Attributes) -> Vec<String> {
        let mut shown = Vec::new();
        for wanted in &self.keys {
            let mut found: Vec<_> = attributes
                .iter()
                .filter(|(key, _)| match wanted.strip_suffix('*') {
                    Some(beginning) => key.starts_with(beginning),
                    None => key == wanted,
                })
                .collect();
            found.sort_by(|one, other| one.0.cmp(&other.0));
            shown.extend(found.into_iter().map(|(key, value)| format!("{key}={}", short(value))));
        }
        shown
    }
}

impl fmt::Display for Tree<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: HashSet<_> = self.spans.iter().map(|span| span.span_id.as_str()).collect();
        let mut children: HashMap<Option<&str>, Vec<&Span>> = HashMap::new();
        for span in self.spans {
            let parent = span.parent_id.as_deref().filter(|parent| known.contains(parent));
            children.entry(parent).or_default().push(span);
        }
        for group in children.values_mut() {
            group.sort_by(|one, other| (one.start, &one.name).cmp(&(other.start, &other.name)));
        }
        let mut waiting: Vec<_> = below(&children, None).map(|span| (span, 0)).collect();
        while let Some((span, depth)) = waiting.pop() {
            self.line(span, depth, f)?;
            waiting.extend(below(&children, Some(span.span_id.as_str())).map(|child| (child, depth + 1)));
        }
        Ok(())
    }
}

/// Those below `parent`, the last first, as a stack wants them.
fn below<'a, 's>(
    children: &'a HashMap<Option<&'s str>, Vec<&'s Span>>,
    parent: Option<&'s str>,
) -> impl Iterator<Item = &'s Span> + 'a {
    children.get(&parent).into_iter().flatten().rev().copied()
}

/// A value on one line, cut after 80 characters.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
