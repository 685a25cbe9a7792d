//! HTTP, from OTel's general conventions.

names! {
    /// The status code with which an attempt failed.
    HTTP_RESPONSE_STATUS_CODE = "http.response.status_code": Int on EVENT;
}

/// The method of a request, as in `POST`. Stands on spans of HTTP that are no model call.
pub const HTTP_REQUEST_METHOD: &str = "http.request.method";

/// The matched route of a server, as in `/users/{id}`. Stands on spans of HTTP that are no model call.
pub const HTTP_ROUTE: &str = "http.route";

/// Where a client's request goes, without user name and query. Stands on spans of HTTP that are no model call.
pub const URL_FULL: &str = "url.full";

/// The path of a request that a server takes. Stands on spans of HTTP that are no model call.
pub const URL_PATH: &str = "url.path";
