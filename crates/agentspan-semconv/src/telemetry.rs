//! What made the telemetry, from OTel's resource conventions.

names! {
    /// The name of the SDK, `opentelemetry`.
    TELEMETRY_SDK_NAME = "telemetry.sdk.name": Str on RESOURCE;
    /// The language of the SDK, `rust`.
    TELEMETRY_SDK_LANGUAGE = "telemetry.sdk.language": Str on RESOURCE;
    /// The version of the SDK.
    TELEMETRY_SDK_VERSION = "telemetry.sdk.version": Str on RESOURCE;
    /// The name of the distribution around the SDK, `agentspan`.
    TELEMETRY_DISTRO_NAME = "telemetry.distro.name": Str on RESOURCE;
    /// The version of the distribution around the SDK.
    TELEMETRY_DISTRO_VERSION = "telemetry.distro.version": Str on RESOURCE;
}
