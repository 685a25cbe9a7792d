//! What a step has added up, as attributes.

use crate::cost::{OwnCost, Totals, Usd};
use crate::span::node::{Node, Own};
use crate::span::runtime::{attribute, count};
use agentspan_semconv::{CostStatus, agent, cost};
use opentelemetry::KeyValue;

impl Node {
    /// Adds the attributes that depend on everything below the step. `open` is the number of steps that were not
    /// waited for; with some, the sums are partial. What was called and what that used stands before them.
    pub(crate) fn push_sums(&self, open: Option<u64>, sums: &mut Vec<KeyValue>) {
        if let Some(call) = self.call().filter(|_| !self.is_adopted()) {
            call.push_missing(sums);
        }
        if let Some(bill) = self.take_bill() {
            bill.push(self.called(), self.started, sums);
        }
        let (totals, own) = self.totals_and_own();
        self.push_cost(&totals, &own, open, sums);
        if self.is_run {
            push_run_sums(&totals, sums);
            sums.extend(
                self.run()
                    .and_then(|run| run.breakdown())
                    .map(|rows| attribute(agent::AGENT_BREAKDOWN, rows)),
            );
        }
        if let Some(open) = open.filter(|open| *open > 0 && self.is_run) {
            sums.push(count(agent::AGENT_OPEN_STEP_COUNT, open));
        }
    }

    fn push_cost(&self, totals: &Totals, own: &Own, open: Option<u64>, sums: &mut Vec<KeyValue>) {
        let Some(status) = totals.status() else { return };
        let partial = open.is_some_and(|open| open > 0) && totals.priced > 0;
        let status = if partial { CostStatus::Partial } else { status };
        sums.push(attribute(cost::COST_STATUS, status.as_str()));
        // What costs nothing itself has a known cost of its own, which is 0.
        let own = match own.cost {
            OwnCost::None => Some(Usd::ZERO),
            ref cost => cost.known(),
        };
        sums.extend(own.map(|own| attribute(cost::COST_SELF_USD, own.as_f64())));
        if let Some(total) = totals.known_cost() {
            sums.push(attribute(cost::COST_TOTAL_USD, total.as_f64()));
            let over = DEAR.iter().filter(|(limit, _)| total > *limit);
            sums.extend(over.map(|(_, name)| attribute(name, true)));
        }
    }
}

/// Limits that a store which searches by equality can find.
const DEAR: [(Usd, &str); 4] = [
    (Usd::from_units(1_000_000_000_000), cost::COST_OVER_1_USD),
    (Usd::from_units(10_000_000_000_000), cost::COST_OVER_10_USD),
    (Usd::from_units(100_000_000_000_000), cost::COST_OVER_100_USD),
    (Usd::from_units(1_000_000_000_000_000), cost::COST_OVER_1000_USD),
];

fn push_run_sums(totals: &Totals, sums: &mut Vec<KeyValue>) {
    sums.push(count(agent::AGENT_STEP_COUNT, totals.steps));
    sums.push(count(agent::AGENT_LLM_CALL_COUNT, totals.llm_calls));
    sums.push(count(agent::AGENT_TOOL_CALL_COUNT, totals.tool_calls));
    sums.push(count(agent::AGENT_FAILED_STEP_COUNT, totals.failed_steps));
    let (prompt, completion) = (totals.prompt_tokens, totals.completion_tokens);
    sums.extend(prompt.map(|tokens| count(agent::AGENT_TOKEN_COUNT_PROMPT, tokens)));
    sums.extend(completion.map(|tokens| count(agent::AGENT_TOKEN_COUNT_COMPLETION, tokens)));
    if prompt.is_some() || completion.is_some() {
        let total = prompt.unwrap_or(0).saturating_add(completion.unwrap_or(0));
        sums.push(count(agent::AGENT_TOKEN_COUNT_TOTAL, total));
    }
}
