//! Context for child processes, by environment variables.

use crate::config;
use crate::propagation::carrier::{ReadCarrier, WriteCarrier};
use std::process::Command;

/// The environment of a child: `TRACEPARENT`, `TRACESTATE` and `BAGGAGE`, as OpenTelemetry's specification names them.
///
/// ```
/// let mut command = std::process::Command::new("indexer");
/// agentspan::inject(&mut command);
/// ```
///
/// Tokio's `Command` lends the one inside: `agentspan::inject(command.as_std_mut())`.
impl WriteCarrier for Command {
    fn set(&mut self, name: &str, value: String) {
        self.env(variable(name), value);
    }

    fn unset(&mut self, name: &str) {
        // Not only what was set before: a child inherits what its parent was given, and that is of another step.
        self.env_remove(variable(name));
    }
}

/// The variables of this process, as whoever started it has set them.
///
/// ```no_run
/// # async fn work() -> Result<(), String> { Ok(()) }
/// # #[tokio::main] async fn main() -> Result<(), String> {
/// let telemetry = agentspan::init();
/// let parent = agentspan::extract(&agentspan::propagation::Environment::of_process());
/// parent.within(agentspan::agent("indexer").run(work())).await?;
/// # drop(telemetry);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Environment(Vec<(String, Vec<u8>)>);

impl Environment {
    /// Reads the variables now; do it once, at the start.
    pub fn of_process() -> Self {
        Self(config::carried_variables())
    }
}

impl ReadCarrier for Environment {
    fn visit(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        let variable = variable(name);
        self.0.iter().filter(|(name, _)| *name == variable).for_each(|(_, value)| visit(value));
    }
}

/// The name of a variable for that of a header: upper case, with an underscore for whatever is no letter and no digit,
/// and before a digit at the beginning.
fn variable(name: &str) -> String {
    let upper = name.chars().map(|character| match character.to_ascii_uppercase() {
        upper @ ('A'..='Z' | '0'..='9' | '_') => upper,
        _ => '_',
    });
    let begins = name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit());
    begins.then_some('_').into_iter().chain(upper).collect()
}

#[cfg(test)]
mod tests;
