//! Which traces are kept, decided when they begin.
//!
//! A share of traces is a share of trace ids. The SDK compares the low half of the id, shifted right by one bit,
//! with the ratio times 2⁶³ and keeps ids *below* that bound, as the SDKs of Go and Python do: services with the
//! same ratio keep the same traces, and a higher ratio keeps those of a lower one too. The W3C's consistent
//! sampling (`ot=th:…`) looks at fewer bits and keeps the other end; the two must not be mixed in one trace.
//!
//! | sampler | a new trace | a parent that is kept | a parent that is not |
//! |---|---|---|---|
//! | `always_on` | kept | kept | kept |
//! | `always_off` | dropped | dropped | dropped |
//! | `traceidratio` | by its id | by its id | by its id |
//! | `parentbased_always_on` | kept | kept | dropped |
//! | `parentbased_always_off` | dropped | kept | dropped |
//! | `parentbased_traceidratio` | by its id | kept | dropped |
//!
//! Only the parent-based ones keep a trace whole when the services in it have different settings. The sums of
//! tokens and USD do not depend on any of them.

use opentelemetry_sdk::trace::Sampler;

use crate::config::SamplerConfig;

/// The SDK's sampler for a setting.
///
/// The SDK's parent-based sampler takes an attached span context that is not valid for a parent that was dropped.
/// Who reads a context from a carrier must attach none at all when there is none.
pub(crate) fn sampler(config: &SamplerConfig) -> Sampler {
    match *config {
        SamplerConfig::AlwaysOn => Sampler::AlwaysOn,
        SamplerConfig::AlwaysOff => Sampler::AlwaysOff,
        SamplerConfig::TraceIdRatio(ratio) => by_id(ratio),
        SamplerConfig::ParentBasedAlwaysOn => parent_based(Sampler::AlwaysOn),
        SamplerConfig::ParentBasedAlwaysOff => parent_based(Sampler::AlwaysOff),
        SamplerConfig::ParentBasedTraceIdRatio(ratio) => parent_based(by_id(ratio)),
    }
}

fn parent_based(root: Sampler) -> Sampler {
    Sampler::ParentBased(Box::new(root))
}

fn by_id(ratio: f64) -> Sampler {
    // With NaN the SDK drops every trace; losing all of them must not come from a slip in arithmetic.
    if ratio.is_nan() { Sampler::AlwaysOn } else { Sampler::TraceIdRatioBased(ratio) }
}

#[cfg(test)]
mod tests;
