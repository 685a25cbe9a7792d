//! Names of OpenTelemetry's conventions for HTTP and MCP, on spans that are no step of an agent:
//! <https://opentelemetry.io/docs/specs/semconv/http/http-spans/> and
//! <https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp/>.

/// The method, as in `POST`.
pub(super) const HTTP_REQUEST_METHOD: &str = "http.request.method";

/// What was sent in place of a known method.
pub(super) const HTTP_REQUEST_METHOD_ORIGINAL: &str = "http.request.method_original";

/// Where a client's request goes, without user name and query.
pub(super) const URL_FULL: &str = "url.full";

/// The route of a server that took the request, as in `/users/{id}`.
#[cfg(feature = "tower")]
pub(super) const HTTP_ROUTE: &str = "http.route";

/// The path of a request that a server took.
#[cfg(feature = "tower")]
pub(super) const URL_PATH: &str = "url.path";

/// Which resource a request of MCP is for.
#[cfg(feature = "rmcp")]
pub(super) const MCP_RESOURCE_URI: &str = "mcp.resource.uri";
