//! Context in the `_meta` of the crate `rmcp`.

use crate::propagation::carrier::{ReadCarrier, WriteCarrier};
use ::rmcp::model::{NotificationMetaObject, RequestMetaObject};
use serde_json::{Map, Value};

/// The context stands in the map itself, as [`McpParams`](crate::propagation::McpParams) has it.
///
/// A server finds it in `RequestContext::meta`: that of the parameters has been taken out by then.
///
/// ```
/// use rmcp::model::{CallToolRequestParams, RequestMetaObject};
///
/// # let _recording = agentspan::testing::record();
/// let mut params = CallToolRequestParams::new("get_weather");
/// agentspan::tool("ask").in_scope(|| agentspan::inject(&mut params.meta));
///
/// let meta: RequestMetaObject = params.meta.unwrap();
/// assert!(agentspan::extract(&meta).trace_id().is_some());
/// ```
impl ReadCarrier for RequestMetaObject {
    fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        let meta: &Map<String, Value> = self;
        meta.visit(name, visit);
    }
}

impl WriteCarrier for RequestMetaObject {
    fn set(&mut self, name: &str, value: String) {
        let meta: &mut Map<String, Value> = self;
        meta.set(name, value);
    }

    fn unset(&mut self, name: &str) {
        let meta: &mut Map<String, Value> = self;
        meta.unset(name);
    }
}

/// The `_meta` of a notification.
impl ReadCarrier for NotificationMetaObject {
    fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        let meta: &Map<String, Value> = self;
        meta.visit(name, visit);
    }
}

impl WriteCarrier for NotificationMetaObject {
    fn set(&mut self, name: &str, value: String) {
        let meta: &mut Map<String, Value> = self;
        meta.set(name, value);
    }

    fn unset(&mut self, name: &str) {
        let meta: &mut Map<String, Value> = self;
        meta.unset(name);
    }
}

/// The `_meta` of parameters, which is made when there is something to write.
impl WriteCarrier for Option<RequestMetaObject> {
    fn set(&mut self, name: &str, value: String) {
        self.get_or_insert_default().set(name, value);
    }

    fn unset(&mut self, name: &str) {
        if let Some(meta) = self {
            meta.unset(name);
        }
    }
}

impl ReadCarrier for Option<RequestMetaObject> {
    fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        if let Some(meta) = self {
            meta.visit(name, visit);
        }
    }
}
