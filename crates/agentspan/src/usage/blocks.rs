//! The content of one message while its parts arrive, in their order.

use serde_json::{Value, json};

use super::collect::{Capture, PendingCall, call_part};
use super::finish;
use super::json::Json;
use super::messages::{message, reasoning_part, text_part};
use super::reply::ToolCall;

/// Text, reasoning, tool calls and the rest of a message.
///
/// Parts of a stream are joined by the provider's index, or, where there is none, to the last block when that is
/// of the same kind; so a text that came in pieces reads like the same text whole.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    blocks: Vec<Block>,
}

#[derive(Debug)]
struct Block {
    index: Option<u64>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Text(String),
    Reasoning(String),
    /// A tool that the caller is to run.
    Call(PendingCall),
    /// A tool that the provider runs.
    ServerCall(PendingCall),
    /// Anything else, as an OTel part.
    Other(Value),
}

/// Who runs the tool of a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Runs {
    Caller,
    Provider,
}

impl Blocks {
    /// Adds a piece of text.
    pub(super) fn text(&mut self, index: Option<u64>, text: &str, capture: &mut Capture) {
        if text.is_empty() {
            return;
        }
        let is_text = |kind: &Kind| matches!(kind, Kind::Text(_));
        if let Some(Kind::Text(kept)) = self.place(index, is_text, || Kind::Text(String::new()), capture) {
            capture.append(kept, text);
        }
    }

    /// Adds a piece of reasoning.
    pub(super) fn reasoning(&mut self, index: Option<u64>, text: &str, capture: &mut Capture) {
        if text.is_empty() {
            return;
        }
        let is_reasoning = |kind: &Kind| matches!(kind, Kind::Reasoning(_));
        let place = self.place(index, is_reasoning, || Kind::Reasoning(String::new()), capture);
        if let Some(Kind::Reasoning(kept)) = place {
            capture.append(kept, text);
        }
    }

    /// Begins a tool call.
    pub(super) fn call(
        &mut self,
        index: Option<u64>,
        runs: Runs,
        id: Option<String>,
        name: Option<String>,
        capture: &mut Capture,
    ) -> Option<&mut PendingCall> {
        if runs == Runs::Caller && !capture.takes_call() || !capture.takes_block() {
            return None;
        }
        capture.size += name.as_ref().map_or(0, String::len);
        let call = PendingCall::new(index, id, name);
        let kind = if runs == Runs::Caller { Kind::Call(call) } else { Kind::ServerCall(call) };
        self.blocks.push(Block { index, kind });
        match self.blocks.last_mut().map(|block| &mut block.kind) {
            Some(Kind::Call(call) | Kind::ServerCall(call)) => Some(call),
            _ => None,
        }
    }

    /// Adds a piece of arguments to the call with an index.
    pub(super) fn arguments(&mut self, index: u64, piece: &Json<'_>, capture: &mut Capture) {
        let call = self.blocks.iter_mut().rev().find_map(|block| match &mut block.kind {
            Kind::Call(call) | Kind::ServerCall(call) if block.index == Some(index) => Some(call),
            _ => None,
        });
        if let Some(call) = call {
            call.add_arguments(piece, capture);
        }
    }

    /// Adds something else, when content is kept and there is room for it.
    pub(super) fn other(&mut self, source: &Json<'_>, capture: &mut Capture, part: impl FnOnce() -> Value) {
        if capture.allows(source) && capture.takes_block() {
            self.blocks.push(Block { index: None, kind: Kind::Other(part()) });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    fn place(
        &mut self,
        index: Option<u64>,
        is_kind: impl Fn(&Kind) -> bool,
        new: impl FnOnce() -> Kind,
        capture: &mut Capture,
    ) -> Option<&mut Kind> {
        let is_same = |block: &Block| block.index == index && is_kind(&block.kind);
        let known = match index {
            Some(_) => self.blocks.iter().rposition(is_same),
            None => self.blocks.len().checked_sub(1).filter(|last| is_same(&self.blocks[*last])),
        };
        let place = match known {
            Some(place) => place,
            None if capture.takes_block() => {
                self.blocks.push(Block { index, kind: new() });
                self.blocks.len() - 1
            }
            None => return None,
        };
        Some(&mut self.blocks[place].kind)
    }

    /// The tool calls, and the parts of the message when content is kept.
    pub(super) fn finish(self, content: bool) -> (Vec<Value>, Vec<ToolCall>) {
        let (mut parts, mut calls) = (Vec::new(), Vec::new());
        for block in self.blocks {
            match block.kind {
                Kind::Text(text) if content && !text.is_empty() => parts.push(text_part(&text)),
                Kind::Reasoning(text) if content && !text.is_empty() => parts.push(reasoning_part(&text)),
                Kind::Text(_) | Kind::Reasoning(_) => {}
                Kind::Call(call) => {
                    let call = call.finish(content);
                    if content {
                        parts.push(call_part(&call));
                    }
                    calls.push(call);
                }
                Kind::ServerCall(call) => {
                    if content {
                        parts.push(server_call_part(call.finish(content)));
                    }
                }
                Kind::Other(part) => parts.push(part),
            }
        }
        (parts, calls)
    }
}

fn server_call_part(call: ToolCall) -> Value {
    json!({
        "type": "server_tool_call", "id": call.id, "name": call.name,
        "server_tool_call": { "type": call.name, "input": call.arguments },
    })
}

/// The message of a choice, with the word for its finish reason; `None` when it has no parts.
pub(super) fn choice(parts: Vec<Value>, reason: Option<&str>) -> Option<Value> {
    (!parts.is_empty()).then(|| message("assistant", parts, Some(finish::message_word(reason))))
}

/// Arguments that say something: the empty object with which a call begins is none.
pub(super) fn told<'a, 'b>(arguments: Option<&'a Json<'b>>) -> Option<&'a Json<'b>> {
    arguments.filter(|arguments| arguments.as_object().is_none_or(|map| !map.is_empty()))
}
