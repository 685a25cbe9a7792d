//! Context in the headers of NATS.

use crate::propagation::carrier::{ReadCarrier, WriteCarrier};
use async_nats::{HeaderMap, HeaderName, HeaderValue};

/// Names are read in any case, although NATS tells cases apart: libraries in other languages write `Traceparent`.
///
/// ```
/// # let _recording = agentspan::testing::record();
/// let mut headers = async_nats::HeaderMap::new();
/// agentspan::tool("publish").in_scope(|| agentspan::inject(&mut headers));
/// // client.publish_with_headers("jobs", headers.clone(), payload).await?;
///
/// // Where the message is consumed; `message.headers` is an `Option`.
/// let sender = agentspan::extract(&Some(headers));
/// assert!(sender.trace_id().is_some());
/// ```
impl ReadCarrier for HeaderMap {
    fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        let named = self.iter().filter(|(known, _)| is_named(known, name));
        named.flat_map(|(_, values)| values).for_each(|value| visit(value.as_str().as_bytes()));
    }
}

impl WriteCarrier for HeaderMap {
    fn set(&mut self, name: &str, value: String) {
        self.unset(name);
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            self.insert(name, value);
        }
    }

    fn unset(&mut self, name: &str) {
        if !self.iter().any(|(known, _)| is_named(known, name)) {
            return;
        }
        // The type has no way to take one out.
        let mut kept = HeaderMap::new();
        for (known, values) in self.iter().filter(|(known, _)| !is_named(known, name)) {
            values.iter().for_each(|value| kept.append(known.clone(), value.clone()));
        }
        *self = kept;
    }
}

/// The headers of a message, which may have none.
impl ReadCarrier for Option<HeaderMap> {
    fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        self.iter().for_each(|headers| headers.visit(name, visit));
    }
}

fn is_named(known: &HeaderName, name: &str) -> bool {
    let known: &str = known.as_ref();
    known.eq_ignore_ascii_case(name)
}
