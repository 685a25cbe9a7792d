use super::{CALL_SECONDS, Gaps, Pace};
use crate::usage::ReplyReader;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn all(gaps: &Gaps) -> Vec<f64> {
    let mut all = Vec::new();
    gaps.each(|seconds| all.push(seconds));
    all
}

#[test]
fn times_come_back_as_many_in_their_buckets_and_with_their_sum() {
    let times = [0.0, 0.01, 0.010_1, 0.011, 0.012, 0.019, 0.02, 5.0, 100.0, 90.0, 81.92];
    let mut gaps = Gaps::default();
    times.iter().for_each(|seconds| gaps.add(*seconds, 1));
    let back = all(&gaps);
    let buckets = |times: &[f64]| {
        let mut counts = [0; CALL_SECONDS.len() + 1];
        for seconds in times {
            counts[CALL_SECONDS.iter().filter(|boundary| *seconds > **boundary).count()] += 1;
        }
        counts
    };
    assert_eq!(buckets(&back), buckets(&times));
    assert!((back.iter().sum::<f64>() - times.iter().sum::<f64>()).abs() < 1e-9);
    let (least, greatest) = (f64::INFINITY, f64::NEG_INFINITY);
    assert_eq!(back.iter().fold(least, |a, b| a.min(*b)), 0.0);
    assert_eq!(back.iter().fold(greatest, |a, b| a.max(*b)), 100.0);
}

#[test]
fn equal_times_stay_equal() {
    let mut gaps = Gaps::default();
    (0..1_000).for_each(|_| gaps.add(0.02, 1));
    assert_eq!(all(&gaps), vec![0.02; 1_000]);
}

fn chunk(text: &str) -> Value {
    json!({"model": "gpt-4o", "choices": [{"delta": {"content": text}}]})
}

#[test]
fn announcements_are_no_chunks_and_chunks_of_one_piece_have_no_time_between_them() {
    let Some(opened) = Instant::now().checked_sub(Duration::from_secs(3)) else { return };
    let mut reader = ReplyReader::new("anthropic");
    let mut pace = Pace::new(opened, true);
    reader.push(b"data: {\"type\":\"message_start\",\"message\":{\"model\":\"claude-haiku-4-5\"}}\n\n");
    pace.note(&reader);
    assert_eq!(pace.first_s(), None);
    let delta =
        "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}\n\n";
    reader.push(delta.repeat(3).as_bytes());
    pace.note(&reader);
    assert!(pace.first_s().is_some_and(|seconds| seconds >= 3.0), "{pace:?}");
    reader.push(b"data: {\"type\":");
    pace.note(&reader);
    let gaps = pace.into_gaps().expect("they are measured");
    assert_eq!(all(&gaps), [0.0, 0.0]);
}

#[test]
fn each_later_chunk_has_its_time() {
    let mut reader = ReplyReader::new("openai");
    let mut pace = Pace::new(Instant::now(), true);
    for text in ["a", "b", "c"] {
        std::thread::sleep(Duration::from_millis(2));
        reader.push_chunk(&chunk(text));
        pace.note(&reader);
    }
    let times = all(&pace.into_gaps().expect("they are measured"));
    assert_eq!(times.len(), 2);
    assert!(times.iter().all(|seconds| *seconds >= 0.002), "{times:?}");
}

#[test]
fn nothing_is_kept_without_a_meter_or_before_the_first_chunk() {
    let mut reader = ReplyReader::new("openai");
    let mut pace = Pace::new(Instant::now(), false);
    reader.push_chunk(&chunk("a"));
    pace.note(&reader);
    assert!(pace.first_s().is_some());
    assert!(pace.into_gaps().is_none());
    assert!(Pace::new(Instant::now(), true).into_gaps().is_none());
}
