use crate::usage::{OTHER, ReplyError, prefix};
use agentspan_semconv::Outcome;
use std::any::Any;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// How a step ended, and with which failure.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    pub(crate) outcome: Outcome,
    pub(crate) failure: Option<FailureRecord>,
}

impl Ending {
    pub(crate) fn ok() -> Self {
        Self { outcome: Outcome::Ok, failure: None }
    }

    pub(crate) fn cancelled() -> Self {
        Self { outcome: Outcome::Cancelled, failure: None }
    }

    pub(crate) fn failed(failure: FailureRecord) -> Self {
        let outcome = if failure.timed_out { Outcome::Timeout } else { Outcome::Error };
        Self { outcome, failure: Some(failure) }
    }

    /// The work panicked, and what it said is not known here.
    pub(crate) fn unwinding() -> Self {
        Self { outcome: Outcome::Panicked, failure: Some(FailureRecord::of_type("panic")) }
    }

    pub(crate) fn panicked(payload: &(dyn Any + Send)) -> Self {
        let message = payload
            .downcast_ref::<&'static str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        let failure =
            FailureRecord { error_type: Cow::Borrowed("panic"), message, ..FailureRecord::default() };
        Self { outcome: Outcome::Panicked, failure: Some(failure) }
    }
}

/// What is recorded of an error: its class always, its texts only when error texts are asked for.
#[derive(Debug, Clone, Default)]
#[doc(hidden)]
pub struct FailureRecord {
    pub(crate) error_type: Cow<'static, str>,
    pub(crate) message: Option<String>,
    /// The texts of the causes, outermost first.
    pub(crate) chain: Vec<String>,
    pub(crate) timed_out: bool,
    /// No connection came about, so that nothing was sent, or the provider refused: nothing is charged.
    pub(crate) refused: bool,
    /// The class is the name of the error's type, or none, so that whoever has seen the failure itself knows a better one.
    pub(crate) is_vague: bool,
}

impl FailureRecord {
    pub(crate) fn of_type(error_type: impl Into<Cow<'static, str>>) -> Self {
        Self { error_type: error_type.into(), ..Self::default() }
    }

    /// What the provider said itself.
    pub(crate) fn of_reply(error: &ReplyError) -> Self {
        let message = Some(error.message.clone()).filter(|text| !text.is_empty());
        Self { message, ..Self::of_type(error.error_type.clone()) }
    }
}

/// An error that a step can end with: any [`std::error::Error`], `Box<dyn Error>` with or without `Send + Sync`,
/// `anyhow::Error` and its kin, `String` and `&str`.
///
/// The parameter tells the kinds apart and is always inferred. There is nothing to implement.
///
/// `error.type` is the type's name; of one that is only called `Error`, the kind of the I/O error among its causes, such as
/// `io::ConnectionRefused`, or else the crate's name and that, such as `reqwest::Error`. A boxed error, `anyhow::Error` and
/// text have lost theirs: they are `_OTHER`, unless a timeout or an I/O error is among the causes. Where an adapter saw the
/// provider refuse all requests of a model call, the provider's class stands in place of `_OTHER` and of the type's name. Tell a
/// class of your own by [`error_type`](crate::SpanHandle::error_type) inside the step; it comes before that of the error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an error that a step can end with",
    note = "use a type that implements `std::error::Error`, a boxed error, `anyhow::Error` or `String`; \
            for other results there is `.run_ok(…)`"
)]
pub trait Failure<Kind> {
    #[doc(hidden)]
    fn record(&self) -> FailureRecord;
}

/// Kind of [`Failure`]: types that implement [`std::error::Error`].
#[derive(Debug)]
pub enum ViaError {}
/// Kind of [`Failure`]: types that give out an error, as `anyhow::Error` and `Box<dyn Error + Send + Sync>` do.
#[derive(Debug)]
pub enum ViaReport {}
/// Kind of [`Failure`]: `Box<dyn Error>`.
#[derive(Debug)]
pub enum ViaBox {}
/// Kind of [`Failure`]: plain text.
#[derive(Debug)]
pub enum ViaText {}

impl<E: StdError + 'static> Failure<ViaError> for E {
    fn record(&self) -> FailureRecord {
        record_chain(self, short_type_name(std::any::type_name::<E>()))
    }
}

impl<E: AsRef<dyn StdError + Send + Sync>> Failure<ViaReport> for E {
    fn record(&self) -> FailureRecord {
        record_chain(self.as_ref(), None)
    }
}

impl Failure<ViaBox> for Box<dyn StdError> {
    fn record(&self) -> FailureRecord {
        record_chain(self.as_ref(), None)
    }
}

impl Failure<ViaText> for String {
    fn record(&self) -> FailureRecord {
        self.as_str().record()
    }
}

impl Failure<ViaText> for &str {
    fn record(&self) -> FailureRecord {
        FailureRecord { message: Some(cut(self)), is_vague: true, ..FailureRecord::of_type(OTHER) }
    }
}

/// How deep a chain of causes is followed; a cyclic one must not hang the caller.
const MAX_CAUSES: usize = 16;

/// Bytes kept of one error text on the caller's path.
const MAX_TEXT: usize = 16 * 1024;

fn record_chain(error: &(dyn StdError + 'static), type_name: Option<TypeName>) -> FailureRecord {
    let mut record = FailureRecord { message: Some(text(error)), ..FailureRecord::default() };
    let mut class = None;
    let mut cause = Some(error);
    for depth in 0..MAX_CAUSES {
        let Some(error) = cause else { break };
        if depth > 0 {
            record.chain.push(text(error));
        }
        record.timed_out |= is_timeout(error) || is_timeout_of_reqwest(error);
        record.refused |= is_refused(error);
        class = class.or_else(|| io_class(error));
        cause = catch_unwind(AssertUnwindSafe(|| error.source())).ok().flatten();
    }
    let class = match (record.timed_out, type_name, class) {
        (true, ..) => Some(Cow::Borrowed("timeout")),
        (_, Some(TypeName::Plain(_)) | None, class) => class,
        _ => None,
    };
    record.is_vague = class.is_none();
    record.error_type = class.unwrap_or_else(|| class_of(type_name));
    record
}

fn is_timeout(error: &(dyn StdError + 'static)) -> bool {
    if error.is::<Elapsed>() || error.is::<tokio::time::error::Elapsed>() {
        return true;
    }
    #[cfg(feature = "rmcp")]
    if matches!(error.downcast_ref(), Some(rmcp::ServiceError::Timeout { .. })) {
        return true;
    }
    let Some(error) = error.downcast_ref::<io::Error>() else { return false };
    // An error wrapped in an I/O error stands in for it in the chain of causes and would be passed over.
    let wrapped = error.get_ref();
    error.kind() == ErrorKind::TimedOut || wrapped.is_some_and(|wrapped| is_timeout(wrapped))
}

/// The cause that reqwest gives for a timeout is of a type that it keeps to itself, so only its text tells.
fn is_timeout_of_reqwest(error: &(dyn StdError + 'static)) -> bool {
    struct Expected<'a>(&'a str);

    impl fmt::Write for Expected<'_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 = self.0.strip_prefix(text).ok_or(fmt::Error)?;
            Ok(())
        }
    }

    let mut expected = Expected("operation timed out");
    let written = catch_unwind(AssertUnwindSafe(|| write!(expected, "{error}")));
    matches!(written, Ok(Ok(()))) && expected.0.is_empty()
}

/// With these no connection came about. One that was reset may have been in use, and is none of them.
const UNCONNECTED: [ErrorKind; 5] = [
    ErrorKind::ConnectionRefused,
    ErrorKind::AddrNotAvailable,
    ErrorKind::HostUnreachable,
    ErrorKind::NetworkUnreachable,
    ErrorKind::NetworkDown,
];

/// Words of clients that say the same.
const UNCONNECTED_WORDS: [&str; 8] = [
    "connect",
    "connect_error",
    "connect_timeout",
    "connection_refused",
    "ConnectionRefused",
    "ConnectError",
    "ConnectTimeout",
    "dns_error",
];

/// Whether an error says that no connection came about, so that nothing can have been charged for.
fn is_refused(error: &(dyn StdError + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| UNCONNECTED.contains(&error.kind()))
}

/// Whether the class of an error says so.
pub(crate) fn is_unconnected(class: &str) -> bool {
    UNCONNECTED_WORDS.iter().any(|word| word.eq_ignore_ascii_case(class))
        || UNCONNECTED.iter().any(|kind| class_of_io(*kind) == class)
}

fn class_of_io(kind: ErrorKind) -> String {
    format!("io::{kind:?}")
}

/// Errors of the operating system behind a boxed error keep their class.
fn io_class(error: &(dyn StdError + 'static)) -> Option<Cow<'static, str>> {
    let error = error.downcast_ref::<io::Error>()?;
    Some(Cow::Owned(class_of_io(error.kind())))
}

/// What the name of a type says of an error: a class of low cardinality that a person recognises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TypeName {
    /// `weather::client::ApiError<Foo>` is `ApiError`.
    Telling(&'static str),
    /// `reqwest::error::Error` is only the `Error` of `reqwest`.
    Plain(&'static str),
}

fn class_of(name: Option<TypeName>) -> Cow<'static, str> {
    match name {
        Some(TypeName::Telling(name)) => Cow::Borrowed(name),
        Some(TypeName::Plain(of)) => Cow::Owned(format!("{of}::{PLAIN}")),
        None => Cow::Borrowed(OTHER),
    }
}

/// How most crates call an error of theirs.
const PLAIN: &str = "Error";

fn short_type_name(name: &'static str) -> Option<TypeName> {
    // An error that is shared or boxed is still that error.
    let inner = ["alloc::sync::Arc<", "alloc::rc::Rc<", "alloc::boxed::Box<"]
        .iter()
        .find_map(|pointer| name.strip_prefix(pointer)?.strip_suffix('>'));
    if let Some(inner) = inner {
        return short_type_name(inner);
    }
    let path = name.split('<').next().filter(|path| !path.starts_with("dyn "))?;
    let name = path.rsplit("::").next()?;
    let is_plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let named = || {
        let mut rooms = path.split("::").filter(|room| !["alloc", "core", "std"].contains(room));
        match rooms.next() {
            Some(of) if name == PLAIN && of != PLAIN => TypeName::Plain(of),
            _ => TypeName::Telling(name),
        }
    };
    is_plain.then(named)
}

/// What is recorded of an error of a type that is not known to be one.
#[cfg(feature = "_body")]
pub(crate) fn record_by_type<E: 'static>() -> FailureRecord {
    FailureRecord::of_type(class_of(short_type_name(std::any::type_name::<E>())))
}

/// A `Display` that panics or writes without end must not harm the caller, so its text is cut while it is written.
fn text(error: &dyn fmt::Display) -> String {
    let mut out = Cut(String::new());
    // An error here only says that the text was cut, or that it panicked.
    let _ = catch_unwind(AssertUnwindSafe(|| write!(out, "{error}")));
    out.0
}

fn cut(text: &str) -> String {
    let mut out = Cut(String::new());
    let _ = out.write_str(text);
    out.0
}

struct Cut(String);

impl fmt::Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MAX_TEXT - self.0.len();
        self.0.push_str(prefix(text, room));
        if text.len() > room { Err(fmt::Error) } else { Ok(()) }
    }
}

/// The error of a step that its [`timeout`](crate::ToolBuilder::timeout) ended.
///
/// It turns into `Box<dyn Error>`, `anyhow::Error` and `String` by itself; an error type of one's own needs a
/// `From<agentspan::Elapsed>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed(pub(crate) Duration);

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not finished after {:?}", self.0)
    }
}

impl StdError for Elapsed {}

impl From<Elapsed> for String {
    fn from(elapsed: Elapsed) -> Self {
        elapsed.to_string()
    }
}

#[cfg(test)]
mod tests;
