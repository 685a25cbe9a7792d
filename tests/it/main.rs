//! The tests that use only the public interface, one module per topic.

mod collector_selftest;
mod compose;
mod own_provider;
mod scripted_openai;
mod spans;
