//! Compares reading, pricing and adding up with the least that anybody could do, side by side in one process, and prints
//! the ratios: `cargo bench -p agentspan-benches --bench figures`.
//!
//! The sides take turns. Each turn is many slices of well under a millisecond, of which the fastest counts; a figure is
//! the median of its turns.

use agentspan::Usage;
use agentspan::cost::{PriceQuery, Prices};
use agentspan::usage::ReplyReader;
use agentspan_benches::{Sampling, ours};
use genai_prices::{Calculator, PriceRequest};
use serde_json::{Value, json};
use std::hint::black_box;
use std::time::{Instant, SystemTime};

const ROUNDS: usize = 15;
const SLICES: usize = 40;
/// Chunks of a stream.
const CHUNKS: usize = 1_000;
/// Steps of a long run.
const STEPS: usize = 1_000;

fn main() {
    // Given by `cargo bench` and `cargo test`, which have nothing to choose here.
    let testing = std::env::args().any(|argument| argument == "--test");
    let rounds = if testing { 1 } else { ROUNDS };
    println!("{:<44}{:>11}{:>11}{:>8}   goal", "", "ours", "beside", "ratio");
    replies(rounds);
    streams(rounds);
    prices(rounds);
    sums(rounds);
}

fn replies(rounds: usize) {
    for (name, reply) in [("OpenAI", openai()), ("Anthropic", anthropic()), ("Gemini", gemini())] {
        let body = reply.to_string().into_bytes();
        let provider = name.to_lowercase();
        let ours = || {
            let mut reader = ReplyReader::new(&provider);
            reader.push(black_box(&body));
            let reply = reader.finish();
            assert!(reply.usage.is_some());
            drop(black_box(reply));
        };
        let beside =
            || drop(black_box(serde_json::from_slice::<Value>(black_box(&body)).expect("it is JSON")));
        let [ours, beside] = medians(rounds, [&|| fastest(1, ours), &|| fastest(1, beside)]);
        line(&format!("{name} reply of {} bytes: ns, a Value", body.len()), ours, beside, "at most 1.00");
    }
}

/// Each chunk arrives by itself; beside it, the JSON of each is parsed and nothing else.
fn streams(rounds: usize) {
    let (chunks, jsons): (Vec<_>, Vec<_>) = (0..CHUNKS).map(chunk).unzip();
    let ours = || {
        let mut reader = ReplyReader::new("openai");
        chunks.iter().for_each(|chunk| reader.push(black_box(chunk)));
        reader.push(b"data: [DONE]\n\n");
        let reply = reader.finish();
        assert!(reply.usage.is_some());
        drop(black_box(reply));
    };
    let beside = || {
        for json in &jsons {
            drop(black_box(serde_json::from_slice::<Value>(black_box(json)).expect("it is JSON")));
        }
    };
    let [ours, beside] = medians(rounds, [&|| fastest(CHUNKS, ours), &|| fastest(CHUNKS, beside)]);
    line("a chunk of a stream: ns, a Value", ours, beside, "at most 1,000 ns more");
}

fn prices(rounds: usize) {
    let prices = Prices::bundled();
    let calculator = Calculator::bundled();
    let at = SystemTime::now();
    for (provider, model) in [("openai", "gpt-4o-2024-08-06"), ("anthropic", "claude-sonnet-4-5")] {
        let usage = Usage::new().input(1_412).output(354).cache_read(256);
        let mut theirs = genai_prices::Usage::new();
        for (key, count) in
            [("input_tokens", 1_412.0), ("output_tokens", 354.0), ("cache_read_tokens", 256.0)]
        {
            theirs.insert(key, count);
        }
        let ours = || {
            let price = prices.price(&PriceQuery::new(provider, black_box(model), &usage).at(at));
            assert!(price.total_usd().is_some());
            drop(black_box(price));
        };
        let beside = || {
            let request = PriceRequest::new(black_box(model), &theirs);
            let price = calculator.calculate(&request.with_provider_id(provider).with_timestamp(at));
            drop(black_box(price.expect("the model is known")));
        };
        let [ours, beside] = medians(rounds, [&|| fastest(1, ours), &|| fastest(1, beside)]);
        line(&format!("{model}: ns, genai-prices"), ours, beside, "under 1,000 ns");
    }
}

/// A long run whose steps cost something beside one whose steps cost nothing: the rest is the adding up.
fn sums(rounds: usize) {
    let run = |usd: Option<f64>| {
        agentspan::agent("a").in_scope(|| {
            for _ in 0..STEPS {
                let tool = agentspan::tool("t");
                match usd {
                    Some(usd) => tool.cost_usd(usd).in_scope(|| ()),
                    None => tool.in_scope(|| ()),
                }
            }
        });
    };
    for (sampling, word) in [(Sampling::All, "sampled"), (Sampling::None, "ratio 0")] {
        let (subscriber, _telemetry) = ours::subscriber(sampling);
        tracing::subscriber::with_default(subscriber, || {
            let priced = || fastest(STEPS, || run(Some(0.25)));
            let free = || fastest(STEPS, || run(None));
            let [priced, free] = medians(rounds, [&priced, &free]);
            line(&format!("{word}, step of a run of {STEPS}: ns, without costs"), priced, free, "");
        });
    }
}

fn openai() -> Value {
    json!({
        "id": "chatcmpl-8f3a", "object": "chat.completion", "created": 1_760_000_000, "model": "gpt-4o-2024-08-06",
        "choices": [{
            "index": 0, "logprobs": null, "finish_reason": "stop",
            "message": {"role": "assistant", "content": text(), "refusal": null, "annotations": []},
        }],
        "usage": {
            "prompt_tokens": 412, "completion_tokens": 354, "total_tokens": 766,
            "prompt_tokens_details": {"cached_tokens": 256, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
    })
}

fn anthropic() -> Value {
    json!({
        "id": "msg_8f3a", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
        "content": [{"type": "text", "text": text()}], "stop_reason": "end_turn", "stop_sequence": null,
        "usage": {
            "input_tokens": 156, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 256,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
            "output_tokens": 354, "service_tier": "standard",
        },
    })
}

fn gemini() -> Value {
    json!({
        "candidates": [{"content": {"parts": [{"text": text()}], "role": "model"}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {
            "promptTokenCount": 412, "candidatesTokenCount": 300, "thoughtsTokenCount": 54, "totalTokenCount": 766,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 412}],
        },
        "modelVersion": "gemini-2.5-pro", "responseId": "8f3a",
    })
}

/// As long as a usual answer.
fn text() -> String {
    "It will rain in Ulm this afternoon, about four millimetres.\nTake an umbrella. ".repeat(20)
}

/// A chunk as it comes by the wire, and its JSON; the last one has the usage.
fn chunk(index: usize) -> (Vec<u8>, Vec<u8>) {
    let mut chunk = json!({
        "id": "chatcmpl-8f3a", "object": "chat.completion.chunk", "created": 1_760_000_000,
        "model": "gpt-4o-2024-08-06", "service_tier": "default", "system_fingerprint": "fp_0a1b2c3d4e", "usage": null,
        "choices": [{"index": 0, "delta": {"content": " rain"}, "logprobs": null, "finish_reason": null}],
    });
    if index == CHUNKS - 2 {
        chunk["choices"][0]["finish_reason"] = "stop".into();
    }
    if index == CHUNKS - 1 {
        chunk["choices"] = json!([]);
        chunk["usage"] = json!({"prompt_tokens": 412, "completion_tokens": 998, "total_tokens": 1_410});
    }
    let json = chunk.to_string();
    (format!("data: {json}\n\n").into_bytes(), json.into_bytes())
}

/// Nanoseconds for each of `parts` of a piece of work, by its fastest slice.
fn fastest(parts: usize, work: impl Fn()) -> f64 {
    let times = (10_000 / parts).clamp(1, 100);
    let slice = || {
        let began = Instant::now();
        (0..times).for_each(|_| work());
        began.elapsed().as_nanos() as f64 / (times * parts) as f64
    };
    (0..SLICES).map(|_| slice()).fold(f64::INFINITY, f64::min)
}

fn medians<const N: usize>(rounds: usize, sides: [&dyn Fn() -> f64; N]) -> [f64; N] {
    let mut samples = [const { Vec::new() }; N];
    for _ in 0..rounds {
        for (side, samples) in sides.iter().zip(&mut samples) {
            samples.push(side());
        }
    }
    samples.map(|mut samples: Vec<f64>| {
        samples.sort_by(f64::total_cmp);
        samples[samples.len() / 2]
    })
}

fn line(what: &str, ours: f64, other: f64, goal: &str) {
    println!("{what:<52}{ours:>11.1}{other:>11.1}{:>8.2}   {goal}", ours / other);
}
