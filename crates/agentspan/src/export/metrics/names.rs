use crate::export::Scrubber;
use crate::span::lock;
use opentelemetry::StringValue;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Values of one attribute that have a series of their own; a program that puts an id into a name must not grow without
/// bound.
const MAX_VALUES: usize = 500;

/// The value of everything that has none of its own.
const OTHER: &str = "other";

/// The values of attributes, scrubbed once and bounded in number.
#[derive(Debug)]
pub(super) struct Names {
    scrubber: Scrubber,
    known: Mutex<HashMap<&'static str, HashMap<Box<str>, StringValue>>>,
}

impl Names {
    pub(super) fn new(scrubber: Scrubber) -> Self {
        Self { scrubber, known: Mutex::default() }
    }

    /// The value under which `value` leaves as the attribute `key`.
    pub(super) fn name(&self, key: &'static str, value: &str) -> StringValue {
        {
            let mut known = lock(&self.known);
            let values = known.entry(key).or_default();
            if let Some(name) = values.get(value) {
                return name.clone();
            }
            if values.len() >= MAX_VALUES {
                return OTHER.into();
            }
        }
        // Without the lock: this takes longer than all the rest.
        let clean: Arc<str> = self.scrubber.scrub(value).into();
        let name = StringValue::from(clean);
        lock(&self.known).entry(key).or_default().insert(value.into(), name.clone());
        name
    }
}
