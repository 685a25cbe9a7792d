//! A real Jaeger, started with the configuration that `docker-compose.yml` mounts, traces kept on disk.

use crate::client::{self, Response, escape};
use crate::jaeger_json;
use crate::span::Span;
use serde_json::Value;
use std::env;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const VERSION: &str = "1.76.0";
const PATIENCE: Duration = Duration::from_secs(20);

/// A running Jaeger on free ports of 127.0.0.1. Dropping it kills the process and removes its folder.
#[derive(Debug)]
pub struct Jaeger {
    binary: PathBuf,
    folder: PathBuf,
    ports: [u16; 5],
    process: Option<Child>,
}

/// The variables of `deploy/jaeger.yaml` that take a port, in the order of [`Jaeger::ports`].
const PORTS: [&str; 5] = [
    "JAEGER_OTLP_HTTP_PORT",
    "JAEGER_QUERY_HTTP_PORT",
    "JAEGER_HEALTH_PORT",
    "JAEGER_OTLP_GRPC_PORT",
    "JAEGER_QUERY_GRPC_PORT",
];

/// Where `tests/jaeger/build.sh` leaves the binary.
pub fn binary() -> PathBuf {
    let cache = env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let cache =
        cache.unwrap_or_else(|| PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".cache"));
    cache.join("agentspan").join(format!("jaeger-{VERSION}"))
}

impl Jaeger {
    /// Starts one for `test`, or prints why the test is skipped. With `CI=true` a skip is a failure.
    ///
    /// # Panics
    /// When it is there and does not start, and with `CI=true` when it is not there.
    pub fn start_or_skip(test: &str) -> Option<Self> {
        let binary = binary();
        if binary.is_file() {
            return Some(Self::start(binary).expect("Jaeger starts"));
        }
        let why = format!(
            "`{test}` needs a real Jaeger and there is none at {}: run tests/jaeger/build.sh once (it needs Go)",
            binary.display()
        );
        assert!(env::var_os("CI").is_none_or(|ci| ci != "true"), "{why}");
        // Not `eprintln!`, which a test that passes shows to nobody.
        let _shown = writeln!(io::stderr(), "skipped: {why}");
        None
    }

    fn start(binary: PathBuf) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("agentspan-jaeger-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let mut ports = [0; 5];
        for port in &mut ports {
            *port = free_port()?;
        }
        let mut jaeger = Self { binary, folder, ports, process: None };
        jaeger.launch()?;
        Ok(jaeger)
    }

    /// Stops it and starts it again on the same ports and the same disk.
    ///
    /// # Panics
    /// When it does not stop or start in time.
    pub fn restart(&mut self) {
        self.stop();
        self.launch().expect("Jaeger starts again");
    }

    /// Asks it to end and waits until it has.
    ///
    /// # Panics
    /// When it does not end in time.
    pub fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        let asked = Command::new("kill").args(["-TERM", &process.id().to_string()]).status();
        assert!(asked.is_ok_and(|status| status.success()), "SIGTERM reaches Jaeger");
        let until = Instant::now() + PATIENCE;
        while process.try_wait().expect("the process can be waited for").is_none() {
            if Instant::now() > until {
                let _killed = process.kill().and_then(|()| process.wait());
                panic!("Jaeger did not end within {PATIENCE:?}: {}", self.log());
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The base address, as `OTEL_EXPORTER_OTLP_ENDPOINT` takes it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address(0))
    }

    /// The base address of its user interface.
    pub fn user_interface(&self) -> String {
        format!("http://{}", self.address(1))
    }

    /// Where it takes OTLP over HTTP.
    pub fn otlp(&self) -> SocketAddr {
        self.address(0)
    }

    /// The port of its own health.
    pub fn health_port(&self) -> u16 {
        self.ports[2]
    }

    /// What it printed.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The services that it knows.
    pub fn services(&self) -> Vec<String> {
        let answer = self.json("/api/services");
        let mut names: Vec<_> = answer["data"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        names.sort();
        names
    }

    /// The spans of a trace by the API of its user interface; none when it is not there.
    pub fn trace(&self, trace_id: &str) -> Vec<Span> {
        jaeger_json::legacy(&self.json(&format!("/api/traces/{trace_id}")))
    }

    /// The spans of a trace by the newer API, which answers in OTLP; none when it is not there.
    pub fn trace_v3(&self, trace_id: &str) -> Vec<Span> {
        jaeger_json::otlp(&self.json(&format!("/api/v3/traces/{trace_id}")))
    }

    /// The spans of all traces of a service in which one span has all these tags.
    pub fn find(&self, service: &str, tags: &[(&str, &str)]) -> Vec<Span> {
        let mut target = format!("/api/traces?limit=1000&service={}", escape(service));
        if !tags.is_empty() {
            let tags: serde_json::Map<_, _> =
                tags.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
            target.push_str(&format!("&tags={}", escape(&Value::Object(tags).to_string())));
        }
        jaeger_json::legacy(&self.json(&target))
    }

    /// The spans of all traces of a service by the newer API. It cannot be asked for tags in this version: unknown
    /// parameters, `query.attributes` among them, are passed over in silence.
    pub fn find_v3(&self, service: &str) -> Vec<Span> {
        // Both ends and the number are required.
        let target = format!(
            "/api/v3/traces?query.service_name={}&query.start_time_min=2000-01-01T00:00:00Z\
             &query.start_time_max=2100-01-01T00:00:00Z&query.num_traces=1000",
            escape(service)
        );
        jaeger_json::otlp(&self.json(&target))
    }

    /// The ids of the traces that [`find`](Self::find) finds, each once, in alphabetical order.
    pub fn find_ids(&self, service: &str, tags: &[(&str, &str)]) -> Vec<String> {
        let mut ids: Vec<_> = self.find(service, tags).into_iter().map(|span| span.trace_id).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// Any question to its query port.
    pub fn get(&self, target: &str) -> Response {
        client::get(self.address(1), target)
            .unwrap_or_else(|error| panic!("Jaeger answers {target}: {error}"))
    }

    fn json(&self, target: &str) -> Value {
        let answer = self.get(target);
        assert!([200, 404].contains(&answer.status), "{target} gave {}: {}", answer.status, answer.text());
        serde_json::from_slice(&answer.body).expect("Jaeger answers in JSON")
    }

    fn address(&self, port: usize) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports[port]).into()
    }

    fn launch(&mut self) -> io::Result<()> {
        let log = File::options().create(true).append(true).open(self.folder.join("log"))?;
        let mut command = Command::new(&self.binary);
        command.arg("--config").arg(crate::root().join("deploy/jaeger.yaml"));
        command.envs(PORTS.into_iter().zip(self.ports.map(|port| port.to_string())));
        command.env("JAEGER_STORAGE", "disk").env("JAEGER_DIR", self.folder.join("traces"));
        command.env_remove("JAEGER_LISTEN_HOST").env_remove("JAEGER_TTL");
        let process = self.process.insert(command.stdout(log.try_clone()?).stderr(log).spawn()?);

        let health = (Ipv4Addr::LOCALHOST, self.ports[2]).into();
        let until = Instant::now() + PATIENCE;
        loop {
            if client::get(health, "/status").is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            let ended = process.try_wait()?;
            if ended.is_some() || Instant::now() > until {
                return Err(io::Error::other(format!("Jaeger is not ready ({ended:?}): {}", self.log())));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Jaeger {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _killed = process.kill().and_then(|()| process.wait());
        }
        let _removed = fs::remove_dir_all(&self.folder);
    }
}

/// One that no Jaeger of this process was given before. It lies below those that a system gives to whoever asks for any,
/// since it must stay free until Jaeger listens and between its stop and its restart.
fn free_port() -> io::Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = std::process::id() % 10_000;
    let mut ports = (0..2_000).map(|_| 20_000 + first as u16 + NEXT.fetch_add(1, Ordering::Relaxed) % 2_000);
    let free = ports.find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
    free.ok_or_else(|| io::ErrorKind::AddrInUse.into())
}
