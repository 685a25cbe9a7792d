//! The process, from OTel's resource conventions.

names! {
    /// The process id.
    PROCESS_PID = "process.pid": Int on RESOURCE;
}
