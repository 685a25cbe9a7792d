use super::{BaggageReader, MAX_BYTES, write};
use opentelemetry::baggage::Baggage;
use std::borrow::Cow;

fn read(values: &[&[u8]]) -> (Baggage, bool) {
    let mut reader = BaggageReader::default();
    values.iter().for_each(|value| reader.push(value));
    reader.finish()
}

fn sent(baggage: &Baggage) -> String {
    let entries = baggage
        .iter()
        .map(|(key, (value, metadata))| (key.as_str(), Cow::from(value.as_str()), metadata.as_str()));
    write(entries).unwrap_or_default()
}

/// Key, value and properties of each entry, by key.
fn entries(baggage: &Baggage) -> Vec<(String, String, String)> {
    let mut entries: Vec<_> = baggage
        .iter()
        .map(|(key, (value, metadata))| (key.to_string(), value.to_string(), metadata.as_str().to_owned()))
        .collect();
    entries.sort();
    entries
}

type Entry = (&'static str, &'static str, &'static str);

/// Rule with its section of <https://www.w3.org/TR/baggage/>, the headers, the entries, and whether all was read.
#[rustfmt::skip]
const CASES: &[(&str, &[&str], &[Entry], bool)] = &[
    ("3.2.1.1 one member", &["userId=alice"], &[("userId", "alice", "")], true),
    ("3.2.1.1 white space", &[" a = 1\t, b\t=\t2 "], &[("a", "1", ""), ("b", "2", "")], true),
    ("3.2.1.1 several headers are one", &["a=1", "b=2"], &[("a", "1", ""), ("b", "2", "")], true),
    ("3.2.1.1 an empty header", &[""], &[], true),
    ("3.2.1.1 empty members", &["a=1,,b=2,"], &[("a", "1", ""), ("b", "2", "")], true),
    ("3.2.1.2 keys know upper and lower case", &["a=1,A=2"], &[("A", "2", ""), ("a", "1", "")], true),
    ("3.2.1.2 every character of a key", &["!#$%&'*+-.^_`|~0aZ=1"], &[("!#$%&'*+-.^_`|~0aZ", "1", "")], true),
    ("3.2.1.2 a key is not decoded", &["a%20b=1"], &[("a%20b", "1", "")], true),
    ("3.2.1.2 a key with a space", &["a b=1,c=2"], &[("c", "2", "")], false),
    ("3.2.1.2 a key in brackets", &["(a)=1,c=2"], &[("c", "2", "")], false),
    ("3.2.1.2 no key", &["=1,c=2"], &[("c", "2", "")], false),
    ("3.2.1.2 a key that is not ASCII", &["é=1,c=2"], &[("c", "2", "")], false),
    ("3.2.1.3 an equals sign in a value", &["a=b=c=="], &[("a", "b=c==", "")], true),
    ("3.2.1.3 an empty value", &["a="], &[("a", "", "")], true),
    ("3.2.1.3 no equals sign", &["a,c=2"], &[("c", "2", "")], false),
    ("3.2.1.3 every character that stands as it is", &["a=!#$&'()*+-./09:<=>?@AZ[]^_`az{|}~"],
        &[("a", "!#$&'()*+-./09:<=>?@AZ[]^_`az{|}~", "")], true),
    ("3.2.1.3 escapes, in either case", &["a=%20%22%2C%3b%5c%25%C3%a9"], &[("a", " \",;\\%é", "")], true),
    ("3.2.1.3 an escape that is no UTF-8", &["a=x%ffy%C3"], &[("a", "x\u{fffd}y\u{fffd}", "")], true),
    ("3.2.1.3 a percent sign that begins no escape", &["a=100%,b=%2,c=%zz"], &[("a", "100%", ""), ("b", "%2", ""), ("c", "%zz", "")], true),
    ("3.2.1.3 a plus sign is no space", &["a=b+c"], &[("a", "b+c", "")], true),
    ("3.2.1.3 a space inside", &["a=b c,d=1"], &[("d", "1", "")], false),
    ("3.2.1.3 a quotation mark", &["a=\"b\",d=1"], &[("d", "1", "")], false),
    ("3.2.1.3 a backslash", &["a=b\\c,d=1"], &[("d", "1", "")], false),
    ("3.2.1.3 a control character", &["a=b\u{1}c,d=1"], &[("d", "1", "")], false),
    ("3.2.1.3 a value that is not ASCII", &["a=é,d=1"], &[("d", "1", "")], false),
    ("3.2.1.4 properties", &["a=1 ; p ;q = 2,b=2"], &[("a", "1", "p;q=2"), ("b", "2", "")], true),
    ("3.2.1.4 a property with an equals sign in its value", &["a=1;p=x=y"], &[("a", "1", "p=x=y")], true),
    ("3.2.1.4 a bad property", &["a=1;p q,b=2"], &[("b", "2", "")], false),
    ("3.2.1.4 an empty property", &["a=1;,b=2"], &[("b", "2", "")], false),
    ("4 the last of two members with one key counts", &["a=1,b=2,a=3"], &[("a", "3", ""), ("b", "2", "")], true),
];

#[test]
fn baggage_is_read_by_the_rules_of_the_specification_and_no_others() {
    for (rule, headers, expected, is_complete) in CASES {
        let headers: Vec<_> = headers.iter().map(|value| value.as_bytes()).collect();
        let (baggage, is_incomplete) = read(&headers);
        let expected: Vec<_> =
            expected.iter().map(|(k, v, p)| (k.to_string(), v.to_string(), p.to_string())).collect();
        assert_eq!(entries(&baggage), expected, "{rule}");
        assert_eq!(is_incomplete, !is_complete, "{rule}");
        // What is written is read again as it was.
        let (again, is_incomplete) = read(&[sent(&baggage).as_bytes()]);
        assert_eq!((entries(&again), is_incomplete), (expected, false), "{rule}");
    }
}

#[test]
fn what_must_be_encoded_is_encoded_and_nothing_else() {
    let mut baggage = Baggage::new();
    baggage.insert("all", (' '..='~').chain(['\n', 'é']).collect::<String>());
    assert_eq!(
        sent(&baggage),
        "all=%20!%22#$%25&'()*+%2C-./0123456789:%3B<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[%5C]^_`abcdefghijklmnopqrstuvwxyz\
         {|}~%0A%C3%A9"
    );
}

#[test]
fn properties_that_would_spoil_the_header_are_left_out() {
    let mut baggage = Baggage::new();
    baggage.insert_with_metadata("a", "1", "good;x=1,evil=1;b d;\r\nheader: 1;ok=2");
    assert_eq!(sent(&baggage), "a=1;good;ok=2");
}

#[test]
fn sixty_four_members_and_8192_bytes_travel_and_no_part_of_another() {
    let many = |count: usize| (0..count).map(|n| format!("k{n:03}=v")).collect::<Vec<_>>().join(",");
    let (baggage, is_incomplete) = read(&[many(64).as_bytes()]);
    assert_eq!((baggage.len(), is_incomplete), (64, false));
    let (baggage, is_incomplete) = read(&[many(32).as_bytes(), many(40).replace('k', "l").as_bytes()]);
    assert_eq!((baggage.len(), is_incomplete), (64, true));
    assert_eq!(sent(&baggage).split(',').count(), 64);

    let exact = format!("a={}", "v".repeat(MAX_BYTES - 2));
    let (baggage, is_incomplete) = read(&[exact.as_bytes()]);
    assert_eq!((sent(&baggage), is_incomplete), (exact.clone(), false));
    let (baggage, is_incomplete) = read(&[exact.as_bytes(), b"b=1"]);
    assert_eq!((sent(&baggage), is_incomplete), (exact, true));
    let (baggage, is_incomplete) = read(&[format!("a={}", "v".repeat(MAX_BYTES)).as_bytes()]);
    assert_eq!((baggage.len(), is_incomplete), (0, true));

    // Encoded, the first one is too long; the second one is sent all the same.
    let mut baggage = Baggage::new();
    baggage.insert("a", "é".repeat(2_000));
    baggage.insert("b", "1");
    assert_eq!(sent(&baggage), "b=1");
}

#[test]
fn a_megabyte_of_anything_is_read_up_to_the_limit() {
    for member in ["a=1,", ",", ";", "=", "%", "a=%,", "\u{0},"] {
        let (baggage, _) = read(&[member.repeat((1 << 20) / member.len()).as_bytes()]);
        assert!(baggage.len() <= 64);
    }
}
