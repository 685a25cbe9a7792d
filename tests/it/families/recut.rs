//! A streamed reply says the same in whatever pieces its bytes come and however its server writes them.

use super::fixture::Fixture;
use super::rows;
use super::wire::{Habit, Wire};
use agentspan::semconv::StreamEnd;
use agentspan::usage::Reply;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use proptest::test_runner::TestRunner;
use serde_json::Value;

/// A fixture that comes as a stream, and what it says when its bytes come at once.
#[derive(Debug, Clone)]
struct Streamed {
    family: &'static str,
    fixture: Fixture,
    wire: Wire,
    chunks: Vec<Value>,
    reply: Reply,
}

fn streamed() -> Vec<Streamed> {
    let of = |family, fixture: Fixture| {
        let (wire, chunks) = fixture.stream.clone()?;
        let reply = fixture.of_stream()?;
        Some(Streamed { family, fixture, wire, chunks, reply })
    };
    rows()
        .into_iter()
        .flat_map(|row| row.fixtures.into_iter().filter_map(move |one| of(row.family, one)))
        .collect()
}

/// Runs a property as often as is done within a few seconds of a debug build.
fn run<S: Strategy>(strategy: S, holds: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config).run(&strategy, holds).unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn no_cut_and_no_habit_of_a_server_changes_a_reply() {
    let cuts = prop::collection::vec(any::<Index>(), 0..40);
    let habits = subsequence(&Habit::ALL[..], 0..=Habit::ALL.len());
    run(
        (select(streamed()), habits, cuts),
        |(Streamed { family, fixture, wire, chunks, reply }, habits, cuts)| {
            let body = wire.written(&chunks, &habits);
            let mut cuts: Vec<_> =
                cuts.iter().map(|cut| cut.index(body.len() + 1)).chain([0, body.len()]).collect();
            cuts.sort_unstable();
            let read = fixture.read(cuts.windows(2).map(|ends| &body[ends[0]..ends[1]]));
            prop_assert_eq!(read, reply, "{}, {:?}", family, String::from_utf8_lossy(&body));
            Ok(())
        },
    );
}

#[test]
fn a_stream_that_ends_anywhere_is_no_error_and_complete_only_when_it_said_so() {
    run((select(streamed()), any::<Index>()), |(Streamed { family, fixture, wire, chunks, reply }, end)| {
        let body = wire.bytes(&chunks);
        let read = fixture.read([&body[..end.index(body.len())]]);
        prop_assert_eq!(&read.error, &None, "{}", family);
        prop_assert!(read.chunk_count <= reply.chunk_count, "{}: {:?}", family, read);
        if read.stream_end == Some(StreamEnd::Complete) {
            prop_assert_eq!(&read.finish_reasons, &reply.finish_reasons, "{}", family);
            prop_assert_eq!(&read.tool_calls, &reply.tool_calls, "{}", family);
        }
        Ok(())
    });
}

#[test]
fn usage_that_comes_again_counts_once() {
    for Streamed { family, fixture, wire, chunks, reply } in streamed() {
        for at in 0..chunks.len() {
            let mut again = chunks.clone();
            again.splice(at..at, std::iter::repeat_n(chunks[at].clone(), 50));
            let read = fixture.read([&wire.bytes(&again)[..]]);
            let shown = format!("{family}, {}", chunks[at]);
            assert_eq!(read.usage, reply.usage, "{shown}");
            assert_eq!(read.stream_end, reply.stream_end, "{shown}");
            assert_eq!(read.finish_reasons, reply.finish_reasons, "{shown}");
        }
    }
}
