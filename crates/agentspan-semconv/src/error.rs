//! The class of a failure.

names! {
    /// A class of the failure with few different values: the provider's code, the HTTP status, the type of the
    /// error, `timeout` or `_OTHER`. Absent on success. Stable in OTel's general conventions.
    ERROR_TYPE = "error.type": Str on ANY_OR_EVENT .gen_ai(&[ERROR_TYPE]);
}
