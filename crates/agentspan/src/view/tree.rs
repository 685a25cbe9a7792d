use crate::view::columns::{Columns, line_of, table};
use agentspan_semconv::{agent, tool, user};
use opentelemetry::Value;
use opentelemetry::trace::SpanId;
use opentelemetry_sdk::trace::SpanData;
use std::collections::{HashMap, HashSet};

/// What a tree shows besides its lines.
#[derive(Debug, Clone, Default)]
pub(crate) struct TreeOptions {
    /// Recorded queries, arguments and results, one line each below their span.
    pub(crate) content: bool,
}

/// Characters of one line of content.
const MAX_CONTENT: usize = 100;

/// Deeper steps stand at this depth; nobody can read further to the right.
const MAX_DEPTH: usize = 32;

/// Draws finished spans, with canonical names, as indented trees.
///
/// Steps stand in the order of their beginning. A tool stands under the model call that asked for it, which its
/// link names; a span whose parent is not given is a root.
pub(crate) fn tree(spans: &[SpanData], options: &TreeOptions) -> String {
    let forest = Forest::of(spans);
    let mut lines = Vec::with_capacity(spans.len());
    // The root's branch is empty; each entry is a span and, for each level above it, whether more follows there.
    let mut open: Vec<(usize, Vec<bool>)> =
        forest.roots.iter().rev().map(|root| (*root, Vec::new())).collect();
    let mut drawn = vec![false; spans.len()];
    while let Some((at, branches)) = open.pop() {
        // A span that is given twice, or is its own ancestor, is drawn once.
        if std::mem::replace(&mut drawn[at], true) {
            continue;
        }
        if branches.is_empty() && !lines.is_empty() {
            lines.push(Columns::default());
        }
        let children = forest.children(at);
        lines.push(line_of(&spans[at], &branch(&branches)));
        if options.content {
            let below = below(&branches, !children.is_empty());
            lines.extend(content(&spans[at]).map(|text| Columns::note(format!("{below}{text}"))));
        }
        for (rank, child) in children.iter().enumerate().rev() {
            let mut branches = branches.clone();
            branches.truncate(MAX_DEPTH);
            branches.push(rank + 1 < children.len());
            open.push((*child, branches));
        }
    }
    table(&lines)
}

/// Which span stands under which.
struct Forest {
    roots: Vec<usize>,
    children: HashMap<usize, Vec<usize>>,
}

impl Forest {
    fn of(spans: &[SpanData]) -> Self {
        let places: HashMap<_, _> =
            spans.iter().enumerate().map(|(at, span)| (key(span, span.span_context.span_id()), at)).collect();
        let mut order: Vec<_> = (0..spans.len()).collect();
        order.sort_by_key(|at| (spans[*at].start_time, spans[*at].span_context.span_id().to_bytes()));
        let mut forest = Self { roots: Vec::new(), children: HashMap::new() };
        for at in order {
            match parent(&spans[at], &places, spans).filter(|parent| *parent != at) {
                Some(parent) => forest.children.entry(parent).or_default().push(at),
                None => forest.roots.push(at),
            }
        }
        forest.root_cycles(spans.len());
        forest
    }

    /// Spans that are their own ancestors hang under no root; the first of each cycle becomes one.
    fn root_cycles(&mut self, count: usize) {
        let mut reached = HashSet::new();
        let mut open = self.roots.clone();
        let mut next = 0;
        loop {
            while let Some(at) = open.pop() {
                if reached.insert(at) {
                    open.extend_from_slice(self.children(at));
                }
            }
            while next < count && reached.contains(&next) {
                next += 1;
            }
            if next == count {
                return;
            }
            self.roots.push(next);
            open.push(next);
        }
    }

    fn children(&self, at: usize) -> &[usize] {
        self.children.get(&at).map_or(&[], Vec::as_slice)
    }
}

type Key = (opentelemetry::trace::TraceId, SpanId);

fn key(span: &SpanData, id: SpanId) -> Key {
    (span.span_context.trace_id(), id)
}

/// The model call that asked for the span, when it is a sibling; else the parent.
fn parent(span: &SpanData, places: &HashMap<Key, usize>, spans: &[SpanData]) -> Option<usize> {
    let asker =
        span.attributes.iter().any(|attribute| attribute.key.as_str() == tool::TOOL_CALL_ID).then(|| {
            let linked =
                span.links.iter().filter_map(|link| places.get(&key(span, link.span_context.span_id())));
            linked.copied().find(|at| spans[*at].parent_span_id == span.parent_span_id)
        });
    asker.flatten().or_else(|| places.get(&key(span, span.parent_span_id)).copied())
}

/// The lines before a span's name.
fn branch(branches: &[bool]) -> String {
    let Some((last, above)) = branches.split_last() else { return String::new() };
    let above: String = above.iter().map(|more| if *more { "│  " } else { "   " }).collect();
    above + if *last { "├─ " } else { "└─ " }
}

/// The lines before what stands below a span's own line.
fn below(branches: &[bool], has_children: bool) -> String {
    let above: String = branches.iter().map(|more| if *more { "│  " } else { "   " }).collect();
    above + if has_children { "│  " } else { "   " }
}

fn content(span: &SpanData) -> impl Iterator<Item = String> {
    let names = [
        ("query", user::USER_QUERY),
        ("arguments", tool::TOOL_ARGUMENTS),
        ("result", tool::TOOL_RESULT),
        ("result", agent::AGENT_RESULT),
    ];
    names.into_iter().filter_map(|(label, name)| {
        let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == name)?;
        let Value::String(text) = &found.value else { return None };
        let text = text.as_str();
        let short: String =
            text.chars().take(MAX_CONTENT).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let mark = if short.len() < text.len() { "…" } else { "" };
        Some(format!("{label}: {short}{mark}"))
    })
}
