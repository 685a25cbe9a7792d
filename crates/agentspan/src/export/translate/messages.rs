//! Message lists in the JSON form of OTel: `[{"role":…,"parts":[{"type":"text","content":…}]}]`.

use serde_json::{Value, json};

const FINISH_REASON: &str = "finish_reason";

/// A list of one message that a user wrote.
pub(super) fn from_user(text: &str) -> String {
    json!([{"role": "user", "parts": [{"type": "text", "content": text}]}]).to_string()
}

/// A list of one message that an agent or model wrote.
pub(super) fn from_assistant(text: &str, reason: &str) -> String {
    let parts = json!([{"type": "text", "content": text}]);
    json!([{"role": "assistant", "parts": parts, FINISH_REASON: reason}]).to_string()
}

/// The same list with a finish reason on each message that has none, or `None` if nothing has to change.
///
/// Phoenix discards all messages of a reply when one of them lacks it.
pub(super) fn with_finish_reason(list: &str, reason: &str) -> Option<String> {
    let mut list = serde_json::from_str::<Vec<Value>>(list).ok()?;
    let mut changed = false;
    for message in list.iter_mut().filter_map(Value::as_object_mut) {
        if !message.get(FINISH_REASON).is_some_and(Value::is_string) {
            message.insert(FINISH_REASON.to_owned(), reason.into());
            changed = true;
        }
    }
    changed.then(|| Value::from(list).to_string())
}
