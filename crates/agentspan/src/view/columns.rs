use crate::view::lookup::{bool, double, get, int, text};
use agentspan_semconv::{
    CostStatus, Outcome, StepType, StreamEnd, agent, cost, error, llm, retrieval, tool, validation,
};
use opentelemetry::trace::Status;
use opentelemetry_sdk::trace::SpanData;
use std::time::Duration;

/// Characters of a name with its branches, and of any other cell; longer ones are cut.
const MAX_CELL: usize = 60;

/// The least widths of name and duration, so that the trees of small runs line up with each other.
const MIN_WIDTHS: [usize; 4] = [33, 8, 0, 0];

/// One line of a tree.
#[derive(Debug)]
pub(crate) enum Line {
    /// A span.
    Row(Row),
    /// Text that is not in columns.
    Note(String),
}

#[derive(Debug)]
pub(crate) struct Row {
    /// Name, duration, cost and detail.
    cells: [String; 4],
    /// The last column, which nothing follows.
    ending: String,
}

impl Row {
    pub(crate) fn of(span: &SpanData, branch: &str) -> Self {
        let duration = span.end_time.duration_since(span.start_time).unwrap_or_default();
        let name = format!("{branch}{}", span.name);
        let (cost, detail, ending) = if get(&span.attributes, agent::AGENT_STEP_TYPE).is_some() {
            (cost_of(span), detail(span), ending(span))
        } else {
            // What other people's spans call cost or tokens has meanings of its own.
            (String::new(), String::new(), with_class(span, status_word(span)))
        };
        let cells = [name, readable(duration), cost, detail].map(|cell| plain(&cell, MAX_CELL, '_'));
        Self { cells, ending: plain(&ending, MAX_CELL, '_') }
    }
}

/// Aligns the columns: numbers on the right, words on the left. A column that is empty in every line is left out.
pub(crate) fn table(lines: &[Line]) -> String {
    let mut widths = MIN_WIDTHS;
    for line in lines {
        if let Line::Row(row) = line {
            for (width, cell) in widths.iter_mut().zip(&row.cells) {
                *width = cell.chars().count().max(*width);
            }
        }
    }
    let with_gap = |width: usize, gap: usize| if width == 0 { 0 } else { width + gap };
    let [names, durations, costs, details] = widths;
    let (durations, costs, details) = (with_gap(durations, 2), with_gap(costs, 2), with_gap(details, 1));
    let mut text = String::new();
    for line in lines {
        match line {
            Line::Row(Row { cells: [name, duration, cost, detail], ending }) => {
                let row =
                    format!("{name:names$}{duration:>durations$}{cost:>costs$}  {detail:details$}{ending}");
                text.push_str(row.trim_end());
            }
            Line::Note(note) => text.push_str(note.trim_end()),
        }
        text.push('\n');
    }
    text
}

/// At most `max` characters of the text, in which those that would move a terminal's cursor, break the line or
/// turn the direction of writing are replaced.
pub(crate) fn plain(text: &str, max: usize, replacement: char) -> String {
    let moves = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
    };
    let mut plain: String = text.chars().take(max).map(|c| if moves(c) { replacement } else { c }).collect();
    if text.chars().nth(max).is_some() {
        plain.pop();
        plain.push('…');
    }
    plain
}

fn readable(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        ..0.01 => format!("{:.1} ms", seconds * 1e3),
        ..120.0 => format!("{seconds:.2} s"),
        ..5400.0 => format!("{:.1} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

fn cost_of(span: &SpanData) -> String {
    let status = text(&span.attributes, cost::COST_STATUS);
    let is = |known: CostStatus| status == Some(known.as_str());
    match double(&span.attributes, cost::COST_TOTAL_USD) {
        Some(usd) if is(CostStatus::Partial) => format!("≥ {}", dollars(usd)),
        Some(usd) => dollars(usd),
        _ if is(CostStatus::Unknown) || is(CostStatus::Partial) => "$?".to_owned(),
        _ => String::new(),
    }
}

/// With six decimals, and with more where the first two digits of a small amount need them, since what cost something
/// must not read as free: `$4,050.000000`, `$0.0000013`.
fn dollars(usd: f64) -> String {
    let scientific = format!("{usd:.1e}");
    let exponent = scientific.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    let decimals = usize::try_from(1_i32.saturating_sub(exponent)).unwrap_or(0).max(6);
    let amount = format!("{usd:.decimals$}");
    match amount.split_once('.') {
        Some((whole, fraction)) => format!("${}.{fraction}", apart(whole)),
        None => format!("${amount}"),
    }
}

fn detail(span: &SpanData) -> String {
    if let Some(steps) = int(&span.attributes, agent::AGENT_STEP_COUNT) {
        return counted(steps, "step");
    }
    let tokens = [llm::LLM_TOKEN_COUNT_PROMPT, llm::LLM_TOKEN_COUNT_COMPLETION]
        .map(|name| int(&span.attributes, name));
    if tokens.iter().any(Option::is_some) {
        let [prompt, completion] = tokens.map(|count| count.map_or_else(|| "?".to_owned(), grouped));
        let embedding = text(&span.attributes, agent::AGENT_STEP_TYPE) == Some(StepType::Embedding.as_str());
        return if embedding { prompt } else { format!("{prompt} → {completion}") };
    }
    if let Some(found) = int(&span.attributes, retrieval::RETRIEVAL_DOCUMENT_COUNT) {
        return counted(found, "document");
    }
    let repeated = bool(&span.attributes, tool::TOOL_REPEATED) == Some(true);
    if repeated { "repeated".to_owned() } else { String::new() }
}

/// How a step ended: a run by its stop reason, a model call by its finish, everything else by its outcome.
fn ending(span: &SpanData) -> String {
    let outcome = outcome(span).unwrap_or_else(|| status_word(span));
    let finish = || {
        let finish = text(&span.attributes, llm::LLM_FINISH_CLASS)
            .or_else(|| text(&span.attributes, llm::LLM_FINISH_REASON));
        finish.filter(|_| outcome == Outcome::Ok.as_str())
    };
    let word = text(&span.attributes, agent::AGENT_STOP_REASON)
        .or_else(|| {
            text(&span.attributes, llm::LLM_STREAM_END).filter(|end| *end != StreamEnd::Complete.as_str())
        })
        .or_else(finish)
        .unwrap_or(outcome);
    let word = with_class(span, word);
    match attempts(span) {
        Some(attempts) => format!("{word}, {attempts}"),
        None => word,
    }
}

/// The outcome of a step in words. A check that did its work is `ok`, which must not read as its verdict.
pub(crate) fn outcome(span: &SpanData) -> Option<&str> {
    let outcome = text(&span.attributes, agent::AGENT_OUTCOME)?;
    let not_passed = bool(&span.attributes, validation::VALIDATION_PASSED) == Some(false);
    Some(if not_passed && outcome == Outcome::Ok.as_str() { "not passed" } else { outcome })
}

/// Says that a model call was tried again, since most of its time may be the wait in between.
pub(crate) fn attempts(span: &SpanData) -> Option<String> {
    let attempts = int(&span.attributes, llm::LLM_ATTEMPT_COUNT).filter(|attempts| *attempts > 1)?;
    Some(counted(attempts, "attempt"))
}

/// Adds the class of a failure, unless the word says as much: `timeout`, `panicked`.
fn with_class(span: &SpanData, word: &str) -> String {
    let failed = matches!(span.status, Status::Error { .. });
    match text(&span.attributes, error::ERROR_TYPE).filter(|class| failed && !word.starts_with(class)) {
        Some(class) => format!("{word}: {class}"),
        None => word.to_owned(),
    }
}

fn status_word(span: &SpanData) -> &'static str {
    match span.status {
        Status::Error { .. } => "error",
        Status::Ok => "ok",
        Status::Unset => "",
    }
}

fn counted(number: i64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// Thousands apart: `1,208`.
fn grouped(number: i64) -> String {
    apart(&number.to_string())
}

fn apart(digits: &str) -> String {
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if (digits.len() - at).is_multiple_of(3) && grouped.ends_with(|c: char| c.is_ascii_digit()) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
