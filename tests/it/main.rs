//! The tests that use only the public interface, one module per topic.

mod collector_selftest;
mod compose;
mod leaving;
mod import_line;
mod program;
mod sampling;
mod scripted_openai;
mod shutdown;
mod side_by_side;
mod spans;
mod start;
mod tls;
mod trouble;
