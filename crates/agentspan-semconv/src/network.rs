//! The network, from OTel's general conventions.

names! {
    /// What a call was carried by: `pipe` for a child's standard input and output, `tcp` for HTTP.
    NETWORK_TRANSPORT = "network.transport": Str on TOOL .gen_ai(&[NETWORK_TRANSPORT]);
}
