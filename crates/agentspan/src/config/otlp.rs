use std::path::PathBuf;
use std::time::Duration;

use opentelemetry_http::Request;

use super::reader::{Reader, Rejected};
use super::value::{Range, percent_decode, shown};
use super::{FileSettings, OtlpConfig, OtlpOverrides, Overrides, endpoint};

/// The variables of one signal, each before the general one.
pub(super) struct Signal {
    /// Below the base URL.
    path: &'static str,
    endpoints: [&'static str; 2],
    protocols: [&'static str; 2],
    headers: [&'static str; 2],
    compressions: [&'static str; 2],
    timeouts: [&'static str; 2],
    certificates: [&'static str; 2],
    client_keys: [&'static str; 2],
    client_certificates: [&'static str; 2],
}

macro_rules! signal {
    ($word:literal, $path:literal) => {
        Signal {
            path: $path,
            endpoints: signal!(both $word, "ENDPOINT"),
            protocols: signal!(both $word, "PROTOCOL"),
            headers: signal!(both $word, "HEADERS"),
            compressions: signal!(both $word, "COMPRESSION"),
            timeouts: signal!(both $word, "TIMEOUT"),
            certificates: signal!(both $word, "CERTIFICATE"),
            client_keys: signal!(both $word, "CLIENT_KEY"),
            client_certificates: signal!(both $word, "CLIENT_CERTIFICATE"),
        }
    };
    (both $word:literal, $what:literal) => {
        [concat!("OTEL_EXPORTER_OTLP_", $word, "_", $what), concat!("OTEL_EXPORTER_OTLP_", $what)]
    };
}

const TRACES: Signal = signal!("TRACES", "v1/traces");
pub(super) const METRICS: Signal = signal!("METRICS", "v1/metrics");

const DEFAULT_BASE: &str = "http://localhost:4318";
const INSECURES: [&str; 3] = [
    "OTEL_EXPORTER_OTLP_TRACES_INSECURE",
    "OTEL_EXPORTER_OTLP_METRICS_INSECURE",
    "OTEL_EXPORTER_OTLP_INSECURE",
];

/// The longest time that anything here waits. Times are added to clocks, which must not overflow, and a
/// connection that never answers must not hold the export thread for good.
pub(super) const LONGEST: Duration = Duration::from_secs(3600);

/// What sends a batch of spans holds to both limits. The specification's default of the batch's, 30 seconds, is longer than
/// that of an export, and shall not shorten a longer one that was asked for.
pub(super) fn traces(reader: &mut Reader<'_>, code: &Overrides) -> OtlpConfig {
    let mut otlp = resolve(reader, &TRACES, &code.otlp);
    let batch = timeout(reader, &["OTEL_BSP_EXPORT_TIMEOUT"], code.batch.export_timeout, otlp.timeout);
    otlp.timeout = otlp.timeout.min(batch);
    otlp
}

pub(super) fn resolve(reader: &mut Reader<'_>, signal: &Signal, code: &OtlpOverrides) -> OtlpConfig {
    let endpoint = endpoint(reader, signal, code.endpoint.as_deref());
    protocol(reader, signal);
    let headers = headers(reader, signal, &code.headers);
    let gzip = compression(reader, signal, code.gzip);
    let timeout = timeout(reader, &signal.timeouts, code.timeout, Duration::from_secs(10));
    let certificate = path(reader, &signal.certificates, code.certificate.as_ref());
    let (client_key, client_certificate) = identity(reader, signal, code);
    let given_for = FileSettings {
        certificate: given_by(reader, signal.certificates),
        client_key: given_by(reader, signal.client_keys),
        client_certificate: given_by(reader, signal.client_certificates),
    };
    OtlpConfig { endpoint, headers, timeout, gzip, certificate, client_key, client_certificate, given_for }
}

fn endpoint(reader: &mut Reader<'_>, signal: &Signal, code: Option<&str>) -> String {
    let expected = || endpoint::EXPECTED.to_owned();
    let [own, general] = signal.endpoints;
    let exact = |text: &str| endpoint::exact(text).ok_or_else(expected);
    let below = |text: &str| endpoint::below(text, signal.path).ok_or_else(expected);
    let mut found = reader.search(&[own], exact, endpoint::shown);
    if found.value.is_none() {
        let next = reader.search(&[general], below, endpoint::shown);
        found.value = next.value;
        found.rejected.extend(next.rejected);
    }
    if found.value.is_none()
        && let Some(text) = code
    {
        found.value = endpoint::in_code(text, signal.path);
        if found.value.is_none() {
            let given = format!("`{}`, set in code for `{general}`", endpoint::shown(text));
            found.rejected.push(Rejected { given, expected: expected() });
        }
    }
    let used = found.value.unwrap_or_else(|| format!("{DEFAULT_BASE}/{}", signal.path));
    reader.report(found.rejected, &format!("`{}`", endpoint::shown(&used)));
    used
}

/// Only one protocol is spoken, so that reading the variable means answering it.
fn protocol(reader: &mut Reader<'_>, signal: &Signal) {
    const USED: &str = "http/protobuf";
    let Some((name, given)) = first(reader, &signal.protocols) else { return };
    match given.to_ascii_lowercase().as_str() {
        USED => {}
        "grpc" => reader.warn(format!(
            "`{name}={given}` is not supported yet; using `{USED}`, for which collectors listen on port 4318, \
             not 4317"
        )),
        "http/json" => reader.warn(format!("`{name}={given}` is not supported yet; using `{USED}`")),
        _ => {
            let given = shown(&given);
            reader.warn(format!("ignoring `{name}={given}`: expected `{USED}`; using `{USED}`"));
        }
    }
}

/// The variable's headers, the signal's own before the general ones, laid over those from code.
fn headers(reader: &mut Reader<'_>, signal: &Signal, code: &[(String, String)]) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for (name, value) in code {
        if is_header(name, value) {
            put(&mut headers, name.clone(), value.clone());
        } else {
            reader.warn(format!(
                "ignoring the header `{}`, set in code for `{}`, whose value is not shown: \
                 expected a name and a value that HTTP allows; using the other headers",
                shown(name),
                signal.headers[1]
            ));
        }
    }
    let Some((variable, text)) = first(reader, &signal.headers) else { return headers };
    let mut wrong = Vec::new();
    let mut right = 0;
    for (index, pair) in text.split(',').enumerate().filter(|(_, pair)| !pair.trim().is_empty()) {
        match header(pair) {
            Some((name, value)) => {
                right += 1;
                put(&mut headers, name, value);
            }
            None => wrong.push((index + 1).to_string()),
        }
    }
    if !wrong.is_empty() {
        // Not even the name is shown: without a `=` the whole pair may be the secret.
        let pairs = if wrong.len() == 1 { "pair" } else { "pairs" };
        let used = if right == 0 { "none of it".to_owned() } else { format!("the other {right}") };
        reader.warn(format!(
            "ignoring {pairs} {} of `{variable}`, whose text is not shown: expected `name=value` with the value \
             percent-encoded; using {used}",
            shown(&wrong.join(", "))
        ));
    }
    headers
}

fn header(pair: &str) -> Option<(String, String)> {
    let (name, value) = pair.split_once('=')?;
    let (name, value) = (percent_decode(name.trim())?, percent_decode(value.trim())?);
    is_header(&name, &value).then_some((name, value))
}

fn is_header(name: &str, value: &str) -> bool {
    Request::builder().header(name, value).body(()).is_ok()
}

/// Header names are the same in any case; the last value given stays.
fn put(headers: &mut Vec<(String, String)>, name: String, value: String) {
    headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
    headers.push((name, value));
}

fn compression(reader: &mut Reader<'_>, signal: &Signal, code: Option<bool>) -> bool {
    let parse = |text: &str| match text.to_ascii_lowercase().as_str() {
        "gzip" => Ok(true),
        "none" => Ok(false),
        _ => Err("`gzip` or `none`".to_owned()),
    };
    let found = reader.search(&signal.compressions, parse, shown);
    let gzip = found.value.or(code).unwrap_or(false);
    reader.report(found.rejected, if gzip { "`gzip`" } else { "`none`" });
    gzip
}

/// A time limit, where zero is none: then [`LONGEST`] holds.
pub(super) fn timeout(
    reader: &mut Reader<'_>,
    names: &[&str],
    code: Option<Duration>,
    default: Duration,
) -> Duration {
    let range = Range { min: 0, max: millis(LONGEST), unit: " milliseconds" };
    match reader.number(names, code.map(millis), millis(default), range) {
        0 => LONGEST,
        limit => Duration::from_millis(limit),
    }
}

/// Rounded up, so that a short limit does not become none.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// Whether a file can be read is found out by the exporter, which needs its content.
fn path(reader: &Reader<'_>, names: &[&'static str], code: Option<&PathBuf>) -> Option<PathBuf> {
    first(reader, names).map(|(_, path)| PathBuf::from(path)).or_else(|| code.cloned())
}

/// The variable that gives a setting, or would in general, where code gave it.
fn given_by(reader: &Reader<'_>, names: [&'static str; 2]) -> &'static str {
    first(reader, &names).map_or(names[1], |(name, _)| name)
}

/// The client's key and certificate, which prove nothing without each other.
fn identity(
    reader: &mut Reader<'_>,
    signal: &Signal,
    code: &OtlpOverrides,
) -> (Option<PathBuf>, Option<PathBuf>) {
    let key = path(reader, &signal.client_keys, code.client_key.as_ref());
    let certificate = path(reader, &signal.client_certificates, code.client_certificate.as_ref());
    let (given, missing) = match (&key, &certificate) {
        (Some(_), None) => (signal.client_keys, signal.client_certificates),
        (None, Some(_)) => (signal.client_certificates, signal.client_keys),
        _ => return (key, certificate),
    };
    let given = given_by(reader, given);
    reader.warn(format!(
        "ignoring `{given}`: expected `{}` beside it; using no client certificate",
        missing[1]
    ));
    (None, None)
}

/// The variable concerns gRPC endpoints without a scheme; `false` is its default and says nothing.
pub(super) fn insecure(reader: &mut Reader<'_>) {
    for name in INSECURES {
        if let Some(given) = reader.get(name).filter(|given| !given.eq_ignore_ascii_case("false")) {
            let given = shown(&given);
            reader.warn(format!(
                "ignoring `{name}={given}`: it concerns gRPC only; using TLS when the endpoint begins with `https://`"
            ));
        }
    }
}

/// The first variable that is set, and its value.
fn first(reader: &Reader<'_>, names: &[&'static str]) -> Option<(&'static str, String)> {
    names.iter().find_map(|name| reader.get(name).map(|value| (*name, value)))
}
