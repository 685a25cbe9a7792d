//! What the collectors of all families share: bounded text and tool calls put together from parts.

use serde_json::Value;

use super::json::{self, Json};
use super::messages::tool_call_part;
use super::reply::ToolCall;

/// Bytes of text and arguments that are kept of one reply, whatever is streamed.
const MAX_CAPTURED: usize = 1 << 20;
/// Choices or content blocks of one reply that are told apart; those beyond it are not read.
pub(super) const MAX_CHOICES: usize = 128;
/// Tool calls of one reply; those beyond it are not read.
pub(super) const MAX_CALLS: usize = 256;

/// The text that may still be kept, and the size of all text whether it was kept or not.
#[derive(Debug)]
pub(super) struct Capture {
    pub(super) on: bool,
    left: usize,
    pub(super) size: usize,
    /// Blocks and calls that may still be begun.
    blocks: usize,
    calls: usize,
}

impl Capture {
    pub(super) fn new(on: bool) -> Self {
        Self { on, left: MAX_CAPTURED, size: 0, blocks: MAX_CHOICES + MAX_CALLS, calls: MAX_CALLS }
    }

    /// Whether one more block may be begun; then its room is taken.
    pub(super) fn takes_block(&mut self) -> bool {
        take(&mut self.blocks)
    }

    /// Whether one more tool call may be begun; then its room is taken.
    pub(super) fn takes_call(&mut self) -> bool {
        take(&mut self.calls)
    }

    /// Counts a text and keeps it when content is on and there is room; false when something was left out.
    pub(super) fn append(&mut self, to: &mut String, text: &str) -> bool {
        self.size += text.len();
        if !self.on {
            return true;
        }
        let kept = json::prefix(text, self.left);
        to.push_str(kept);
        // After a gap nothing more may follow, or the text would read as if nothing were missing.
        let is_whole = kept.len() == text.len();
        self.left = if is_whole { self.left - kept.len() } else { 0 };
        is_whole
    }

    /// Whether a whole JSON value may be kept; then its size is taken from the room.
    pub(super) fn allows(&mut self, value: &Json<'_>) -> bool {
        if !self.on || !json::fits(value, self.left) {
            return false;
        }
        self.left -= json::size(value).min(self.left);
        true
    }
}

/// What a part of a reply has taken, so that it can be given back when the provider sends that part anew.
#[derive(Debug, Default)]
pub(super) struct Taken {
    kept: usize,
    size: usize,
}

impl Capture {
    /// Does some work and notes what it took.
    pub(super) fn measured<T>(&mut self, taken: &mut Taken, work: impl FnOnce(&mut Self) -> T) -> T {
        let (left, size) = (self.left, self.size);
        let result = work(self);
        taken.kept += left - self.left;
        taken.size += self.size - size;
        result
    }

    pub(super) fn give_back(&mut self, taken: Taken) {
        self.left += taken.kept;
        self.size -= taken.size;
    }
}

fn take(room: &mut usize) -> bool {
    let left = room.checked_sub(1);
    *room = left.unwrap_or(0);
    left.is_some()
}

/// A tool call while its parts arrive.
#[derive(Debug, Default)]
pub(super) struct PendingCall {
    /// The index by which the provider joins the parts.
    pub(super) index: Option<u64>,
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    arguments: String,
    /// Whether `arguments` has a hole because there was no room.
    is_cut: bool,
    /// Arguments that came as a value and not as text.
    value: Option<Value>,
}

impl PendingCall {
    pub(super) fn new(index: Option<u64>, id: Option<String>, name: Option<String>) -> Self {
        Self { index, id, name, ..Self::default() }
    }

    /// Adds arguments: a piece of text, or a whole value as Anthropic and Mistral send it.
    pub(super) fn add_arguments(&mut self, arguments: &Json<'_>, capture: &mut Capture) {
        match arguments {
            Json::Null => {}
            Json::Str(piece) => self.is_cut |= !capture.append(&mut self.arguments, piece),
            value => {
                capture.size += json::size(value);
                if capture.allows(value) {
                    self.value = Some(value.into());
                }
            }
        }
    }

    pub(super) fn finish(self, content: bool) -> ToolCall {
        let arguments = || {
            if self.arguments.is_empty() {
                return self.value;
            }
            let parsed = if self.is_cut { None } else { json::parse_any(&self.arguments) };
            Some(parsed.unwrap_or(Value::String(self.arguments)))
        };
        let arguments = if content { arguments() } else { None };
        ToolCall { id: self.id, name: self.name.unwrap_or_default(), arguments }
    }
}

/// The part of an output message that says what a tool call says.
pub(super) fn call_part(call: &ToolCall) -> Value {
    tool_call_part(call.id.as_deref(), &call.name, call.arguments.clone())
}
