//! What the examples and the tests share: a small HTTP server and, on it, a scripted stand-in for the OpenAI API,
//! so that every program here runs without a key and without a network.

pub mod http;
pub mod openai;
mod reply;
pub mod weather;

pub use openai::OpenAi;
pub use reply::Reply;
