//! Ctrl-C and SIGTERM, which end a process without a word to it.

use crate::error::say;
use std::sync::mpsc::{self, Sender};
use std::task::Poll;

/// Calls `end` when a signal has come, on a thread of its own, and ends the process with the code that the signal would have
/// given. Where no thread can be started or no handler be set, it says so once and does nothing.
pub(super) fn on_signal(end: impl FnOnce() + Send + 'static) {
    let (ready, watching) = mpsc::channel();
    let started = std::thread::Builder::new().name("agentspan-signal".into()).spawn(move || {
        if let Some(code) = wait_for_signal(ready) {
            end();
            std::process::exit(code);
        }
    });
    match started {
        // A signal that comes right after this call must find the handlers set; without any, the sender is gone.
        Ok(_) => drop(watching.recv()),
        Err(error) => say(unwatched(&error)),
    }
}

fn unwatched(error: &std::io::Error) -> String {
    format!(
        "ignoring `shutdown_on_signal()`: expected a thread and handlers for Ctrl-C and SIGTERM, but {error}; using none, so \
         a signal loses what was not sent"
    )
}

/// Waits for Ctrl-C or SIGTERM, and says when it does; gives the exit code that belongs to the signal.
fn wait_for_signal(ready: Sender<()>) -> Option<i32> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let code = runtime.and_then(|runtime| runtime.block_on(next_signal(ready)));
    code.inspect_err(|error| say(unwatched(error))).ok()
}

/// 128 and the number of the signal, as shells report it.
#[cfg(unix)]
async fn next_signal(ready: Sender<()>) -> std::io::Result<i32> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    drop(ready);
    let code = std::future::poll_fn(|cx| {
        if terminate.poll_recv(cx).is_ready() {
            return Poll::Ready(128 + 15);
        }
        interrupt.poll_recv(cx).map(|_| 128 + 2)
    });
    Ok(code.await)
}

#[cfg(not(unix))]
async fn next_signal(ready: Sender<()>) -> std::io::Result<i32> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    drop(ready);
    interrupt.recv().await;
    Ok(130)
}

#[cfg(test)]
mod tests;
