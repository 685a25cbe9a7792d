//! Runs `test-agent` in a process of its own, against a collector in this one.

use agentspan_tests::{Collector, example};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// No case may hang; a busy machine needs some time to start a process.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Flush and shutdown promise five seconds; the rest is for a busy machine.
const PATIENCE: Duration = Duration::from_millis(6_500);

/// A program about to run. Its environment holds nothing of ours but what a test sets.
pub(crate) struct Program(Command);

impl Program {
    /// `words` are start, runtime, work and end, as `programs/agent/main.rs` explains them.
    pub(crate) fn new(words: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_test-agent"));
        for (key, _) in std::env::vars_os() {
            let ours = ["OTEL_", "AGENTSPAN_", "RUST_LOG", "RUST_BACKTRACE"];
            if key.to_str().is_some_and(|key| ours.iter().any(|beginning| key.starts_with(beginning))) {
                command.env_remove(key);
            }
        }
        command.args(words.split(' ')).env("OTEL_SERVICE_NAME", "test");
        Self(command)
    }

    pub(crate) fn to(self, collector: &Collector) -> Self {
        self.env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint())
    }

    pub(crate) fn env(mut self, key: &str, value: &str) -> Self {
        self.0.env(key, value);
        self
    }

    pub(crate) fn envs(mut self, variables: &[(&str, &str)]) -> Self {
        self.0.envs(variables.iter().copied());
        self
    }

    pub(crate) fn without(mut self, key: &str) -> Self {
        self.0.env_remove(key);
        self
    }

    /// Runs it to its end, which must come in time, with every span accounted for.
    pub(crate) fn run(self) -> Ran {
        let shown = format!("{:?}", self.0);
        let ended = example::finish(self.0, TIMEOUT);
        assert!(ended.success(), "{shown}: {ended:?}");
        let values = ended.out.lines().filter_map(|line| line.split_once('='));
        let values = values.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let ran = Ran { values, out: ended.out, err: ended.err };
        if ran.has("created") {
            let settled =
                ran.number("delivered") + ran.lost() + ran.number("unconfirmed") + ran.number("open");
            assert_eq!(ran.number("created"), settled, "{shown}: {}", ran.out);
        }
        if ran.has("end_ms") {
            assert!(u128::from(ran.number("end_ms")) < PATIENCE.as_millis(), "{shown}: {}", ran.out);
        }
        ran
    }

    /// Starts it and waits until it says that it is ready.
    pub(crate) fn until_ready(mut self) -> Child {
        self.0.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.0.spawn().expect("the program starts");
        let out = child.stdout.as_mut().expect("its output is piped");
        let ready = BufReader::new(out).lines().any(|line| line.expect("its output is text") == "ready=");
        assert!(ready, "it ended too early");
        child
    }
}

/// A program that has ended with success.
#[derive(Debug)]
pub(crate) struct Ran {
    values: BTreeMap<String, String>,
    pub(crate) out: String,
    /// Standard error, which holds only what the library printed.
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// What the program said of `key`.
    #[track_caller]
    pub(crate) fn get(&self, key: &str) -> &str {
        self.values.get(key).unwrap_or_else(|| panic!("no `{key}` in {self:?}"))
    }

    #[track_caller]
    pub(crate) fn number(&self, key: &str) -> u64 {
        self.get(key).parse().unwrap_or_else(|_| panic!("`{key}` is no number in {self:?}"))
    }

    /// Spans that were dropped, for any reason.
    pub(crate) fn lost(&self) -> u64 {
        let dropped = self.values.keys().filter(|key| key.starts_with("dropped."));
        dropped.map(|key| self.number(key)).sum()
    }

    /// The reasons of losses, with their counts.
    pub(crate) fn dropped(&self) -> Vec<String> {
        let dropped =
            self.values.iter().filter_map(|(key, count)| Some((key.strip_prefix("dropped.")?, count)));
        dropped.map(|(reason, count)| format!("{reason} {count}")).collect()
    }

    /// The lines on standard error.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.err.lines().collect()
    }
}
