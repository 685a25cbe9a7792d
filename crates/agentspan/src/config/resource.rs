use super::Overrides;
use super::reader::Reader;
use super::value::{percent_decode, shown};

const ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";
const SERVICE_NAME: &str = "service.name";

/// The service's name, and the attributes without it.
pub(super) fn resolve(reader: &mut Reader<'_>, code: &Overrides) -> (Option<String>, Vec<(String, String)>) {
    let mut given = attributes(reader);
    let named = reader
        .get("OTEL_SERVICE_NAME")
        .or_else(|| take(&mut given, SERVICE_NAME))
        .or_else(|| code.service_name.clone().filter(|name| !name.trim().is_empty()));

    let mut attributes = Vec::with_capacity(code.resource.len() + given.len());
    for (key, value) in code.resource.iter().cloned().chain(given) {
        put(&mut attributes, key, value);
    }
    let in_attributes = take(&mut attributes, SERVICE_NAME);
    (named.or(in_attributes), attributes)
}

/// All attributes of the variable or, as the specification wants, none of them when one is wrong.
fn attributes(reader: &mut Reader<'_>) -> Vec<(String, String)> {
    let Some(text) = reader.get(ATTRIBUTES) else { return Vec::new() };
    parse(&text).unwrap_or_else(|wrong| {
        reader.warn(format!(
            "ignoring `{ATTRIBUTES}`, whose values are not shown: expected `key=value` pairs separated by \
             commas, with `,`, `=` and `%` inside them written `%2C`, `%3D` and `%25`, but {wrong} is none; \
             using none of its attributes"
        ));
        Vec::new()
    })
}

/// On failure names the first wrong pair, by its key where it has one.
fn parse(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut attributes = Vec::new();
    for (index, pair) in text.split(',').enumerate() {
        if pair.trim().is_empty() {
            continue;
        }
        let number = index + 1;
        let (key, value) = pair.split_once('=').ok_or_else(|| format!("pair {number}"))?;
        let decoded = percent_decode(key.trim()).filter(|key| !key.is_empty());
        // An `=` in a value must be encoded, so that a missing comma cannot swallow the next pair.
        let value = Some(value.trim()).filter(|value| !value.contains('=')).and_then(percent_decode);
        match (decoded, value) {
            (Some(key), Some(value)) => put(&mut attributes, key, value),
            (Some(key), None) => return Err(format!("pair {number}, `{}`,", shown(&key))),
            (None, _) => return Err(format!("pair {number}")),
        }
    }
    Ok(attributes)
}

/// The last value given for a key stays.
fn put(attributes: &mut Vec<(String, String)>, key: String, value: String) {
    match attributes.iter_mut().find(|(known, _)| *known == key) {
        Some((_, old)) => *old = value,
        None => attributes.push((key, value)),
    }
}

fn take(attributes: &mut Vec<(String, String)>, key: &str) -> Option<String> {
    let index = attributes.iter().position(|(known, _)| known == key)?;
    Some(attributes.remove(index).1).filter(|value| !value.is_empty())
}
