//! A decision by a person. Every name is invented: OTel's proposal for decisions on tool calls is not merged.

names! {
    /// What is to be approved, also in the span name. Invented.
    APPROVAL_NAME = "approval.name": Str on APPROVAL .invented();
    /// Who or which group was asked. Invented.
    APPROVAL_ASKED = "approval.asked": Str on APPROVAL .invented();
    /// What was decided, a word of [`ApprovalDecision`](crate::ApprovalDecision). Invented.
    APPROVAL_DECISION = "approval.decision": Str on APPROVAL .invented();
    /// Who decided. Invented.
    APPROVAL_BY = "approval.by": Str on APPROVAL .invented();
    /// Why, in the words of the person. Invented.
    APPROVAL_REASON = "approval.reason": Str on APPROVAL .content() .invented();
    /// How long the run waited for the decision. Invented.
    APPROVAL_WAIT_S = "approval.wait_s": Double ["s"] on APPROVAL .invented();
}
