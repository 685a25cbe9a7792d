//! Price files of one's own, good and broken.

use super::{TODAY, at, count, priced, usd};
use crate::cost::{CostStatus, PriceQuery, Prices};
use crate::error::ErrorKind;

fn file(prices: &str) -> String {
    format!(
        "[{{\"id\": \"acme\", \"api_pattern\": \"https://acme\\\\.test\", \"models\": [\n{{\"id\": \"m\", \"match\": {{\"equals\": \"M\"}},\n\"prices\": {prices}\n}}]}}]"
    )
}

#[test]
fn a_file_of_ones_own_is_the_catalogue() {
    let prices = Prices::from_json(
        file(r#"{"input_mtok": 0.1, "output_mtok": 3e-1, "requests_kcount": 2}"#).as_bytes(),
    );
    let usage = count(1000, 100);
    let price = priced(&prices.unwrap(), &PriceQuery::new("acme", "m", &usage).at(at(TODAY)));
    assert_eq!(price.total_usd(), Some(usd("0.00213")));
    assert_eq!((price.other_usd(), price.catalog_version()), (Some(usd("0.002")), Some("custom")));
    let free = Prices::from_json(file(r#"{"input_mtok": 0, "output_mtok": 0}"#).as_bytes()).unwrap();
    assert_eq!(
        free.price(&PriceQuery::new("https://acme.test/v1", "M", &usage)).status(),
        CostStatus::ZeroRated
    );
}

#[test]
fn a_broken_file_names_the_line() {
    let cases = [
        (file(r#"{"input_mtok": -1}"#), "line 3 column"),
        (file(r#"{"input_mtok": "2"}"#), "line 3 column"),
        (file(r#"{"input_mtok": {"base": 1, "tiers": [{"start": 5}]}}"#), "line 3 column"),
        (file(r#"[{"prices": {}, "constraint": {"start_date": "2026-02-30"}}]"#), "line 3 column"),
        (file("{]"), "line 3 column"),
        ("{}".to_owned(), "line 1 column"),
        (String::new(), "line 1 column"),
    ];
    for (text, line) in cases {
        let error = Prices::from_json(text.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(line), "{text}: {error}");
    }
    let error = Prices::from_json(b"[{]").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the price file cannot be used: key must be a string at line 1 column 3; expected the format of `genai-prices`"
    );
}
