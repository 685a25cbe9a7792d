//! One HTTP exchange from beginning to end, with content recorded: a line is the method, one the URL, one the rule for a
//! host, one the request's body; a byte chooses the status, and the rest is the response's body.

#![no_main]

use agentspan::adapters::Observer;
use agentspan::testing::{Recording, record_with};
use agentspan::usage::{Endpoints, price_model};
use agentspan_fuzz::{Input, URLS};
use std::borrow::Cow;
use std::cell::RefCell;

/// Exchanges that one recording takes, since making it costs a hundred times an exchange.
const SHARED: usize = 64;

thread_local! {
    static RECORDING: RefCell<Option<(Recording, usize)>> = const { RefCell::new(None) };
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let method = String::from_utf8_lossy(input.until(b'\n'));
    let url = match input.until(b'\n') {
        [letter] => Cow::Borrowed(*Input(&[*letter]).one_of(&URLS)),
        url => String::from_utf8_lossy(url),
    };
    let rule = String::from_utf8_lossy(input.until(b'\n')).into_owned();
    let request = input.until(b'\n');
    let status = 100 + 4 * u16::from(input.byte());
    let body = input.rest();

    RECORDING.with_borrow_mut(|shared| {
        if shared.as_ref().is_none_or(|(_, taken)| *taken == SHARED) {
            // The old one ends before the new one begins.
            *shared = None;
            *shared = Some((record_with(agentspan::builder().with_content(true)), 0));
        }
    });
    let endpoints = Endpoints::new().rule(rule, "openai");
    if let Some(endpoint) = endpoints.recognise(&method, &url) {
        let _ = (endpoint.well_known_operation(), endpoint.model.as_deref().map(price_model));
    }
    agentspan::inject_to(&url, &mut Vec::<(String, String)>::new());
    let mut exchange = Observer::new().with_endpoints(endpoints).begin(&method, &url, Some(request));
    exchange.answered(status);
    exchange.header("content-type", "application/json");
    let (first, second) = body.split_at(body.len() / 2);
    exchange.push(first);
    exchange.push(second);
    exchange.finish();

    RECORDING.with_borrow_mut(|shared| {
        let Some((recording, taken)) = shared else { return };
        *taken += 1;
        let spans = recording.spans();
        assert_eq!(spans.len(), *taken, "one exchange is one span");
        let name = spans[*taken - 1].name();
        assert!(!name.is_empty() && name.len() < 1_100 && !name.contains(char::is_control), "{name:?}");
        let _ = recording.tree();
    });
});
