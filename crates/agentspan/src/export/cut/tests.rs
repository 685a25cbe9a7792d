use super::*;

#[test]
fn json_is_closed_wherever_it_is_cut() {
    let text = r#"{"role":"user","parts":[{"type":"text","content":"Grüße \"aus\" \ud83d\ude00 Köln, wie ist das Wetter heute?"},{"a":[1,23,true,null,-1.5e3,"x",[]],"b":{}}],"n":12}"#;
    let whole: serde_json::Value = serde_json::from_str(text).unwrap();
    for most in 0..text.len() {
        let cut = shorten(text, most, false).unwrap();
        assert!(cut.len() <= most, "{most}: {cut}");
        if most >= 2 {
            assert!(serde_json::from_str::<serde_json::Value>(&cut).is_ok(), "{most}: {cut}");
        }
    }
    assert_eq!(shorten(text, text.len(), false), None);
    assert_eq!(shorten(text, text.len(), true), None);
    // Every beginning of it is closed as well, without growing over the limit.
    for end in (1..text.len()).filter(|end| text.is_char_boundary(*end)) {
        let cut = shorten(&text[..end], 400, true).unwrap();
        let value: serde_json::Value = serde_json::from_str(&cut).unwrap_or_else(|e| panic!("{cut}: {e}"));
        assert!(end < 100 || value["role"] == whole["role"]);
    }
}

#[test]
fn a_cut_shows_where_it_was_made() {
    let check = |text: &str, most, expected: &str| assert_eq!(shorten(text, most, false).unwrap(), expected);
    check("Grüße aus Köln", 8, "Grü…");
    check("abc", 2, "");
    check(r#"{"a":1,"text":"abcdefghijklmnopqrstuvwxyz"}"#, 40, r#"{"a":1,"text":"abcdefghijklmnopqrst…"}"#);
    check(r#"["one","two","three","four","five"]"#, 24, r#"["one","two","…"]"#);
    check(r#"{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6}"#, 28, r#"{"a":1,"b":2,"…":"…"}"#);
    check(r#"[{"a":"b"},{"a":"b"},{"a":"c"}]"#, 27, r#"[{"a":"b"},{"a":"b"}]"#);
    check("[INFO] something long happened", 12, "[INFO] so…");
    check(r#"{"a":"b"} and more than that"#, 20, r#"{"a":"b"} and mor…"#);
    check("{\"a\":\"b\"}            ", 10, "{\"a\":\"b\"}");
}

#[test]
fn characters_are_counted_not_bytes() {
    assert_eq!(first_characters("äöü", 2), Some("äö"));
    assert_eq!(first_characters("äöü", 3), None);
    assert_eq!(first_characters("", 0), None);
}

#[test]
fn deep_and_broken_texts_do_no_harm() {
    for text in [
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        "\"\\".repeat(1000),
        "[\"\\ud83d\",\"\\ude00\"]".repeat(9),
    ] {
        assert!(shorten(&text, 1000, true).is_none_or(|cut| cut.len() <= 1000));
    }
}
