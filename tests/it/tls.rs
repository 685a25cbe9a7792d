//! Export over `https`, with certificates that only the settings know.

use crate::program::Program;
use agentspan_examples::http::{header, read_body, read_headers, read_line};
use agentspan_tests::{Collector, client};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

/// Made by `fixtures/tls/make.sh`.
fn fixture(name: &str) -> PathBuf {
    agentspan_tests::root().join("tests/fixtures/tls").join(name)
}

/// A door of TLS before a plain collector; gives its port. It stays open as long as the process.
fn door(collector: &Collector) -> u16 {
    guarded_door(collector, false)
}

/// As [`door`]; `closed` demands a certificate of the authority from whoever comes.
fn guarded_door(collector: &Collector, closed: bool) -> u16 {
    let certificate =
        CertificateDer::from_pem_file(fixture("server.pem")).expect("the certificate can be read");
    let key = PrivateKeyDer::from_pem_file(fixture("server.key")).expect("the key can be read");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("the provider has the versions");
    let config = if closed {
        let authority = CertificateDer::from_pem_file(fixture("ca.pem")).expect("the authority can be read");
        let mut roots = RootCertStore::empty();
        roots.add(authority).expect("it is a certificate");
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
        config.with_client_cert_verifier(verifier.expect("there is an authority"))
    } else {
        config.with_no_client_auth()
    };
    let config =
        config.with_single_cert(vec![certificate], key).expect("certificate and key belong together");
    let config = Arc::new(config);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port can be had");
    let port = listener.local_addr().expect("it has an address").port();
    let behind = collector.endpoint()["http://".len()..].parse().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Closed with something unread, a connection is reset, and the client may never see why.
            let rest = stream.try_clone();
            // A client that does not trust the certificate hangs up, which its own report tells.
            let _ended = pass_on(stream, &config, behind)
                .or_else(|_| rest.and_then(|mut rest| io::copy(&mut rest, &mut io::sink())).map(drop));
        }
    });
    port
}

/// Passes one request on and its answer back.
fn pass_on(stream: TcpStream, config: &Arc<ServerConfig>, behind: SocketAddr) -> io::Result<()> {
    let connection = ServerConnection::new(config.clone()).map_err(io::Error::other)?;
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    read_line(&mut reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let headers = read_headers(&mut reader)?;
    let body = read_body(&mut reader, &headers)?.unwrap_or_default();
    let kind = header(&headers, "content-type").unwrap_or_default();
    let answer = client::post(behind, "/v1/traces", &[("content-type", kind)], &body)?;
    let mut stream = reader.into_inner();
    write!(
        stream,
        "HTTP/1.1 {} X\r\ncontent-type: application/x-protobuf\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        answer.status,
        answer.body.len()
    )?;
    stream.write_all(&answer.body)?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn program(port: u16, certificate: Option<&str>) -> Program {
    let program = Program::new("init none weather shutdown");
    let program = program.env("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("https://127.0.0.1:{port}"));
    match certificate {
        Some(name) => program.env("OTEL_EXPORTER_OTLP_CERTIFICATE", &fixture(name).display().to_string()),
        None => program,
    }
}

#[test]
fn spans_go_over_https_to_a_collector_with_an_own_authority() {
    let collector = Collector::start();
    let ran = program(door(&collector), Some("ca.pem")).run();
    assert_eq!((ran.number("delivered"), ran.err.as_str()), (3, ""), "{ran:?}");
    assert_eq!(collector.spans().len(), 3);
}

#[test]
fn an_authority_that_nobody_trusts_gets_no_span() {
    let collector = Collector::start();
    let ran = program(door(&collector), None).run();
    assert_eq!((ran.number("delivered"), ran.dropped()), (0, vec!["Unreachable 3".to_owned()]), "{ran:?}");
    assert!(ran.get("problem").contains("UnknownIssuer"), "{ran:?}");
    assert_eq!(collector.requests().len(), 0);
}

#[test]
fn a_certificate_that_cannot_be_read_is_named_and_the_program_runs() {
    let collector = Collector::start();
    let port = door(&collector);
    for (name, cause) in [
        ("missing.pem", "cannot be read: No such file or directory (os error 2)"),
        ("make.sh", "holds no certificate in PEM form"),
    ] {
        let ran = program(port, Some(name)).run();
        let consequence = "no span is recorded, tokens and USD are counted";
        assert_eq!(
            ran.lines(),
            [format!(
                "agentspan: `{}`, given for `OTEL_EXPORTER_OTLP_CERTIFICATE`, {cause}; {consequence}",
                fixture(name).display()
            )]
        );
        assert_eq!((ran.number("created"), ran.get("total_usd")), (0, "0.00167"));
    }
    assert_eq!(collector.requests().len(), 0);
    let missing = fixture("missing.pem").display().to_string();
    let ran = program(port, None).env("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", &missing).run();
    assert!(ran.err.contains("given for `OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE`, cannot be read"), "{ran:?}");
    // What was asked for besides goes on.
    let ran = program(port, Some("missing.pem")).env("OTEL_TRACES_EXPORTER", "otlp,console").run();
    assert!(ran.err.contains("(os error 2); spans are shown on standard error alone\n"), "{ran:?}");
    assert!(ran.err.contains("tool.get_weather"), "{ran:?}");
}

/// A program that shows the collector a client certificate, when there is one.
fn client(port: u16, identity: Option<(&str, &str)>) -> Program {
    let program = program(port, Some("ca.pem"));
    let Some((certificate, key)) = identity else { return program };
    let path = |name: &str| fixture(name).display().to_string();
    program
        .env("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", &path(certificate))
        .env("OTEL_EXPORTER_OTLP_CLIENT_KEY", &path(key))
}

#[test]
fn a_client_with_the_certificate_that_the_collector_demands_is_let_in() {
    let collector = Collector::start();
    let ran = client(guarded_door(&collector, true), Some(("client.pem", "client.key"))).run();
    assert_eq!((ran.number("delivered"), ran.err.as_str()), (3, ""), "{ran:?}");
    assert_eq!(collector.spans().len(), 3);
}

#[test]
fn a_client_without_it_loses_its_spans_and_counts_them() {
    let collector = Collector::start();
    let port = guarded_door(&collector, true);
    for (identity, problem) in
        [(None, "CertificateRequired"), (Some(("stranger.pem", "stranger.key")), "UnknownCA")]
    {
        let ran = client(port, identity).run();
        assert_eq!(ran.dropped(), ["Unreachable 3".to_owned()], "{ran:?}");
        assert!(ran.get("problem").contains(problem), "{ran:?}");
        assert_eq!(ran.get("total_usd"), "0.00167");
    }
    assert_eq!(collector.requests().len(), 0);
}

#[test]
fn a_key_that_is_of_no_use_is_named_and_the_program_runs() {
    let collector = Collector::start();
    let port = guarded_door(&collector, true);
    let consequence = "no span is recorded, tokens and USD are counted";
    let [client_pem, server_key, missing] =
        ["client.pem", "server.key", "missing.key"].map(|name| fixture(name).display().to_string());
    let cases = [
        (
            "server.key",
            format!(
                "`{server_key}`, given for `OTEL_EXPORTER_OTLP_CLIENT_KEY`, cannot be used with the certificate in `{client_pem}`: keys may not be consistent: KeyMismatch"
            ),
        ),
        (
            "missing.key",
            format!(
                "`{missing}`, given for `OTEL_EXPORTER_OTLP_CLIENT_KEY`, cannot be read: No such file or directory (os error 2)"
            ),
        ),
        (
            "client.pem",
            format!(
                "`{client_pem}`, given for `OTEL_EXPORTER_OTLP_CLIENT_KEY`, holds no private key in PEM form: No pem encoded private key found"
            ),
        ),
    ];
    for (key, said) in cases {
        let ran = client(port, Some(("client.pem", key))).run();
        assert_eq!(ran.lines(), [format!("agentspan: {said}; {consequence}")]);
        assert_eq!((ran.number("created"), ran.get("total_usd")), (0, "0.00167"));
    }
    assert_eq!(collector.requests().len(), 0);
}
