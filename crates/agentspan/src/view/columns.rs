use agentspan_semconv::{StepType, agent, cost, error, llm, retrieval, tool};
use opentelemetry::Value;
use opentelemetry::trace::Status;
use opentelemetry_sdk::trace::SpanData;
use std::time::Duration;

/// Characters of a name with its branches; longer ones are cut.
const MAX_NAME: usize = 60;

/// One line of a tree.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    name: String,
    duration: String,
    cost: String,
    detail: String,
    ending: String,
    /// A line that is not in columns.
    note: Option<String>,
}

impl Columns {
    pub(crate) fn note(text: String) -> Self {
        Self { note: Some(text), ..Self::default() }
    }
}

pub(crate) fn line_of(span: &SpanData, branch: &str) -> Columns {
    let duration = span.end_time.duration_since(span.start_time).unwrap_or_default();
    Columns {
        name: cut(format!("{branch}{}", span.name)),
        duration: readable(duration),
        cost: cost_of(span),
        detail: detail(span),
        ending: ending(span),
        note: None,
    }
}

/// Aligns the columns.
pub(crate) fn table(lines: &[Columns]) -> String {
    let width = |column: fn(&Columns) -> &String| {
        let widths = lines.iter().filter(|line| line.note.is_none()).map(|line| column(line).chars().count());
        widths.max().unwrap_or(0)
    };
    let name = width(|line| &line.name);
    let duration = width(|line| &line.duration);
    let cost = width(|line| &line.cost);
    let detail = width(|line| &line.detail);
    let mut text = String::new();
    for line in lines {
        let row = match &line.note {
            Some(note) => note.clone(),
            None => format!(
                "{:name$}  {:>duration$}  {:cost$}  {:detail$}  {}",
                line.name, line.duration, line.cost, line.detail, line.ending
            ),
        };
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

fn cut(name: String) -> String {
    let plain: String = name.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
    if plain.chars().count() <= MAX_NAME {
        return plain;
    }
    plain.chars().take(MAX_NAME - 1).chain(std::iter::once('…')).collect()
}

fn readable(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        ..0.01 => format!("{:.1} ms", seconds * 1e3),
        ..120.0 => format!("{seconds:.2} s"),
        ..7200.0 => format!("{:.1} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

fn cost_of(span: &SpanData) -> String {
    let total = get(span, cost::COST_TOTAL_USD).and_then(|value| match value {
        Value::F64(usd) => Some(format!("${usd:.6}")),
        _ => None,
    });
    match (text(span, cost::COST_STATUS), total) {
        (Some("partial"), Some(total)) => format!("≥{total}"),
        (_, Some(total)) => total,
        (Some("unknown"), None) => "$?".to_owned(),
        _ => String::new(),
    }
}

fn detail(span: &SpanData) -> String {
    if let Some(steps) = int(span, agent::AGENT_STEP_COUNT) {
        return format!("{steps} {}", if steps == 1 { "step" } else { "steps" });
    }
    let tokens = [llm::LLM_TOKEN_COUNT_PROMPT, llm::LLM_TOKEN_COUNT_COMPLETION].map(|name| int(span, name));
    if tokens.iter().any(Option::is_some) {
        let [prompt, completion] = tokens.map(|count| count.map_or_else(|| "?".to_owned(), grouped));
        let embedding = text(span, agent::AGENT_STEP_TYPE) == Some(StepType::Embedding.as_str());
        return if embedding { prompt } else { format!("{prompt} → {completion}") };
    }
    if let Some(found) = int(span, retrieval::RETRIEVAL_DOCUMENT_COUNT) {
        return format!("{found} {}", if found == 1 { "document" } else { "documents" });
    }
    let repeated = get(span, tool::TOOL_REPEATED) == Some(&Value::Bool(true));
    if repeated { "repeated".to_owned() } else { String::new() }
}

fn ending(span: &SpanData) -> String {
    let failed = matches!(span.status, Status::Error { .. });
    let Some(outcome) = text(span, agent::AGENT_OUTCOME) else {
        return if failed { "error" } else { "" }.to_owned();
    };
    let stream = text(span, llm::LLM_STREAM_END).filter(|end| *end != "complete");
    let word = text(span, agent::AGENT_STOP_REASON)
        .or(stream)
        .or_else(|| text(span, llm::LLM_FINISH_CLASS).filter(|_| outcome == "ok"))
        .or_else(|| text(span, llm::LLM_FINISH_REASON).filter(|_| outcome == "ok"))
        .unwrap_or(outcome);
    match text(span, error::ERROR_TYPE).filter(|class| failed && *class != word) {
        Some(class) => format!("{word}: {class}"),
        None => word.to_owned(),
    }
}

fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) && digit.is_ascii_digit() {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn get<'a>(span: &'a SpanData, name: &str) -> Option<&'a Value> {
    span.attributes.iter().find(|attribute| attribute.key.as_str() == name).map(|attribute| &attribute.value)
}

fn text<'a>(span: &'a SpanData, name: &str) -> Option<&'a str> {
    match get(span, name)? {
        Value::String(text) => Some(text.as_str()),
        _ => None,
    }
}

fn int(span: &SpanData, name: &str) -> Option<i64> {
    match get(span, name)? {
        Value::I64(number) => Some(*number),
        _ => None,
    }
}
