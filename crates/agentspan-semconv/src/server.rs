//! The host that was called, from OTel's general conventions.

names! {
    /// The host name of the endpoint that was called, without scheme and port.
    SERVER_ADDRESS = "server.address": Str on CALLED .gen_ai(&[SERVER_ADDRESS]);
    /// The port of the endpoint that was called.
    SERVER_PORT = "server.port": Int on CALLED .gen_ai(&[SERVER_PORT]);
}
