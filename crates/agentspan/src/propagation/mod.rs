//! Context between processes: one trace wherever the work goes.
//!
//! [`inject`](crate::inject()) writes the current step into a carrier, [`extract`](crate::extract()) reads what a sender
//! wrote; both take every carrier alike, in the formats of W3C Trace Context and W3C Baggage. Bad input never fails: it
//! begins a new trace.
//!
//! | carrier | written | read |
//! |---|---|---|
//! | HTTP headers, feature `http` | `&mut HeaderMap` | `&HeaderMap` |
//! | maps and lists from names to strings or bytes, such as headers of queues | `&mut HashMap`, `&mut BTreeMap`, `&mut Vec` | the same, slices and arrays |
//! | a JSON object | `&mut serde_json::Map` | `&serde_json::Map` |
//! | MCP, in `params._meta` | [`McpParams`]`(&mut params)` | [`McpParams`]`(&params)` |
//! | a child process | `&mut std::process::Command` | [`Environment::of_process`] |
//! | any other | [`WriteCarrier`] | [`ReadCarrier`] |
//!
//! Headers of NATS are a carrier by a few lines, without a dependency of this library on a version of its client:
//!
//! ```
//! # mod async_nats { #[derive(Default)] pub struct HeaderMap(Vec<(String, String)>); impl HeaderMap {
//! #   pub fn insert(&mut self, name: &str, value: String) { self.0.push((name.into(), value)); }
//! #   pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a String> {
//! #       self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value) } } }
//! use agentspan::propagation::{ReadCarrier, WriteCarrier};
//!
//! #[derive(Default)]
//! struct Nats(async_nats::HeaderMap);
//!
//! impl WriteCarrier for Nats {
//!     fn set(&mut self, name: &str, value: String) {
//!         self.0.insert(name, value);
//!     }
//! }
//!
//! impl ReadCarrier for Nats {
//!     fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
//!         self.0.get_all(name).for_each(|value| visit(value.as_ref()));
//!     }
//! }
//!
//! # let _recording = agentspan::testing::record();
//! let mut headers = Nats::default();
//! let sent = agentspan::tool("publish").in_scope(|| {
//!     agentspan::inject_to("nats://queue.corp.example:4222", &mut headers);
//!     agentspan::current().span_id()
//! });
//! // The consumer of a batch is one span with a link to each message's sender.
//! let sender = agentspan::extract(&headers);
//! agentspan::step("consume").link(&sender).in_scope(|| {});
//! assert_eq!(sender.span_id(), sent);
//! ```

mod baggage;
mod carrier;
mod complaint;
mod destination;
mod exchange;
mod json;
mod process;
mod trace_context;
mod trace_state;
mod w3c;

pub use carrier::{ReadCarrier, WriteCarrier};
pub use exchange::{extract, inject, inject_to};
pub use json::McpParams;
pub use process::Environment;
pub use w3c::W3c;

use crate::config::Propagator;

/// The propagator that the settings name; with an empty list nothing is propagated.
pub(crate) fn propagator(named: &[Propagator]) -> W3c {
    W3c::new()
        .with_trace_context(named.contains(&Propagator::TraceContext))
        .with_baggage(named.contains(&Propagator::Baggage))
}
