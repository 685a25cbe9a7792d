//! Attributes of the event [`EXCEPTION`](crate::event::EXCEPTION), from OTel's general conventions.

names! {
    /// The type of the error, as in `std::io::Error`.
    EXCEPTION_TYPE = "exception.type": Str on EVENT .openinference(&[EXCEPTION_TYPE]);
    /// The text of the error with its chain of causes.
    EXCEPTION_MESSAGE = "exception.message": Str on EVENT .content() .openinference(&[EXCEPTION_MESSAGE]);
    /// The backtrace, where there is one.
    EXCEPTION_STACKTRACE = "exception.stacktrace": Str on EVENT .content() .openinference(&[EXCEPTION_STACKTRACE]);
}
