//! Context between processes: one trace wherever the work goes.
//!
//! [`inject`](crate::inject()) writes the current step into a carrier, [`extract`](crate::extract()) reads what a sender
//! wrote; both take every carrier alike, in the formats of W3C Trace Context and W3C Baggage. Bad input never fails: it
//! begins a new trace.
//!
//! | carrier | written | read |
//! |---|---|---|
//! | HTTP headers, feature `http` | `&mut HeaderMap` | `&HeaderMap` |
//! | headers of NATS, feature `async-nats` | `&mut async_nats::HeaderMap` | the same, and `&message.headers` |
//! | maps and lists from names to strings or bytes, such as headers of queues | `&mut HashMap`, `&mut BTreeMap`, `&mut Vec` | the same, slices and arrays |
//! | a JSON object | `&mut serde_json::Map` | `&serde_json::Map` |
//! | MCP, in `params._meta` | [`McpParams`]`(&mut params)` | [`McpParams`]`(&params)` |
//! | the same with `rmcp`, feature `rmcp` | `&mut params.meta` | `&context.meta` |
//! | a child process | `&mut std::process::Command` | [`Environment::of_process`] |
//! | any other | [`WriteCarrier`] | [`ReadCarrier`] |
//!
//! Headers that no feature knows are a carrier by a few lines: [`WriteCarrier`] shows it for those of Kafka, which can only
//! be added, [`ReadCarrier`] for AMQP's table of typed values.
//!
//! The consumer of a batch is one span with a link to each message's sender:
//!
//! ```
//! # let recording = agentspan::testing::record();
//! let mut batch = Vec::new();
//! for _ in 0..3 {
//!     let mut headers = Vec::<(String, Vec<u8>)>::new();
//!     agentspan::tool("publish").in_scope(|| agentspan::inject(&mut headers));
//!     batch.push(headers);
//! }
//!
//! let senders = batch.iter().map(agentspan::extract);
//! senders.fold(agentspan::step("consume"), |step, sender| step.link(&sender)).in_scope(|| {});
//! # assert_eq!(recording.span("step.consume").map_or(0, |span| span.links().len()), 3);
//! ```

mod baggage;
mod carrier;
mod complaint;
mod destination;
mod exchange;
mod json;
#[cfg(feature = "async-nats")]
mod nats;
mod process;
#[cfg(feature = "rmcp")]
mod rmcp;
mod trace_context;
mod trace_state;
mod w3c;

pub use carrier::{ReadCarrier, WriteCarrier};
#[cfg(any(feature = "rmcp", feature = "tower"))]
pub(crate) use exchange::identity;
pub use exchange::{extract, inject, inject_to};
pub use json::McpParams;
pub use process::Environment;
#[cfg(feature = "async-openai")]
pub(crate) use w3c::HEADERS;
pub use w3c::W3c;

use crate::config::Propagator;

/// The propagator that the settings name; with an empty list nothing is propagated.
pub(crate) fn propagator(named: &[Propagator]) -> W3c {
    W3c::new()
        .with_trace_context(named.contains(&Propagator::TraceContext))
        .with_baggage(named.contains(&Propagator::Baggage))
}
