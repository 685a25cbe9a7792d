//! What the process that started this one wrote into its environment for it.

/// The variables that carry context, by the names that the specification of OpenTelemetry gives to the headers' names
/// in an environment.
const CARRIED: [&str; 3] = ["TRACEPARENT", "TRACESTATE", "BAGGAGE"];

/// Name and value of each that is set, as it is.
pub(crate) fn from_process() -> Vec<(String, Vec<u8>)> {
    let found = CARRIED.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var_os(name)?)));
    found.map(|(name, value)| (name, value.into_encoded_bytes())).collect()
}
