use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{check, check_env};
use crate::config::{OtlpOverrides, Overrides};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const TRACES_HEADERS: &str = "OTEL_EXPORTER_OTLP_TRACES_HEADERS";

fn in_code(otlp: OtlpOverrides) -> Overrides {
    Overrides { otlp, ..Overrides::default() }
}

fn at(endpoint: &str) -> Overrides {
    in_code(OtlpOverrides { endpoint: Some(endpoint.to_owned()), ..OtlpOverrides::default() })
}

#[test]
fn the_general_endpoint_gets_the_path_of_traces() {
    let cases = [
        ("http://collector:4318", "http://collector:4318/v1/traces"),
        ("http://collector:4318/", "http://collector:4318/v1/traces"),
        ("HTTPS://collector/otlp", "https://collector/otlp/v1/traces"),
        ("https://collector/otlp/", "https://collector/otlp/v1/traces"),
        ("https://collector/otlp?team=a", "https://collector/otlp/v1/traces?team=a"),
        ("https://collector?team=a#part", "https://collector/v1/traces?team=a"),
        ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
        ("https://me:word@collector", "https://me:word@collector/v1/traces"),
    ];
    for (given, expected) in cases {
        assert_eq!(check_env(&[(ENDPOINT, given)], &[]).otlp.endpoint, expected, "{given}");
    }
    assert_eq!(check_env(&[], &[]).otlp.endpoint, "http://localhost:4318/v1/traces");
}

#[test]
fn the_endpoint_of_traces_is_used_as_it_is() {
    let cases = [
        ("http://collector:4318", "http://collector:4318/"),
        ("http://collector:4318/", "http://collector:4318/"),
        ("https://collector/in/traces", "https://collector/in/traces"),
        ("https://collector?k=v", "https://collector/?k=v"),
    ];
    for (given, expected) in cases {
        let env = [(TRACES_ENDPOINT, given), (ENDPOINT, "http://other")];
        assert_eq!(check_env(&env, &[]).otlp.endpoint, expected, "{given}");
    }
}

#[test]
fn an_endpoint_in_code_is_a_base_unless_it_names_the_traces() {
    let cases = [
        ("http://collector:4318", "http://collector:4318/v1/traces"),
        ("https://collector/otlp/v1/traces", "https://collector/otlp/v1/traces"),
    ];
    for (given, expected) in cases {
        assert_eq!(check(&[], &at(given), &[]).otlp.endpoint, expected);
        let env = [(ENDPOINT, "http://env")];
        assert_eq!(check(&env, &at(given), &[]).otlp.endpoint, "http://env/v1/traces");
    }
}

#[test]
fn an_endpoint_that_is_no_url_is_shown_without_secrets() {
    let cases = [
        ("localhost:4318", "localhost:4318"),
        ("grpc://collector:4317", "grpc://collector:4317"),
        ("http://", "http://"),
        ("http://:4318", "http://:4318"),
        ("http://host:99999", "http://host:99999"),
        ("http://ho st", "http://ho st"),
        ("http://[::1", "http://[::1"),
        ("me:word@collector:4318", "[hidden]"),
        ("http://me:wo/rd@collector", "[hidden]"),
        ("collector?token=abc", "[hidden]"),
        ("http://h\nost", "http://h\\nost"),
    ];
    for (given, shown) in cases {
        for name in [ENDPOINT, TRACES_ENDPOINT] {
            let warning = format!(
                "ignoring `{name}={shown}`: expected a URL of `http://` or `https://` with a host and, if any, a port up to 65535; using \
                 `http://localhost:4318/v1/traces`"
            );
            assert_eq!(
                check_env(&[(name, given)], &[&warning]).otlp.endpoint,
                "http://localhost:4318/v1/traces"
            );
        }
    }
}

#[test]
fn a_bad_endpoint_falls_back_to_the_next_source() {
    let config = check(
        &[(TRACES_ENDPOINT, "nowhere")],
        &at("https://me:word@collector/in?token=abc"),
        &["ignoring `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=nowhere`: expected a URL of `http://` or \
           `https://` with a host and, if any, a port up to 65535; using `https://collector/in/v1/traces?[hidden]`"],
    );
    assert_eq!(config.otlp.endpoint, "https://me:word@collector/in/v1/traces?token=abc");
    check(
        &[],
        &at("collector"),
        &["ignoring `collector`, set in code for `OTEL_EXPORTER_OTLP_ENDPOINT`: expected a URL of \
           `http://` or `https://` with a host and, if any, a port up to 65535; using `http://localhost:4318/v1/traces`"],
    );
}

#[test]
fn protocols_that_come_later_are_answered_once() {
    const GENERAL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
    const TRACES: &str = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL";
    check_env(&[(GENERAL, "HTTP/protobuf")], &[]);
    check_env(&[(TRACES, "http/protobuf"), (GENERAL, "grpc")], &[]);
    check_env(
        &[(GENERAL, "grpc")],
        &[
            "`OTEL_EXPORTER_OTLP_PROTOCOL=grpc` is not supported yet; using `http/protobuf`, for which collectors \
           listen on port 4318, not 4317",
        ],
    );
    check_env(
        &[(TRACES, "http/json"), (GENERAL, "grpc")],
        &["`OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json` is not supported yet; using `http/protobuf`"],
    );
    check_env(
        &[(GENERAL, "thrift")],
        &["ignoring `OTEL_EXPORTER_OTLP_PROTOCOL=thrift`: expected `http/protobuf`; using `http/protobuf`"],
    );
}

#[test]
fn headers_are_decoded_and_laid_over_those_of_code() {
    let code = in_code(OtlpOverrides {
        headers: vec![("X-Team".to_owned(), "a".to_owned()), ("x-code".to_owned(), "b".to_owned())],
        ..OtlpOverrides::default()
    });
    let config = check(&[(HEADERS, "x-team=c, Authorization = Basic%20YTpi== ,")], &code, &[]);
    let pairs: Vec<_> =
        config.otlp.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(pairs, [("x-code", "b"), ("x-team", "c"), ("Authorization", "Basic YTpi==")]);

    let config = check_env(&[(HEADERS, "a=1"), (TRACES_HEADERS, "b=2")], &[]);
    assert_eq!(
        config.otlp.headers,
        [("b".to_owned(), "2".to_owned())],
        "the signal's own replace the general ones"
    );
}

#[test]
fn wrong_headers_are_counted_and_never_shown() {
    let cases = [
        (
            "Bearer secret",
            "ignoring pair 1 of `OTEL_EXPORTER_OTLP_HEADERS`, whose text is not shown: expected `name=value` with \
             the value percent-encoded; using none of it",
        ),
        (
            "a=1,b=%zz,c d=3,=4,e=%0A",
            "ignoring pairs 2, 3, 4, 5 of `OTEL_EXPORTER_OTLP_HEADERS`, whose text is not shown: expected \
             `name=value` with the value percent-encoded; using the other 1",
        ),
    ];
    for (given, warning) in cases {
        check_env(&[(HEADERS, given)], &[warning]);
    }
    let code = in_code(OtlpOverrides {
        headers: vec![("a b".to_owned(), "secret".to_owned())],
        ..OtlpOverrides::default()
    });
    check(
        &[],
        &code,
        &[
            "ignoring the header `a b`, set in code for `OTEL_EXPORTER_OTLP_HEADERS`, whose value is not shown: \
           expected a name and a value that HTTP allows; using the other headers",
        ],
    );
}

#[test]
fn the_debug_form_shows_no_secret() {
    let env = [(ENDPOINT, "https://me:word@collector?token=abc"), (HEADERS, "authorization=Bearer%20xyz")];
    let text = format!("{:?}", check_env(&env, &[]));
    for secret in ["word", "abc", "xyz"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(text.contains("authorization"));
}

#[test]
fn compression_and_timeout_are_read_by_signal_first() {
    let code = in_code(OtlpOverrides {
        gzip: Some(true),
        timeout: Some(Duration::from_secs(2)),
        ..OtlpOverrides::default()
    });
    let otlp = check(&[], &code, &[]).otlp;
    assert_eq!((otlp.gzip, otlp.timeout), (true, Duration::from_secs(2)));
    let env = [
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "None"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "250"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "500"),
    ];
    let otlp = check(&env, &code, &[]).otlp;
    assert_eq!((otlp.gzip, otlp.timeout), (false, Duration::from_millis(250)));
    check_env(
        &[("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s")],
        &[
            "ignoring `OTEL_EXPORTER_OTLP_COMPRESSION=zstd`: expected `gzip` or `none`; using `none`",
            "ignoring `OTEL_EXPORTER_OTLP_TIMEOUT=10s`: expected a whole number of milliseconds from 0 to 3600000; \
             using 10000 milliseconds",
        ],
    );
}

#[test]
fn certificates_are_paths_and_a_client_needs_both() {
    let code =
        in_code(OtlpOverrides { client_key: Some(PathBuf::from("/k.pem")), ..OtlpOverrides::default() });
    let env = [
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"),
        ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "/c.pem"),
    ];
    let otlp = check(&env, &code, &[]).otlp;
    let paths = [&otlp.certificate, &otlp.client_key, &otlp.client_certificate].map(Option::as_deref);
    assert_eq!(paths, ["/ca.pem", "/k.pem", "/c.pem"].map(|path| Some(Path::new(path))));

    let otlp = check_env(
        &env,
        &["ignoring `OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE`: expected `OTEL_EXPORTER_OTLP_CLIENT_KEY` \
           beside it; using no client certificate"],
    )
    .otlp;
    assert_eq!((otlp.client_key, otlp.client_certificate), (None, None));
}

#[test]
fn insecure_is_answered_unless_it_says_nothing() {
    check_env(&[("OTEL_EXPORTER_OTLP_INSECURE", "false")], &[]);
    check_env(
        &[("OTEL_EXPORTER_OTLP_INSECURE", "true")],
        &[
            "ignoring `OTEL_EXPORTER_OTLP_INSECURE=true`: it concerns gRPC only; using TLS when the endpoint begins \
           with `https://`",
        ],
    );
}
