//! A step of the agent's own, such as planning or post-processing.

names! {
    /// The name of the step, also in the span name. Invented: conventions name models and tools only.
    STEP_NAME = "step.name": Str on STEP .invented();
}
