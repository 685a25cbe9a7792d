//! The agent run: its identity, its end and what it adds up.

use crate::gen_ai::{GEN_AI_AGENT_NAME, GEN_AI_AGENT_VERSION, GEN_AI_OPERATION_NAME, GEN_AI_OUTPUT_MESSAGES};
use crate::openinference::{METADATA, OPENINFERENCE_SPAN_KIND, OUTPUT_MIME_TYPE, OUTPUT_VALUE};

names! {
    /// The nearest run to which this step belongs; made when not given.
    /// Invented: conventions know traces and conversations, and a run is neither.
    AGENT_RUN_ID = "agent.run_id": Str on ANY .invented() .openinference(&[METADATA]);
    /// The outermost run of the trace that is known.
    /// Invented: it finds all nested runs that belong to one request.
    AGENT_ROOT_RUN_ID = "agent.root_run_id": Str on ANY .invented();
    /// The workflow of the nearest run, as in the span name `agent.<workflow>`.
    AGENT_NAME = "agent.name": Str on ANY .gen_ai(&[GEN_AI_AGENT_NAME]) .openinference(&[AGENT_NAME]);
    /// What kind of step this is, a word of [`StepType`](crate::StepType).
    /// Invented: the conventions' span kinds have no words for validation, approval, handoff or recovery.
    AGENT_STEP_TYPE = "agent.step_type": Str on ANY
        .invented() .gen_ai(&[GEN_AI_OPERATION_NAME]) .openinference(&[OPENINFERENCE_SPAN_KIND]);
    /// The number of the step in its run by order of start, from 1. A step is a direct child span of the run
    /// that this library made. Invented: clocks cannot order steps that start in the same microsecond.
    AGENT_STEP_INDEX = "agent.step_index": Int on ANY .invented();
    /// How the step ended, a word of [`Outcome`](crate::Outcome).
    /// Invented: the span status has no words for cancelled, blocked or timed out, and stores search by equality.
    AGENT_OUTCOME = "agent.outcome": Str on ANY .invented();
    /// The category of the workflow, as the caller names it.
    AGENT_TYPE = "agent.type": Str on AGENT;
    /// The version of the agent's code, prompt or configuration.
    /// Invented: `service.version` belongs to the process, which may hold many agents.
    AGENT_VERSION = "agent.version": Str on AGENT .invented() .gen_ai(&[GEN_AI_AGENT_VERSION]);
    /// The run that started this one; absent on an outermost run.
    /// Invented: the parent span may lie in between, or in another process.
    AGENT_PARENT_RUN_ID = "agent.parent_run_id": Str on AGENT .invented();
    /// The final answer or action of the run. Invented: the conventions describe replies of models only.
    AGENT_RESULT = "agent.result": Str on AGENT
        .content() .invented() .gen_ai(&[GEN_AI_OUTPUT_MESSAGES]) .openinference(&[OUTPUT_VALUE, OUTPUT_MIME_TYPE]);
    /// Why the run ended, a word of [`StopReason`](crate::StopReason).
    AGENT_STOP_REASON = "agent.stop_reason": Str on AGENT;
    /// Steps of this run and the runs below it that have ended. A step is a direct child of a run; what stands inside of a
    /// step is not counted again. Invented: no convention counts steps.
    AGENT_STEP_COUNT = "agent.step_count": Int ["{step}"] on AGENT .invented();
    /// Model calls of this run and the runs below it. Invented: the conventions have it as a metric only.
    AGENT_LLM_CALL_COUNT = "agent.llm_call_count": Int ["{call}"] on AGENT .invented();
    /// Tool calls of this run and the runs below it. Invented: the conventions have it as a metric only.
    AGENT_TOOL_CALL_COUNT = "agent.tool_call_count": Int ["{call}"] on AGENT .invented();
    /// Those of `agent.step_count` that failed. Invented: no convention counts steps.
    AGENT_FAILED_STEP_COUNT = "agent.failed_step_count": Int ["{step}"] on AGENT .invented();
    /// Input tokens of the whole subtree.
    /// Invented: under a name that viewers sum themselves, the sum would be counted twice.
    AGENT_TOKEN_COUNT_PROMPT = "agent.token_count.prompt": Int ["{token}"] on AGENT .invented();
    /// Output tokens of the whole subtree.
    /// Invented: under a name that viewers sum themselves, the sum would be counted twice.
    AGENT_TOKEN_COUNT_COMPLETION = "agent.token_count.completion": Int ["{token}"] on AGENT .invented();
    /// Input and output tokens of the whole subtree.
    /// Invented: under a name that viewers sum themselves, the sum would be counted twice.
    AGENT_TOKEN_COUNT_TOTAL = "agent.token_count.total": Int ["{token}"] on AGENT .invented();
    /// Steps that were still open when the run ended; their cost is not in the sum.
    /// Invented: it says how much a partial sum lacks.
    AGENT_OPEN_STEP_COUNT = "agent.open_step_count": Int ["{step}"] on AGENT .invented();
    /// At most 20 rows by span name, each with count, tokens, USD, milliseconds and failures.
    /// Invented: it answers where a run spent its money without loading the trace.
    AGENT_BREAKDOWN = "agent.breakdown": Json on AGENT .invented();
    /// How sure the agent is, from 0 to 1. Invented: no convention has it.
    AGENT_CONFIDENCE = "agent.confidence": Double on CONFIDENT .invented();
}
