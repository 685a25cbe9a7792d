//! The tests that use only the public interface, one module per topic.

mod collector_selftest;
mod compose;
mod content;
mod fixtures;
mod foreign_spans;
mod hostile;
mod house;
mod identity;
mod leaving;
mod model_calls;
mod others;
mod outcomes;
mod own_provider;
mod parallel;
mod program;
mod sampling;
mod scripted_openai;
mod shutdown;
mod side_by_side;
mod start;
mod stop_reasons;
mod streams;
mod sums;
mod tls;
mod tools;
mod trouble;
