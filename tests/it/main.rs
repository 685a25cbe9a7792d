//! The tests that use only the public interface, one module per topic.

#[cfg(feature = "async-openai")]
mod adapter_async_openai;
#[cfg(all(feature = "async-openai", feature = "reqwest-middleware", feature = "tower"))]
mod adapter_destinations;
#[cfg(feature = "genai")]
mod adapter_genai;
#[cfg(feature = "reqwest-middleware")]
mod adapter_reqwest;
#[cfg(feature = "rig")]
mod adapter_rig;
#[cfg(feature = "rmcp")]
mod adapter_rmcp;
#[cfg(feature = "rmcp")]
mod adapter_rmcp_requests;
#[cfg(feature = "tower")]
mod adapter_server;
#[cfg(feature = "tonic")]
mod adapter_tonic;
#[cfg(feature = "tower")]
mod adapter_tower;
mod adopted_clients;
mod adopted_spans;
mod attempts;
mod books;
mod bounds;
mod carriers;
mod collector_selftest;
mod compose;
mod content;
mod dropping;
mod families;
mod figures;
mod fixtures;
mod foreign_spans;
mod hostile;
mod hostile_replies;
mod house;
mod identity;
mod leaving;
mod log_events;
mod many;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "metrics")]
mod metrics_of_calls;
#[cfg(all(feature = "reqwest-middleware", feature = "tower"))]
mod misbehaving;
mod model_calls;
mod open_steps;
mod other_layers;
mod others;
mod outcomes;
mod own_provider;
mod parallel;
mod prices;
mod program;
mod random_trees;
mod raw_streams;
#[cfg(feature = "tower")]
mod real_servers;
mod remote;
mod sampling;
mod scripted_openai;
mod shutdown;
mod side_by_side;
mod start;
mod stop_reasons;
mod streams;
mod sums;
mod tasks;
mod tls;
mod tools;
mod trouble;
mod typed_calls;
mod ways_out;
