//! What the examples and the tests share: a small HTTP server and, on it, a scripted stand-in for the OpenAI API,
//! so that every program here runs without a key and without a network.

mod calls;
mod client;
pub mod exchange;
pub mod http;
pub mod openai;
mod prices;
mod reply;
pub mod weather;

pub use calls::{bill, day, moment};
pub use client::{client, first_tool_call, request, text, where_to_look};
pub use openai::OpenAi;
pub use prices::{prices, rates};
pub use reply::Reply;
