use crate::export::Scrubber;
use crate::span::{Server, lock};
use crate::usage::short_name;
use agentspan_semconv::server::{SERVER_ADDRESS, SERVER_PORT};
use opentelemetry::{KeyValue, StringValue};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

/// Values of one attribute that have a series of their own; a program that puts an id into a name must not grow without
/// bound.
const MAX_VALUES: usize = 500;

/// Sets of attributes that have series of their own, since even bounded values give numbers of pairs without end.
const MAX_SETS: usize = 2_000;

/// What the SDK must keep of one metric: each set with three modalities of tokens, and the sets that have `other`.
pub(crate) const MAX_SERIES: usize = 4 * MAX_SETS;

/// The value of everything that has none of its own.
const OTHER: &str = "other";

/// The values of attributes, scrubbed once and bounded in number, and the sets in which they stand.
#[derive(Debug)]
pub(super) struct Names {
    scrubber: Scrubber,
    known: Mutex<HashMap<&'static str, HashMap<Box<str>, StringValue>>>,
    sets: Mutex<HashSet<Vec<KeyValue>>>,
}

/// The attributes of one step.
#[derive(Debug)]
pub(super) struct Attributes<'a> {
    names: &'a Names,
    all: Vec<KeyValue>,
    /// Where a name of the user's or the provider's stands, as opposed to a word of ours.
    named: Vec<usize>,
    /// Where a port stands, which is a number and cannot be `other`.
    port: Option<usize>,
    is_crowded: bool,
}

impl Names {
    pub(super) fn new(scrubber: Scrubber) -> Self {
        Self { scrubber, known: Mutex::default(), sets: Mutex::default() }
    }

    pub(super) fn attributes(&self) -> Attributes<'_> {
        /// Room for those of most steps.
        const USUAL: usize = 10;
        Attributes {
            names: self,
            all: Vec::with_capacity(USUAL),
            named: Vec::with_capacity(USUAL),
            port: None,
            is_crowded: false,
        }
    }

    /// The value under which `value` leaves as the attribute `key`; `None` when there is no room for another.
    fn name(&self, key: &'static str, value: &str) -> Option<StringValue> {
        // Models make up names of tools, too.
        let value = short_name(value);
        {
            let mut known = lock(&self.known);
            let values = known.entry(key).or_default();
            if let Some(name) = values.get(value) {
                return Some(name.clone());
            }
            if values.len() >= MAX_VALUES {
                return None;
            }
        }
        // Without the lock: this takes longer than all the rest.
        let clean: Arc<str> = self.scrubber.scrub(value).into();
        let name = StringValue::from(clean);
        lock(&self.known).entry(key).or_default().insert(value.into(), name.clone());
        Some(name)
    }

    fn has_room(&self, set: &[KeyValue]) -> bool {
        let mut sets = lock(&self.sets);
        sets.contains(set) || (sets.len() < MAX_SETS && sets.insert(set.to_vec()))
    }
}

impl Attributes<'_> {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Adds a word of ours, of which there are few.
    pub(super) fn word(&mut self, key: &'static str, word: &'static str) {
        self.all.push(KeyValue::new(key, word));
    }

    pub(super) fn name(&mut self, key: &'static str, value: &str) {
        let name = self.names.name(key, value);
        self.is_crowded |= name.is_none();
        self.named.push(self.all.len());
        self.all.push(KeyValue::new(key, name.unwrap_or(OTHER.into())));
    }

    /// Adds a host and its port; an `other` host has none.
    pub(super) fn server(&mut self, server: &Server) {
        let Some(address) = self.names.name(SERVER_ADDRESS, &server.address) else {
            return self.name(SERVER_ADDRESS, &server.address);
        };
        self.named.push(self.all.len());
        self.all.push(KeyValue::new(SERVER_ADDRESS, address));
        if let Some(port) = server.port {
            self.port = Some(self.all.len());
            self.all.push(KeyValue::new(SERVER_PORT, i64::from(port)));
        }
    }

    /// The attributes, and whether anything of them is `other` for want of room. One set too many has `other` for every
    /// name and no port, so that all such sets are one.
    pub(super) fn finish(mut self) -> (Vec<KeyValue>, bool) {
        if !self.names.has_room(&self.all) {
            self.is_crowded = true;
            for index in self.named {
                if let Some(attribute) = self.all.get_mut(index) {
                    attribute.value = OTHER.into();
                }
            }
            if let Some(port) = self.port {
                self.all.remove(port);
            }
        }
        (self.all, self.is_crowded)
    }
}
