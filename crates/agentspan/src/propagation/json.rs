//! Context inside of JSON.

use crate::propagation::carrier::{ReadCarrier, WriteCarrier};
use serde_json::{Map, Value};

/// The context stands under its names in the object itself, for payloads without headers.
///
/// ```
/// let mut job = serde_json::Map::new();
/// job.insert("task".into(), "summarise".into());
/// agentspan::inject(&mut job);
/// let sender = agentspan::extract(&job);
/// # assert_eq!(sender.trace_id(), None);
/// ```
impl ReadCarrier for Map<String, Value> {
    fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        match self.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::String(value)) => visit(value.as_bytes()),
            // Something stands there, and it is no valid value.
            Some(_) => visit(b""),
        }
    }
}

impl WriteCarrier for Map<String, Value> {
    fn set(&mut self, name: &str, value: String) {
        self.insert(name.to_owned(), value.into());
    }

    fn unset(&mut self, name: &str) {
        self.remove(name);
    }
}

/// The `params` of a message of the Model Context Protocol: the context stands in their `_meta`, under bare names, as
/// the protocol reserves them since its version of 2026-07-28 (SEP-414).
///
/// Set it in the task of the caller: the transport sends from a task of its own. A server reads it from the request, not
/// from the connection. A `_meta` that is no object is left as it is.
///
/// ```
/// use agentspan::propagation::McpParams;
/// use serde_json::json;
///
/// let mut params = json!({"name": "get_weather", "arguments": {"city": "Ulm"}});
/// agentspan::inject(&mut McpParams(&mut params));
///
/// let client = agentspan::extract(&McpParams(&params));
/// # assert_eq!(client.trace_id(), None);
/// ```
#[derive(Debug)]
pub struct McpParams<P>(pub P);

const META: &str = "_meta";

impl ReadCarrier for McpParams<&Map<String, Value>> {
    fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        if let Some(Value::Object(meta)) = self.0.get(META) {
            meta.visit(name, visit);
        }
    }
}

impl ReadCarrier for McpParams<&Value> {
    fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        if let Value::Object(params) = self.0 {
            McpParams(params).visit(name, visit);
        }
    }
}

impl WriteCarrier for McpParams<&mut Map<String, Value>> {
    fn set(&mut self, name: &str, value: String) {
        if let Value::Object(meta) = self.0.entry(META).or_insert_with(|| Map::new().into()) {
            meta.set(name, value);
        }
    }

    fn unset(&mut self, name: &str) {
        if let Some(Value::Object(meta)) = self.0.get_mut(META) {
            meta.unset(name);
        }
    }
}

impl WriteCarrier for McpParams<&mut Value> {
    fn set(&mut self, name: &str, value: String) {
        if let Value::Object(params) = &mut *self.0 {
            McpParams(params).set(name, value);
        }
    }

    fn unset(&mut self, name: &str) {
        if let Value::Object(params) = &mut *self.0 {
            McpParams(params).unset(name);
        }
    }
}
