//! What recording costs the caller: `cargo bench -p agentspan-benches --bench recording`.
//!
//! Spans go nowhere. One item is one span, so that the counts of allocations are for a run of eight.

use agentspan_benches::by_hand::{self, Options};
use agentspan_benches::{SPANS, Sampling, futures, ours};
use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const POLLS: u32 = 1_000;

fn main() {
    divan::main();
}

#[divan::bench(args = [Sampling::All, Sampling::None])]
fn run_with_agentspan(bencher: Bencher<'_, '_>, sampling: Sampling) {
    let (subscriber, _telemetry) = ours::subscriber(sampling);
    tracing::subscriber::with_default(subscriber, || {
        bencher.counter(ItemsCount::new(SPANS)).bench_local(|| futures::run(ours::agent_run()));
    });
}

#[divan::bench(args = [Sampling::All, Sampling::None])]
fn run_by_hand(bencher: Bencher<'_, '_>, sampling: Sampling) {
    by_hand_run(bencher, Options::Default, sampling);
}

#[divan::bench(args = [Sampling::All, Sampling::None])]
fn run_by_hand_lean(bencher: Bencher<'_, '_>, sampling: Sampling) {
    by_hand_run(bencher, Options::Lean, sampling);
}

fn by_hand_run(bencher: Bencher<'_, '_>, options: Options, sampling: Sampling) {
    tracing::subscriber::with_default(by_hand::subscriber(options, sampling), || {
        bencher.counter(ItemsCount::new(SPANS)).bench_local(|| futures::run(by_hand::agent_run()));
    });
}

#[divan::bench(args = [Sampling::All, Sampling::None])]
fn polls_with_agentspan(bencher: Bencher<'_, '_>, sampling: Sampling) {
    let (subscriber, _telemetry) = ours::subscriber(sampling);
    tracing::subscriber::with_default(subscriber, || {
        bencher.counter(ItemsCount::new(POLLS)).bench_local(|| futures::run(ours::polled(POLLS)));
    });
}

#[divan::bench(args = [Options::Default, Options::Lean])]
fn polls_by_hand(bencher: Bencher<'_, '_>, options: Options) {
    tracing::subscriber::with_default(by_hand::subscriber(options, Sampling::All), || {
        bencher.counter(ItemsCount::new(POLLS)).bench_local(|| futures::run(by_hand::polled(POLLS)));
    });
}
