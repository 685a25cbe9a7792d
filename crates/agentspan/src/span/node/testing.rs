use super::{Label, NewNode, Node};
use crate::span::runtime::Runtime;
use agentspan_semconv::StepType;
use std::sync::Arc;
use std::time::SystemTime;

impl Node {
    /// A call of a tool outside of runs, for unit tests.
    pub(crate) fn alone(runtime: &Arc<Runtime>) -> Arc<Self> {
        Self::new(NewNode {
            runtime: Some(runtime.clone()),
            step_type: StepType::ToolCall,
            label: Label::Known,
            parent: None,
            run: None,
            call: None,
            is_light: false,
            carriers: 0,
            started: SystemTime::now(),
            span_context: None,
        })
    }
}
