//! Runs an example as a user would, in a process of its own, and ends it when it takes too long.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// How a program ended and what it printed.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The exit status; `None` when it was killed for taking too long.
    pub status: Option<ExitStatus>,
    /// Everything on standard output.
    pub out: String,
    /// Everything on standard error.
    pub err: String,
    /// How long it ran.
    pub took: Duration,
}

impl Ended {
    /// Whether it ended by itself with status 0.
    pub fn success(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }
}

/// Runs an example with these variables set and every other `OTEL_*`, `AGENTSPAN_*` and `OPENAI_*` one taken away.
///
/// # Panics
/// When it cannot be built or started.
pub fn run(name: &str, variables: &[(&str, &str)], timeout: Duration) -> Ended {
    run_with(name, &[], variables, timeout)
}

/// As [`run`], with arguments.
///
/// # Panics
/// When it cannot be built or started.
pub fn run_with(name: &str, arguments: &[&str], variables: &[(&str, &str)], timeout: Duration) -> Ended {
    finish(command(name, arguments, variables), timeout)
}

/// What [`run_with`] runs, for examples that serve until they are stopped.
///
/// # Panics
/// When it cannot be built.
pub fn command(name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(binary(name));
    command.args(arguments);
    for (key, _) in std::env::vars_os() {
        let ours = ["OTEL_", "AGENTSPAN_", "OPENAI_"];
        if key.to_str().is_some_and(|key| ours.iter().any(|beginning| key.starts_with(beginning))) {
            command.env_remove(key);
        }
    }
    command.envs(variables.iter().copied());
    command
}

/// Runs a command to its end, or kills it when the time is over.
///
/// # Panics
/// When it cannot be started.
pub fn finish(mut command: Command, timeout: Duration) -> Ended {
    let began = Instant::now();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?} starts: {error}"));
    // Both pipes are emptied all the time, since a full one would stop the program.
    let (out, err) = (read(child.stdout.take()), read(child.stderr.take()));
    let status = loop {
        match child.try_wait().expect("the process can be waited for") {
            Some(status) => break Some(status),
            None if began.elapsed() > timeout => {
                let _killed = child.kill().and_then(|()| child.wait());
                break None;
            }
            None => thread::sleep(Duration::from_millis(5)),
        }
    };
    let took = began.elapsed();
    let text = |pipe: thread::JoinHandle<String>| pipe.join().expect("reading a pipe does not panic");
    Ended { status, out: text(out), err: text(err), took }
}

fn read(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ended = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Where it is. All are built with the first, which costs nothing after `cargo test --workspace`.
fn binary(name: &str) -> PathBuf {
    static BUILT: OnceLock<bool> = OnceLock::new();
    assert!(BUILT.get_or_init(build), "the examples can be built");
    let mut path = std::env::current_exe().expect("a test knows its own path");
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    path.join("examples").join(name)
}

fn build() -> bool {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    // With the whole workspace, so that dependencies keep the features with which the tests were built.
    build.args(["build", "--quiet", "--locked", "--workspace", "--examples"]).current_dir(crate::root());
    // What cargo tells a test of its own package would make build scripts that look at it, and all that stands on
    // them, run again.
    let told = [
        "CARGO_MANIFEST_",
        "CARGO_PKG_",
        "CARGO_CRATE_",
        "CARGO_PRIMARY_",
        "CARGO_BIN_",
        "CARGO_TARGET_TMPDIR",
    ];
    for (key, _) in std::env::vars_os() {
        if key.to_str().is_some_and(|key| told.iter().any(|beginning| key.starts_with(beginning))) {
            build.env_remove(key);
        }
    }
    build.status().is_ok_and(|status| status.success())
}
