//! Which attributes are worth keeping when there are more than the limit allows.

/// What a trace is searched and added up by; kept over any limit.
const VITAL: &[&str] = &[
    "agent.run_id",
    "agent.root_run_id",
    "agent.parent_run_id",
    "agent.name",
    "agent.step_type",
    "agent.step_index",
    "agent.outcome",
    "agent.stop_reason",
    "agent.step_count",
    "agent.llm_call_count",
    "agent.tool_call_count",
    "agent.failed_step_count",
    "agent.open_step_count",
    "session.id",
    "user.id",
    "error.type",
    "llm.provider",
    "llm.model_name",
    "llm.request.model_name",
    "llm.response.model_name",
    "llm.finish_reason",
    "llm.finish_class",
    "tool.name",
    "tool.call_id",
    "tool.cost_usd",
    "gen_ai.operation.name",
    "gen_ai.provider.name",
    "gen_ai.request.model",
    "gen_ai.response.model",
    "gen_ai.response.finish_reasons",
    "gen_ai.conversation.id",
    "gen_ai.agent.name",
    "gen_ai.tool.name",
    "gen_ai.tool.call.id",
    "openinference.span.kind",
    "cost.self_usd",
    "cost.total_usd",
    "cost.status",
    "cost.input_usd",
    "cost.output_usd",
    "cost.cache_read_usd",
    "cost.cache_write_usd",
    "cost.reasoning_usd",
    "cost.audio_usd",
    "cost.other_usd",
    "cost.source",
    "cost.price_model",
    "cost.catalog_version",
    "cost.tier",
    "cost.missing",
    "cost.over_1_usd",
    "cost.over_10_usd",
    "cost.over_100_usd",
    "cost.over_1000_usd",
    "exception.type",
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
