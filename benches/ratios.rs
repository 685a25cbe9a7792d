//! Compares a run of an agent recorded by hand with the same run recorded by agentspan, side by side in one process,
//! and prints the ratios: `cargo bench -p agentspan-benches --bench ratios`.
//!
//! The sides take turns, of which the fastest counts for each: the rest of the machine can only make a turn slower, and for
//! minutes at a time where others use the processor as well. For the same reason a turn of spans or polls is many slices of well
//! under a millisecond, of which the fastest counts. While a side is measured its subscriber is the only one in the process, as
//! in a program.

use agentspan_benches::by_hand::{self, Options};
use agentspan_benches::weather::Agent;
use agentspan_benches::{ATTRIBUTES, SPANS, Sampling, futures, ours};
use agentspan_examples::{OpenAi, weather};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanData, SpanExporter};
use std::time::{Duration, Instant};

const ROUNDS: usize = 15;
const SLICES: u32 = 60;
const RUNS: u32 = 12;
const POLLS: u32 = 2_000;

fn main() {
    // Given by `cargo bench` and `cargo test`, which have nothing to choose here.
    let testing = std::env::args().any(|argument| argument == "--test");
    let rounds = if testing { 1 } else { ROUNDS };
    println!("{SPANS} spans, {ATTRIBUTES} attributes by hand; the fastest of {rounds} rounds\n");
    println!("{:<44}{:>11}{:>11}{:>8}   goal", "", "ours", "by hand", "ratio");
    recording(rounds);
    polls(rounds);
    whole_program(rounds);
}

/// One way to do a thing: gives what a round of it took, per unit.
type Side<'a> = &'a dyn Fn() -> f64;

fn recording(rounds: usize) {
    for (sampling, word, goal) in
        [(Sampling::All, "sampled", "at most 0.50"), (Sampling::None, "ratio 0", "at most 0.20")]
    {
        let ours = || time_runs(|| on_ours(sampling, || time(RUNS, ours_run)));
        let default = || time_runs(|| on_hand(Options::Default, sampling, || time(RUNS, by_hand_run)));
        let lean = || time_runs(|| on_hand(Options::Lean, sampling, || time(RUNS, by_hand_run)));
        let [ours, default, lean] = rounds_of(rounds, [&ours, &default, &lean]);
        line(&format!("{word}: ns/span"), &ours, &default, goal);
        line(&format!("{word}: ns/span, lean bridge"), &ours, &lean, "");
        let ours = [on_ours(sampling, || allocations(ours_run))];
        let by_hand = on_hand(Options::Default, sampling, || allocations(by_hand_run));
        line(&format!("{word}: allocations/span"), &ours, &[by_hand], goal);
        let lean = on_hand(Options::Lean, sampling, || allocations(by_hand_run));
        line(&format!("{word}: allocations/span, lean bridge"), &ours, &[lean], "");
    }
    let ours = || time_runs(queued_by_us);
    let by_hand = || time_runs(queued_by_hand);
    let [ours, by_hand] = rounds_of(rounds, [&ours, &by_hand]);
    line("sampled, to an export thread: ns/span", &ours, &by_hand, "");
}

fn polls(rounds: usize) {
    let poll = |elapsed: Duration| elapsed.as_nanos() as f64 / f64::from(POLLS);
    let ours = || poll(on_ours(Sampling::All, || time(1, || futures::run(ours::polled(POLLS)))));
    let dropped = || poll(on_ours(Sampling::None, || time(1, || futures::run(ours::polled(POLLS)))));
    let hand = |options, sampling| {
        poll(on_hand(options, sampling, || time(1, || futures::run(by_hand::polled(POLLS)))))
    };
    let default = || hand(Options::Default, Sampling::All);
    let lean = || hand(Options::Lean, Sampling::All);
    let hand_dropped = || hand(Options::Default, Sampling::None);
    let [ours, dropped, default, lean, hand_dropped] =
        rounds_of(rounds, [&ours, &dropped, &default, &lean, &hand_dropped]);
    line("sampled: ns/poll", &ours, &default, "at most 1.00");
    line("sampled: ns/poll, lean bridge", &ours, &lean, "at most 1.00");
    line("ratio 0: ns/poll", &dropped, &hand_dropped, "at most 1.00");
}

/// The whole weather agent over HTTP: as the example runs it, and as it never runs, with a server that answers at once,
/// where nothing hides what we do.
fn whole_program(rounds: usize) {
    println!();
    println!("{:<44}{:>11}{:>11}{:>8}   goal", "", "with", "without", "ratio");
    let server = weather::server().expect("a loopback port is free");
    let [with, without] = weather_runs(&server, rounds.min(3), 1);
    line("weather agent: µs/run", &with, &without, "at most 1.05");
    let server = weather::quick_server().expect("a loopback port is free");
    let [with, without] = weather_runs(&server, rounds, 60);
    line("weather agent without delays: µs/run", &with, &without, "");
}

/// What so many rounds of so many runs took, in microseconds a run.
fn weather_runs(server: &OpenAi, rounds: usize, runs: usize) -> [Vec<f64>; 2] {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime can start");
    let agent = Agent::new(server.base_url());
    let run = |traced: bool| {
        let began = Instant::now();
        let answer = match traced {
            true => runtime.block_on(agent.traced()),
            false => runtime.block_on(agent.plain()),
        };
        assert_eq!(answer.as_deref().ok(), Some(weather::ANSWER));
        began.elapsed().as_secs_f64() * 1e6
    };
    let without = || median((0..runs).map(|_| run(false)).collect());
    let with = || {
        let recording = agentspan::testing::record();
        let micros = median((0..runs).map(|_| run(true)).collect());
        drop(recording);
        micros
    };
    rounds_of(rounds, [&with, &without])
}

fn ours_run() {
    futures::run(ours::agent_run());
}

fn by_hand_run() {
    futures::run(by_hand::agent_run());
}

fn time_runs(round: impl Fn() -> Duration) -> f64 {
    round().as_nanos() as f64 / (f64::from(RUNS) * SPANS as f64)
}

/// How long `count` runs take in the fastest slice; the first ones get warm.
fn time(count: u32, run: impl Fn()) -> Duration {
    let slice = || {
        let began = Instant::now();
        (0..count).for_each(|_| run());
        began.elapsed()
    };
    (0..SLICES).map(|_| slice()).min().unwrap_or_default()
}

fn allocations(run: impl Fn()) -> f64 {
    (0..10).for_each(|_| run());
    let counted = allocation_counter::measure(|| (0..100).for_each(|_| run()));
    counted.count_total as f64 / (100.0 * SPANS as f64)
}

fn on_ours<T>(sampling: Sampling, measure: impl FnOnce() -> T) -> T {
    let (subscriber, telemetry) = ours::subscriber(sampling);
    let measured = tracing::subscriber::with_default(subscriber, measure);
    drop(telemetry);
    measured
}

fn on_hand<T>(options: Options, sampling: Sampling, measure: impl FnOnce() -> T) -> T {
    tracing::subscriber::with_default(by_hand::subscriber(options, sampling), measure)
}

fn queued_by_us() -> Duration {
    let recording = agentspan::testing::record_with(ours::settings(Sampling::All));
    let elapsed = time(RUNS, ours_run);
    drop(recording);
    elapsed
}

fn queued_by_hand() -> Duration {
    let processor = BatchSpanProcessor::builder(Nowhere).build();
    tracing::subscriber::with_default(by_hand::subscriber_with(processor), || time(RUNS, by_hand_run))
}

/// Takes batches and forgets them.
#[derive(Debug)]
struct Nowhere;

impl SpanExporter for Nowhere {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}

/// What each side took in each round.
fn rounds_of<const N: usize>(rounds: usize, sides: [Side<'_>; N]) -> [Vec<f64>; N] {
    let mut samples = [const { Vec::new() }; N];
    for _ in 0..rounds {
        for (side, samples) in sides.iter().zip(&mut samples) {
            samples.push(side());
        }
    }
    samples
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// The fastest round of both.
fn line(what: &str, ours: &[f64], other: &[f64], goal: &str) {
    let [ours, other] = [ours, other].map(|rounds| rounds.iter().copied().fold(f64::INFINITY, f64::min));
    println!("{what:<44}{ours:>11.1}{other:>11.1}{:>8.2}   {goal}", ours / other);
}
