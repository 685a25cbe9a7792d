//! The machine, from OTel's resource conventions.

names! {
    /// The name of the machine.
    HOST_NAME = "host.name": Str on RESOURCE;
}
