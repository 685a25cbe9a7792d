use super::SamplerConfig;
use super::reader::{Reader, Rejected, in_code};
use super::value::{alternatives, shown};

const NAME: &str = "OTEL_TRACES_SAMPLER";
const ARG: &str = "OTEL_TRACES_SAMPLER_ARG";
const EXPECTED_RATIO: &str = "a number from 0.0 to 1.0, such as `0.1`";

/// The local samplers of the specification; the ratio of the two that have one is set afterwards.
const SAMPLERS: [SamplerConfig; 6] = [
    SamplerConfig::AlwaysOn,
    SamplerConfig::AlwaysOff,
    SamplerConfig::TraceIdRatio(1.0),
    SamplerConfig::ParentBasedAlwaysOn,
    SamplerConfig::ParentBasedAlwaysOff,
    SamplerConfig::ParentBasedTraceIdRatio(1.0),
];

/// The specification's default is `parentbased_always_on`. At 1.0 ours decides the same, and a ratio is then one
/// variable away.
const DEFAULT: SamplerConfig = SamplerConfig::ParentBasedTraceIdRatio(1.0);

impl SamplerConfig {
    /// The word for it in `OTEL_TRACES_SAMPLER`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AlwaysOn => "always_on",
            Self::AlwaysOff => "always_off",
            Self::TraceIdRatio(_) => "traceidratio",
            Self::ParentBasedAlwaysOn => "parentbased_always_on",
            Self::ParentBasedAlwaysOff => "parentbased_always_off",
            Self::ParentBasedTraceIdRatio(_) => "parentbased_traceidratio",
        }
    }

    /// The share of traces that is kept, from 0.0 to 1.0, of a sampler that has one.
    pub(crate) fn ratio(self) -> Option<f64> {
        match self {
            Self::TraceIdRatio(ratio) | Self::ParentBasedTraceIdRatio(ratio) => Some(ratio),
            _ => None,
        }
    }

    fn with_ratio(self, ratio: f64) -> Self {
        match self {
            Self::TraceIdRatio(_) => Self::TraceIdRatio(ratio),
            Self::ParentBasedTraceIdRatio(_) => Self::ParentBasedTraceIdRatio(ratio),
            other => other,
        }
    }

    /// "`parentbased_traceidratio` at 1.0, so every trace is kept".
    fn described(self) -> String {
        let kept = match self {
            Self::AlwaysOn | Self::ParentBasedAlwaysOn => ", so every trace is kept".to_owned(),
            Self::AlwaysOff | Self::ParentBasedAlwaysOff => ", so no trace is kept".to_owned(),
            Self::TraceIdRatio(ratio) | Self::ParentBasedTraceIdRatio(ratio) => {
                format!(" at {}", described(ratio))
            }
        };
        format!("`{}`{kept}", self.name())
    }
}

pub(super) fn resolve(reader: &mut Reader<'_>, code: Option<SamplerConfig>) -> SamplerConfig {
    let code = code.map(|sampler| checked(reader, sampler));
    let fallback = code.unwrap_or(DEFAULT);
    let given = reader.get(NAME);
    let found = reader.search(&[NAME], parse, shown);
    reader.report(found.rejected, &fallback.described());
    match (found.value, given) {
        (Some(sampler), _) => {
            // Code's ratio is the next best source for a variable that is not set.
            let ratio = code.and_then(SamplerConfig::ratio).unwrap_or(1.0);
            with_argument(reader, sampler, ratio)
        }
        // The argument belongs to a sampler that was answered already, for example an endpoint for
        // `jaeger_remote`.
        (None, Some(_)) => fallback,
        (None, None) => {
            argument_alone(reader, fallback);
            fallback
        }
    }
}

fn parse(text: &str) -> Result<SamplerConfig, String> {
    SAMPLERS
        .into_iter()
        .find(|sampler| sampler.name().eq_ignore_ascii_case(text))
        .ok_or_else(|| alternatives(SAMPLERS.map(SamplerConfig::name)))
}

fn parse_ratio(text: &str) -> Result<f64, String> {
    // The range also refuses NaN, with which the SDK would keep nothing.
    text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio)).ok_or_else(|| EXPECTED_RATIO.to_owned())
}

fn with_argument(reader: &mut Reader<'_>, sampler: SamplerConfig, ratio: f64) -> SamplerConfig {
    if sampler.ratio().is_some() {
        let found = reader.search(&[ARG], parse_ratio, shown);
        reader.report(found.rejected, &described(ratio));
        return sampler.with_ratio(found.value.unwrap_or(ratio));
    }
    if let Some(given) = reader.get(ARG) {
        let (given, name) = (shown(&given), sampler.name());
        let used = sampler.described();
        reader.warn(format!("ignoring `{ARG}={given}`: `{NAME}={name}` takes no argument; using {used}"));
    }
    sampler
}

/// The most common mistake: the specification ignores an argument without a sampler.
fn argument_alone(reader: &mut Reader<'_>, used: SamplerConfig) {
    if let Some(given) = reader.get(ARG) {
        let given = shown(&given);
        let used = used.described();
        reader.warn(format!(
            "ignoring `{ARG}={given}`: it takes effect only beside `{NAME}`; using {used}; \
             to keep a share of all traces set `{NAME}={}`",
            DEFAULT.name()
        ));
    }
}

/// A ratio from code is held to the same range.
fn checked(reader: &mut Reader<'_>, sampler: SamplerConfig) -> SamplerConfig {
    match sampler.ratio() {
        Some(ratio) if !(0.0..=1.0).contains(&ratio) => {
            let given = in_code(&ratio.to_string(), &[ARG]);
            let rejected = Rejected { given, expected: EXPECTED_RATIO.to_owned() };
            reader.report(vec![rejected], &described(1.0));
            sampler.with_ratio(1.0)
        }
        _ => sampler,
    }
}

fn described(ratio: f64) -> String {
    match ratio {
        1.0 => "1.0, so every trace is kept".to_owned(),
        0.0 => "0.0, so no trace is kept".to_owned(),
        ratio => ratio.to_string(),
    }
}
