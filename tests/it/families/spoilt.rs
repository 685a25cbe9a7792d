//! Replies of which a part is missing or is something else.

use super::fixture::Fixture;
use super::rows;
use crate::hostile_replies::{check_span, observe};
use agentspan::testing::record;
use agentspan::usage::Reply;
use serde_json::{Map, Value, json};

/// More tokens than anybody has.
const MOST: u64 = 1 << 33;

fn fixtures() -> impl Iterator<Item = (&'static str, Fixture)> {
    rows().into_iter().flat_map(|row| row.fixtures.into_iter().map(move |fixture| (row.family, fixture)))
}

/// Values of every type, and numbers that are no counts.
fn wrong() -> Vec<Value> {
    let deep = (0..120).fold(json!(1), |inner, _| json!([inner]));
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!(1e30),
        json!(-1e308),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(9_007_199_254_740_993_u64),
        json!("NaN"),
        json!("-7"),
        json!("1e30"),
        json!("99999999999999999999999999"),
        json!(""),
        json!("\u{0}\u{202e}"),
        json!([]),
        json!([null]),
        json!([[{}]]),
        json!({}),
        json!({"": {"": ""}}),
        deep,
    ]
}

/// The paths of all values inside of a value.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    found.push(path.to_owned());
    match value {
        Value::Array(items) => {
            (0..).zip(items).for_each(|(index, item)| places(item, &format!("{path}/{index}"), found));
        }
        Value::Object(map) => {
            map.iter().for_each(|(key, item)| places(item, &format!("{path}/{key}"), found));
        }
        _ => {}
    }
}

/// The value with one place taken away or made wrong, for each place. Of what is wrong every `step`th is taken, another
/// one each time.
fn spoilt(value: &Value, step: usize, mut check: impl FnMut(Value, &str)) {
    let (mut paths, wrong) = (Vec::new(), wrong());
    places(value, "", &mut paths);
    for (at, path) in paths.iter().enumerate() {
        for wrong in wrong.iter().skip(at % step).step_by(step) {
            let mut spoilt = value.clone();
            *spoilt.pointer_mut(path).expect("the place was found there") = wrong.clone();
            check(spoilt, &format!("{wrong} at `{path}`"));
        }
        let Some((parent, key)) = path.rsplit_once('/') else { continue };
        let mut spoilt = value.clone();
        if let Some(Value::Object(map)) = spoilt.pointer_mut(parent) {
            map.remove(key);
            check(spoilt, &format!("nothing at `{path}`"));
        }
    }
}

/// What holds for every reply: its figures are sane or absent.
fn check_reply(reply: &Reply, shown: &str) {
    let Some(usage) = &reply.usage else { return };
    for (name, count) in usage.counts() {
        assert!(count <= MOST, "{name} is {count}: {shown}");
    }
    let amounts = [usage.seconds, usage.provider_cost_usd];
    let is_sane = |amount: f64| amount.is_finite() && amount >= 0.0;
    assert!(amounts.into_iter().flatten().all(is_sane), "{usage:?}: {shown}");
}

#[test]
fn a_wrong_value_at_any_place_of_a_whole_reply_leaves_sane_figures() {
    for (family, fixture) in fixtures() {
        let Some(whole) = &fixture.whole else { continue };
        spoilt(whole, 3, |body, shown| {
            check_reply(&fixture.read([body.to_string().as_bytes()]), &format!("{family}, {shown}"));
        });
    }
}

#[test]
fn a_wrong_value_at_any_place_of_any_event_leaves_sane_figures() {
    for (family, fixture) in fixtures() {
        let Some((wire, chunks)) = &fixture.stream else { continue };
        for (index, chunk) in chunks.iter().enumerate() {
            spoilt(chunk, 7, |spoilt, shown| {
                // A frame of AWS has the name of its event.
                if spoilt.as_object().is_none_or(Map::is_empty) {
                    return;
                }
                let mut chunks = chunks.clone();
                chunks[index] = spoilt;
                let reply = fixture.read([&wire.bytes(&chunks)[..]]);
                check_reply(&reply, &format!("{family}, event {index}, {shown}"));
            });
        }
    }
}

#[test]
fn a_wrong_value_at_any_place_leaves_a_span_with_sane_figures() {
    let (_, fixture) = fixtures().next().expect("there are fixtures");
    let (recording, mut all) = (record(), Vec::new());
    spoilt(fixture.whole.as_ref().expect("a chat comes whole, too"), 1, |body, shown| {
        observe(fixture.url, 200, body.to_string().as_bytes());
        all.push(shown.to_owned());
    });
    let spans = recording.spans();
    assert!(spans.len() > 500 && spans.len() == all.len(), "{} of {}", spans.len(), all.len());
    spans.iter().zip(&all).for_each(|(span, shown)| check_span(span, shown));
}

#[test]
fn a_whole_reply_cut_at_any_byte_says_nothing_and_keeps_its_size() {
    for (family, fixture) in fixtures() {
        let Some(whole) = &fixture.whole else { continue };
        let body = whole.to_string();
        for at in 0..body.len() {
            let reply = fixture.read([&body.as_bytes()[..at]]);
            let mut expected = Reply::default();
            expected.size = at;
            assert_eq!(reply, expected, "{family}, cut at {at}");
        }
    }
}

#[test]
fn an_exchange_whose_reply_is_cut_has_no_figures() {
    let (_, fixture) = fixtures().next().expect("there are fixtures");
    let whole = fixture.whole.as_ref().expect("a chat comes whole, too").to_string();
    let recording = record();
    (0..whole.len()).for_each(|at| observe(fixture.url, 200, &whole.as_bytes()[..at]));
    let spans = recording.spans();
    assert_eq!(spans.len(), whole.len());
    for (at, span) in spans.iter().enumerate() {
        assert_eq!(span.to_string(), "llm.openai.unknown ok cost:unknown", "cut at {at}");
    }
}
