//! The program, from OTel's resource conventions.

names! {
    /// The name of the program; `unknown_service:<executable>` when nobody gives one.
    SERVICE_NAME = "service.name": Str on RESOURCE;
    /// The version of the program.
    SERVICE_VERSION = "service.version": Str on RESOURCE;
    /// This one process among all that run the program.
    SERVICE_INSTANCE_ID = "service.instance.id": Str on RESOURCE;
}
