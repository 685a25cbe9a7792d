//! How a call of gRPC ended, which its HTTP status does not say:
//! <https://opentelemetry.io/docs/specs/semconv/rpc/grpc/>.

/// The header, or the trailer, with the number of the status.
pub(super) const GRPC_STATUS: &str = "grpc-status";

/// The name of a status that is not `OK`: for who calls, each of them is an error.
pub(super) fn error(code: &str) -> Option<&'static str> {
    Some(match code {
        "0" => return None,
        "1" => "CANCELLED",
        "3" => "INVALID_ARGUMENT",
        "4" => "DEADLINE_EXCEEDED",
        "5" => "NOT_FOUND",
        "6" => "ALREADY_EXISTS",
        "7" => "PERMISSION_DENIED",
        "8" => "RESOURCE_EXHAUSTED",
        "9" => "FAILED_PRECONDITION",
        "10" => "ABORTED",
        "11" => "OUT_OF_RANGE",
        "12" => "UNIMPLEMENTED",
        "13" => "INTERNAL",
        "14" => "UNAVAILABLE",
        "15" => "DATA_LOSS",
        "16" => "UNAUTHENTICATED",
        // Whatever else a server says is this one, too, by the specification of gRPC.
        _ => "UNKNOWN",
    })
}

/// As [`error`], when the conventions count it as an error of the server.
#[cfg(feature = "tower")]
pub(super) fn error_of_server(code: &str) -> Option<&'static str> {
    let of_server = ["UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"];
    error(code).filter(|name| of_server.contains(name))
}
