//! What happens to a finished span on its way out, off the caller's path.

mod cut;
pub(crate) mod deadline;
pub(crate) mod fit;
pub(crate) mod http;
pub(crate) mod otlp;
pub(crate) mod scrub;
