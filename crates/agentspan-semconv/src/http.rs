//! HTTP, from OTel's general conventions.

names! {
    /// The status code with which an attempt failed.
    HTTP_RESPONSE_STATUS_CODE = "http.response.status_code": Int on EVENT;
}
