//! What happens to a finished span on its way out, off the caller's path.

mod translate;
