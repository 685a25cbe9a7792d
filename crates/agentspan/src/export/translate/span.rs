//! A finished span while it is translated: what it carries, and what will be added, renamed and left out.

use std::collections::{HashMap, HashSet};

use agentspan_semconv::{Operation, StepType, agent, gen_ai, llm, openinference, retrieval, tool};
use opentelemetry::{Key, KeyValue, Value};

/// What kind of step a span is, as far as the dialects tell steps apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Run,
    Llm,
    Embedding,
    Tool,
    Retrieval,
    Reasoning,
    Validation,
    Other,
}

/// The attributes of one span and the changes to them.
pub(super) struct Span<'a> {
    attributes: &'a [KeyValue],
    /// Where each key stands; of a key that was recorded twice the last one counts.
    index: HashMap<&'a str, usize>,
    kind: Option<Kind>,
    names: HashSet<Key>,
    changes: Changes,
}

/// What is to be done to the attributes of a span.
#[derive(Default)]
pub(super) struct Changes {
    added: Vec<KeyValue>,
    moved: HashMap<usize, Move>,
}

enum Move {
    /// Give it this key, and this value if it changes.
    Rename(&'static str, Option<Value>),
    /// Leave it out, since its value leaves in another form.
    Drop,
}

impl<'a> Span<'a> {
    pub(super) fn new(attributes: &'a [KeyValue]) -> Self {
        let index = attributes.iter().enumerate().map(|(at, pair)| (pair.key.as_str(), at)).collect();
        let mut span =
            Self { attributes, index, kind: None, names: HashSet::new(), changes: Changes::default() };
        span.kind = span.find_kind();
        span
    }

    /// The kind of step, or `None` for a span that is neither ours nor of a known convention.
    pub(super) fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// Whether the span itself used tokens. Viewers add up what they read, so a sum must never look like a count.
    pub(super) fn is_model_call(&self) -> bool {
        matches!(self.kind, Some(Kind::Llm | Kind::Embedding))
    }

    /// Every attribute that counts, each key once.
    pub(super) fn attributes(&self) -> Vec<&'a KeyValue> {
        let counts = |(at, pair): &(usize, &'a KeyValue)| self.index.get(pair.key.as_str()) == Some(at);
        self.attributes.iter().enumerate().filter(counts).map(|(_, pair)| pair).collect()
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.index.get(name).and_then(|at| self.attributes.get(*at)).map(|pair| &pair.value)
    }

    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        match self.get(name)? {
            Value::String(text) => Some(text.as_str()),
            _ => None,
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        match self.get(name)? {
            Value::F64(number) => Some(*number),
            // Amounts are far below the integers that a double cannot hold.
            Value::I64(number) => Some(*number as f64),
            _ => None,
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.index.contains_key(name) || self.names.contains(name)
    }

    /// Adds an attribute, unless the span has one of this name.
    pub(super) fn add(&mut self, name: impl Into<Key>, value: impl Into<Value>) {
        let name = name.into();
        if !self.index.contains_key(name.as_str()) && self.names.insert(name.clone()) {
            self.changes.added.push(KeyValue::new(name, value.into()));
        }
    }

    /// Gives an attribute another name, and another value if there is one, unless the span has one of that name.
    pub(super) fn rename(&mut self, from: &str, to: &'static str, value: Option<Value>) {
        let Some(at) = self.index.get(from) else { return };
        if !self.index.contains_key(to) && self.names.insert(to.into()) {
            self.changes.moved.insert(*at, Move::Rename(to, value));
        }
    }

    /// Leaves an attribute out, unless it leaves under another name.
    pub(super) fn drop(&mut self, name: &str) {
        if let Some(at) = self.index.get(name) {
            self.changes.moved.entry(*at).or_insert(Move::Drop);
        }
    }

    pub(super) fn into_changes(self) -> Changes {
        self.changes
    }

    fn find_kind(&self) -> Option<Kind> {
        if let Some(word) = self.text(agent::AGENT_STEP_TYPE) {
            return Some(match StepType::known(word) {
                Some(StepType::Run) => Kind::Run,
                Some(StepType::LlmGenerate) => Kind::Llm,
                Some(StepType::Embedding) => Kind::Embedding,
                Some(StepType::ToolCall) => Kind::Tool,
                Some(StepType::Retrieval) => Kind::Retrieval,
                Some(StepType::Reasoning) => Kind::Reasoning,
                Some(StepType::Validation) => Kind::Validation,
                _ => Kind::Other,
            });
        }
        self.find_foreign_kind()
    }

    /// A span of other instrumentation says what it is in one of the dialects, or by the names that it carries.
    fn find_foreign_kind(&self) -> Option<Kind> {
        if let Some(word) = self.text(openinference::OPENINFERENCE_SPAN_KIND) {
            return Some(match word {
                "AGENT" => Kind::Run,
                "LLM" => Kind::Llm,
                "EMBEDDING" => Kind::Embedding,
                "TOOL" => Kind::Tool,
                "RETRIEVER" => Kind::Retrieval,
                _ => Kind::Other,
            });
        }
        if let Some(word) = self.text(gen_ai::GEN_AI_OPERATION_NAME) {
            return Some(match word {
                "invoke_agent" => Kind::Run,
                "chat" | "generate_content" | "text_completion" => Kind::Llm,
                "embeddings" => Kind::Embedding,
                "execute_tool" => Kind::Tool,
                "retrieval" => Kind::Retrieval,
                "plan" => Kind::Reasoning,
                _ => Kind::Other,
            });
        }
        if self.has(llm::LLM_MODEL_NAME) || self.has(llm::LLM_REQUEST_MODEL_NAME) {
            let embeds = self.text(llm::LLM_OPERATION) == Some(Operation::Embeddings.as_str());
            return Some(if embeds { Kind::Embedding } else { Kind::Llm });
        }
        if self.has(tool::TOOL_NAME) {
            return Some(Kind::Tool);
        }
        self.has(retrieval::RETRIEVAL_SOURCE).then_some(Kind::Retrieval)
    }
}

impl Changes {
    /// The attributes as they leave: in their old order, with the added ones at the end.
    pub(super) fn apply(mut self, attributes: Vec<KeyValue>) -> Vec<KeyValue> {
        let mut changed = Vec::with_capacity(attributes.len() + self.added.len());
        for (at, mut pair) in attributes.into_iter().enumerate() {
            match self.moved.remove(&at) {
                Some(Move::Drop) => continue,
                Some(Move::Rename(name, value)) => {
                    pair.key = Key::from_static_str(name);
                    pair.value = value.unwrap_or(pair.value);
                }
                None => {}
            }
            changed.push(pair);
        }
        changed.append(&mut self.added);
        changed
    }
}
