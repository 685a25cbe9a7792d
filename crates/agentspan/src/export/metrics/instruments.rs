use crate::cost::Totals;
use crate::span::CALL_SECONDS;
use crate::usage::Usage;
use agentspan_semconv::metric as names;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter};

/// Bucket boundaries that the conventions give for tokens.
const TOKENS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];
/// The same for runs, in seconds.
const RUN_SECONDS: [f64; 13] = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6];
/// The same for workflows, in seconds.
const WORKFLOW_SECONDS: [f64; 11] =
    [1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 7_200.0];
/// The same for calls in a run.
const CALLS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

/// The instruments of one meter.
pub(super) struct Instruments {
    pub(super) operation_duration: Histogram<f64>,
    /// Under its newest name if those are asked for.
    pub(super) time_to_first_chunk: Histogram<f64>,
    /// The same.
    pub(super) time_per_chunk: Histogram<f64>,
    /// Used only without the newest names.
    pub(super) token_usage: Histogram<u64>,
    pub(super) tool_duration: Histogram<f64>,
    pub(super) agent_duration: Histogram<f64>,
    /// Under its newest name if those are asked for.
    pub(super) workflow_duration: Histogram<f64>,
    pub(super) cost: Counter<f64>,
    pub(super) unpriced_calls: Counter<u64>,
    pub(super) runs: Counter<u64>,
    pub(super) crowded: Counter<u64>,
    pub(super) latest: Option<Latest>,
}

/// What has only the newest names.
pub(super) struct Latest {
    pub(super) inference_duration: Histogram<f64>,
    inference_calls: Histogram<u64>,
    tool_calls: Histogram<u64>,
    call_input: Histogram<u64>,
    call_output: Histogram<u64>,
    input: Counter<u64>,
    output: Counter<u64>,
    cache_read: Counter<u64>,
    cache_write: Counter<u64>,
    reasoning: Counter<u64>,
}

impl Instruments {
    pub(super) fn new(meter: &Meter, latest: bool) -> Self {
        let (first_chunk, per_chunk, workflow) = if latest {
            (
                names::GEN_AI_CLIENT_INFERENCE_TIME_TO_FIRST_CHUNK,
                names::GEN_AI_CLIENT_INFERENCE_TIME_PER_OUTPUT_CHUNK,
                names::GEN_AI_INVOKE_WORKFLOW_DURATION,
            )
        } else {
            (
                names::GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK,
                names::GEN_AI_CLIENT_OPERATION_TIME_PER_OUTPUT_CHUNK,
                names::GEN_AI_WORKFLOW_DURATION,
            )
        };
        let call_seconds = |name, what| seconds(meter, name, what, &CALL_SECONDS);
        Self {
            operation_duration: call_seconds(
                names::GEN_AI_CLIENT_OPERATION_DURATION,
                "Duration of operations.",
            ),
            time_to_first_chunk: call_seconds(first_chunk, "Time to the first chunk of streamed replies."),
            time_per_chunk: call_seconds(per_chunk, "Time from chunk to chunk of streamed replies."),
            token_usage: tokens(meter, names::GEN_AI_CLIENT_TOKEN_USAGE, "Tokens of calls of models."),
            tool_duration: call_seconds(names::GEN_AI_EXECUTE_TOOL_DURATION, "Duration of tools."),
            agent_duration: seconds(
                meter,
                names::GEN_AI_INVOKE_AGENT_DURATION,
                "Duration of runs.",
                &RUN_SECONDS,
            ),
            workflow_duration: seconds(
                meter,
                workflow,
                "Duration of workflows of several agents.",
                &WORKFLOW_SECONDS,
            ),
            cost: meter
                .f64_counter(names::AGENTSPAN_COST)
                .with_unit("USD")
                .with_description("What was spent, as far as it is known.")
                .build(),
            unpriced_calls: counter(
                meter,
                names::AGENTSPAN_COST_UNPRICED_CALLS,
                "{call}",
                "Calls whose cost is not known, or not wholly.",
            ),
            runs: counter(meter, names::AGENTSPAN_RUNS, "{run}", "Ended runs by stop reason."),
            crowded: counter(
                meter,
                names::AGENTSPAN_METRICS_OTHER,
                "{step}",
                "Steps measured as `other`, for want of room.",
            ),
            latest: latest.then(|| Latest::new(meter)),
        }
    }
}

impl Instruments {
    pub(super) fn measure_agent(&self, totals: &Totals, attributes: &[KeyValue], seconds: f64) {
        self.agent_duration.record(seconds, attributes);
        if let Some(latest) = &self.latest {
            latest.inference_calls.record(totals.llm_calls, attributes);
            latest.tool_calls.record(totals.tool_calls, attributes);
        }
    }
}

impl Latest {
    fn new(meter: &Meter) -> Self {
        let count = |name, what| counter(meter, name, "{token}", what);
        let calls = |name, unit, what| histogram(meter, name, unit, what, &CALLS);
        Self {
            inference_duration: seconds(
                meter,
                names::GEN_AI_CLIENT_INFERENCE_DURATION,
                "Duration of calls of models.",
                &CALL_SECONDS,
            ),
            inference_calls: calls(
                names::GEN_AI_INVOKE_AGENT_INFERENCE_CALLS,
                "{inference_call}",
                "Calls of models in a run.",
            ),
            tool_calls: calls(
                names::GEN_AI_INVOKE_AGENT_TOOL_CALLS,
                "{tool_call}",
                "Calls of tools in a run.",
            ),
            call_input: tokens(
                meter,
                names::GEN_AI_CLIENT_INFERENCE_OPERATION_INPUT_TOKENS,
                "Input tokens of a call.",
            ),
            call_output: tokens(
                meter,
                names::GEN_AI_CLIENT_INFERENCE_OPERATION_OUTPUT_TOKENS,
                "Output tokens of a call.",
            ),
            input: count(names::GEN_AI_CLIENT_INFERENCE_USAGE_INPUT_TOKENS, "Input tokens."),
            output: count(names::GEN_AI_CLIENT_INFERENCE_USAGE_OUTPUT_TOKENS, "Output tokens."),
            cache_read: count(
                names::GEN_AI_CLIENT_INFERENCE_USAGE_CACHE_READ_INPUT_TOKENS,
                "Input tokens read from a cache.",
            ),
            cache_write: count(
                names::GEN_AI_CLIENT_INFERENCE_USAGE_CACHE_WRITE_INPUT_TOKENS,
                "Input tokens written to a cache.",
            ),
            reasoning: count(
                names::GEN_AI_CLIENT_INFERENCE_USAGE_REASONING_OUTPUT_TOKENS,
                "Output tokens of reasoning.",
            ),
        }
    }

    /// Embeddings are counted here, too: the conventions leave them no other metric of tokens.
    pub(super) fn measure_tokens(&self, usage: &Usage, base: &[KeyValue], with_error: &[KeyValue]) {
        let calls = [(&self.call_input, usage.input), (&self.call_output, usage.output)];
        for (histogram, count) in calls {
            if let Some(count) = count {
                histogram.record(count, with_error);
            }
        }
        let sums = [
            (&self.input, usage.input, usage.input_audio, usage.input_image),
            (&self.output, usage.output, usage.output_audio, usage.output_image),
            (&self.cache_read, usage.cache_read, usage.cache_audio_read, None),
            (&self.cache_write, usage.cache_write, None, None),
            (&self.reasoning, usage.reasoning, None, None),
        ];
        for (counter, total, audio, image) in sums {
            let Some(total) = total else { continue };
            for (modality, count) in modalities(total, audio, image) {
                let modality = KeyValue::new(names::GEN_AI_TOKEN_MODALITY, modality);
                counter.add(count, &super::with(base, modality));
            }
        }
    }
}

/// The parts of a count by what its tokens stand for. What a provider does not single out need not be text.
fn modalities(
    total: u64,
    audio: Option<u64>,
    image: Option<u64>,
) -> impl Iterator<Item = (&'static str, u64)> {
    let audio = audio.unwrap_or(0).min(total);
    let image = image.unwrap_or(0).min(total - audio);
    let parts = [("audio", audio), ("image", image), ("unknown", total - audio - image)];
    parts.into_iter().filter(move |(modality, count)| *count > 0 || (total == 0 && *modality == "unknown"))
}

fn seconds(meter: &Meter, name: &'static str, what: &'static str, boundaries: &[f64]) -> Histogram<f64> {
    let builder = meter.f64_histogram(name).with_unit("s").with_description(what);
    builder.with_boundaries(boundaries.to_vec()).build()
}

fn tokens(meter: &Meter, name: &'static str, what: &'static str) -> Histogram<u64> {
    histogram(meter, name, "{token}", what, &TOKENS)
}

fn histogram(
    meter: &Meter,
    name: &'static str,
    unit: &'static str,
    what: &'static str,
    boundaries: &[f64],
) -> Histogram<u64> {
    let builder = meter.u64_histogram(name).with_unit(unit).with_description(what);
    builder.with_boundaries(boundaries.to_vec()).build()
}

fn counter(meter: &Meter, name: &'static str, unit: &'static str, what: &'static str) -> Counter<u64> {
    meter.u64_counter(name).with_unit(unit).with_description(what).build()
}
