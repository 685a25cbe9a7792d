use crate::view::columns::{Line, Row, plain, table};
use crate::view::lookup::text;
use agentspan_semconv::{agent, tool, user};
use opentelemetry::trace::{SpanContext, SpanId, TraceId};
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

/// Levels that are drawn with branches of their own. Deeper steps stand one below the other behind a dotted branch,
/// so that the name column keeps room for names.
const MAX_DEPTH: usize = 11;

/// Draws finished spans, with canonical names, as indented trees.
///
/// Steps stand in the order of their beginning. A tool stands under the model call that asked for it, which its
/// link names; a span whose parent is not given is a root. Roots stand apart by an empty line. No recursion: spans
/// of others may be nested as deep as they like.
pub(crate) fn tree(spans: &[SpanData], options: &TreeOptions) -> String {
    let forest = Forest::of(spans);
    let mut lines = Vec::with_capacity(spans.len());
    // The root's branch is empty; each entry is a span and, for each level above it, whether more follows there.
    let mut open: Vec<(usize, Vec<bool>)> =
        forest.roots.iter().rev().map(|root| (*root, Vec::new())).collect();
    let mut drawn = vec![false; spans.len()];
    while let Some((at, branches)) = open.pop() {
        // A span that is its own ancestor is drawn once.
        if std::mem::replace(&mut drawn[at], true) {
            continue;
        }
        if branches.is_empty() && !lines.is_empty() {
            lines.push(Line::Note(String::new()));
        }
        let children = forest.children(at);
        lines.push(Line::Row(Row::of(&spans[at], &branch(&branches))));
        if options.content {
            let below = below(&branches, !children.is_empty());
            lines.extend(content(&spans[at]).map(|text| Line::Note(format!("{below}{text}"))));
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
        let mut places = HashMap::with_capacity(spans.len());
        let mut order = Vec::with_capacity(spans.len());
        for (at, span) in spans.iter().enumerate() {
            // A span that was given twice would seem to have cost twice, so its first copy stands for all. Spans
            // without an id are not copies of each other, and nothing hangs under them.
            let nameless = span.span_context.span_id() == SpanId::INVALID;
            if nameless || *places.entry(key(&span.span_context)).or_insert(at) == at {
                order.push(at);
            }
        }
        order.sort_by_key(|at| (spans[*at].start_time, spans[*at].span_context.span_id().to_bytes()));
        let mut forest = Self { roots: Vec::new(), children: HashMap::new() };
        for &at in &order {
            match parent(&spans[at], &places, spans).filter(|parent| *parent != at) {
                Some(parent) => forest.children.entry(parent).or_default().push(at),
                None => forest.roots.push(at),
            }
        }
        forest.root_cycles(&order);
        forest
    }

    /// Spans that are their own ancestors hang under no root; the first of each cycle becomes one.
    fn root_cycles(&mut self, order: &[usize]) {
        let mut reached = HashSet::with_capacity(order.len());
        let mut open = self.roots.clone();
        let mut rest = order.iter();
        loop {
            while let Some(at) = open.pop() {
                if reached.insert(at) {
                    open.extend_from_slice(self.children(at));
                }
            }
            let Some(next) = rest.find(|at| !reached.contains(*at)) else { return };
            self.roots.push(*next);
            open.push(*next);
        }
    }

    fn children(&self, at: usize) -> &[usize] {
        self.children.get(&at).map_or(&[], Vec::as_slice)
    }
}

type Key = (TraceId, SpanId);

fn key(context: &SpanContext) -> Key {
    (context.trace_id(), context.span_id())
}

/// The model call that asked for the span, when it is a sibling; else the parent.
fn parent(span: &SpanData, places: &HashMap<Key, usize>, spans: &[SpanData]) -> Option<usize> {
    let (trace, id) = key(&span.span_context);
    let mut askers = span.links.iter().filter_map(|link| places.get(&key(&link.span_context)));
    let is_sibling = |at: &&usize| {
        let other = &spans[**at];
        let (others_trace, others_id) = key(&other.span_context);
        others_trace == trace && others_id != id && other.parent_span_id == span.parent_span_id
    };
    // Only a tool's link says who asked: that of a recovery names the step that failed.
    let asker = text(&span.attributes, tool::TOOL_CALL_ID).and_then(|_| askers.find(is_sibling));
    asker.or_else(|| places.get(&(trace, span.parent_span_id))).copied()
}

/// The lines before a span's name.
fn branch(branches: &[bool]) -> String {
    let Some((more, above)) = branches.split_last() else { return String::new() };
    let above: String = above.iter().map(|more| if *more { "│  " } else { "   " }).collect();
    above
        + match (*more, branches.len() > MAX_DEPTH) {
            (true, false) => "├─ ",
            (false, false) => "└─ ",
            (true, true) => "├┄ ",
            (false, true) => "└┄ ",
        }
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
        Some(format!("{label}: {}", plain(text(&span.attributes, name)?, MAX_CONTENT, ' ')))
    })
}
