//! What the tests share: a collector in this process, a real Jaeger, spans as text.

pub mod client;
pub mod collector;
pub mod example;
pub mod jaeger;
mod jaeger_json;
pub mod metrics;
pub mod names;
pub mod otlp;
pub mod span;
pub mod tree;

pub use collector::{Answer, Collector};
pub use jaeger::Jaeger;
pub use metrics::Series;
pub use span::Span;
pub use tree::Tree;

use std::path::{Path, PathBuf};

/// Where nobody listens: the port of the discard service, which is not run any more and which no server is given by chance.
pub const CLOSED: &str = "http://127.0.0.1:9";

/// The root of the checkout.
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests package lies inside the checkout").to_path_buf()
}

/// The programs of both READMEs are compiled with the tests of this package, since a packed crate does not hold the top
/// one.
#[cfg(doctest)]
mod readme {
    #[doc = include_str!("../../README.md")]
    struct Top;

    #[doc = include_str!("../../crates/agentspan/README.md")]
    struct Crate;
}
