//! Numbers that JSON does not have, or `serde_json` does not take: one of them must not hide all other counts.

/// The text with `null` in place of `NaN`, `Infinity` and numbers that are too large, which some servers write; `None` when
/// there are none.
pub(super) fn without_bad_numbers(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let (mut clean, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_string(bytes, at + 1),
            b'N' | b'I' | b'-' | b'0'..=b'9' => {
                let is_of_word =
                    |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-');
                let length = bytes.iter().skip(at).take_while(|byte| is_of_word(byte)).count();
                let word = &text[at..at + length];
                if is_bad(word) {
                    clean.push_str(&text[copied..at]);
                    clean.push_str("null");
                    copied = at + length;
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    (copied > 0).then(|| {
        clean.push_str(&text[copied..]);
        clean
    })
}

fn is_bad(word: &str) -> bool {
    let is_number = word.ends_with(|end: char| end.is_ascii_digit());
    matches!(word, "NaN" | "Infinity" | "-Infinity")
        || (is_number && word.parse::<f64>().is_ok_and(f64::is_infinite))
}

/// Behind the quote that ends the string.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}
