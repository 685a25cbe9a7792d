use std::time::{Instant, SystemTime};

use opentelemetry::trace::{Event, Link, SpanContext};

use super::*;
use crate::view::fixture;

fn scrubber() -> Scrubber {
    Scrubber::new(&[]).unwrap()
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok()
}

/// Texts with secrets, and what leaves of them.
#[track_caller]
fn check(cases: &[(&str, &str)]) {
    let scrubber = scrubber();
    for (text, expected) in cases {
        assert_eq!(scrubber.scrub(text), *expected, "for {text}");
        assert_eq!(scrubber.cleaned(expected), None, "a second pass changes {expected}");
        assert!(is_json(expected) || !is_json(text), "{expected} is no JSON any more");
    }
}

/// Texts that leave as they are, for which nothing is allocated.
#[track_caller]
fn check_harmless(texts: &[&str]) {
    let scrubber = scrubber();
    for text in texts {
        assert_eq!(scrubber.cleaned(text), None, "for {text}");
    }
}

#[test]
fn secrets_are_replaced_and_their_surroundings_stay() {
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P";
    let cases = [
        ("use sk-abcdefghij0123456789ABCDEFGHIJ now", "use [REDACTED:api_key] now"),
        ("sk-proj-a_b-c0123456789abcdefghij", "[REDACTED:openai_key]"),
        (r#"{"t":"line\nsk-proj-abcdefgh12345678"}"#, r#"{"t":"line\n[REDACTED:openai_key]"}"#),
        ("x=sk-ant-api03-AbCdEfGh_ijkl-mnop", "x=[REDACTED:anthropic_key]"),
        ("sk-or-v1-0123456789abcdef0123456789abcdef", "[REDACTED:openrouter_key]"),
        ("(AIzaSyA1234567890abcdefghijklmnopqrstuv)", "([REDACTED:google_key])"),
        ("AKIAIOSFODNN7EXAMPLE and ASIAIOSFODNN7EXAMPLE", "[REDACTED:aws_key] and [REDACTED:aws_key]"),
        (
            "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "AWS_SECRET_ACCESS_KEY=[REDACTED:secret]",
        ),
        ("ghp_0123456789abcdefghij0123456789abcdef", "[REDACTED:github_token]"),
        ("github_pat_11ABCDEFG0123456789_abcdefghij", "[REDACTED:github_token]"),
        ("xoxb-123456789012-abcdefABCDEF", "[REDACTED:slack_token]"),
        ("hf_abcdefghijklmnopqrstuvwxyzABCDEFGH", "[REDACTED:huggingface_token]"),
        ("gsk_abcdefghijklmnopqrstuvwxyz012345", "[REDACTED:groq_key]"),
        ("xai-abcdefghijklmnopqrstuvwxyz012345", "[REDACTED:xai_key]"),
        // In pieces, since scanners of repositories know this shape as well.
        (concat!("sk_", "live_0123456789abcdefABCD"), "[REDACTED:stripe_key]"),
        ("pplx-abcdefghijklmnopqrstuvwxyz012345", "[REDACTED:perplexity_key]"),
        ("r8_abcdefghijklmnopqrstuvwxyz0123456789A", "[REDACTED:replicate_token]"),
        ("Bearer abcdef0123456789", "Bearer [REDACTED:bearer]"),
        ("Basic dXNlcjpwYXNzd29yZA==", "Basic [REDACTED:basic]"),
        ("Authorization: Bearer short1, next", "Authorization: Bearer [REDACTED:authorization], next"),
        (
            r#"{"authorization":"Basic abc","a":1}"#,
            r#"{"authorization":"Basic [REDACTED:authorization]","a":1}"#,
        ),
        (jwt, "[REDACTED:jwt]"),
        ("postgres://admin:p@ss@db:5432/x?ssl=1", "postgres://[REDACTED:userinfo]@db:5432/x?ssl=1"),
        (
            "GET https://h/x?model=gpt-4o&api_key=abc&n=1#frag",
            "GET https://h/x?model=gpt-4o&api_key=[REDACTED:url]&n=1#frag",
        ),
        ("https://s3/x?X-Amz-Signature=0a1b2c", "https://s3/x?X-Amz-Signature=[REDACTED:url]"),
        (r#"{"apiKey":"abc123","n":1}"#, r#"{"apiKey":"[REDACTED:api_key]","n":1}"#),
        (r#"{"password": 12345}"#, r#"{"password": "[REDACTED:password]"}"#),
        (r#"{"password":"a\"b\\","n":1}"#, r#"{"password":"[REDACTED:password]","n":1}"#),
        (
            r#"{"arguments":"{\"api_key\":\"abc\",\"n\":1}"}"#,
            r#"{"arguments":"{\"api_key\":\"[REDACTED:api_key]\",\"n\":1}"}"#,
        ),
        ("MISTRAL_API_KEY=AbCdEf", "MISTRAL_API_KEY=[REDACTED:api_key]"),
        ("password: hunter2", "password: [REDACTED:password]"),
        ("password: correcthorse\nnext", "password: [REDACTED:password]\nnext"),
        ("login --password geheim9", "login --password [REDACTED:secret]"),
        (
            r#"Config { api_key: Some("abc"), n: 1 }"#,
            r#"Config { api_key: Some("[REDACTED:api_key]"), n: 1 }"#,
        ),
        ("Set-Cookie: sid=abc; Path=/\nx", "Set-Cookie: [REDACTED:cookie]\nx"),
        (
            "a -----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY----- b",
            "a [REDACTED:private_key] b",
        ),
        (
            r#"Config { password: Secret("abc def"), n: 1 }"#,
            r#"Config { password: Secret("[REDACTED:password]"), n: 1 }"#,
        ),
        (r#"api_key: Some(Key("abc"))"#, r#"api_key: Some(Key("[REDACTED:api_key]"))"#),
        ("fw_3ZkbGoG2nVpYjPcnXk9rJdTs x", "[REDACTED:fireworks_key] x"),
        ("k tgp_v1_AbCdEfGhIjKlMnOpQrStU9", "k [REDACTED:together_key]"),
        (r#"{"k":"-----BEGIN PRIVATE KEY-----\nMIIE"}"#, r#"{"k":"[REDACTED:private_key]"}"#),
        // A file of settings inside of a JSON text, and that inside of another one.
        (
            r#"KEY=\"-----BEGIN PRIVATE KEY-----\\nMIIE\\n\/+w==\\n-----END PRIVATE KEY-----\" X=1"#,
            r#"KEY=\"[REDACTED:private_key]\" X=1"#,
        ),
        (
            r#"KEY=\\\"-----BEGIN PRIVATE KEY-----\\\\nMIIE\\\\n-----END PRIVATE KEY-----\\\" X=1"#,
            r#"KEY=\\\"[REDACTED:private_key]\\\" X=1"#,
        ),
        ("Grüße sk-ant-api03-AbCdEfGh ü", "Grüße [REDACTED:anthropic_key] ü"),
    ];
    check(&cases);
}

#[test]
fn ordinary_text_is_left_alone_without_an_allocation() {
    let cases = [
        "task-123456789012345678901234 and risk-assessment-of-everything-2024",
        "sk-learn-for-absolute-beginners-and-experts",
        "fw_getFirmwareVersionString() and lin_api_getAllTheIssuesOfTheTeam",
        r#"token: Tokenizer("gpt2-medium"), field: Password("Enter your password")"#,
        "sk-SK",
        "llm.openai.gpt-4o-2024-08-06",
        "claude-sonnet-4-20250514",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        r#"{"max_tokens": 100, "prompt_tokens": 12, "token": " understanding", "logprob": -0.1}"#,
        r#"{"id_token": 12, "password": null, "api_key": ""}"#,
        r#"{"properties":{"password":{"type":"string"}},"required":["password","api_key"]}"#,
        r#"{"msg":"enter your password:","other":"x"}"#,
        r#"["{\"password\":", "x"]"#,
        "the password: The user must choose one",
        "basic information about bearer instruments of authorization",
        "password = read_password(prompt)",
        "https://example.com/a?page=2&sort=key",
        "PWD=/home/user",
        "mail me at user@example.com",
        "eyJhbGciOiJIUzI1NiJ9",
        "token=${TOKEN} api_key=<your key>",
        "",
    ];
    check_harmless(&cases);
}

#[test]
fn keys_that_hide_are_found() {
    let hex = "0123456789abcdef".repeat(4);
    let cases = [
        ("DB_PASS=geheim9", "DB_PASS=[REDACTED:password]"),
        ("mysql -u root --pass geheim9", "mysql -u root --pass [REDACTED:secret]"),
        ("user=root;pass=swordfish;db=x", "user=root;pass=[REDACTED:password];db=x"),
        (r#"{"user":"a","pass":"hunter2"}"#, r#"{"user":"a","pass":"[REDACTED:password]"}"#),
        (
            r#"{"arguments":"{\"pass\":\"hunter2\"}"}"#,
            r#"{"arguments":"{\"pass\":\"[REDACTED:password]\"}"}"#,
        ),
        ("postgres://user:p/ss@host/db", "postgres://[REDACTED:userinfo]@host/db"),
        ("https://user:1a?b#c@host/x", "https://[REDACTED:userinfo]@host/x"),
        ("xsk-ant-api03-AbCdEfGh_ijkl-mnop", "x[REDACTED:anthropic_key]"),
        (&format!("keysk-or-v1-{hex}"), "key[REDACTED:openrouter_key]"),
        ("my_sk-proj-abcdefghij0123456789ABCD", "my_[REDACTED:openai_key]"),
        ("tokenAIzaSyA1234567890abcdefghijklmnopqrstuv", "token[REDACTED:google_key]"),
        (&format!("tokenghp_{}", &hex[..36]), "token[REDACTED:github_token]"),
        ("Key: sk-ant-\u{200b}api03-AbCd\u{ad}EfGhijkl", "Key: [REDACTED:anthropic_key]"),
        ("pass\u{200d}word=hunter2", "password=[REDACTED:password]"),
    ];
    check(&cases);
}

#[test]
fn words_that_look_like_secrets_at_first_are_left_alone() {
    let cases = [
        "token: 0191e4a2-7c1e-7d3a-9f00-4bf92f3577b3",
        r#"{"token":"0191E4A2-7C1E-7D3A-9F00-4BF92F3577B3"}"#,
        "https://example.com/list?sort=up&key=price",
        "https://example.com/list?key=12",
        "12 tests pass: 3 fail",
        r#"{"pass": true, "pass_rate": 0.9, "pass": "partial"}"#,
        "bypass=enabled and the compass: north4",
        "pass=1 and pass=100000",
        "first pass: everything went well",
        "http://localhost:4873/@scope/pkg",
        "https://example.com:443/a?mail=b@c.de",
        "http://[::1]:8080/x@y",
        "task-ant-colony-optimization-of-everything",
        "risk-proj-assessment-and-more",
        "Familie 👩\u{200d}👩\u{200d}👧 und می\u{200c}خواهم",
    ];
    check_harmless(&cases);
}

#[test]
fn every_string_of_a_span_is_scrubbed() {
    const KEY: &str = "sk-ant-api03-AbCdEfGhIjKl";
    let attributes =
        || vec![KeyValue::new("a", KEY), KeyValue::new("http.request.header.authorization", "abc")];
    let texts = vec![StringValue::from(KEY), "plain".into()];
    let mut span = SpanData {
        attributes: [attributes(), vec![KeyValue::new("b", Value::Array(Array::String(texts)))]].concat(),
        status: Status::error(format!("401 for {KEY}")),
        ..fixture::span(format!("tool.{KEY}"))
    };
    span.events.events.push(Event::new(format!("e {KEY}"), SystemTime::UNIX_EPOCH, attributes(), 0));
    span.links.links.push(Link::new(SpanContext::NONE, attributes(), 0));
    scrubber().scrub_span(&mut span);
    let text = format!("{span:?}");
    assert!(!text.contains(KEY) && !text.contains("\"abc\""), "{text}");
    assert!(text.contains("plain"));
}

#[test]
fn own_patterns_are_applied_and_a_bad_one_is_named() {
    let own = [("customer id".to_owned(), r"CUST-\d+".to_owned())];
    let scrubber = Scrubber::new(&own).unwrap();
    assert_eq!(scrubber.scrub("CUST-1 and CUST-22"), "[REDACTED:customer_id] and [REDACTED:customer_id]");
    let error = Scrubber::new(&[("broken".to_owned(), "(".to_owned())]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the scrubbing pattern `broken` is no regular expression of the `regex` crate"
    );
}

#[test]
fn hostile_texts_take_no_longer_than_harmless_ones() {
    let scrubber = scrubber();
    let units = [
        "sk-",
        "password:",
        "password='",
        "token=\"",
        "authorization: ",
        "cookie: ",
        "://",
        "eyJ",
        "eyJaaaaaaaaa.",
        "-----BEGIN PRIVATE KEY-----",
        "\\",
        "\"",
        "é",
        "api_key=",
        "?key=",
        "://a:b/",
        "://a:1/@",
        "_pass=",
        "sk-ant-api03-",
        "password\u{200b}:",
        "passwords:[\"",
        "\"api_keys\":[\"x\",",
        "cookies:['a',\"",
        "tokens:[\"a\",\"",
        "secrets:[1,",
        "auth=a1",
        "API_KEYS=a,",
        ",",
    ];
    for unit in units {
        let text = unit.repeat(32 * 1024 / unit.len());
        let start = Instant::now();
        let clean = scrubber.scrub(&text);
        assert!(clean.len() <= text.len() * 12);
        // Quadratic behaviour would take minutes here.
        assert!(start.elapsed().as_secs() < 20, "{unit} took {:?}", start.elapsed());
    }
}

#[test]
fn a_list_ends_with_the_string_that_it_stands_in() {
    let json = r#"[{"secret":"passwords: [\"a1b2c3d4e5"},"f6g7h8i9j0"]"#;
    assert_eq!(scrubber().scrub(json), r#"[{"secret":"passwords: [\"[REDACTED:password]"},"f6g7h8i9j0"]"#);
    let json = r#"["passwords: [\"a1b2c3d4e5\\","f6g7h8i9j0"]"#;
    assert_eq!(scrubber().scrub(json), r#"["passwords: [\"[REDACTED:password]","f6g7h8i9j0"]"#);
}

#[test]
fn json_text_stays_json_whatever_it_holds() {
    const PARTS: [&str; 29] = [
        "password",
        "\"",
        "'",
        "\\",
        ":",
        "=",
        ": ",
        ",",
        "{",
        "}",
        "[",
        "]",
        " ",
        "\n",
        "api_key",
        "token",
        "authorization: Basic ",
        "Bearer abcdef0123456789",
        "cookie: a=b; c",
        "sk-ant-api03-abcdefghij",
        "é",
        "12345",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "://u:p@h",
        "?key=abc",
        "passwords: [",
        "auth=a1b2c3d4e5",
        "tokens",
    ];
    let scrubber = scrubber();
    let mut state = 7_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for _ in 0..4_000 {
        let mut text = |length: usize| (0..length).map(|_| PARTS[random(PARTS.len())]).collect::<String>();
        let inner = serde_json::json!({ text(2): text(6), "password": text(3), "api_key": 7, "secrets": [text(2), 7, text(3)] }).to_string();
        let middle = serde_json::json!({ "arguments": inner, text(3): [text(5), text(2)] }).to_string();
        let outer = serde_json::json!([{ "x": middle.clone(), "secret": text(4) }, text(8)]).to_string();
        for json in [middle, outer] {
            let clean = scrubber.scrub(&json);
            assert!(is_json(&clean), "{json}\nbecame\n{clean}");
            for cut in [20, 60, 150] {
                if let Some(cut) = crate::export::cut::shorten(&clean, cut, false) {
                    assert!(is_json(&cut), "{clean}\nbecame\n{cut}");
                }
            }
        }
    }
}

#[test]
fn keys_and_names_of_cloud_secrets_do_not_leave() {
    let scrubber = scrubber();
    let texts = [
        "AccountKey=c2VjcmV0c2VjcmV0c2VjcmV0",
        "SharedAccessKey=abcdefgh12345678",
        "access_key=abcdefgh12345678",
    ];
    for text in texts {
        let (_, value) = text.split_once('=').unwrap();
        assert!(!scrubber.scrub(text).contains(value), "{text}");
    }
    let mut attributes = [opentelemetry::KeyValue::new("sk-proj-abcdefghijklmnop0123456789", 1)];
    scrubber.scrub_attributes(&mut attributes);
    assert!(!attributes[0].key.as_str().contains("abcdefghijklmnop"), "{}", attributes[0].key);
}

#[test]
fn what_stands_behind_token_and_auth_alone_is_weighed() {
    let cases = [
        (r#"{"token":"abcdef12"}"#, r#"{"token":"[REDACTED:token]"}"#),
        (r#"{"token": "a1b2c3d4e5", "n": 1}"#, r#"{"token": "[REDACTED:token]", "n": 1}"#),
        (r#"{"auth":"a1b2c3d4e5f6a7b8"}"#, r#"{"auth":"[REDACTED:auth]"}"#),
        (
            r#"{"arguments":"{\"auth\": \"a1b2c3d4e5\"}"}"#,
            r#"{"arguments":"{\"auth\": \"[REDACTED:auth]\"}"}"#,
        ),
        ("auth=a1b2c3d4e5f6 n=1", "auth=[REDACTED:auth] n=1"),
        ("_auth=dXNlcjE6cGFzczE=", "_auth=[REDACTED:auth]"),
        ("X-Auth: a1b2c3d4e5f6a7b8c9\nx", "X-Auth: [REDACTED:auth]\nx"),
        ("token: a1b2c3d4e5f6a7b8c9", "token: [REDACTED:token]"),
        ("https://h/x?auth=abc12345&b=1", "https://h/x?auth=[REDACTED:url]&b=1"),
    ];
    check(&cases);
    let harmless = [
        r#"{"tokens": 4096, "max_tokens": 4096, "token_count": 12, "prompt_tokens": 12}"#,
        r#"{"token": "gpt-4o-mini", "auth": "oauth2", "logprob": -0.1}"#,
        r#"{"auth": "https://login.example.com/oauth2/v2.0", "author": "a1b2c3d4e5"}"#,
        r#"{"tokens": ["The", " cat", " 2024", "-01"], "token": " 12345678"}"#,
        r#"{"auth": null, "token": 1234567890123456}"#,
        "auth: oauth2-client-credentials and auth=HTTPBasicAuth(user1, x)",
        "curl --auth oauth2 https://example.com",
        "token: 12 of 34",
    ];
    check_harmless(&harmless);
}

#[test]
fn a_list_behind_the_name_of_a_secret_goes_as_one() {
    let cases = [
        (
            r#"{"api_keys":["first1","second2"],"n":["x"]}"#,
            r#"{"api_keys":["[REDACTED:api_key]"],"n":["x"]}"#,
        ),
        (
            "{\n  \"passwords\": [\n    \"geheim\",\n    \"swordfish\"\n  ]\n}",
            "{\n  \"passwords\": [\n    \"[REDACTED:password]\"\n  ]\n}",
        ),
        (r#"{"Authorization":["Bearer abc"]}"#, r#"{"Authorization":["[REDACTED:authorization]"]}"#),
        (r#"{"set-cookie":["a","sid=abc; Path=/"]}"#, r#"{"set-cookie":["a","[REDACTED:cookie]"]}"#),
        (r#"{"password": [null, "geheim", 7]}"#, r#"{"password": [null, "[REDACTED:password]", 7]}"#),
        (
            r#"{"arguments":"{\"api_keys\":[\n  \"first1\", \"second2\"]}"}"#,
            r#"{"arguments":"{\"api_keys\":[\n  \"[REDACTED:api_key]\"]}"}"#,
        ),
        (r#"{"tokens":["a1b2c3d4e5f6a7b8","x"]}"#, r#"{"tokens":["[REDACTED:token]","x"]}"#),
        ("Config { secrets: [\"first1\", \"second2\"] }", "Config { secrets: [\"[REDACTED:secret]\"] }"),
        ("api_keys=['first1', 'second2']", "api_keys=['[REDACTED:api_key]']"),
        ("API_KEYS=first1,second2 PORT=1", "API_KEYS=[REDACTED:api_key] PORT=1"),
        ("a,passwords=one1,two2,user=me", "a,passwords=[REDACTED:password],user=me"),
        (r#"{"passwords":["cut off"#, r#"{"passwords":["[REDACTED:password]"#),
    ];
    check(&cases);
    let harmless = [
        r#"{"required":["password","api_key"],"password":["string","null"],"api_keys":[]}"#,
        r#"{"msg":"our passwords: [","x":"y","z":"api_keys=["}"#,
        r#"{"passwords": 3, "api_keys": 12, "secrets": {"count": 2}}"#,
        "passwords: see the list [1]",
    ];
    check_harmless(&harmless);
}

#[test]
fn attributes_are_judged_by_the_same_names() {
    let texts = |texts: &[&'static str]| {
        Value::Array(Array::String(texts.iter().map(|text| StringValue::from(*text)).collect()))
    };
    let mut attributes = [
        KeyValue::new("api_keys", texts(&["first1", "second2"])),
        KeyValue::new("app.token", "a1b2c3d4e5"),
        KeyValue::new("auth", "a1b2c3d4e5"),
        KeyValue::new("secret", "hunter2"),
        KeyValue::new("token", "gpt-4o-mini"),
        KeyValue::new("author", "a1b2c3d4e5"),
        KeyValue::new("my.tokens", texts(&["The", " cat"])),
    ];
    scrubber().scrub_attributes(&mut attributes);
    let values: Vec<_> = attributes.iter().map(|attribute| attribute.value.to_string()).collect();
    let gone = "[REDACTED:attribute]";
    assert_eq!(
        values,
        [
            &format!(r#"["{gone}","{gone}"]"#),
            gone,
            gone,
            gone,
            "gpt-4o-mini",
            "a1b2c3d4e5",
            r#"["The"," cat"]"#
        ]
    );
}

#[test]
fn a_name_in_quotes_of_its_own_breaks_no_json_around_it() {
    check_harmless(&[r#"{"a":"'password': ","b":"c"}"#, r#"{"a":"`api_key`: "}"#, r#"["'secret'=", 1]"#]);
    check(&[(
        r#"{"a":"'password': 'geheim'","b":"c"}"#,
        r#"{"a":"'password': '[REDACTED:password]'","b":"c"}"#,
    )]);
}
