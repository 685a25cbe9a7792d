//! One span for each model call, by one line where the client is built.
//!
//! An adapter sits in the client's HTTP stack, begins a span for each request that [`usage::Endpoint`](crate::usage::Endpoint)
//! recognises as a model call, and reads the reply as it passes: nothing is buffered, delayed or changed. Each is a feature
//! of its own; the [`Observer`] that they all stand on needs none, for clients that have no adapter here.
//!
//! Inside a step of [`llm()`](crate::llm) or [`embedding()`](crate::embedding) an adapter opens no second span: the reply
//! is told to that step, so a call counts once. A step that fails when all of its requests were refused costs nothing, and has
//! the provider's class of error where the client's error has none. Of several requests in one such step that were not refused,
//! the tokens are those of the reply that was read last, and the cost is `partial`: make a step of each, or tell the sum by
//! [`cost_usd`](crate::SpanHandle::cost_usd).

#[cfg(feature = "async-openai")]
pub mod async_openai;
#[cfg(feature = "_body")]
mod body;
mod exchange;
mod grpc;
#[cfg(feature = "_http")]
mod http;
mod method;
mod names;
#[cfg(feature = "_reqwest")]
mod reqwest;
#[cfg(feature = "reqwest-middleware")]
pub mod reqwest_middleware;
#[cfg(feature = "rig")]
pub mod rig;
#[cfg(feature = "rmcp")]
pub mod rmcp;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(any(feature = "rmcp", feature = "tower"))]
mod watched;

pub use exchange::{Exchange, Observer};
