//! Which attributes are worth keeping when there are more than the limit allows.

use agentspan_semconv::{agent, cost, error, exception, gen_ai, llm, openinference, session, tool, user};

/// What a trace is searched and added up by; kept over any limit.
const VITAL: &[&str] = &[
    agent::AGENT_RUN_ID,
    agent::AGENT_ROOT_RUN_ID,
    agent::AGENT_PARENT_RUN_ID,
    agent::AGENT_NAME,
    agent::AGENT_STEP_TYPE,
    agent::AGENT_STEP_INDEX,
    agent::AGENT_OUTCOME,
    agent::AGENT_STOP_REASON,
    agent::AGENT_STEP_COUNT,
    agent::AGENT_LLM_CALL_COUNT,
    agent::AGENT_TOOL_CALL_COUNT,
    agent::AGENT_FAILED_STEP_COUNT,
    agent::AGENT_OPEN_STEP_COUNT,
    session::SESSION_ID,
    user::USER_ID,
    error::ERROR_TYPE,
    llm::LLM_PROVIDER,
    llm::LLM_MODEL_NAME,
    llm::LLM_REQUEST_MODEL_NAME,
    llm::LLM_RESPONSE_MODEL_NAME,
    llm::LLM_FINISH_REASON,
    llm::LLM_FINISH_CLASS,
    tool::TOOL_NAME,
    tool::TOOL_CALL_ID,
    tool::TOOL_COST_USD,
    gen_ai::GEN_AI_OPERATION_NAME,
    gen_ai::GEN_AI_PROVIDER_NAME,
    gen_ai::GEN_AI_REQUEST_MODEL,
    gen_ai::GEN_AI_RESPONSE_MODEL,
    gen_ai::GEN_AI_RESPONSE_FINISH_REASONS,
    gen_ai::GEN_AI_CONVERSATION_ID,
    gen_ai::GEN_AI_AGENT_NAME,
    gen_ai::GEN_AI_TOOL_NAME,
    gen_ai::GEN_AI_TOOL_CALL_ID,
    openinference::OPENINFERENCE_SPAN_KIND,
    cost::COST_SELF_USD,
    cost::COST_TOTAL_USD,
    cost::COST_STATUS,
    cost::COST_INPUT_USD,
    cost::COST_OUTPUT_USD,
    cost::COST_CACHE_READ_USD,
    cost::COST_CACHE_WRITE_USD,
    cost::COST_REASONING_USD,
    cost::COST_AUDIO_USD,
    cost::COST_OTHER_USD,
    cost::COST_SOURCE,
    cost::COST_PRICE_MODEL,
    cost::COST_CATALOG_VERSION,
    cost::COST_TIER,
    cost::COST_MISSING,
    cost::COST_OVER_1_USD,
    cost::COST_OVER_10_USD,
    cost::COST_OVER_100_USD,
    cost::COST_OVER_1000_USD,
    exception::EXCEPTION_TYPE,
];
const VITAL_SPACES: &[&str] = &["llm.token_count.", "agent.token_count.", "gen_ai.usage.", "llm.cost."];
const OUR_SPACES: &[&str] = &[
    "agent.",
    "llm.",
    "tool.",
    "cost.",
    "gen_ai.",
    "embedding.",
    "retrieval.",
    "step.",
    "validation.",
    "approval.",
    "handoff.",
    "recovery.",
    "user.",
    "session.",
    "server.",
    "exception.",
    "http.response.status_code",
    "input.",
    "output.",
];

/// 0 for what is always kept, 1 for other names of ours, 2 for everything else.
pub(super) fn of(name: &str) -> u8 {
    let within = |spaces: &[&str]| spaces.iter().any(|space| name.starts_with(space));
    if VITAL.contains(&name) || within(VITAL_SPACES) {
        0
    } else if within(OUR_SPACES) {
        1
    } else {
        2
    }
}

/// Values that are compared as a whole: half an id finds nothing.
pub(super) fn is_identity(name: &str) -> bool {
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    ends(&[".id", "_id", "_hash", "_ids"]) || VITAL.contains(&name)
}
