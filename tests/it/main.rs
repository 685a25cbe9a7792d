//! The tests that use only the public interface, one module per topic.

mod collector_selftest;
mod compose;
mod content;
mod fixtures;
mod foreign_spans;
mod hostile;
mod house;
mod identity;
mod model_calls;
mod others;
mod outcomes;
mod own_provider;
mod parallel;
mod scripted_openai;
mod stop_reasons;
mod streams;
mod sums;
mod tools;
