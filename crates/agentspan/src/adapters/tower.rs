//! Layers of `tower`, for clients that send and servers that take `http::Request`. Feature `tower`.
//!
//! ```
//! use agentspan::adapters::tower::ClientLayer;
//! use agentspan::adapters::Observer;
//! use agentspan::usage::Endpoints;
//!
//! let layer = ClientLayer::new();
//! let of_a_gateway = ClientLayer::observing(
//!     Observer::new().with_endpoints(Endpoints::new().rule("llm.corp.example", "openai")),
//! );
//! # let _ = (layer, of_a_gateway);
//! ```
//!
//! A whole program with retries: `cargo run --example tower_client` in the repository.

mod client;
mod served;
mod server;
mod serving;

pub use super::body::ObservedBody;
pub use client::{Client, ClientFuture, ClientLayer};
pub use served::ServedBody;
pub use server::{Server, ServerFuture, ServerLayer};
