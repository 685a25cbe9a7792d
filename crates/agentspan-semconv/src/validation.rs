//! A check of input, output or plan. Every name is invented: OTel's proposal for guardrails is not merged.

names! {
    /// The name of the check, also in the span name. Invented.
    VALIDATION_NAME = "validation.name": Str on VALIDATION .invented();
    /// What kind of check, a word of [`ValidationKind`](crate::ValidationKind). Invented.
    VALIDATION_KIND = "validation.kind": Str on VALIDATION .invented();
    /// Whether the check was passed. Invented.
    VALIDATION_PASSED = "validation.passed": Bool on VALIDATION .invented();
    /// Whether the run was kept from going on. Invented.
    VALIDATION_BLOCKED = "validation.blocked": Bool on VALIDATION .invented();
    /// Why, in words, which may repeat what was checked. Invented.
    VALIDATION_REASON = "validation.reason": Str on VALIDATION .content() .invented();
}
