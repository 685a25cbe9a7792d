use super::Method;

#[test]
fn a_method_that_nobody_knows_is_one_word_and_its_own_text_is_kept_apart() {
    for sent in ["GET", "POST", "PATCH", "QUERY"] {
        assert_eq!(Method::of(sent), Method { word: sent, span_name: sent, original: None });
    }
    for sent in ["", "get", "PROPFIND", "\n"] {
        assert_eq!(Method::of(sent), Method { word: "_OTHER", span_name: "HTTP", original: Some(sent) });
    }
    let long = "Ü".repeat(1_000);
    assert_eq!(Method::of(&long).original, Some(&long[..64]));
}
