use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::trace::{SamplingDecision, ShouldSample};

use super::sampler;
use crate::config::SamplerConfig::{self, *};

fn keeps(config: SamplerConfig, parent: Option<&Context>, id: u128) -> bool {
    let id = TraceId::from(id);
    let result = sampler(&config).should_sample(parent, id, "agent.a", &SpanKind::Internal, &[], &[]);
    result.decision == SamplingDecision::RecordAndSample
}

fn parent(kept: bool) -> Context {
    let flags = if kept { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let span = SpanContext::new(TraceId::from(1), SpanId::from(1), flags, true, TraceState::default());
    Context::new().with_remote_span_context(span)
}

/// An id that stands at `share` of the range that the SDK compares.
fn id_at(share: f64) -> u128 {
    (share * (1_u128 << 64) as f64) as u128
}

#[test]
fn each_sampler_decides_as_its_row_says() {
    let (kept, dropped) = (parent(true), parent(false));
    // Columns: a new trace, a parent that is kept, a parent that is not.
    let cases = [
        (AlwaysOn, [true, true, true]),
        (AlwaysOff, [false, false, false]),
        (TraceIdRatio(0.3), [false, false, false]),
        (TraceIdRatio(0.7), [true, true, true]),
        (ParentBasedAlwaysOn, [true, true, false]),
        (ParentBasedAlwaysOff, [false, true, false]),
        (ParentBasedTraceIdRatio(0.3), [false, true, false]),
        (ParentBasedTraceIdRatio(0.7), [true, true, false]),
    ];
    for (config, expected) in cases {
        let decided = [None, Some(&kept), Some(&dropped)].map(|parent| keeps(config, parent, id_at(0.5)));
        assert_eq!(decided, expected, "{config:?}");
    }
}

#[test]
fn a_ratio_keeps_its_share_of_ids_and_a_higher_one_keeps_them_too() {
    let ids = || (0..1000).map(|n| id_at((f64::from(n) + 0.5) / 1000.0));
    for (ratio, expected) in [(0.0, 0), (0.001, 1), (0.1, 100), (0.5, 500), (1.0, 1000)] {
        assert_eq!(ids().filter(|id| keeps(TraceIdRatio(ratio), None, *id)).count(), expected, "{ratio}");
    }
    assert!(ids().all(|id| !keeps(TraceIdRatio(0.1), None, id) || keeps(TraceIdRatio(0.2), None, id)));
}

#[test]
fn the_high_half_of_the_id_has_no_say() {
    for high in [0, u128::from(u64::MAX) << 64] {
        assert!(keeps(TraceIdRatio(0.5), None, high | id_at(0.4)));
        assert!(!keeps(TraceIdRatio(0.5), None, high | id_at(0.6)));
    }
}

#[test]
fn ratios_at_the_ends_keep_all_or_none_of_the_extreme_ids() {
    for id in [1, u128::MAX] {
        assert!(!keeps(TraceIdRatio(0.0), None, id));
        assert!(keeps(TraceIdRatio(1.0), None, id));
        assert!(keeps(ParentBasedTraceIdRatio(f64::NAN), None, id), "a NaN must not lose every trace");
    }
}
