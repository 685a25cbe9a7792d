use opentelemetry::{Key, KeyValue};
use std::collections::HashMap;

/// The last value of each key, at the place of the first.
pub(crate) fn unite(attributes: &mut Vec<KeyValue>) {
    let mut places: HashMap<Key, usize> = HashMap::with_capacity(attributes.len());
    let mut united: Vec<KeyValue> = Vec::with_capacity(attributes.len());
    for attribute in attributes.drain(..) {
        match places.get(&attribute.key) {
            Some(place) => united[*place].value = attribute.value,
            None => {
                places.insert(attribute.key.clone(), united.len());
                united.push(attribute);
            }
        }
    }
    *attributes = united;
}
