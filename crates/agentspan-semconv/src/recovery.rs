//! What the agent does about a failure, on a span `error.<type>`.

names! {
    /// What is done, a word of [`RecoveryAction`](crate::RecoveryAction).
    /// Invented: the conventions record failures and not what follows them.
    RECOVERY_ACTION = "recovery.action": Str on RECOVERY .invented();
}
