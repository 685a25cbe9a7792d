//! What the fuzz targets share: taking their input apart, and what holds for every reply.

use agentspan::cost::{CostStatus, PriceQuery, Prices, Usd};
use agentspan::usage::{Endpoint, Reply, ReplyReader};
use std::sync::LazyLock;

/// The bytes of one run, taken from the front. Where they end, everything is zero and empty.
#[derive(Debug)]
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    /// One of these by the next byte. Letters from `a` on name them in order, so that seeds can be written by hand.
    pub fn one_of<T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[usize::from(self.byte().wrapping_sub(b'a')) % choices.len()]
    }

    /// The next `length` bytes, or as many as there are.
    pub fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Up to the next of these bytes, which is dropped.
    pub fn until(&mut self, end: u8) -> &'a [u8] {
        let length = self.0.iter().position(|byte| *byte == end).unwrap_or(self.0.len());
        let taken = self.take(length);
        self.byte();
        taken
    }

    /// The rest.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

/// A URL of each family of replies, and of providers that differ inside of one.
pub const URLS: [&str; 22] = [
    "https://api.openai.com/v1/chat/completions",
    "https://api.openai.com/v1/responses",
    "https://api.openai.com/v1/embeddings",
    "https://api.openai.com/v1/threads/t/runs",
    "https://api.openai.com/v1/images/generations",
    "https://r.openai.azure.com/openai/deployments/d/chat/completions",
    "https://api.anthropic.com/v1/messages",
    "https://generativelanguage.googleapis.com/v1beta/models/m:streamGenerateContent",
    "https://generativelanguage.googleapis.com/v1beta/interactions",
    "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
    "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/google/models/m:predict",
    "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse-stream",
    "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/invoke",
    "https://api.cohere.com/v2/chat",
    "https://api.mistral.ai/v1/chat/completions",
    "https://api.groq.com/openai/v1/chat/completions",
    "https://api.deepseek.com/chat/completions",
    "https://api.x.ai/v1/chat/completions",
    "https://api.perplexity.ai/chat/completions",
    "https://openrouter.ai/api/v1/chat/completions",
    "http://localhost:11434/api/chat",
    "https://nobody.example/v1/answer",
];

const CONTENT_TYPES: [&str; 6] = [
    "application/json",
    "text/event-stream",
    "application/x-ndjson",
    "application/vnd.amazon.eventstream",
    "text/html; charset=utf-8",
    "",
];

const STATUSES: [u16; 6] = [200, 201, 400, 429, 500, 0];

/// What is known of a reply before its body.
#[derive(Debug)]
pub struct Head<'a> {
    url: &'a str,
    content_type: &'a str,
    status: u16,
    count: &'a [u8],
}

impl<'a> Head<'a> {
    /// Chosen by three bytes and a line, which is the value of a header with a count.
    pub fn read(input: &mut Input<'a>) -> Self {
        Self {
            url: input.one_of(&URLS),
            content_type: input.one_of(&CONTENT_TYPES),
            status: *input.one_of(&STATUSES),
            count: input.until(b'\n'),
        }
    }

    /// A reader for such a reply.
    pub fn reader(&self) -> ReplyReader {
        let endpoint = Endpoint::recognise(self.url).unwrap_or_default();
        let reader = ReplyReader::new("").endpoint(&endpoint).status(self.status);
        let reader = reader.header("Content-Type", self.content_type);
        match std::str::from_utf8(self.count) {
            Ok(count) if !count.is_empty() => reader
                .header("X-Amzn-Bedrock-Input-Token-Count", count)
                .header("x-amzn-bedrock-cache-read-input-token-count", count)
                .header("x-amzn-errortype", count),
            _ => reader,
        }
    }

    /// What the provider is called.
    pub fn provider(&self) -> String {
        let endpoint = Endpoint::recognise(self.url).unwrap_or_default();
        endpoint.provider.unwrap_or_default().into_owned()
    }
}

/// Reads a body in pieces of these lengths, again and again; `content` and `places` as for the reader.
pub fn read(head: &Head<'_>, body: &[u8], lengths: &[u8], told: bool) -> Reply {
    let mut reader = head.reader().with_content(told).with_places(told);
    let mut rest = body;
    let mut lengths = lengths.iter().map(|length| usize::from(*length)).cycle();
    while !rest.is_empty() {
        // Without lengths, and after a length of nothing but zeros, whole: an empty piece changes nothing.
        let length = lengths.next().unwrap_or(rest.len()).min(rest.len());
        let (piece, after) = rest.split_at(length);
        reader.push(piece);
        if piece.is_empty() {
            reader.push(&after[..1]);
            rest = &after[1..];
        } else {
            rest = after;
        }
        let _ = reader.has_output();
    }
    let _ = reader.is_complete();
    reader.finish()
}

/// What holds for every reply, whatever was sent.
pub fn check(reply: &Reply, body: &[u8]) {
    assert!(reply.tool_calls.len() <= 256, "{} tool calls", reply.tool_calls.len());
    assert!(reply.finish_reasons.len() <= 256, "{} finish reasons", reply.finish_reasons.len());
    let names = [&reply.id, &reply.model, &reply.service_tier].into_iter().flatten();
    let calls = reply.tool_calls.iter().flat_map(|call| call.id.iter().chain([&call.name]));
    for name in names.chain(calls).chain(&reply.finish_reasons) {
        assert!(name.len() <= 1024 + '…'.len_utf8(), "a name of {} bytes", name.len());
    }
    // Each chunk has at least the two bytes of `{}` or one digit and a line's end.
    assert!(reply.chunk_count <= body.len() as u64, "{} chunks", reply.chunk_count);
    if let Some(error) = &reply.error {
        assert!(!error.error_type.is_empty() && error.error_type.len() <= 64, "{error:?}");
        assert!(error.message.len() <= 4096 + '…'.len_utf8(), "{error:?}");
    }
    let Some(usage) = &reply.usage else { return };
    for (name, count) in usage.counts() {
        assert!(count <= 1 << 40, "{name} of {count} tokens is believed");
    }
    for amount in [usage.seconds, usage.provider_cost_usd].into_iter().flatten() {
        assert!(amount.is_finite() && amount >= 0.0, "{usage:?}");
    }
}

static BUNDLED: LazyLock<Prices> = LazyLock::new(Prices::bundled);

/// Prices a reply by the bundled catalogue.
pub fn price(head: &Head<'_>, reply: &Reply) {
    let Some(usage) = &reply.usage else { return };
    let provider = head.provider();
    for model in [reply.model.as_deref().unwrap_or_default(), "gpt-4o"] {
        let query = PriceQuery::new(&provider, model, usage);
        priced(&BUNDLED, query.service_tier(reply.service_tier.as_deref().unwrap_or_default()));
    }
}

/// What holds for every price.
pub fn priced(prices: &Prices, query: PriceQuery<'_>) {
    let price = prices.price(&query);
    let is_unknown = price.status() == CostStatus::Unknown;
    assert_eq!(price.total_usd().is_none(), is_unknown, "{price:?}");
    assert!(price.total_usd().is_none_or(|total| total >= Usd::ZERO), "{price:?}");
    let sides = [price.input_usd(), price.output_usd(), price.other_usd()];
    if sides.iter().all(Option::is_some) {
        assert_eq!(Some(sides.into_iter().flatten().sum()), price.total_usd(), "{price:?}");
    }
    let _ = (price.to_owned(), price.cache_read_usd(), price.cache_write_usd(), price.reasoning_usd());
    let _ = (price.audio_usd(), price.lines().iter().map(|line| line.usd()).sum::<Usd>());
}
