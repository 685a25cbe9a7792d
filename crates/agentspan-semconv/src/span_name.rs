//! Span names, made harmless: whatever a caller passes, a name is one line of bounded length.
//!
//! In each part control characters become `_`, what exceeds [`MAX_PART`] characters is cut and ends in `…`, and an
//! empty part reads `unknown`. Spaces and slashes stay, since models and tools have them.

/// The name of the span that leaves at the beginning of an approval, so that waiting can be seen.
/// Invented: a span leaves when it ends, and an approval may never end.
pub const APPROVAL_REQUESTED: &str = "approval.requested";

/// The most characters that one part of a name keeps.
pub const MAX_PART: usize = 200;

/// `agent.<workflow>`, for a run.
#[must_use]
pub fn agent(workflow: &str) -> String {
    name("agent", &[workflow])
}

/// `llm.<provider>.<model>`, for a model call or an embedding, with the requested model.
///
/// ```
/// use agentspan_semconv::span_name;
///
/// assert_eq!(span_name::llm("openai", "gpt-4o"), "llm.openai.gpt-4o");
/// assert_eq!(span_name::llm("openrouter", "meta/llama 3\n"), "llm.openrouter.meta/llama 3_");
/// assert_eq!(span_name::llm("openai", ""), "llm.openai.unknown");
/// ```
#[must_use]
pub fn llm(provider: &str, model: &str) -> String {
    name("llm", &[provider, model])
}

/// `tool.<name>`.
#[must_use]
pub fn tool(tool: &str) -> String {
    name("tool", &[tool])
}

/// `retrieval.<source>`.
#[must_use]
pub fn retrieval(source: &str) -> String {
    name("retrieval", &[source])
}

/// `step.<name>`, for a step of the agent's own. Invented: the common guides have no steps but calls.
#[must_use]
pub fn step(step: &str) -> String {
    name("step", &[step])
}

/// `validation.<name>`. Invented: the common guides have no checks.
#[must_use]
pub fn validation(validation: &str) -> String {
    name("validation", &[validation])
}

/// `approval.<name>`. Invented: the common guides have no decisions by people.
#[must_use]
pub fn approval(approval: &str) -> String {
    name("approval", &[approval])
}

/// `handoff.<to>`. Invented: the common guides have no handoffs.
#[must_use]
pub fn handoff(to: &str) -> String {
    name("handoff", &[to])
}

/// `error.<type>`, for what the agent does about a failure.
#[must_use]
pub fn error(error_type: &str) -> String {
    name("error", &[error_type])
}

/// OTel's form `<operation> <target>`, as in `chat gpt-4o`; the operation alone when there is no target.
#[must_use]
pub fn otel(operation: &str, target: &str) -> String {
    let mut name = String::with_capacity(operation.len() + target.len().min(MAX_PART) + 1);
    push(&mut name, operation);
    if !target.trim().is_empty() {
        name.push(' ');
        push(&mut name, target);
    }
    name
}

fn name(prefix: &str, parts: &[&str]) -> String {
    let length: usize = parts.iter().map(|part| part.len().min(MAX_PART) + 1).sum();
    let mut name = String::with_capacity(prefix.len() + length);
    name.push_str(prefix);
    for part in parts {
        name.push('.');
        push(&mut name, part);
    }
    name
}

fn push(name: &mut String, part: &str) {
    // Nearly every part is plain, and is taken as it is.
    if (1..=MAX_PART).contains(&part.len()) && part.bytes().all(|byte| matches!(byte, b'!'..=b'~')) {
        name.push_str(part);
        return;
    }
    if part.trim().is_empty() {
        name.push_str("unknown");
        return;
    }
    let mut characters = part.chars();
    name.extend(characters.by_ref().take(MAX_PART).map(|c| if is_harmful(c) { '_' } else { c }));
    if characters.next().is_some() {
        name.pop();
        name.push('…');
    }
}

/// Control characters, line separators, and the marks that turn the direction of the text after them.
fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
