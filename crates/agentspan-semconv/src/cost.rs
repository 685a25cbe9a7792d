//! Money, always in USD. An amount that is not known is absent, never 0.

use crate::openinference::{
    LLM_COST_COMPLETION, LLM_COST_COMPLETION_DETAILS_AUDIO, LLM_COST_COMPLETION_DETAILS_REASONING,
    LLM_COST_PROMPT, LLM_COST_PROMPT_DETAILS_AUDIO, LLM_COST_PROMPT_DETAILS_CACHE_READ,
    LLM_COST_PROMPT_DETAILS_CACHE_WRITE, LLM_COST_TOTAL,
};

names! {
    /// What this span itself cost. OpenInference's name stands only where the cost arose, since viewers sum it.
    /// Invented: no convention tells own cost from sums.
    COST_SELF_USD = "cost.self_usd": Double ["USD"] on ANY .invented() .openinference(&[LLM_COST_TOTAL]);
    /// What this span and everything below it cost, across tasks and threads.
    COST_TOTAL_USD = "cost.total_usd": Double ["USD"] on ANY;
    /// How complete the total is, a word of [`CostStatus`](crate::CostStatus); absent where nothing costs.
    /// Invented: without it an absent or partial sum looks like a small one.
    COST_STATUS = "cost.status": Str on ANY .invented();
    /// True when the total exceeds 1 USD, else absent.
    /// Invented: it lets a store that searches by equality find dear runs.
    COST_OVER_1_USD = "cost.over_1_usd": Bool on ANY .invented();
    /// True when the total exceeds 10 USD, else absent. Invented, as for 1 USD.
    COST_OVER_10_USD = "cost.over_10_usd": Bool on ANY .invented();
    /// True when the total exceeds 100 USD, else absent. Invented, as for 1 USD.
    COST_OVER_100_USD = "cost.over_100_usd": Bool on ANY .invented();
    /// True when the total exceeds 1,000 USD, else absent. Invented, as for 1 USD.
    COST_OVER_1000_USD = "cost.over_1000_usd": Bool on ANY .invented();
    /// The input part, cache included.
    COST_INPUT_USD = "cost.input_usd": Double ["USD"] on MODEL .openinference(&[LLM_COST_PROMPT]);
    /// The output part, reasoning included.
    COST_OUTPUT_USD = "cost.output_usd": Double ["USD"] on MODEL .openinference(&[LLM_COST_COMPLETION]);
    /// Of the input part, what reading the cache cost. Invented: it belongs to the names above.
    COST_CACHE_READ_USD = "cost.cache_read_usd": Double ["USD"] on MODEL
        .invented() .openinference(&[LLM_COST_PROMPT_DETAILS_CACHE_READ]);
    /// Of the input part, what writing the cache cost. Invented: it belongs to the names above.
    COST_CACHE_WRITE_USD = "cost.cache_write_usd": Double ["USD"] on MODEL
        .invented() .openinference(&[LLM_COST_PROMPT_DETAILS_CACHE_WRITE]);
    /// Of the output part, what reasoning cost. Invented: it belongs to the names above.
    COST_REASONING_USD = "cost.reasoning_usd": Double ["USD"] on MODEL
        .invented() .openinference(&[LLM_COST_COMPLETION_DETAILS_REASONING]);
    /// What audio cost on both sides. OpenInference has a name for each side, so it is translated only when one
    /// side alone has audio. Invented: it belongs to the names above.
    COST_AUDIO_USD = "cost.audio_usd": Double ["USD"] on MODEL
        .invented() .openinference(&[LLM_COST_PROMPT_DETAILS_AUDIO, LLM_COST_COMPLETION_DETAILS_AUDIO]);
    /// What is charged by the request or the search and belongs to neither side.
    /// Invented: it belongs to the names above.
    COST_OTHER_USD = "cost.other_usd": Double ["USD"] on MODEL .invented();
    /// Where the price came from, a word of [`CostSource`](crate::CostSource).
    /// Invented: a figure that nobody can trace back is not believed.
    COST_SOURCE = "cost.source": Str on MODEL .invented();
    /// The model by whose price the call was priced. Invented: it may differ from the model asked for.
    COST_PRICE_MODEL = "cost.price_model": Str on MODEL .invented();
    /// The version of the price catalogue. Invented: prices change while traces stay.
    COST_CATALOG_VERSION = "cost.catalog_version": Str on MODEL .invented();
    /// The price tier that was applied, such as a service tier, batch or a long context.
    /// Invented: it explains why two equal calls differ.
    COST_TIER = "cost.tier": Str on MODEL .invented();
    /// The parts of the usage for which no price is known. Invented: it says what a partial sum lacks.
    COST_MISSING = "cost.missing": StrList on MODEL .invented();
}
