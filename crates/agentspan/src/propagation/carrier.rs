//! What context is written to and read from.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

/// Something that context can be written to: headers, a map, the environment of a child.
///
/// Implemented for maps from names to strings or bytes, for lists of such pairs, and for everything in
/// [`propagation`](crate::propagation). For a type of one's own only `set` is needed; headers of Kafka, which can only be
/// added:
///
/// ```
/// use agentspan::propagation::WriteCarrier;
/// # #[derive(Default)] struct OwnedHeaders(Vec<(String, Vec<u8>)>);
/// # impl OwnedHeaders { fn insert(mut self, key: &str, value: &[u8]) -> Self { self.0.push((key.into(), value.into())); self } }
///
/// struct Kafka(OwnedHeaders);
///
/// impl WriteCarrier for Kafka {
///     fn set(&mut self, name: &str, value: String) {
///         self.0 = std::mem::take(&mut self.0).insert(name, value.as_bytes());
///     }
/// }
///
/// let mut headers = Kafka(OwnedHeaders::default());
/// agentspan::inject(&mut headers);
/// ```
pub trait WriteCarrier {
    /// Puts a value under a name in lower case, in place of what stands there. Names and values are ASCII without
    /// control characters.
    fn set(&mut self, name: &str, value: String);

    /// Takes away what stands under a name, such as headers of a request that is passed on. By default it does nothing,
    /// for carriers that are only added to.
    fn unset(&mut self, name: &str) {
        let _ = name;
    }
}

/// Something that context can be read from.
///
/// Implemented for maps from names to strings or bytes, for lists of such pairs, and for everything in
/// [`propagation`](crate::propagation). For a type of one's own, such as AMQP's table of typed values:
///
/// ```
/// use agentspan::propagation::ReadCarrier;
/// # use std::collections::BTreeMap;
/// # enum AMQPValue { LongString(Vec<u8>), Boolean(bool) }
/// # let table: BTreeMap<String, AMQPValue> = BTreeMap::new();
///
/// struct Amqp<'a>(&'a BTreeMap<String, AMQPValue>);
///
/// impl ReadCarrier for Amqp<'_> {
///     fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
///         if let Some(AMQPValue::LongString(value)) = self.0.get(name) {
///             visit(value);
///         }
///     }
/// }
///
/// let job = agentspan::extract(&Amqp(&table));
/// assert_eq!(job.trace_id(), None);
/// ```
pub trait ReadCarrier {
    /// Shows each value under a name in lower case, in order; repeated ones are told apart, since two parents are none.
    /// Names of headers match in any case.
    fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8]));
}

impl<K: AsRef<str>, V: AsRef<[u8]>> ReadCarrier for [(K, V)] {
    fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        visit_pairs(self.iter().map(|(key, value)| (key, value)), name, visit);
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>, const N: usize> ReadCarrier for [(K, V); N] {
    fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        self.as_slice().visit(name, visit);
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>> ReadCarrier for Vec<(K, V)> {
    fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        self.as_slice().visit(name, visit);
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>, S> ReadCarrier for HashMap<K, V, S> {
    fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        visit_pairs(self.iter(), name, visit);
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>> ReadCarrier for BTreeMap<K, V> {
    fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        visit_pairs(self.iter(), name, visit);
    }
}

fn visit_pairs<'a, K, V>(
    pairs: impl Iterator<Item = (&'a K, &'a V)>,
    name: &str,
    visit: &mut dyn FnMut(&[u8]),
) where
    K: AsRef<str> + 'a,
    V: AsRef<[u8]> + 'a,
{
    pairs.filter(|(key, _)| is_named(key, name)).for_each(|(_, value)| visit(value.as_ref()));
}

fn is_named(key: &impl AsRef<str>, name: &str) -> bool {
    key.as_ref().eq_ignore_ascii_case(name)
}

impl<K: AsRef<str> + for<'a> From<&'a str>, V: From<String>> WriteCarrier for Vec<(K, V)> {
    fn set(&mut self, name: &str, value: String) {
        self.unset(name);
        self.push((name.into(), value.into()));
    }

    fn unset(&mut self, name: &str) {
        self.retain(|(key, _)| !is_named(key, name));
    }
}

impl<K, V, S> WriteCarrier for HashMap<K, V, S>
where
    K: AsRef<str> + for<'a> From<&'a str> + Eq + Hash,
    V: From<String>,
    S: BuildHasher,
{
    fn set(&mut self, name: &str, value: String) {
        self.unset(name);
        self.insert(name.into(), value.into());
    }

    fn unset(&mut self, name: &str) {
        self.retain(|key, _| !is_named(key, name));
    }
}

impl<K, V> WriteCarrier for BTreeMap<K, V>
where
    K: AsRef<str> + for<'a> From<&'a str> + Ord,
    V: From<String>,
{
    fn set(&mut self, name: &str, value: String) {
        self.unset(name);
        self.insert(name.into(), value.into());
    }

    fn unset(&mut self, name: &str) {
        self.retain(|key, _| !is_named(key, name));
    }
}

#[cfg(feature = "http")]
impl ReadCarrier for http::HeaderMap {
    fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        self.get_all(name).iter().for_each(|value| visit(value.as_bytes()));
    }
}

#[cfg(feature = "http")]
impl WriteCarrier for http::HeaderMap {
    fn set(&mut self, name: &str, value: String) {
        let name = http::HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, http::HeaderValue::try_from(value)) {
            self.insert(name, value);
        }
    }

    fn unset(&mut self, name: &str) {
        self.remove(name);
    }
}
