//! How a call of gRPC ended, which its HTTP status does not say:
//! <https://opentelemetry.io/docs/specs/semconv/rpc/grpc/>.

use http::HeaderMap;

/// The name of the status in headers or trailers, when the conventions count it as an error of the server.
pub(super) fn error_of_server(headers: &HeaderMap) -> Option<&'static str> {
    Some(match headers.get("grpc-status")?.as_bytes() {
        b"2" => "UNKNOWN",
        b"4" => "DEADLINE_EXCEEDED",
        b"12" => "UNIMPLEMENTED",
        b"13" => "INTERNAL",
        b"14" => "UNAVAILABLE",
        b"15" => "DATA_LOSS",
        _ => return None,
    })
}
