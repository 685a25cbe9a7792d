//! What a model call used and what that costs, kept as it is until the cold side asks for the attributes.

use crate::cost::{Price, Prices, Unpriced};
use crate::error::say;
use crate::span::model::Call;
use crate::span::runtime::{attribute, count};
use crate::usage::{Usage, short_name};
use agentspan_semconv::{cost, llm};
use opentelemetry::{Array, KeyValue, StringValue, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

/// The tokens of one call and what they are priced by. A later reply replaces it as a whole.
#[derive(Debug, Default)]
pub(crate) struct Bill {
    pub(crate) usage: Usage,
    /// Absent where the amount was told by hand, whose parts nobody knows.
    pub(crate) pricing: Option<Pricing>,
    /// Takes the place of what the price says is wanting.
    pub(crate) missing: Option<Unpriced>,
}

/// What a call was charged by. Its caller needs the sum alone; from this the cold side computes it once more, with its parts.
#[derive(Debug)]
pub(crate) struct Pricing {
    pub(crate) prices: Arc<Prices>,
    /// The model that answered, where it said so.
    pub(crate) model: Option<Box<str>>,
    pub(crate) tier: Option<Box<str>>,
    pub(crate) batch: bool,
    /// Whether it was known what is called; of a span of others, that may be told after its usage.
    pub(crate) is_called: bool,
}

impl Pricing {
    fn price(&self, usage: &Usage, call: &Call, at: SystemTime) -> Price {
        let call = if self.is_called { call } else { Call::unknown() };
        let query = call.query(usage, at, self.model.as_deref(), self.tier.as_deref(), self.batch);
        self.prices.price_of(&query, &call.model)
    }
}

impl Bill {
    /// What `call`, which began at `at`, used and what that costs.
    pub(crate) fn push(self, call: &Call, at: SystemTime, attributes: &mut Vec<KeyValue>) {
        push_tokens(&self.usage, attributes);
        let price = self.pricing.map(|pricing| pricing.price(&self.usage, call, at));
        if let Some(price) = &price {
            push_price(price, attributes);
        }
        let missing = match (self.missing, price) {
            (Some(missing), _) => vec![missing.as_str()],
            (None, Some(price)) => price.missing,
            (None, None) => Vec::new(),
        };
        let unlisted = [Unpriced::UnknownModel, Unpriced::UnknownProvider].map(Unpriced::as_str);
        if missing.iter().any(|missing| unlisted.contains(missing)) {
            warn_without_price(call);
        }
        if !missing.is_empty() {
            let missing = missing.into_iter().map(StringValue::from).collect();
            attributes.push(KeyValue::new(cost::COST_MISSING, Value::Array(Array::String(missing))));
        }
    }
}

/// Names once in the life of the process a model whose calls are in no sum.
fn warn_without_price(call: &Call) {
    static WARNED: AtomicBool = AtomicBool::new(false);
    if !WARNED.swap(true, Ordering::Relaxed) {
        let [model, provider] = [&*call.model, &*call.provider].map(|name| short_name(name).escape_debug());
        say(format_args!(
            "the cost of `{model}` of `{provider}` is unknown, since no price is known for it; give one by `with_price` (said \
             of the first such model only)"
        ));
    }
}

/// The token counts of a call under our names.
fn push_tokens(usage: &Usage, attributes: &mut Vec<KeyValue>) {
    let counts = [
        (llm::LLM_TOKEN_COUNT_PROMPT, usage.input),
        (llm::LLM_TOKEN_COUNT_COMPLETION, usage.output),
        (llm::LLM_TOKEN_COUNT_TOTAL, usage.total_tokens()),
        (llm::LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_READ, usage.cache_read),
        (llm::LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_WRITE, usage.cache_write),
        (llm::LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_WRITE_1H, usage.cache_write_1h),
        (llm::LLM_TOKEN_COUNT_PROMPT_DETAILS_AUDIO, usage.input_audio),
        (llm::LLM_TOKEN_COUNT_PROMPT_DETAILS_IMAGE, usage.input_image),
        (llm::LLM_TOKEN_COUNT_COMPLETION_DETAILS_REASONING, usage.reasoning),
        (llm::LLM_TOKEN_COUNT_COMPLETION_DETAILS_AUDIO, usage.output_audio),
        (llm::LLM_TOKEN_COUNT_COMPLETION_DETAILS_IMAGE, usage.output_image),
    ];
    attributes.extend(counts.into_iter().filter_map(|(name, tokens)| Some(count(name, tokens?))));
}

fn push_price(price: &Price, attributes: &mut Vec<KeyValue>) {
    let amounts = [
        (cost::COST_INPUT_USD, price.input_usd()),
        (cost::COST_OUTPUT_USD, price.output_usd()),
        (cost::COST_CACHE_READ_USD, price.cache_read_usd()),
        (cost::COST_CACHE_WRITE_USD, price.cache_write_usd()),
        (cost::COST_REASONING_USD, price.reasoning_usd()),
        (cost::COST_AUDIO_USD, price.audio_usd()),
        (cost::COST_OTHER_USD, price.other_usd().filter(|usd| !usd.is_zero())),
    ];
    attributes.extend(amounts.into_iter().filter_map(|(name, usd)| Some(attribute(name, usd?.as_f64()))));
    let words = [
        (cost::COST_CATALOG_VERSION, price.version.clone().map(Value::from)),
        (cost::COST_SOURCE, price.source().map(|source| Value::from(source.as_str()))),
        (cost::COST_PRICE_MODEL, price.price_model.clone().map(Value::from)),
        (cost::COST_TIER, price.tier.clone().map(Value::from)),
    ];
    attributes.extend(words.into_iter().filter_map(|(name, word)| Some(attribute(name, word?))));
}
